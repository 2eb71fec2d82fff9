"""The format: what is written is read back, equal content is equal bytes, the document is true."""

import os
import pickle
import random
import re
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.blocks import VERSION, compute_checksum
from store.errors import DamagedRecording, ForeignFile, MissingSignal, NewerFormat, StoreError
from store.reader import open_recording
from store.records import Branch, Provenance, Question, Sampling
from store.writer import RecordingWriter
from tests.store.recordings import PROVENANCE, Content, contents, read, read_all, sample, write

DOCUMENT = Path(__file__).parents[2] / "docs" / "recording-format.md"


def read_by_the_document(content: bytes) -> dict[str, Any]:
    """Runs the program in the document."""
    program = re.search(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert program is not None
    names: dict[str, Callable[[bytes], dict[str, Any]]] = {}
    exec(program[1], names)  # the document's program is what is under test
    return names["read"](content)


@given(content=contents())
def test_every_recorded_value_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, content: Content
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.recording"
    digest = write(path, content)
    assert open_recording(path).digest == digest
    assert read_all(path) == content


@given(content=contents(), chance=st.randoms(use_true_random=False))
def test_append_order_does_not_change_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: Content, chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("order")
    write(folder / "in-order", content)
    appends = [
        (question.id, index, branch)
        for question, branches in zip(content.questions, content.branches, strict=True)
        for index, branch in enumerate(branches)
    ]
    chance.shuffle(appends)
    with RecordingWriter.create(folder / "shuffled", content.provenance) as writer:
        for question in content.questions:
            writer.add_question(question)
        for append in appends:
            writer.add_branch(*append)
        writer.seal()
    assert (folder / "shuffled").read_bytes() == (folder / "in-order").read_bytes()


def test_equal_records_give_equal_bytes(tmp_path: Path) -> None:
    plain = Provenance(model="m", benchmark="b", interval=5, collector="c")
    spelt = msgspec.structs.replace(plain, sampling=Sampling(), equivalence="".join(["ex", "act"]))
    questions = (Question(id="q", gold="1"),)
    whole = Branch(answers=["1"], tokens=7, final="1", entropy=[1])
    real = Branch(answers=["1"], tokens=7, final="1", entropy=[1.0])
    one = write(tmp_path / "one", Content(plain, questions, [[whole]]))
    two = write(tmp_path / "two", Content(spelt, questions, [[real]]))
    assert one == two


def test_the_digest_of_a_known_recording_never_changes(tmp_path: Path) -> None:
    digest = "c0e38ece33010347f6781edd36a0c9a587ca9194fc1affa45d80abc462be8bd0"
    assert write(tmp_path / "x", sample()) == digest


@given(content=contents())
def test_the_document_reads_what_the_writer_writes(
    tmp_path_factory: pytest.TempPathFactory, content: Content
) -> None:
    path = tmp_path_factory.mktemp("document") / "x.recording"
    digest = write(path, content)
    found = read_by_the_document(path.read_bytes())
    recording = open_recording(path)
    assert found["digest"] == digest
    assert frozenset(found["parts"]) == recording.parts
    assert msgspec.convert(found["provenance"], Provenance) == content.provenance
    assert msgspec.convert(found["questions"], tuple[Question, ...]) == content.questions
    for number, branches in enumerate(content.branches):
        documented = found["cores"][number]
        core = recording.core(number)
        assert core.answers == tuple(documented["answers"])
        for name in ("counts", "probes", "tokens", "final"):
            assert tuple(getattr(core, name).tolist()) == documented[name]
        for branch, text in zip(branches, found["texts"][number], strict=True):
            assert text == {name: getattr(branch, name) for name in text}
        for name, (lengths, values) in found["signals"][number].items():
            rows = [branch.signals.get(name, getattr(branch, name, None)) for branch in branches]
            assert lengths == tuple(-1 if row is None else len(row) for row in rows)
            assert values == tuple(value for row in rows for value in row or ())


def test_a_core_is_decoded_once_and_cannot_be_written_to(tmp_path: Path) -> None:
    content = sample()
    write(tmp_path / "x", content)
    recording = open_recording(tmp_path / "x")
    core = recording.core(1)
    assert recording.core(1) is core
    assert core.answers == (
        "a0",
        "7",
        "a1",
    )  # from the branches [a0], [a1, a0], [] and [a0], each ending in 7
    assert core.tokens.dtype == np.int64
    for column in (core.counts, core.probes, core.tokens, core.final):
        with pytest.raises(ValueError, match="read-only"):
            column[:] = 0


def test_signals_are_given_as_ragged_arrays(tmp_path: Path) -> None:
    content = sample()
    write(tmp_path / "x", content)
    recording = open_recording(tmp_path / "x")
    assert recording.signals == {"entropy", "logprob", "probe_tokens", "top_logprob"}
    for name in recording.signals:
        rows = [getattr(branch, name) for branch in content.branches[2]]
        signal = recording.signal(2, name)
        assert signal.counts.tolist() == [len(row) for row in rows]
        assert signal.values.tolist() == [value for row in rows for value in row]


def test_signal_missing_from_one_branch_is_unavailable(tmp_path: Path) -> None:
    content = sample(questions=2)
    bare = Branch(answers=[], tokens=1, final="1", entropy=[])
    content.branches[1][2] = bare
    write(tmp_path / "x", content)
    recording = open_recording(tmp_path / "x")
    assert recording.parts == recording.signals == {"entropy"}
    assert recording.signal(0, "logprob").counts.min() >= 0
    with pytest.raises(MissingSignal) as caught:
        recording.signal(1, "logprob")
    assert str(caught.value) == (
        f"{tmp_path / 'x'}, question 'q1': does not have logprob for every branch; it has entropy"
    )


def test_a_recording_can_be_sent_to_another_process(tmp_path: Path) -> None:
    write(tmp_path / "x", sample())
    recording = open_recording(tmp_path / "x")
    recording.core(0)
    sent = pickle.loads(pickle.dumps(recording))
    assert read(sent) == sample()
    assert sent.digest == recording.digest


@pytest.mark.parametrize("question", [-1, 3])
def test_a_question_that_is_not_there_is_an_index_error(tmp_path: Path, question: int) -> None:
    write(tmp_path / "x", sample(questions=3))
    recording = open_recording(tmp_path / "x")
    for ask in (recording.core, recording.branches, lambda n: recording.signal(n, "entropy")):
        with pytest.raises(IndexError):
            ask(question)


def test_damaged_texts_do_not_keep_the_cores_from_being_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path, sample())
    content = path.read_bytes()
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content.replace(b"One. Two.", b"One. Too.", 1))
    recording = open_recording(damaged)
    assert recording.core(0).answers == open_recording(path).core(0).answers
    for ask in (lambda: recording.branches(0), recording.verify):
        with pytest.raises(DamagedRecording, match="does not match its digest"):
            ask()


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (
            b"[1, 2, 3]",
            ForeignFile,
            "is not a recording: its first bytes are not those of the format",
        ),
        (
            b"\x89PNG\r\n\x1a\n" * 20,
            ForeignFile,
            "is not a recording: its first bytes are not those of the format",
        ),
        (
            b"",
            DamagedRecording,
            "byte 0: the file ends inside its preamble, so it contains no data",
        ),
        (b"\x89RHEO\r\n\x1a", DamagedRecording, "byte 8: the file ends inside its preamble"),
    ],
)
def test_other_file_kinds_are_rejected_by_name(
    tmp_path: Path, content: bytes, error: type[StoreError], sentence: str
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    for ask in (open_recording, RecordingWriter.resume):
        with pytest.raises(error) as caught:
            ask(path)
        assert str(caught.value).startswith(str(path))
        assert sentence in str(caught.value)


def test_special_files_are_rejected_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ForeignFile, match=r"is not a file|is a directory; name the files"):
            open_recording(path)
    with pytest.raises(StoreError, match="no such recording"):
        open_recording(tmp_path / "absent")


