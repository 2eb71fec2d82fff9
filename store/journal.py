"""An unsealed recording: HEAD, then QUES and BRNC blocks as they came.

A crash can leave the last append incomplete. Such a torn tail holds no intact block; it is
reported, and the holder of the lock truncates it. A bad block with an intact one after it is
damage, and is rejected. Any run of whole blocks from the beginning is a journal of its own, so the
part before the damage can be kept.
"""

from dataclasses import dataclass, field

import msgspec

from store.blocks import PREAMBLE_SIZE, BlockFile, BlockKind, FileState, StoredBlock
from store.errors import DamagedRecording, ForeignFile, SealedRecording
from store.packing import UnreadableRecord, pack_plain, unpack
from store.records import Branch, Provenance, Question
from store.validation import MOST_BRANCHES, branch_fault, provenance_fault, question_fault


class _Appended(msgspec.Struct, frozen=True, array_like=True):
    """The payload of BRNC."""

    question: str
    index: int
    branch: Branch


@dataclass
class Journal:
    """What an unsealed file holds, its branches left on disk."""

    provenance: Provenance
    end: int
    """Where the last intact block ends."""
    digest: bytes
    """The digest of the last intact block."""
    questions: dict[str, Question] = field(default_factory=dict)
    branches: dict[str, dict[int, int]] = field(default_factory=dict)
    """For each question, the offset of each branch by its index."""
    torn: str | None = None
    """A sentence about an incomplete last append, if there is one."""

    def question_problem(self, question: Question) -> str | None:
        """Why the question cannot be added, or ``None``."""
        if question.id in self.questions:
            return "a question with this id is already recorded; ids must be unique"
        return question_fault(question)

    def branch_problem(self, question: str, index: int, branch: Branch) -> str | None:
        """Return why the branch cannot be added, or ``None``.

        Args:
            question: the question's id.
            index: index of the branch.
            branch: the branch.
        """
        if question not in self.questions:
            return "there is no question with this id; add it before its branches"
        if not 0 <= index < MOST_BRANCHES:
            return f"a branch's index is from 0 to {MOST_BRANCHES - 1}"
        if index in self.branches[question]:
            return "this branch is already recorded"
        declared = self.provenance
        return branch_fault(branch, probed=declared.probed, signals=declared.signals)

    def take_question(self, question: Question) -> None:
        """Add a question that is on disk."""
        self.questions[question.id] = question
        self.branches[question.id] = {}


def branch_payload(question: str, index: int, branch: bytes) -> bytes:
    """Return the payload of BRNC for a packed branch.

    Args:
        question: the question's id.
        index: index of the branch.
        branch: the packed branch.
    """
    return pack_plain([question, index, msgspec.Raw(branch)])


def scan(file: BlockFile) -> Journal:
    """Read and check every block of an unsealed file.

    Raises:
        SealedRecording: it is sealed already.
        DamagedRecording: a block that is not the torn tail is bad, or its content is.
        ForeignFile, NewerFormat: as `BlockFile.state`.
    """
    if file.state() is FileState.SEALED:
        raise SealedRecording("is sealed, so nothing can be added", path=file.path)
    journal = _head(file)
    while journal.end < file.size:
        try:
            block = file.block(journal.end)
        except DamagedRecording as fault:
            journal.torn = _torn(file, journal.end, fault)
            break
        try:
            _take(journal, block)
        except UnreadableRecord as error:
            raise file.damage(block.offset, f"a block has invalid contents: {error}") from error
        journal.end, journal.digest = block.end, block.digest
    return journal


def read_branch(file: BlockFile, offset: int) -> Branch:
    """Return the branch of the BRNC block at ``offset``.

    Raises:
        DamagedRecording: the block is no longer what it was.
    """
    try:
        return unpack(file.block(offset).payload, _Appended).branch
    except UnreadableRecord as error:
        raise file.damage(offset, f"a branch cannot be read: {error}") from error


def _head(file: BlockFile) -> Journal:
    try:
        block = file.block(PREAMBLE_SIZE)
        if block.kind is BlockKind.PIPE:
            reason = "is a record of trials of a pipeline, not a recording of branches"
            raise ForeignFile(reason, path=file.path)
        provenance = unpack(block.payload, Provenance)
        problem = provenance_fault(provenance)
        if block.kind is not BlockKind.HEAD:
            problem = f"a {block.kind.name} is in its place"
    except DamagedRecording as error:
        reason = "the start of the recording is damaged, so nothing in it can be used"
        raise file.damage(PREAMBLE_SIZE, reason, "restore a copy, or delete it") from error
    except UnreadableRecord as error:
        raise file.damage(PREAMBLE_SIZE, f"the provenance cannot be read: {error}") from error
    if problem:
        raise file.damage(PREAMBLE_SIZE, f"the provenance is invalid: {problem}")
    return Journal(provenance, block.end, block.digest)


def _take(journal: Journal, block: StoredBlock) -> None:
    if block.kind is BlockKind.QUES:
        question = unpack(block.payload, Question)
        if problem := journal.question_problem(question):
            raise UnreadableRecord(f"question {question.id!r}: {problem}")
        journal.take_question(question)
    elif block.kind is BlockKind.BRNC:
        entry = unpack(block.payload, _Appended)
        if problem := journal.branch_problem(entry.question, entry.index, entry.branch):
            raise UnreadableRecord(f"question {entry.question!r}, branch {entry.index}: {problem}")
        journal.branches[entry.question][entry.index] = block.offset
    else:
        raise UnreadableRecord(f"{block.kind.name} is not allowed in an unsealed recording")


def _torn(file: BlockFile, end: int, fault: DamagedRecording) -> str:
    """Return the sentence about a torn tail, unless intact blocks after it show that it is none."""
    following = file.block_behind(end, (BlockKind.QUES, BlockKind.BRNC))
    if following is not None:
        reason = (
            f"a block is damaged; the blocks from byte {following} on are intact, so this is not"
            " an interrupted append"
        )
        advice = (
            f"restore a copy, or keep the intact part: a file of its first {end} bytes "
            "can be resumed"
        )
        raise file.damage(end, reason, advice) from fault
    return (
        f"the last append was incomplete: {file.size - end} bytes from byte {end} on were"
        " removed; everything before them is intact"
    )
