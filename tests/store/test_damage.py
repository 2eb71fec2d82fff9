"""Damage: a recording is read correctly or rejected with a StoreError."""

import random
import struct
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from store.blocks import _WINDOW, BlockFile, BlockKind, compute_checksum, frame_block
from store.errors import DamagedRecording, StoreError
from store.journal import read_branch, scan
from store.reader import open_recording
from store.records import Branch
from store.writer import RecordingWriter
from tests.store.recordings import Content, append, read_all, sample, write

ROUNDS = [
    pytest.param(400, id="some"),
    pytest.param(2000, id="thousands", marks=pytest.mark.slow),
]


class Journalled(NamedTuple):
    """A journal, and what it holds after each of its blocks."""

    content: bytes
    ends: list[int]
    """Where each block ends."""
    branches: list[tuple[str, int, Branch]]


def journalled(path: Path, content: Content) -> Journalled:
    with RecordingWriter.create(path, content.provenance) as writer:
        ends = [path.stat().st_size]
        branches = []
        for question, row in zip(content.questions, content.branches, strict=True):
            writer.add_question(question)
            ends.append(path.stat().st_size)
            for index, branch in enumerate(row):
                writer.add_branch(question.id, index, branch)
                ends.append(path.stat().st_size)
                branches.append((question.id, index, branch))
    return Journalled(path.read_bytes(), ends, branches)


def harm(content: bytes, chance: random.Random) -> bytes:
    """Flips, cuts, drops, doubles, moves, overwrites, or empties a stretch of the bytes."""
    left, right = sorted(chance.choices(range(len(content) + 1), k=2))
    if chance.random() < 0.5:
        right = min(right, left + chance.choice([1, 2, 8, 64]))
    part, place = content[left:right], chance.randrange(len(content))
    flipped = bytes([content[place] ^ 1 << chance.randrange(8)])
    return chance.choice(
        [
            content[:place] + flipped + content[place + 1 :],
            content[:left],
            content[:left] + content[right:],
            content[:right] + content[left:],
            content[:left] + part[::-1] + content[right:],
            content[:left] + chance.randbytes(len(part)) + content[right:],
            content[:left] + bytes(len(part)) + content[right:],
            content[:place] + part + content[place:],
            content + part,
        ]
    )


@pytest.mark.parametrize("rounds", ROUNDS)
def test_any_damage_to_a_sealed_recording_is_detected(tmp_path: Path, rounds: int) -> None:
    write(tmp_path / "x", sample(questions=2, branches=3))
    whole = (tmp_path / "x").read_bytes()
    chance = random.Random(1)
    path = tmp_path / "harmed"
    for _ in range(rounds):
        harmed = harm(whole, chance)
        path.write_bytes(harmed)
        if harmed == whole:
            assert read_all(path) == sample(questions=2, branches=3)
            continue
        with pytest.raises(StoreError):
            read_all(path)


def test_every_bit_flip_in_a_sealed_recording_is_rejected(tmp_path: Path) -> None:
    write(tmp_path / "x", sample(questions=1, branches=1))
    whole = (tmp_path / "x").read_bytes()
    path = tmp_path / "harmed"
    for place in range(len(whole)):
        harmed = bytearray(whole)
        harmed[place] ^= 0x40
        path.write_bytes(harmed)
        with pytest.raises(StoreError):
            read_all(path)


@pytest.mark.parametrize("place", range(8, 16))
def test_a_flipped_version_or_state_is_damage_and_not_a_later_format(
    tmp_path: Path, place: int
) -> None:
    path = tmp_path / "x"
    journal = journalled(path, sample(questions=1, branches=1))
    harmed = bytearray(journal.content)
    harmed[place] ^= 0x40
    path.write_bytes(harmed)
    for ask in (open_recording, RecordingWriter.resume):
        with pytest.raises(
            DamagedRecording, match="byte 0: the preamble does not match its digest"
        ):
            ask(path)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_damaged_journal_is_read_correctly_or_rejected_unchanged(
    tmp_path: Path, rounds: int
) -> None:
    journal = journalled(tmp_path / "x", sample(questions=2, branches=3))
    chance = random.Random(2)
    path = tmp_path / "harmed"
    outcomes = {"read": 0, "refused": 0}
    for _ in range(rounds):
        harmed = harm(journal.content, chance)
        path.write_bytes(harmed)
        try:
            with RecordingWriter.resume(path) as writer:
                check_is_a_prefix(path, harmed, journal, writer.recovered)
            outcomes["read"] += 1
        except StoreError:
            assert path.read_bytes() == harmed
            outcomes["refused"] += 1
    assert min(outcomes.values()) > rounds // 20


def check_is_a_prefix(
    path: Path, harmed: bytes, journal: Journalled, recovered: str | None
) -> None:
    """What is left are whole blocks of the original, and what was truncated was reported."""
    left = path.read_bytes()
    assert len(left) in journal.ends
    assert journal.content.startswith(left)
    assert harmed.startswith(left)
    cut = len(harmed) - len(left)
    assert (recovered is not None) == (cut > 0)
    if recovered is not None:
        assert f"{cut} bytes from byte {len(left)} on were removed" in recovered
    with path.open("rb") as opened:
        file = BlockFile(opened.fileno(), path)
        found = [
            (question, index, read_branch(file, offset))
            for question, offsets in scan(file).branches.items()
            for index, offset in offsets.items()
        ]
    assert found == journal.branches[: len(found)]


