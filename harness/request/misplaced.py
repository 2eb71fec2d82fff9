"""Refuse files of the wrong kind, and report what they are and which command reads them."""

from collections.abc import Collection
from pathlib import Path

from harness.errors import InputError
from store.file_kinds import FileKind, misplaced


def refuse_misplaced(path: Path, wanted: Collection[FileKind], what: str) -> None:
    """Raise if a file is known to be of another kind than expected.

    Args:
        path: The file; it need not exist.
        wanted: The kinds that can be used.
        what: The name of the expected kind, with its article.

    Raises:
        InputError: The file is of another kind. The hint names the command that reads it.
    """
    kind = misplaced(path, wanted)
    if kind is not None:
        raise InputError(
            f"{path}: is {kind.description}, but {what} is expected here", hint=kind.use(path)
        )
