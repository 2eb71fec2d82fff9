"""Write whole questions as a sealed recording, without a journal.

For what can be made again: imports and the simulator. The bytes are those that `store.writer` seals
for the same branches. The columns of each question wait in a temporary file, since the sealed form
lists all questions first; one question is in memory at a time.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

import msgspec
import numpy as np

from store.blocks import BlockKind
from store.columns import (
    PARTS,
    SIGNALS,
    ColumnBranches,
    QuestionColumns,
    collect_columns,
    column_parts,
    pack_columns,
)
from store.errors import StoreError
from store.index import COLUMNS
from store.packing import UnwritableRecord, normalize, normalize_all, pack
from store.records import Branch, Core, Provenance, Question, Ragged, SignalDeclaration
from store.sealing import BlockChain
from store.sources import paused_collection
from store.validation import (
    MOST_TOKENS,
    branch_fault,
    index_fault,
    provenance_fault,
    question_fault,
)

R = TypeVar("R", bound=msgspec.Struct)

_PARALLEL = {"entropy": (0,), "logprob": (0, 1), "top_logprob": (0, 1), "probe_tokens": (0,)}
"""How many values more than probes a branch may have of each signal."""


@paused_collection()
def write_recording(
    path: Path, provenance: Provenance, items: Iterable[tuple[Question, Sequence[Branch]]]
) -> str:
    """Write a sealed recording and return its hex digest.

    Args:
        path: the new file; after an error it may be incomplete.
        provenance: what the recording is made of.
        items: each question with its branches, in order; read once.

    Raises:
        StoreError: the file exists, or a record breaks a rule of the format.
    """
    provenance = _accepted(provenance, path, "provenance")
    if problem := provenance_fault(provenance):
        raise StoreError(problem, path=path, location="provenance")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        with TemporaryFile(dir=path.parent) as spool:
            questions, sizes, parts = _spool(spool, path, provenance, items)
            chain = BlockChain(descriptor, provenance)
            chain.add(BlockKind.HEAD, None, pack(provenance))
            for number, question in enumerate(questions):
                chain.add(BlockKind.QUES, number, pack(question))
            spool.seek(0)
            for position, size in enumerate(sizes):
                number, kind = divmod(position, len(COLUMNS))
                chain.add(COLUMNS[kind], number, spool.read(size))
        digest = chain.close(parts)
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        os.fchmod(descriptor, mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest.hex()


def _spool(
    spool: IO[bytes],
    path: Path,
    provenance: Provenance,
    items: Iterable[tuple[Question, Sequence[Branch]]],
) -> tuple[list[Question], list[int], frozenset[str]]:
    """Write the payloads of all columns one after the other.

    Returns:
        The questions, the size of each payload, and the parts that every branch has.
    """
    questions: dict[str, Question] = {}
    sizes: list[int] = []
    parts = PARTS | provenance.signals.keys()
    for entry, branches in items:
        location = f"question {entry.id!r}"
        question = _accepted(entry, path, location)
        problem = question_fault(question)
        if question.id in questions:
            problem = "a question with this id is already recorded; ids must be unique"
        problem = problem or index_fault(range(len(branches)))
        if problem:
            raise StoreError(problem, path=path, location=location)
        questions[question.id] = question
        columns = _columns(branches, path, location, provenance)
        parts &= column_parts(columns)
        for payload in pack_columns(columns):
            sizes.append(len(payload))
            spool.write(payload)
    if not questions:
        raise StoreError("contains no questions, so there is nothing to seal", path=path)
    return list(questions.values()), sizes, parts


def _columns(
    branches: Sequence[Branch], path: Path, location: str, provenance: Provenance
) -> QuestionColumns:
    """Return the columns of one question's branches, all of them checked."""
    if isinstance(branches, ColumnBranches):
        if _is_sound(branches.columns, provenance):
            return branches.columns
        branches = list(branches)
    try:
        records = normalize_all(branches)
    except UnwritableRecord:
        # One by one, for the message to name the branch.
        records = [
            _accepted(branch, path, f"{location}, branch {index}")
            for index, branch in enumerate(branches)
        ]
    columns: QuestionColumns | None = None
    try:
        columns = collect_columns(records)
        if _is_sound(columns, provenance):
            return columns
    except OverflowError:
        pass  # a number that no column holds, which is a fault
    for index, branch in enumerate(records):
        problem = branch_fault(branch, probed=provenance.probed, signals=provenance.signals)
        if problem is not None:
            raise StoreError(problem, path=path, location=f"{location}, branch {index}")
    assert columns is not None
    return columns


def _is_sound(columns: QuestionColumns, provenance: Provenance) -> bool:
    """Return true if no branch can have a fault; each one must be checked where it is false."""
    core = columns.core
    if core.tokens.min() < 0 or core.tokens.max() > MOST_TOKENS:
        return False
    if len(core.probes) and not provenance.probed:
        return False
    for name, signal in columns.signals.items():
        if name not in SIGNALS:
            if not _is_sound_signal(core, signal, provenance.signals.get(name)):
                return False
            continue
        extra = signal.counts - core.counts
        if not np.isin(extra[signal.counts >= 0], _PARALLEL[name]).all():
            return False
        if SIGNALS[name] == "<f8":
            if np.isnan(signal.values).any():
                return False
        elif len(signal.values) and (signal.values.min() < 0 or signal.values.max() > MOST_TOKENS):
            return False
    return all(
        words.raw is None
        and words.token_ids is None
        and words.sentences is None
        and words.paragraphs is None
        for words in columns.words
    )


def _is_sound_signal(core: Core, signal: Ragged, declared: SignalDeclaration | None) -> bool:
    """Return true if no branch can have a fault in a signal that the provenance declares."""
    if declared is None or not np.isfinite(signal.values).all():
        return False
    counts, probes = (column[signal.counts >= 0] for column in (signal.counts, core.counts))
    match declared.scope:
        case "branch":
            return bool((counts == 1).all())
        case "probe":
            return bool((counts == probes).all())
        case "interval":
            return bool((np.isin(counts - probes, (0, 1)) & (counts > 0)).all())


def _accepted(record: R, path: Path, location: str) -> R:
    try:
        return normalize(record)
    except UnwritableRecord as error:
        raise StoreError(f"cannot be recorded: {error}", path=path, location=location) from error
