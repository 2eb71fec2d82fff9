"""Refuses files of another kind than is wanted, with what they are and where they go."""

from collections.abc import Collection
from pathlib import Path

from harness.errors import InputError
from store.file_kinds import FileKind, misplaced


def refuse_misplaced(path: Path, wanted: Collection[FileKind], what: str) -> None:
    """Raises where a file is known to be something else than is wanted.

    Args:
        path: the file; it need not be there.
        wanted: the kinds that can be used.
        what: the name of what is wanted, with its article.

    Raises:
        InputError: with what the file is, and a hint on where it goes.
    """
    kind = misplaced(path, wanted)
    if kind is not None:
        raise InputError(
            f"{path}: is {kind.description}, and {what} is wanted here", hint=kind.use(path)
        )
