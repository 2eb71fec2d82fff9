"""How blocks of a sealed recording are located: the footer's index and the trailer after it.

The trailer (48 bytes) ends the file: the footer's offset as a little-endian u64, the footer's
digest, which is the digest of the recording, and an end magic. The footer lists every block before
it. Blocks are in one order only: HEAD, a QUES for each question, then CORE, SIGN and TEXT of
each question in turn.
"""

import struct
from typing import NamedTuple

import msgspec

from store.blocks import DIGEST_SIZE, FRAME_SIZE, PREAMBLE_SIZE, BlockFile, BlockKind
from store.packing import UnreadableRecord, pack, unpack

END_MAGIC = b"RHEOEND\n"
_TRAILER = struct.Struct(f"<Q{DIGEST_SIZE}s8s")
TRAILER_SIZE = _TRAILER.size

COLUMNS = (BlockKind.CORE, BlockKind.SIGN, BlockKind.TEXT)
"""The blocks of one question's branches, in their order."""


class BlockEntry(msgspec.Struct, frozen=True, array_like=True):
    """One block of a sealed file."""

    kind: str
    question: int | None
    """The question's position; ``None`` for HEAD."""
    offset: int
    length: int
    """Of the payload, in bytes."""
    digest: bytes


class Footer(msgspec.Struct, frozen=True):
    """The payload of FOOT."""

    parts: list[str]
    """The optional parts that every branch of the recording has, sorted."""
    blocks: list[BlockEntry]


class Index(NamedTuple):
    """What the end of a sealed file records about its other parts."""

    digest: bytes
    parts: frozenset[str]
    blocks: tuple[BlockEntry, ...]
    questions: int

    def position(self, kind: BlockKind, question: int) -> int:
        """Where in ``blocks`` a block of a question is."""
        if kind is BlockKind.QUES:
            return 1 + question
        return 1 + self.questions + len(COLUMNS) * question + COLUMNS.index(kind)


def footer_payload(parts: frozenset[str], blocks: list[BlockEntry]) -> bytes:
    """Return the payload of FOOT."""
    return pack(Footer(sorted(parts), blocks))


def trailer(offset: int, digest: bytes) -> bytes:
    """Return the last bytes of a sealed file whose footer begins at ``offset``."""
    return _TRAILER.pack(offset, digest, END_MAGIC)


def read_index(file: BlockFile) -> Index:
    """Return the index of a sealed file, from its trailer and footer alone.

    Raises:
        DamagedRecording: trailer or footer are not intact, or the index does not tile the file.
    """
    start = file.size - TRAILER_SIZE
    if start < PREAMBLE_SIZE:
        raise file.damage(file.size, "the file was cut before its index")
    offset, digest, magic = _TRAILER.unpack(file.read(start, TRAILER_SIZE))
    if magic != END_MAGIC:
        raise file.damage(start, "the file does not end as a sealed recording does")
    if not PREAMBLE_SIZE <= offset <= start - FRAME_SIZE:
        raise file.damage(
            start, f"the trailer gives the impossible position {offset} for the index"
        )
    block = file.block(offset)
    if block.kind is not BlockKind.FOOT or block.end != start or block.digest != digest:
        raise file.damage(offset, "the index does not match the trailer")
    try:
        footer = unpack(block.payload, Footer)
        questions = _layout(footer, offset)
    except UnreadableRecord as error:
        raise file.damage(offset, f"the index cannot be read: {error}") from error
    return Index(digest, frozenset(footer.parts), tuple(footer.blocks), questions)


def _layout(footer: Footer, end: int) -> int:
    """Return the number of questions of an index, and check that its blocks are in order."""
    questions, odd = divmod(len(footer.blocks) - 1, 1 + len(COLUMNS))
    if questions < 1 or odd:
        raise UnreadableRecord(f"it lists {len(footer.blocks)} blocks")
    order: list[tuple[BlockKind, int | None]] = [(BlockKind.HEAD, None)]
    order += [(BlockKind.QUES, question) for question in range(questions)]
    order += [(kind, question) for question in range(questions) for kind in COLUMNS]
    offset = PREAMBLE_SIZE
    for (kind, question), entry in zip(order, footer.blocks, strict=True):
        if (entry.kind, entry.question) != (kind.value.decode(), question):
            raise UnreadableRecord(f"it lists a {entry.kind} where {kind.value.decode()} belongs")
        if entry.offset != offset or entry.length < 0:
            raise UnreadableRecord(f"it has a gap before byte {entry.offset}")
        offset += FRAME_SIZE + entry.length
    if offset != end:
        raise UnreadableRecord("its blocks end before the index")
    return questions
