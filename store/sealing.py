"""Write the sealed form of a journal: one order, one spelling, so equal content is equal bytes.

It writes to a descriptor and touches no names; the writer renames the file.
"""

from collections.abc import Mapping, Sequence

import msgspec

from store.blocks import (
    PLAIN_VERSION,
    PREAMBLE_SIZE,
    VERSION,
    BlockFile,
    BlockKind,
    FileState,
    frame_block,
    make_preamble,
    write_all,
)
from store.columns import PARTS, common_parts, split_branches
from store.index import COLUMNS, BlockEntry, footer_payload, trailer
from store.journal import Journal, read_branch
from store.packing import pack
from store.records import Branch, Provenance, Question


def format_version(provenance: Provenance) -> int:
    """Return the earliest version of the format that has all that a recording declares."""
    return VERSION if provenance.signals else PLAIN_VERSION


class BlockChain:
    """Append the blocks of a sealed recording to a new file, and remember where they went.

    Args:
        descriptor: of the new file.
        provenance: what the recording is made of.
    """

    def __init__(self, descriptor: int, provenance: Provenance):
        start = make_preamble(FileState.SEALED, format_version(provenance))
        write_all(descriptor, start)
        self._descriptor = descriptor
        self.digest = start[16:]
        self.end = PREAMBLE_SIZE
        self.entries: list[BlockEntry] = []

    def add(self, kind: BlockKind, question: int | None, payload: bytes) -> None:
        """Append a block; the order is that of `store.index`.

        Args:
            kind: its kind.
            question: the question's position; ``None`` for HEAD.
            payload: its content.
        """
        block = frame_block(kind, payload, self.digest)
        write_all(self._descriptor, block)
        self.digest = block[-len(self.digest) :]
        name = kind.value.decode()
        self.entries.append(BlockEntry(name, question, self.end, len(payload), self.digest))
        self.end += len(block)

    def close(self, parts: frozenset[str]) -> bytes:
        """Write the index and the trailer, and return the recording's digest.

        Args:
            parts: the optional parts that every branch has.
        """
        begin, entries = self.end, list(self.entries)
        self.add(BlockKind.FOOT, None, footer_payload(parts, entries))
        write_all(self._descriptor, trailer(begin, self.digest))
        return self.digest


AnswerForms = Mapping[str, Mapping[str, str]]
"""By the question's id, what each answer is written as; any other stays as it is."""


def distinct_answers(journal: Journal, file: BlockFile) -> dict[str, list[str]]:
    """List the distinct answers of each question, by its id, sorted.

    Raises:
        DamagedRecording: a block of the journal is no longer what it was.
    """
    answers: dict[str, list[str]] = {}
    for identifier, offsets in journal.branches.items():
        branches = (read_branch(file, offset) for offset in offsets.values())
        distinct = {answer for branch in branches for answer in (*branch.answers, branch.final)}
        answers[identifier] = sorted(distinct)
    return answers


def write_sealed(
    descriptor: int,
    journal: Journal,
    questions: Sequence[Question],
    file: BlockFile,
    forms: AnswerForms,
) -> bytes:
    """Write a complete journal's sealed form and return the recording's digest.

    One question's branches are in memory at a time.

    Args:
        descriptor: of the new file.
        journal: what is sealed.
        questions: those of the journal that are sealed, with the branches that each lacks.
        file: the journal's.
        forms: what answers are written as.

    Raises:
        DamagedRecording: a block of the journal is no longer what it was.
    """
    chain = BlockChain(descriptor, journal.provenance)
    chain.add(BlockKind.HEAD, None, pack(journal.provenance))
    for number, question in enumerate(questions):
        chain.add(BlockKind.QUES, number, pack(question))
    parts = PARTS | journal.provenance.signals.keys()
    for number, question in enumerate(questions):
        offsets = journal.branches[question.id]
        branches = [
            _written(read_branch(file, offsets[index]), forms.get(question.id, {}))
            for index in sorted(offsets)
        ]
        parts &= common_parts(branches)
        for kind, payload in zip(COLUMNS, split_branches(branches), strict=True):
            chain.add(kind, number, payload)
    return chain.close(parts)


def _written(branch: Branch, forms: Mapping[str, str]) -> Branch:
    """Return the branch with its answers in the forms that they are written as."""
    if all(forms.get(answer, answer) == answer for answer in (*branch.answers, branch.final)):
        return branch
    answers = [forms.get(answer, answer) for answer in branch.answers]
    final = forms.get(branch.final, branch.final)
    return msgspec.structs.replace(branch, answers=answers, final=final)
