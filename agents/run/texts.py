"""Texts in the directory of a run, which may be damaged or edited by hand."""

from pathlib import Path

from harness.errors import InputError


def read_run_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InputError: It is not UTF-8.
        OSError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}: is not UTF-8 at byte {problem.start}") from None
