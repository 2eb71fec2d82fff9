"""Damage with fitting digests: content that no writer wrote is read or rejected, and nothing else.

Digests guard against accident. A file made by other hands has fitting ones, so whatever is
after them must still be met with a clear sentence.
"""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from store.blocks import BlockFile, BlockKind, frame_block
from store.errors import DamagedRecording, StoreError
from store.index import BlockEntry, Footer, footer_payload, trailer
from store.packing import pack_plain
from store.reader import open_recording
from store.writer import RecordingWriter
from tests.store.recordings import append, read_all, sample, write

ROUNDS = [
    pytest.param(400, id="some"),
    pytest.param(2000, id="thousands", marks=pytest.mark.slow),
]


def reframe(blocks: list[tuple[BlockKind, bytes]], start: bytes) -> tuple[bytes, list[BlockEntry]]:
    """A file of these blocks whose digests fit, after a preamble; and where each block went."""
    made, entries = start, []
    for kind, payload in blocks:
        framed = frame_block(kind, payload, made[-32:])
        entries.append(BlockEntry(kind.name, None, len(made), len(payload), framed[-32:]))
        made += framed
    return made, entries


def blocks_of(path: Path, end: int) -> list[tuple[BlockKind, bytes]]:
    """The blocks of an intact file up to an offset."""
    with path.open("rb") as opened:
        file, offset, blocks = BlockFile(opened.fileno(), path), 48, []
        while offset < end:
            block = file.block(offset)
            blocks.append((block.kind, block.payload))
            offset = block.end
    return blocks


def forge(whole: Path, path: Path, position: int, payload: bytes) -> None:
    """Copies a sealed file with another payload in one block, and every digest made to fit."""
    content = whole.read_bytes()
    *blocks, (_, foot) = blocks_of(whole, len(content) - 48)
    if position == len(blocks):
        made, _ = reframe(blocks, content[:48])
        end = frame_block(BlockKind.FOOT, payload, made[-32:])
    else:
        blocks[position] = (blocks[position][0], payload)
        made, entries = reframe(blocks, content[:48])
        footer = msgspec.msgpack.decode(foot, type=Footer)
        for number, entry in enumerate(footer.blocks):
            entries[number] = msgspec.structs.replace(entries[number], question=entry.question)
        end = frame_block(
            BlockKind.FOOT, footer_payload(frozenset(footer.parts), entries), made[-32:]
        )
    path.write_bytes(made + end + trailer(len(made), end[-32:]))


def spoil(payload: bytes, chance: random.Random) -> bytes:
    """Changes one to three bytes, mostly near the front, where msgpack keeps its structure."""
    spoilt = bytearray(payload)
    for _ in range(chance.randint(1, 3)):
        reach = len(spoilt) if chance.random() < 0.5 else min(len(spoilt), 40)
        spoilt[chance.randrange(reach)] = chance.choice([0, 0x7F, 0xC0, 0xCB, 0xDD, 0xFF, 1])
    return bytes(spoilt)


def column(letter: str, *numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}{letter}", *numbers)


CORE = {
    "answers": ["1", "2"],
    "counts": column("i", 1, 1),
    "probes": column("i", 0, 1),
    "tokens": column("q", 5, 6),
    "final": column("i", 0, 0),
}


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        (BlockKind.HEAD, b"\xc1", "HEAD cannot be read"),
        (BlockKind.HEAD, pack_plain({"model": "\x00"}), "missing required field"),
        (
            BlockKind.QUES,
            b"\x82\xa2id\xa1\xff\xa4gold\xa11",
            "QUES cannot be read: ('utf-8' codec|Invalid UTF-8)",  # msgspec to 0.22; from 0.23
        ),
        (BlockKind.QUES, pack_plain({"id": "", "gold": "1"}), "the id is empty"),
        (BlockKind.QUES, pack_plain({"id": "q1", "gold": "1"}), "two questions have the same id"),
        (BlockKind.CORE, b"\xdd\xff\xff\xff\xff", "CORE cannot be read"),
        (BlockKind.CORE, b"\xc0", "Expected `object`, got `None`"),
        (BlockKind.CORE, pack_plain(CORE | {"tokens": b"123"}), "tokens ends inside a number"),
        (BlockKind.CORE, pack_plain(CORE | {"tokens": column("q", 5)}), "of different lengths"),
        (BlockKind.CORE, pack_plain(CORE | {"tokens": column("q", 5, -1)}), "tokens is below 0"),
        (BlockKind.CORE, pack_plain(CORE | {"counts": column("i", 3, -1)}), "do not add up"),
        (BlockKind.CORE, pack_plain(CORE | {"counts": column("i", 1, 2)}), "do not add up"),
        (BlockKind.CORE, pack_plain(CORE | {"probes": column("i", 0, 2)}), "not in the list"),
        (BlockKind.CORE, pack_plain(CORE | {"final": column("i", 0, -1)}), "not in the list"),
        (BlockKind.CORE, pack_plain(CORE | {"answers": ["1", "1"]}), "appears twice"),
        (BlockKind.SIGN, pack_plain({"mood": {"lengths": b"", "values": b""}}), "no signal 'mood'"),
        (
            BlockKind.SIGN,
            pack_plain({"entropy": {"lengths": b"", "values": b""}}),
            "one length for each",
        ),
        (
            BlockKind.SIGN,
            pack_plain({"entropy": {"lengths": column("i", 1, 1), "values": b"12345678"}}),
            "lengths of entropy do not add up",
        ),
        (BlockKind.TEXT, pack_plain([{}]), "texts of 1 branches out of 2"),
        (BlockKind.TEXT, b"\x91" * 5000, "cannot be read"),
        (BlockKind.TEXT, pack_plain([{}, {}]), "the index lists other parts"),
    ],
)
def test_impossible_content_is_damage_even_with_valid_digests(
    tmp_path: Path, kind: BlockKind, payload: bytes, reason: str
) -> None:
    whole, path = tmp_path / "x", tmp_path / "forged"
    write(whole, sample(questions=2, branches=2))
    kinds = [found for found, _ in blocks_of(whole, whole.stat().st_size - 48)]
    forge(whole, path, kinds.index(kind), payload)
    with pytest.raises(DamagedRecording, match=reason) as caught:
        read_all(path)
    assert str(caught.value).startswith(f"{path}, byte ")


