"""The recordings that a command line names, opened and told apart."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.errors import InputError
from store.reader import Recording, open_recording


class Named(NamedTuple):
    """An open recording and what results call it."""

    label: str
    """``model/benchmark``; the path, where two recordings share that."""
    recording: Recording


def open_recordings(paths: Sequence[Path]) -> list[Named]:
    """Opens recordings, in the order given.

    Raises:
        StoreError: one of them cannot be used.
        InputError: one holds no questions, or two are the same.
    """
    opened = [open_recording(path) for path in paths]
    seen: dict[str, Recording] = {}
    for recording in opened:
        if not recording.questions:
            raise InputError(f"{recording.path}: holds no questions, so there is nothing to play")
        twin = seen.setdefault(recording.digest, recording)
        if twin is not recording:
            raise InputError(
                f"{recording.path}: is the same recording as {twin.path}; name it once"
            )
    names = Counter(map(_name, opened))
    return [
        Named(str(each.path) if names[_name(each)] > 1 else _name(each), each) for each in opened
    ]


def branch_counts(recording: Recording) -> tuple[int, int]:
    """The branches of the question that has the fewest, and of the one that has the most.

    Raises:
        StoreError: the recording is damaged.
    """
    counts = [len(recording.core(at).counts) for at in range(len(recording.questions))]
    return min(counts), max(counts)


def _name(recording: Recording) -> str:
    provenance = recording.provenance
    return f"{provenance.model}/{provenance.benchmark}"
