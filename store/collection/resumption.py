"""The journal of a collection: started, or resumed where it is one of the very same settings."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from store.errors import StoreError
from store.reader import open_recording
from store.records import Provenance, Question
from store.writer import RecordingWriter


def open_journal(
    path: Path, provenance: Provenance, questions: Sequence[Question]
) -> RecordingWriter:
    """Start a journal, or resumes the one that is there.

    Args:
        path: the recording.
        provenance: the provenance to write.
        questions: in their order; those that it lacks are added.

    Raises:
        StoreError: what is there was started with other settings or other questions, is sealed, is
            being written by another process, or is no recording; nothing was changed.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = RecordingWriter.create(path, provenance)
    else:
        writer = RecordingWriter.resume(path)
    try:
        _check_same_settings(path, writer.provenance, provenance)
        _add(path, writer, questions)
    except BaseException:
        writer.close()
        raise
    return writer


def is_complete(
    path: Path, provenance: Provenance, questions: Sequence[Question], branches: Sequence[int]
) -> bool:
    """Return whether a sealed recording is the very one that would be collected.

    Args:
        path: the recording.
        provenance: the provenance that it would have.
        questions: in their order.
        branches: how many of each are wanted at least.

    Raises:
        StoreError: it is not sealed, or cannot be read.
    """
    recording = open_recording(path)
    plain = [msgspec.structs.replace(question, missing=None) for question in recording.questions]
    return (
        recording.provenance == provenance
        and plain == list(questions)
        and all(
            len(recording.core(index).counts) + len(recording.questions[index].missing or ())
            >= wanted
            for index, wanted in enumerate(branches)
        )
    )


def _add(path: Path, writer: RecordingWriter, questions: Sequence[Question]) -> None:
    """Add the questions that are not there; those that are must be these, in this order.

    One of which no branch could be had may be left out.
    """
    wanted_ids = {question.id for question in questions}
    retained = [
        question
        for question in writer.questions
        if question.id in wanted_ids or writer.recorded_indexes[question.id]
    ]
    for existing, wanted in zip(retained, questions, strict=False):
        if existing != wanted:
            raise StoreError(
                f"was started with another question {existing.id!r}, or with another prompt; use"
                " the same questions and chat template, or another file name",
                path=path,
            )
    if len(retained) > len(questions):
        raise StoreError("was started with more questions; give all of them", path=path)
    for question in questions[len(retained) :]:
        writer.add_question(question)


def _check_same_settings(path: Path, begun: Provenance, wanted: Provenance) -> None:
    """Raise `StoreError` if a recording was started with other settings; it names them."""
    differing = [
        f"{name} ({_short(was)}, now {_short(now)})"
        for name, was, now in zip(
            begun.__struct_fields__,
            msgspec.structs.astuple(begun),
            msgspec.structs.astuple(wanted),
            strict=True,
        )
        if was != now
    ]
    if differing:
        raise StoreError(
            f"was started with other settings: {'; '.join(differing)}; use the same settings, or"
            " another file name",
            path=path,
        )


def _short(value: object) -> str:
    words = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return words if len(words) <= 60 else words[:57] + "…"
