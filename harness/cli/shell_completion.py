"""Shell completion of controllers and codes.

Nothing here may fail or be slow: a user waits for the result.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.declarations import find_open_option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_controllers(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return library names and programs in the working directory; any file if none match.

    Args:
        ctx: The context.
        param: The parameter.
        incomplete: The word so far.
    """
    from click.shell_completion import CompletionItem

    option = find_open_option(ctx)
    if option is not None:
        return option.shell_complete(ctx, incomplete)
    # Put the file item first: bash drops items before it, and completes files only without words.
    return [CompletionItem(incomplete, type="file"), *_words(incomplete, [*_names(), *_files()])]


def complete_library_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return names of the library.

    Args:
        ctx: The context.
        param: The parameter.
        incomplete: The word so far.
    """
    return _words(incomplete, _names())


def complete_codes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return codes of messages, in any letter case.

    Args:
        ctx: The context.
        param: The parameter.
        incomplete: The word so far.
    """
    from dsl.codes import explanations

    return _words(incomplete.upper(), explanations())


def _words(incomplete: str, words: Iterable[str]) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _names() -> Iterable[str]:
    from dsl.library import NAMES

    return NAMES


def _files() -> list[str]:
    try:
        return sorted(path.name for path in Path().glob("*.rheo"))
    except OSError:
        return []
