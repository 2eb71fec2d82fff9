"""The errors of the store: bad recordings, bad source files, a second writer.

Errors of the operating system name the path that the caller gave, not a temporary file beside it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StoreError(Exception):
    """A file cannot be used; the message gives the reason in one sentence.

    Args:
        problem: what is wrong and what to do about it, without the location.
        path: the file it is about, if any.
        location: where in the file: ``byte 4096``, ``$[3].each_branch[17][1]``, ``line 12``.
    """

    def __init__(
        self, problem: str, *, path: Path | str | None = None, location: str | None = None
    ):
        self.problem = problem
        self.path = None if path is None else Path(path)
        self.location = location
        where = ", ".join(part for part in (path and str(path), location) if part)
        super().__init__(f"{where}: {problem}" if where else problem)


class DamagedRecording(StoreError):
    """The bytes of a recording are not those that were written."""


class ForeignFile(StoreError):
    """The file is not a recording at all."""


class NewerFormat(StoreError):
    """The recording was written by a later version of the format than this one reads."""


class RecordingBusy(StoreError):
    """Another process is writing the recording."""


class SealedRecording(StoreError):
    """The recording is sealed, and what was requested would change it."""


class SourceError(StoreError):
    """A file to import is malformed; ``location`` is the path of the field."""


class MissingSignal(StoreError):
    """The recording does not hold something optional that was requested."""


@contextmanager
def attribute_os_errors(path: Path) -> Iterator[None]:
    """Put ``path`` into every `OSError` of the block, whatever file it came from.

    Args:
        path: what is being written, as it was given.
    """
    try:
        yield
    except OSError as problem:
        problem.filename, problem.filename2 = os.fspath(path), None
        raise