def test_newer_format_version_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write(path, sample())
    opening = struct.pack("<8sI4s", b"\x89RHEO\r\n\x1a", VERSION + 1, b"SEAL")
    later = tmp_path / "later"
    later.write_bytes(opening + compute_checksum(opening) + path.read_bytes()[48:])
    with pytest.raises(
        NewerFormat,
        match=f"format {VERSION + 1}, but this version of rheostat reads up to {VERSION}",
    ):
        open_recording(later)


def test_unknown_block_kind_is_not_truncated(tmp_path: Path) -> None:
    path = tmp_path / "x"
    RecordingWriter.create(path, PROVENANCE).close()
    before = path.read_bytes()
    block = struct.pack("<4sQ", b"NEWS", 3) + b"abc"
    path.write_bytes(before + block + compute_checksum(before[-32:] + block))
    with pytest.raises(NewerFormat, match="unknown kind, b'NEWS'"):
        RecordingWriter.resume(path)
    assert path.read_bytes().startswith(before + block)


def test_an_unsealed_recording_is_not_opened(tmp_path: Path) -> None:
    RecordingWriter.create(tmp_path / "x", PROVENANCE).close()
    with pytest.raises(StoreError, match=r"is not sealed yet.*it resumes, and seals"):
        open_recording(tmp_path / "x")


@pytest.mark.parametrize("length", [1 << 30, 1 << 47, (1 << 63) - 1, (1 << 64) - 1])
def test_huge_block_length_does_not_allocate_memory(tmp_path: Path, length: int) -> None:
    path = tmp_path / "x"
    write(path, sample())
    content = bytearray(path.read_bytes())
    content[48 + 4 : 48 + 12] = length.to_bytes(8, "little")
    broken = tmp_path / "broken"
    broken.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DamagedRecording, match=f"claims {length} bytes"):
            open_recording(broken)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