def test_every_bit_flip_before_the_last_block_is_rejected(tmp_path: Path) -> None:
    journal = journalled(tmp_path / "x", sample(questions=1, branches=2))
    path = tmp_path / "harmed"
    for place in range(journal.ends[-2]):
        harmed = bytearray(journal.content)
        harmed[place] ^= 0x40
        path.write_bytes(harmed)
        with pytest.raises(StoreError):
            RecordingWriter.resume(path)
        assert path.read_bytes() == harmed


def test_torn_tail_is_truncated_and_reported(tmp_path: Path) -> None:
    content = sample(questions=1, branches=3)
    journal = journalled(tmp_path / "x", content)
    path = tmp_path / "torn"
    start = journal.ends[-2]
    for end in range(start + 1, len(journal.content)):
        path.write_bytes(journal.content[:end])
        with RecordingWriter.resume(path) as writer:
            assert writer.recovered == (
                f"the last append was incomplete: {end - start} bytes from byte {start} on were"
                " removed; everything before them is intact"
            )
            assert writer.recorded_indexes == {"q0": frozenset({0, 1})}
    with RecordingWriter.resume(path) as writer:
        assert writer.recovered is None
        writer.add_branch("q0", 2, content.branches[0][2])
        writer.seal()
    assert read_all(path) == content


@pytest.mark.parametrize("field", ["length", "payload", "digest"])
def test_damage_before_the_tail_is_rejected_with_its_offset(tmp_path: Path, field: str) -> None:
    journal = journalled(tmp_path / "x", sample(questions=1, branches=4))
    start, end = journal.ends[1], journal.ends[2]
    place = {"length": start + 9, "payload": start + 20, "digest": end - 1}[field]
    harmed = bytearray(journal.content)
    harmed[place] ^= 1
    path = tmp_path / "harmed"
    path.write_bytes(harmed)
    with pytest.raises(DamagedRecording) as caught:
        RecordingWriter.resume(path)
    assert str(caught.value).startswith(f"{path}, byte {start}: a block ")
    assert f"the blocks from byte {end} on are intact" in str(caught.value)
    assert f"a file of its first {start} bytes can be resumed" in str(caught.value)
    path.write_bytes(harmed[:start])
    with RecordingWriter.resume(path) as writer:
        assert writer.recorded_indexes == {"q0": frozenset()}


@pytest.mark.parametrize("inside", [1, 2, 3])
def test_a_block_that_straddles_two_search_windows_is_found(tmp_path: Path, inside: int) -> None:
    content = sample(questions=1, branches=2)
    first, second = content.branches[0]

    def with_text(size: int) -> Journalled:
        bare = msgspec.structs.replace(first, text="x" * size, sentences=None, paragraphs=None)
        (tmp_path / "x").unlink(missing_ok=True)
        return journalled(tmp_path / "x", content._replace(branches=[[bare, second]]))

    trial = with_text(1 << 19)
    # The search begins a byte after the bad block's first; `inside` letters of the next block's
    # kind are still in its first window.
    start, gap = trial.ends[1], 1 + _WINDOW - inside
    journal = with_text((1 << 19) + gap - (trial.ends[2] - start))
    assert journal.ends[2] == start + gap
    harmed = bytearray(journal.content)
    harmed[start + 4] ^= 1  # its length
    path = tmp_path / "harmed"
    path.write_bytes(harmed)
    with pytest.raises(DamagedRecording, match=f"from byte {start + gap} on are intact"):
        RecordingWriter.resume(path)


def test_recording_replaced_after_opening_is_detected(tmp_path: Path) -> None:
    path, other = tmp_path / "x", tmp_path / "other"
    write(path, sample(questions=2))
    write(other, sample(questions=2, branches=5))
    recording = open_recording(path)
    other.replace(path)
    for ask in (lambda: recording.core(0), lambda: recording.branches(1), recording.verify):
        with pytest.raises(DamagedRecording):
            ask()


def test_journals_joined_end_to_end_are_rejected(tmp_path: Path) -> None:
    one = journalled(tmp_path / "one", sample(questions=1))
    path = tmp_path / "both"
    path.write_bytes(one.content + one.content)
    with pytest.raises(DamagedRecording, match="is not an interrupted append"):
        RecordingWriter.resume(path)


def test_a_branch_twice_in_a_journal_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with RecordingWriter.create(path, sample().provenance) as writer:
        append(writer, sample(questions=1, branches=1))
    content = path.read_bytes()
    with path.open("rb") as opened:
        file = BlockFile(opened.fileno(), path)
        offset = scan(file).branches["q0"][0]
        payload = file.block(offset).payload
    path.write_bytes(content + frame_block(BlockKind.BRNC, payload, content[-32:]))
    with pytest.raises(DamagedRecording, match="already recorded"):
        RecordingWriter.resume(path)


def test_checksums_depend_on_the_block_position() -> None:
    assert (
        frame_block(BlockKind.TEXT, b"x", bytes(32))[-32:]
        != frame_block(BlockKind.TEXT, b"x", b"1" * 32)[-32:]
    )
    assert frame_block(BlockKind.TEXT, b"x", bytes(32))[-32:] == compute_checksum(
        bytes(32), struct.pack("<4sQ", b"TEXT", 1), b"x"
    )
