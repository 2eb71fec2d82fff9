"""What a shell is offered for the words that only rheostat knows: controllers and codes.

Nothing here may fail or be slow: a person waits with a finger on the tab key.
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
    """Names of the library and programs of the working directory; any file where none fits."""
    from click.shell_completion import CompletionItem

    option = find_open_option(ctx)
    if option is not None:
        return option.shell_complete(ctx, incomplete)
    # In front: bash forgets what stands before it, and takes files only where there is no word.
    return [CompletionItem(incomplete, type="file"), *_words(incomplete, [*_names(), *_files()])]


def complete_library_names(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Names of the library."""
    return _words(incomplete, _names())


def complete_codes(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Codes of messages, however their letters are written."""
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
