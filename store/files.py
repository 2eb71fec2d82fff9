"""Files and directories that appear under their name complete, or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def draft_path(path: Path) -> Iterator[Path]:
    """Give a free path beside ``path``, to write to before a rename.

    What is still at the draft after the block is removed, be it a file or a directory.
    """
    path = path.absolute()
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        yield draft
    finally:
        if draft.is_dir() and not draft.is_symlink():
            import shutil

            shutil.rmtree(draft, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                draft.unlink()


@contextlib.contextmanager
def replace_file(path: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """Open a file that replaces ``path`` when the block ends without an exception.

    Args:
        path: the file; its directory exists.
        sync: whether the content must be on the disk before the rename. A cache, which checks
            what it reads, does without.

    Raises:
        OSError: the system rejects; it may name the draft instead of ``path``.
    """
    with draft_path(path) as draft:
        with draft.open("xb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
