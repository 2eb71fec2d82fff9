"""The frame of a recording: a preamble, then blocks, each chained to the one before.

Preamble (48 bytes): magic, version, state, and the digest of these. A block: four ASCII letters of
kind, the payload's length as a little-endian u64, the payload, and a 32-byte BLAKE2b digest of
everything from the digest before it to the end of its payload. So what a block's digest covers is
one run of bytes, a block can be checked wherever it is found, and blocks that are moved, dropped or
swapped at their borders break the chain.

A length is not trusted for an allocation: it is compared with the size of the file first.
"""

import os
import re
import stat
import struct
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from store.errors import DamagedRecording, ForeignFile, NewerFormat, StoreError
from store.messages import describe_missing

MAGIC = b"\x89RHEO\r\n\x1a"
VERSION = 2
"""The latest version, which this program reads and writes."""

PLAIN_VERSION = 1
"""The version of a file without named signals: nothing in it is newer."""
DIGEST_SIZE = 32

_OPENING = struct.Struct("<8sI4s")
_HEADER = struct.Struct("<4sQ")
PREAMBLE_SIZE = _OPENING.size + DIGEST_SIZE
FRAME_SIZE = _HEADER.size + DIGEST_SIZE
"""What a block takes besides its payload."""

_WINDOW = 1 << 20


class FileState(Enum):
    """What a file is: a journal that still grows, or a sealed recording."""

    OPEN = b"OPEN"
    SEALED = b"SEAL"


class BlockKind(Enum):
    """The kinds of block."""

    HEAD = b"HEAD"
    """Provenance."""
    QUES = b"QUES"
    """One question."""
    BRNC = b"BRNC"
    """One branch; journals only."""
    CORE = b"CORE"
    """What replay needs of one question; this and the rest in sealed files only."""
    SIGN = b"SIGN"
    """The numeric signals of one question."""
    TEXT = b"TEXT"
    """All that remains of one question's branches."""
    FOOT = b"FOOT"
    """The index."""
    PIPE = b"PIPE"
    """The pipeline of a record of trials; this and the next in such records only."""
    TRIL = b"TRIL"
    """One trial."""


class StoredBlock(NamedTuple):
    """A block that was read and found intact."""

    kind: BlockKind
    offset: int
    payload: bytes
    before: bytes
    """The digest before it."""
    digest: bytes

    @property
    def end(self) -> int:
        """The offset of what follows."""
        return self.offset + FRAME_SIZE + len(self.payload)


class _RawBlock(NamedTuple):
    before: bytes
    header: bytes
    payload: bytes
    digest: bytes


def compute_checksum(*parts: bytes) -> bytes:
    """Return the 32-byte BLAKE2b digest of the parts, one after the other."""
    state = blake2b(digest_size=DIGEST_SIZE)
    for part in parts:
        state.update(part)
    return state.digest()


def make_preamble(state: FileState, version: int = PLAIN_VERSION) -> bytes:
    """Return the first bytes of a file; the last 32 of them begin the chain.

    Args:
        state: what the file is.
        version: the earliest version of the format that has all that the file holds.
    """
    opening = _OPENING.pack(MAGIC, version, state.value)
    return opening + compute_checksum(opening)


def frame_block(kind: BlockKind, payload: bytes, before: bytes) -> bytes:
    """Return the bytes of a block; the last 32 are its digest.

    Args:
        kind: kind of the block.
        payload: its content.
        before: digest of the previous block.
    """
    header = _HEADER.pack(kind.value, len(payload))
    return b"".join((header, payload, compute_checksum(before, header, payload)))


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte; the system may take several calls."""
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def open_for_reading(path: Path) -> int:
    """Return a descriptor for reading.

    Raises:
        StoreError: the file does not exist.
        ForeignFile: a directory, a pipe or a device, on which reading could wait for ever.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ForeignFile(f"is a directory; name the files: {path}/*.recording", path=path)
        if not stat.S_ISREG(mode):
            raise ForeignFile("is not a file, so it is not a recording", path=path)
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise StoreError(describe_missing("recording"), path=path) from error


