"""Read sealed recordings.

Opening reads the preamble, the trailer, the index, the provenance and the questions. Everything
else is read on request, one question at a time, and its own block is checked. Each read opens the
file again, so a recording has no open descriptor, takes no lock and can be sent to another process.
Digests reveal a file that was changed in the meantime.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from store.blocks import BlockFile, BlockKind, FileState, StoredBlock, open_for_reading
from store.columns import (
    PARTS,
    SIGNALS,
    Payloads,
    common_parts,
    join_branches,
    read_branch_count,
    read_core,
    read_finishes,
    read_signals,
)
from store.errors import ForeignFile, MissingSignal, StoreError
from store.file_kinds import FileKind, wrong_kind
from store.index import COLUMNS, Index, read_index
from store.packing import UnreadableRecord, unpack
from store.records import Branch, Core, Provenance, Question, Ragged
from store.validation import branch_fault, provenance_fault, question_fault

KEPT_CORES = 64
"""Questions whose decoded columns are kept; a recording of any size takes so much memory."""


def open_recording(path: Path | str) -> "Recording":
    """Open a sealed recording.

    Raises:
        StoreError: there is no such file, or it is not sealed yet.
        ForeignFile: it is not a recording.
        NewerFormat: a later version of the format.
        DamagedRecording: its preamble, index, provenance or questions are not intact.
    """
    path = Path(path)
    blocks = {FileKind.RECORDING, FileKind.JOURNAL, FileKind.TRIALS}
    if problem := wrong_kind(path, blocks, "a recording"):
        raise ForeignFile(problem, path=path)
    with _opened(path) as file:
        if file.state() is FileState.OPEN:
            if file.begins_with(BlockKind.PIPE):
                raise ForeignFile(
                    "is a record of the trials of a pipeline, and no recording of branches;"
                    " `rheostat inspect` shows its contents",
                    path=path,
                )
            reason = (
                "is not sealed yet: its branches are still being collected. Run the command that"
                " started it again: it resumes, and seals the recording at the end"
            )
            raise StoreError(reason, path=path)
        index = read_index(file)
        provenance = _provenance(file, index)
        questions = tuple(_question(file, index, number) for number in range(index.questions))
        if len({question.id for question in questions}) != len(questions):
            raise file.damage(index.blocks[1].offset, "two questions have the same id")
    return Recording(path, index, provenance, questions)


class Recording:
    """A sealed recording: what it is made of, and its branches on demand."""

    def __init__(
        self, path: Path, index: Index, provenance: Provenance, questions: tuple[Question, ...]
    ):
        """Is called by `open_recording`."""
        self.path = path
        self.digest = index.digest.hex()
        """The recording's name by content: equal recordings have equal digests."""
        self.provenance = provenance
        self.questions = questions
        self.parts = index.parts
        """The optional parts that every branch has: ``text``, ``entropy``, …"""
        self.signals = index.parts & {*SIGNALS, *provenance.signals}
        """The numeric ones among them, which `signal` gives."""
        self._index = index
        self._cores: dict[int, Core] = {}

    def core(self, question: int) -> Core:
        """Return what replay needs of a question; do not write to it.

        Those of the last questions are kept.

        Raises:
            IndexError: there is no such question.
            DamagedRecording: the block is damaged.
        """
        core = self._cores.get(question)
        if core is None:
            with self._reading(BlockKind.CORE, question) as block:
                core = read_core(block.payload)
            while len(self._cores) >= KEPT_CORES:
                # Another thread may remove the same one.
                self._cores.pop(next(iter(self._cores), question), None)
            self._cores[question] = core
        return core

    def branch_count(self, question: int) -> int:
        """Return how many branches a question has.

        Raises:
            IndexError: there is no such question.
            DamagedRecording: the block is damaged.
        """
        core = self._cores.get(question)
        if core is not None:
            return len(core.counts)
        with self._reading(BlockKind.CORE, question) as block:
            return read_branch_count(block.payload)

    def signal(self, question: int, name: str) -> Ragged:
        """Return a numeric signal of a question, which all its branches have; no text is read.

        Raises:
            IndexError: there is no such question.
            MissingSignal: it is not recorded for every branch of the question.
            DamagedRecording: the block is damaged.
        """
        return self.signal_columns(question, (name,))[name]

    def signal_columns(self, question: int, names: Collection[str]) -> dict[str, Ragged]:
        """Return numeric signals of a question, which all its branches have; no text is read.

        Args:
            question: the question's position.
            names: the signals.

        Raises:
            IndexError: there is no such question.
            MissingSignal: one is not recorded for every branch of the question.
            DamagedRecording: the block is damaged.
        """
        branches = len(self.core(question).counts)
        with self._reading(BlockKind.SIGN, question) as block:
            recorded = read_signals(block.payload, branches, self.provenance.signals)
        for name in names:
            if name not in recorded or recorded[name].counts.min() < 0:
                known = ", ".join(sorted(self.signals)) or "none"
                reason = f"does not have {name} for every branch; it has {known}"
                location = f"question {self.questions[question].id!r}"
                raise MissingSignal(reason, path=self.path, location=location)
        return {name: recorded[name] for name in names}

    def finishes(self, question: int) -> tuple[str | None, ...]:
        """Return the finish reason of each branch of a question; ``None`` where it is unknown.

        Raises:
            IndexError: there is no such question.
            DamagedRecording: the block is damaged.
        """
        branches = len(self.core(question).counts)
        with self._reading(BlockKind.TEXT, question) as block:
            return read_finishes(block.payload, branches)

    def branches(self, question: int) -> list[Branch]:
        """Return a question's full records, with every optional part.

        Raises:
            IndexError: there is no such question.
            DamagedRecording: one of the blocks is not intact.
        """
        self._check_question(question)
        with _opened(self.path) as file:
            return _branches(file, self._index, question, self.provenance)

    def verify(self) -> None:
        """Read and check every byte, the chain from block to block, and every record.

        Raises:
            DamagedRecording: with the location and the reason.
        """
        with _opened(self.path) as file:
            file.state()
            if read_index(file) != self._index:
                raise file.damage(0, "the file was replaced since it was opened")
            _provenance(file, self._index)
            declared = self.provenance
            parts = PARTS | declared.signals.keys()
            for number in range(self._index.questions):
                _question(file, self._index, number)
                branches = _branches(file, self._index, number, declared)
                parts &= common_parts(branches)
                for index, branch in enumerate(branches):
                    problem = branch_fault(branch, probed=declared.probed, signals=declared.signals)
                    if problem is not None:
                        offset = self._index.blocks[
                            self._index.position(BlockKind.CORE, number)
                        ].offset
                        raise file.damage(offset, f"branch {index} of the question: {problem}")
            if parts != self._index.parts:
                raise file.damage(file.size, "the index lists other parts than the branches have")

    def _check_question(self, question: int) -> None:
        if not 0 <= question < len(self.questions):
            raise IndexError(f"question {question} of {len(self.questions)}")

    @contextmanager
    def _reading(self, kind: BlockKind, question: int) -> Iterator[StoredBlock]:
        """Open a question's block of a kind; report unreadable contents as damage at its offset."""
        self._check_question(question)
        with _opened(self.path) as file:
            block = _block(file, self._index, self._index.position(kind, question))
            with _damage(file, block):
                yield block


