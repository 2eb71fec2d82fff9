"""A content-addressed cache of results: no job is played twice.

An entry is one file, named by the digest of its job. It holds the job in full, so that it documents
its own origin, and the results of all episodes, so that intervals and comparisons need no replay.
Files are written atomically; a file that is damaged, or of another format, counts as absent and is
written again. It is safe to delete the directory.
"""

import zlib
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from harness.evaluation.jobs import Job
from harness.mdp.episodes import EpisodeArrays, empty_episodes
from store.files import replace_file


class _CacheEntry(msgspec.Struct, frozen=True, array_like=True):
    job: Job
    questions: int
    columns: dict[str, bytes]
    """Each array of `EpisodeArrays`: little-endian, row-major, deflated."""


class ResultCache:
    """The results under one directory.

    Args:
        directory: The directory; it is created with the first entry.
    """

    def __init__(self, directory: Path):
        self._directory = directory

    def find(self, job: Job) -> EpisodeArrays | None:
        """Return the episodes of a job, or ``None`` if there is no entry.

        Raises:
            OSError: There is an entry that cannot be read.
        """
        try:
            content = self._path(job).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        payload = content[32:]
        if sha256(payload).digest() != content[:32]:
            return None
        try:
            return _opened(msgspec.msgpack.decode(payload, type=_CacheEntry), job)
        except (msgspec.MsgspecError, zlib.error, ValueError):
            return None

    def keep(self, job: Job, episodes: EpisodeArrays) -> None:
        """Store the episodes of a job.

        Raises:
            OSError: The entry cannot be written.
        """
        columns = {
            name: zlib.compress(_little(values).tobytes(), level=1)
            for name, values in episodes._asdict().items()
        }
        payload = msgspec.msgpack.encode(_CacheEntry(job, len(episodes.right), columns))
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path, sync=False) as file:
            file.write(sha256(payload).digest() + payload)

    def _path(self, job: Job) -> Path:
        name = job.digest
        return self._directory / "results" / name[:2] / f"{name[2:]}.episodes"


def _opened(entry: _CacheEntry, job: Job) -> EpisodeArrays | None:
    if entry.job != job:
        return None
    wanted = empty_episodes(entry.questions, len(job.seeds))
    arrays = {}
    for name, like in wanted._asdict().items():
        content = zlib.decompress(entry.columns.get(name, b""))
        flat = np.frombuffer(content, like.dtype.newbyteorder("<")).astype(like.dtype)
        arrays[name] = flat.reshape(like.shape)
    return EpisodeArrays(**arrays)


def _little(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder("<"))