class BlockFile:
    """Reads preamble and blocks through a descriptor that it does not own."""

    def __init__(self, descriptor: int, path: Path):
        self.path = path
        self.size = os.fstat(descriptor).st_size
        self._descriptor = descriptor

    def damage(
        self, offset: int, reason: str, advice: str = "restore a copy of the file"
    ) -> DamagedRecording:
        """Return the error for damage at a byte offset, with what to do about it.

        Args:
            offset: byte offset of the damage.
            reason: what is wrong.
            advice: what to do about it.
        """
        return DamagedRecording(f"{reason}; {advice}", path=self.path, location=f"byte {offset}")

    def read(self, offset: int, count: int) -> bytes:
        """Exactly ``count`` bytes.

        Raises:
            DamagedRecording: the file has fewer.
        """
        if offset < 0 or count < 0 or offset + count > self.size:
            raise self.damage(self.size, f"the file ends before byte {offset + count}")
        parts = []
        while count:
            part = os.pread(self._descriptor, count, offset)
            if not part:
                raise self.damage(offset, "the file shrank while it was read")
            parts.append(part)
            offset += len(part)
            count -= len(part)
        return b"".join(parts)

    def state(self) -> FileState:
        """Return the contents of the preamble.

        Raises:
            ForeignFile: it starts with other bytes than a recording.
            NewerFormat: a later version of the format.
            DamagedRecording: cut short, or its digest does not fit.
        """
        start = self.read(0, min(self.size, PREAMBLE_SIZE))
        if not start.startswith(MAGIC[: len(start)]):
            reason = "is not a recording: its first bytes are not those of the format"
            if start.lstrip().startswith((b"{", b"[")):
                reason += " but JSON; convert it with `rheostat import`"
            raise ForeignFile(reason, path=self.path)
        if len(start) < PREAMBLE_SIZE:
            reason = "the file ends inside its preamble, so it contains no data"
            raise self.damage(len(start), reason, "delete it")
        opening, digest = start[: _OPENING.size], start[_OPENING.size :]
        if compute_checksum(opening) != digest:
            raise self.damage(0, "the preamble does not match its digest")
        _, version, state = _OPENING.unpack(opening)
        if version > VERSION:
            reason = (
                f"is of format {version}, but this version of rheostat reads up to {VERSION};"
                " update rheostat"
            )
            raise NewerFormat(reason, path=self.path)
        if version < 1 or state not in {known.value for known in FileState}:
            raise self.damage(0, f"the preamble has an unknown format: {version}, {state!r}")
        return FileState(state)

    def begins_with(self, kind: BlockKind) -> bool:
        """Whether the bytes after the preamble name a kind; nothing is checked."""
        end = PREAMBLE_SIZE + len(kind.value)
        return self.size >= end and self.read(PREAMBLE_SIZE, len(kind.value)) == kind.value

    def block(self, offset: int, *, before: bytes | None = None) -> StoredBlock:
        """Return the block at an offset, checked against its digest and the digest before it.

        That digest is read from the file unless ``before`` gives it.

        Raises:
            DamagedRecording: there is no intact block here.
            NewerFormat: there is one, of an unknown kind.
        """
        raw = self._raw(offset)
        before = raw.before if before is None else before
        if compute_checksum(before, raw.header, raw.payload) != raw.digest:
            raise self.damage(offset, "a block does not match its digest")
        letters = raw.header[:4]
        if letters not in {kind.value for kind in BlockKind}:
            reason = f"has blocks of an unknown kind, {letters!r}; update rheostat"
            raise NewerFormat(reason, path=self.path, location=f"byte {offset}")
        return StoredBlock(BlockKind(letters), offset, raw.payload, before, raw.digest)

    def _raw(self, offset: int) -> _RawBlock:
        """Return the parts of what may be a block, unchecked but for its length."""
        if self.size - offset < FRAME_SIZE:
            raise self.damage(offset, f"a block is cut short: {self.size - offset} bytes are left")
        start = self.read(offset - DIGEST_SIZE, DIGEST_SIZE + _HEADER.size)
        before, header = start[:DIGEST_SIZE], start[DIGEST_SIZE:]
        _, length = _HEADER.unpack(header)
        if length > self.size - offset - FRAME_SIZE:
            reason = f"a block claims {length} bytes, more than the rest of the file"
            raise self.damage(offset, reason)
        rest = self.read(offset + _HEADER.size, length + DIGEST_SIZE)
        return _RawBlock(before, header, rest[:length], rest[length:])

    def block_behind(self, offset: int, kinds: tuple[BlockKind, ...]) -> int | None:
        """Where the first intact block after a bad one begins, if there is any.

        A bad digest unsettles the block after it too; that one still fits the digest that the bad
        block ought to have. A bad length is overcome by looking for blocks at every byte, since a
        block can be checked with no more than the 32 bytes before it.
        """
        try:
            raw = self._raw(offset)
            right = compute_checksum(raw.before, raw.header, raw.payload)
            return self.block(offset + FRAME_SIZE + len(raw.payload), before=right).offset
        except DamagedRecording:
            return self._search(offset + 1, kinds)

    def _search(self, begin: int, kinds: tuple[BlockKind, ...]) -> int | None:
        """Return the first offset from ``begin`` on with an intact block of one of ``kinds``."""
        letters = re.compile(b"|".join(kind.value for kind in kinds))
        while begin < self.size:
            # Three bytes more than a step, so that no kind is missed between two windows.
            window = self.read(begin, min(_WINDOW + 3, self.size - begin))
            for match in letters.finditer(window):
                try:
                    return self.block(begin + match.start()).offset
                except DamagedRecording:
                    continue
            begin += _WINDOW
        return None
