"""A whole environment in memory, and how it becomes a sealed recording, or nothing at all."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from store.bulk_writer import write_recording
from store.errors import StoreError, attribute_os_errors
from store.files import draft_path
from store.records import Branch, Provenance, Question


class Item(NamedTuple):
    """One question and every branch that was drawn for it, in order."""

    question: Question
    branches: Sequence[Branch]


class Environment(NamedTuple):
    """One model over one benchmark."""

    provenance: Provenance
    items: Iterable[Item]
    """May be made while it is written: it is gone through once."""


def refuse_existing(path: Path) -> None:
    """Raise `StoreError` if ``path`` is taken, or is in what is no directory.

    A recording is never written over.
    """
    if path.parent.exists() and not path.parent.is_dir():
        raise StoreError("is not a directory; name one", path=path.parent)
    if path.exists() or path.is_symlink():
        raise StoreError("already exists; move it away or choose another name", path=path)


def save(environment: Environment, path: Path) -> str:
    """Write ``environment`` as a sealed recording at ``path`` and return its hex digest.

    The file appears under its name only when it is complete; after an error or an interrupt
    nothing is left after. Missing directories above it are made.

    Raises:
        StoreError: ``path`` exists, or the environment breaks a rule of the format.
        OSError: the file system fails; it names ``path``.
    """
    with attribute_os_errors(path):
        refuse_existing(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    with draft_path(path) as draft, attribute_os_errors(path):
        digest = write_recording(draft, environment.provenance, environment.items)
        refuse_existing(path)
        draft.rename(path)
    return digest


def question_id(benchmark: str, index: int, count: int) -> str:
    """Return the id of question ``index`` of ``count``: ``aime24-07``, padded so that ids sort.

    Args:
        benchmark: name of the benchmark.
        index: index of the question, from 0.
        count: number of questions.
    """
    width = max(2, len(str(count - 1)))
    return f"{benchmark}-{index:0{width}}"
