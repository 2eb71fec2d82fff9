"""The writer: what it takes, what it rejects, and what outlives a crash."""

import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from store.blocks import write_all
from store.errors import RecordingBusy, SealedRecording, StoreError
from store.records import Branch, Provenance, Question, Sampling
from store.writer import RecordingWriter
from tests.store.recordings import PROVENANCE, append, read_all, sample, write

ROOT = Path(__file__).parents[2]
BRANCH = Branch(answers=["1", "2"], tokens=1200, final="2")
QUESTION = Question(id="q", gold="2")


def run_until_killed(program: str, path: Path) -> list[str]:
    """Runs a program that kills itself or is killed; returns the lines that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.splitlines()


def test_recording_can_be_closed_and_resumed(tmp_path: Path) -> None:
    path, content = tmp_path / "x", sample()
    with RecordingWriter.create(path, content.provenance) as writer:
        writer.add_question(content.questions[0])
        writer.add_branch("q0", 2, content.branches[0][2])
    with RecordingWriter.resume(path) as writer:
        assert writer.recovered is None
        assert writer.provenance == content.provenance
        assert writer.questions == content.questions[:1]
        assert writer.recorded_indexes == {"q0": frozenset({2})}
        assert writer.has("q0", 2)
        assert not writer.has("q0", 1)
        assert not writer.has("q1", 2)
        for index in (0, 1, 3):
            writer.add_branch("q0", index, content.branches[0][index])
        for number in (1, 2):
            writer.add_question(content.questions[number])
            for index, branch in enumerate(content.branches[number]):
                writer.add_branch(f"q{number}", index, branch)
        digest = writer.seal()
    assert read_all(path) == content
    assert write(tmp_path / "straight", content) == digest


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(StoreError, match="already exists; resume it or choose another name"):
        RecordingWriter.create(tmp_path / "x", PROVENANCE)
    assert (tmp_path / "x").read_text() == "mine"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"interval": 0}, "interval is 0; it must be from 1"),
        ({"interval": "5"}, r"Expected `int`, got `str` - at `\$.interval`"),
        ({"model": "\ud800"}, "surrogates not allowed"),
        ({"sampling": Sampling(temperature=float("nan"))}, "temperature is nan"),
    ],
)
def test_a_bad_provenance_leaves_no_file(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    provenance: Provenance = msgspec.structs.replace(PROVENANCE, **changes)
    with pytest.raises(StoreError, match=sentence):
        RecordingWriter.create(tmp_path / "x", provenance)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tokens": -1}, "tokens is -1; it must be from 0"),
        ({"tokens": 2**70}, "can't serialize ints"),
        ({"tokens": 1.5}, r"Expected `int`, got `float` - at `\$.tokens`"),
        ({"answers": ["1", 2]}, r"Expected `str`, got `int` - at `\$.answers\[1\]`"),
        ({"final": "\udcff"}, "surrogates not allowed"),
        ({"raw": ["1"]}, "raw has 1 items for 2 answers; one for each is needed"),
        ({"probe_tokens": []}, "probe_tokens has 0 items for 2 answers"),
        ({"probe_tokens": [1, -1]}, "probe_tokens contains a number below 0"),
        ({"entropy": [0.0, 1.0, 2.0]}, "entropy has 3 items for 2 answers"),
        ({"entropy": [0.0, float("nan")]}, "entropy contains a NaN"),
        ({"logprob": [0.0]}, "logprob has 1 items .* at most one more for the last stretch"),
        ({"top_logprob": [0.0] * 4}, "top_logprob has 4 items"),
        ({"token_ids": [-5]}, "token_ids contains a number below 0"),
        ({"sentences": [1]}, "sentences is given without the text"),
        ({"text": "abc", "sentences": [2, 1]}, "sentences must rise from 0 to the text's 3"),
        ({"text": "abc", "paragraphs": [4]}, "paragraphs must rise from 0 to the text's 3"),
    ],
)
def test_a_bad_branch_is_rejected_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    path = tmp_path / "x"
    with RecordingWriter.create(path, PROVENANCE) as writer:
        writer.add_question(QUESTION)
        before = path.read_bytes()
        with pytest.raises(StoreError, match=sentence) as caught:
            writer.add_branch("q", 0, msgspec.structs.replace(BRANCH, **changes))
        assert str(caught.value).startswith(f"{path}, question 'q', branch 0: ")
        assert path.read_bytes() == before
        writer.add_branch("q", 0, BRANCH)


def test_branch_needs_its_question_and_a_free_index(tmp_path: Path) -> None:
    with RecordingWriter.create(tmp_path / "x", PROVENANCE) as writer:
        with pytest.raises(StoreError, match="no question with this id; add it before"):
            writer.add_branch("q", 0, BRANCH)
        writer.add_question(QUESTION)
        writer.add_branch("q", 0, BRANCH)
        with pytest.raises(StoreError, match="this branch is already recorded"):
            writer.add_branch("q", 0, BRANCH)
        for index in (-1, 1 << 31):
            with pytest.raises(StoreError, match="index is from 0 to 2147483647"):
                writer.add_branch("q", index, BRANCH)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (QUESTION, "already recorded; ids must be unique"),
        (Question(id="", gold="1"), "the id is empty"),
        (Question(id="p", gold="1", difficulty=-1), "ranks count from 0"),
    ],
)
def test_a_bad_question_is_rejected(tmp_path: Path, question: Question, sentence: str) -> None:
    with RecordingWriter.create(tmp_path / "x", PROVENANCE) as writer:
        writer.add_question(QUESTION)
        with pytest.raises(StoreError, match=sentence):
            writer.add_question(question)
        assert writer.questions == (QUESTION,)


def test_answers_inside_a_branch_need_a_probed_recording(tmp_path: Path) -> None:
    unprobed = msgspec.structs.replace(PROVENANCE, probed=False)
    with RecordingWriter.create(tmp_path / "x", unprobed) as writer:
        writer.add_question(QUESTION)
        with pytest.raises(StoreError, match="the provenance has probed = false"):
            writer.add_branch("q", 0, BRANCH)


@pytest.mark.parametrize(
    ("indexes", "sentence"),
    [
        ([], "it has no branches; add them, or leave the question out"),
        ([1, 3], "of branches 0 to 3, 0, 2 are missing; add them, then seal"),
        ([9], "of branches 0 to 9, 0, 1, 2, 3, 4 and 4 more are missing"),
        ([(1 << 31) - 1], "0, 1, 2, 3, 4 and 2147483642 more are missing"),
    ],
)
def test_an_incomplete_recording_is_not_sealed(
    tmp_path: Path, indexes: list[int], sentence: str
) -> None:
    path = tmp_path / "x"
    with RecordingWriter.create(path, PROVENANCE) as writer:
        with pytest.raises(StoreError, match="contains no questions"):
            writer.seal()
        writer.add_question(QUESTION)
        for index in indexes:
            writer.add_branch("q", index, BRANCH)
        with pytest.raises(StoreError, match=sentence):
            writer.seal()
    with RecordingWriter.resume(path) as writer:
        assert writer.recorded_indexes == {"q": frozenset(indexes)}


def test_sealed_recording_rejects_writes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    usual = stat.S_IMODE(path.stat().st_mode)
    path.unlink()
    with RecordingWriter.create(path, PROVENANCE) as writer:
        append(writer, sample())
        writer.seal()
        with pytest.raises(SealedRecording):
            writer.seal()
        with pytest.raises(SealedRecording):
            writer.add_question(QUESTION)
    assert stat.S_IMODE(path.stat().st_mode) == usual & 0o555
    with pytest.raises(SealedRecording):
        RecordingWriter.resume(path)
    assert list(tmp_path.iterdir()) == [path]


def test_closed_writer_rejects_writes(tmp_path: Path) -> None:
    with RecordingWriter.create(tmp_path / "x", PROVENANCE) as writer:
        pass
    writer.close()
    with pytest.raises(StoreError, match="is closed; resume it to continue"):
        writer.add_question(QUESTION)


def test_writes_are_synced_once_a_second_and_on_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, forced = [100.0], []
    fsync = os.fsync

    def count(descriptor: int) -> None:
        forced.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr("store.writer.time.monotonic", lambda: now[0])
    with RecordingWriter.create(tmp_path / "x", PROVENANCE) as writer:
        monkeypatch.setattr("store.writer.os.fsync", count)
        writer.add_question(QUESTION)
        assert len(forced) == 1
        for index in range(20):
            now[0] += 0.25
            writer.add_branch("q", index, BRANCH)
        assert len(forced) == 1 + 5
    assert len(forced) == 1 + 5 + 1


def test_second_writer_in_another_process_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "x"
    program = (
        "import sys; from store.writer import RecordingWriter\n"
        "from store.errors import RecordingBusy\n"
        "try: RecordingWriter.resume(sys.argv[1])\n"
        "except RecordingBusy as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with RecordingWriter.create(path, PROVENANCE):
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        with pytest.raises(RecordingBusy):
            RecordingWriter.resume(path)
    assert result.stdout == (
        f"{path}: another process is writing this recording; wait for it or stop it\n"
    )
    RecordingWriter.resume(path).close()


def test_a_recording_sealed_while_its_lock_is_awaited_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sealed = tmp_path / "x", tmp_path / "sealed"
    RecordingWriter.create(path, PROVENANCE).close()
    write(sealed, sample())
    flock = fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        sealed.replace(path)
        flock(descriptor, operation)

    monkeypatch.setattr("store.writer.fcntl.flock", late)
    with pytest.raises(SealedRecording):
        RecordingWriter.resume(path)
    assert read_all(path) == sample()


def test_threads_may_share_a_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content = tmp_path / "x", sample(questions=1, branches=60)

    def slow(descriptor: int, block: bytes) -> None:
        time.sleep(0.001)  # long enough for every other thread to come this far
        write_all(descriptor, block)

    monkeypatch.setattr("store.writer.write_all", slow)
    with RecordingWriter.create(path, content.provenance) as writer, ThreadPoolExecutor(8) as pool:
        writer.add_question(content.questions[0])
        for _ in pool.map(writer.add_branch, ["q0"] * 60, range(60), content.branches[0]):
            pass
        writer.seal()
    assert read_all(path) == content


def test_a_file_that_was_moved_away_is_no_longer_written(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with RecordingWriter.create(path, PROVENANCE) as writer:
        path.rename(tmp_path / "y")
        path.write_text("another's")
        with pytest.raises(StoreError, match="was moved, replaced or deleted"):
            writer.add_question(QUESTION)
    assert path.read_text() == "another's"
    with RecordingWriter.resume(tmp_path / "y") as writer:
        assert writer.questions == ()


def test_failed_append_is_rolled_back(tmp_path: Path) -> None:
    path = tmp_path / "x"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RecordingWriter.create(path, PROVENANCE) as writer:
        writer.add_question(QUESTION)
        before = path.read_bytes()
        # The system takes the first 60 bytes of the block and rejects the rest.
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 60, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                writer.add_branch("q", 0, BRANCH)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before
        assert not writer.has("q", 0)
        writer.add_branch("q", 0, BRANCH)
        writer.seal()
    assert read_all(path).branches == [[BRANCH]]


def test_a_sealing_that_fails_leaves_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "x"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RecordingWriter.create(path, PROVENANCE) as writer:
        append(writer, sample())
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                writer.seal()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == before
        writer.seal()
    assert read_all(path) == sample()


def test_a_killed_writer_loses_at_most_the_append_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "x"
    program = (
        "import sys\n"
        "from store.writer import RecordingWriter\n"
        "from tests.store.test_writer import BRANCH, PROVENANCE, QUESTION\n"
        "writer = RecordingWriter.create(sys.argv[1], PROVENANCE)\n"
        "writer.add_question(QUESTION)\n"
        "index = 0\n"
        "while True:\n"
        "    writer.add_branch('q', index, BRANCH)\n"
        "    index += 1\n"
        "    print(index, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child:
        while int(line := child.stdout.readline()) < 300:
            pass
        child.kill()
        told = int([line, *child.stdout.readlines()][-1])
    with RecordingWriter.resume(path) as writer:
        held = writer.recorded_indexes["q"]
        assert held == frozenset(range(len(held)))
        assert told <= len(held) <= told + 1
        for index in range(len(held), told + 3):
            writer.add_branch("q", index, BRANCH)
        writer.seal()
    assert read_all(path).branches == [[BRANCH] * (told + 3)]


@pytest.mark.parametrize(
    "moment",
    [
        "import store.sealing as place; name = 'split_branches'; skip = 1",
        "import os as place; name = 'fchmod'; skip = 0",
        "from pathlib import Path as place; name = 'replace'; skip = 0",
    ],
)
def test_a_killed_sealing_leaves_the_journal(tmp_path: Path, moment: str) -> None:
    path, content = tmp_path / "x", sample()
    program = (
        "import os, signal, sys\n"
        "from store.writer import RecordingWriter\n"
        "from tests.store.recordings import append, sample\n"
        f"{moment}\n"
        "real = getattr(place, name)\n"
        "def fatal(*arguments):\n"
        "    global skip\n"
        "    if not skip: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    skip -= 1\n"
        "    return real(*arguments)\n"
        "setattr(place, name, fatal)\n"
        "writer = RecordingWriter.create(sys.argv[1], sample().provenance)\n"
        "append(writer, sample())\n"
        "writer.seal()\n"
    )
    run_until_killed(program, path)
    assert {found.name for found in tmp_path.iterdir()} == {"x", "x.sealing"}
    with RecordingWriter.resume(path) as writer:
        assert writer.recovered is None
        assert os.listdir(tmp_path) == ["x"]  # noqa: PTH208
        writer.seal()
    assert read_all(path) == content