@contextmanager
def _opened(path: Path) -> Iterator[BlockFile]:
    descriptor = open_for_reading(path)
    try:
        yield BlockFile(descriptor, path)
    finally:
        os.close(descriptor)


@contextmanager
def _damage(file: BlockFile, block: StoredBlock) -> Iterator[None]:
    try:
        yield
    except UnreadableRecord as error:
        reason = f"{block.kind.name} cannot be read: {error}"
        raise file.damage(block.offset, reason) from error


def _block(file: BlockFile, index: Index, position: int) -> StoredBlock:
    """Return a block that is intact and the one that the index lists."""
    entry = index.blocks[position]
    block = file.block(entry.offset)
    listed = (entry.kind, entry.length, entry.digest)
    if (block.kind.name, len(block.payload), block.digest) != listed:
        raise file.damage(entry.offset, "a block is not the one that the index lists")
    return block


def _provenance(file: BlockFile, index: Index) -> Provenance:
    block = _block(file, index, 0)
    with _damage(file, block):
        provenance = unpack(block.payload, Provenance)
        if problem := provenance_fault(provenance):
            raise UnreadableRecord(problem)
    unknown = sorted(index.parts - PARTS - provenance.signals.keys())
    if unknown:
        reason = f"the index names unknown parts of a branch: {', '.join(unknown)}"
        raise file.damage(file.size, reason)
    return provenance


def _question(file: BlockFile, index: Index, number: int) -> Question:
    block = _block(file, index, index.position(BlockKind.QUES, number))
    with _damage(file, block):
        question = unpack(block.payload, Question)
        if problem := question_fault(question):
            raise UnreadableRecord(problem)
        return question


def _branches(file: BlockFile, index: Index, question: int, provenance: Provenance) -> list[Branch]:
    core, sign, text = (_block(file, index, index.position(kind, question)) for kind in COLUMNS)
    with _damage(file, core):
        payloads = Payloads(core.payload, sign.payload, text.payload)
        return join_branches(payloads, provenance.signals)
