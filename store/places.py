"""Errors of the system that speak of the path a person named, not of a draft beside it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Puts ``path`` into every `OSError` of the block, whatever file it came from.

    Args:
        path: what is being written, as it was given.
    """
    try:
        yield
    except OSError as problem:
        problem.filename, problem.filename2 = os.fspath(path), None
        raise