def test_empty_forgery_changes_nothing(tmp_path: Path) -> None:
    whole, path = tmp_path / "x", tmp_path / "forged"
    write(whole, sample(questions=2, branches=2))
    blocks = blocks_of(whole, whole.stat().st_size - 48)
    for position, (_, payload) in enumerate(blocks):
        forge(whole, path, position, payload)
        assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_forged_content_is_read_or_rejected(tmp_path: Path, rounds: int) -> None:
    whole, path = tmp_path / "x", tmp_path / "forged"
    write(whole, sample(questions=2, branches=2))
    blocks = blocks_of(whole, whole.stat().st_size - 48)
    chance = random.Random(3)
    refused = 0
    for _ in range(rounds):
        position = chance.randrange(len(blocks))
        forge(whole, path, position, spoil(blocks[position][1], chance))
        try:
            read_all(path)
        except StoreError:
            refused += 1
    assert refused > rounds // 4


@pytest.mark.parametrize("rounds", ROUNDS)
def test_forged_journals_are_read_or_rejected(tmp_path: Path, rounds: int) -> None:
    whole, path = tmp_path / "x", tmp_path / "forged"
    with RecordingWriter.create(whole, sample().provenance) as writer:
        append(writer, sample(questions=2, branches=2))
    blocks = blocks_of(whole, whole.stat().st_size)
    start = whole.read_bytes()[:48]
    chance = random.Random(4)
    refused = 0
    for _ in range(rounds):
        position = chance.randrange(len(blocks))
        spoilt = list(blocks)
        spoilt[position] = (blocks[position][0], spoil(blocks[position][1], chance))
        forged, _ = reframe(spoilt, start)
        path.write_bytes(forged)
        try:
            RecordingWriter.resume(path).close()
        except StoreError:
            refused += 1
        assert path.read_bytes() == forged
    assert refused > rounds // 4


def test_an_index_that_does_not_tile_the_file_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path, sample(questions=1, branches=1))
    content = path.read_bytes()
    (begin,) = struct.unpack_from("<Q", content, len(content) - 48)
    with path.open("rb") as opened:
        block = BlockFile(opened.fileno(), path).block(begin)
    footer = msgspec.msgpack.decode(block.payload, type=Footer)
    first, second, *rest = footer.blocks
    shifted = msgspec.structs.replace(second, offset=second.offset + 1)
    changes: dict[str, Callable[[], Footer]] = {
        "it lists 4 blocks": lambda: Footer(footer.parts, [first, *rest]),
        "it lists 0 blocks": lambda: Footer(footer.parts, []),
        "it lists a HEAD where QUES": lambda: Footer(footer.parts, [first, first, *rest]),
        "it has a gap": lambda: Footer(footer.parts, [first, shifted, *rest]),
        "unknown parts": lambda: Footer([*footer.parts, "mood"], footer.blocks),
    }
    path.chmod(0o600)
    for reason, change in changes.items():
        payload = footer_payload(frozenset(change().parts), change().blocks)
        end = frame_block(BlockKind.FOOT, payload, block.before)
        path.write_bytes(content[:begin] + end + trailer(begin, end[-32:]))
        with pytest.raises(DamagedRecording, match=reason):
            open_recording(path)
    extra = frame_block(BlockKind.TEXT, b"", block.before)
    end = frame_block(BlockKind.FOOT, block.payload, extra[-32:])
    path.write_bytes(content[:begin] + extra + end + trailer(begin + len(extra), end[-32:]))
    with pytest.raises(DamagedRecording, match="end before the index"):
        open_recording(path)
