"""Collecting from a real vLLM server on the CPU: killed, restarted, resumed, verified, used."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from store.reader import open_recording
from store.writer import RecordingWriter
from tests.command_lines import CommandLine
from tests.vllm.conftest import REASONERS
from tests.vllm.reasoners.questions import sums
from tests.vllm.serving import calm, free_port, serving

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

ROOT = Path(__file__).resolve().parents[2]

START = "import sys; from harness.cli.main import main; sys.exit(main())"


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of eight sums."""
    path = tmp_path_factory.mktemp("questions") / "sums.jsonl"
    path.write_text("".join(json.dumps(task) + "\n" for task in sums(3, 8)))
    return path


def words(questions: Path, target: str, *more: str) -> list[str]:
    """A command line that collects 64 branches, without the server."""
    return [
        "collect", "--model", "medium", "--family", "think", "--force-end", "</think>\\n\\n",
        "--instruction", "", "--questions", str(questions), "--interval", "25",
        "--max-tokens", "600", "--branches", "8", "--temperature", "1", "--probe-stop", "}",
        "-o", target, *more,
    ]  # fmt: skip


@contextmanager
def collecting(url: str, asked: list[str]) -> "Iterator[subprocess.Popen[bytes]]":
    """A collector in a process of its own, killed at the end if it still runs."""
    collector = subprocess.Popen(
        [sys.executable, "-c", START, *asked, "--base-url", url],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield collector
    finally:
        collector.kill()
        collector.communicate()


def await_branches(path: Path, count: int) -> None:
    """Waits until so many branches are recorded."""
    deadline = time.monotonic() + 300
    while not path.exists() or path.read_bytes().count(b"BRNC") < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def held(path: Path) -> int:
    """The branches of a journal that nobody writes."""
    with RecordingWriter.resume(path) as writer:
        return sum(map(len, writer.recorded_indexes.values()))


@pytest.fixture(scope="module")
def undisturbed(medium_url: str, questions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording that nothing disturbed."""
    path = tmp_path_factory.mktemp("undisturbed") / "medium.recording"
    with collecting(medium_url, words(questions, str(path), "--token-ids")) as collector:
        _, result = collector.communicate(timeout=600)
        assert collector.returncode == 0, result.decode()
    return path


def test_a_killed_collector_goes_on_to_the_bytes_of_an_undisturbed_recording(
    cli: CommandLine, medium_url: str, questions: Path, undisturbed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "killed.recording"
    asked = words(questions, str(path), "--token-ids", "--concurrency", "8")
    with collecting(medium_url, asked) as collector:
        await_branches(path, 5)
        collector.send_signal(signal.SIGKILL)
        collector.wait()
    assert 5 <= held(path) < 64
    result = cli(*asked, "--base-url", medium_url)
    assert result.status == 0, result.err
    assert "resuming with" in result.err
    assert path.read_bytes() == undisturbed.read_bytes()


def test_a_server_that_is_killed_and_comes_back_is_waited_for(
    vllm_python: Path, questions: Path, undisturbed: Path, tmp_path: Path
) -> None:
    path, port = tmp_path / "served.recording", free_port()
    asked = words(questions, str(path), "--token-ids", "--concurrency", "8", "--patience", "600")
    with ExitStack() as stack:
        with serving(REASONERS / "medium", "medium", tmp_path / "log", port=port) as url:
            running = stack.enter_context(collecting(url, asked))
            await_branches(path, 5)
        assert running.poll() is None
        with serving(REASONERS / "medium", "medium", tmp_path / "log", port=port):
            _, result = running.communicate(timeout=900)
    assert running.returncode == 0, result.decode()
    assert path.read_bytes() == undisturbed.read_bytes()


def test_a_recording_is_verified_inspected_swept_and_searched_on(
    cli: CommandLine, medium_url: str, undisturbed: Path, tmp_path: Path
) -> None:
    path = str(undisturbed)
    result = cli("verify", path, "--base-url", medium_url, "--model", "medium", "--branches", "12")
    assert result.status == 0, result.out
    assert "12 of 12 branches match the recording" in result.err
    result = cli("inspect", "--verify", "--json", path)
    (found,) = json.loads(result.out)
    assert found["verified"]
    assert 20 < found["pass_at_1"] < 80
    assert found["overrun"] == 0
    result = cli("sweep", "sc", "asc", "--on", path, "--set", "n=8", "--seeds", "5", "--json")
    assert result.status == 0, result.err
    result = cli("discover", "--on", path, "--run", str(tmp_path / "run"), "--rounds", "1",
               "--per-round", "2", "--round-evaluations", "20", "--proposer", "evolve")  # fmt: skip
    assert result.status == 0, result.err
    assert (tmp_path / "run" / "selected.rheo").exists()


def test_stepwise_branches_come_again_and_carry_signals(
    cli: CommandLine, medium_url: str, questions: Path, tmp_path: Path
) -> None:
    path = str(tmp_path / "steps.recording")
    asked = words(questions, path, "--stepwise", "--token-ids", "--text", "--entropy", "--logprobs")
    result = cli(*asked, "--branches", "2", "--base-url", medium_url)
    assert result.status == 0, result.err
    recording = open_recording(path)
    assert recording.parts >= {"entropy", "logprob", "top_logprob", "text", "token_ids"}
    for number in range(len(recording.questions)):
        for branch in recording.branches(number):
            assert branch.text is not None
            assert all(value >= 0 for value in branch.entropy or [])
            assert all(value <= 0 for value in branch.logprob or [])
            assert branch.finish == "length" or "</think>" in branch.text
    result = cli("verify", path, "--base-url", medium_url, "--model", "medium")
    assert result.status == 0, result.out


def test_probes_are_found_in_the_prefix_cache(
    cli: CommandLine, medium_url: str, undisturbed: Path, tmp_path: Path
) -> None:
    recording = open_recording(undisturbed)
    chains = tmp_path / "chains.jsonl"
    rows = [
        {
            "id": question.id, "question": question.text, "answer": question.gold,
            "chains": [{"token_ids": branch.token_ids, "finish": branch.finish}
                       for branch in recording.branches(number)],
        }
        for number, question in enumerate(recording.questions)
    ]  # fmt: skip
    chains.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = [word for word in words(chains, str(tmp_path / "p")) if word != "--questions"]
    asked[asked.index(str(chains)) : asked.index(str(chains)) + 1] = ["--from", str(chains)]
    result = cli(*asked, "--base-url", medium_url)
    assert result.status == 0, result.err
    share = float(result.err.split(" % of prompt tokens from the cache")[0].rpartition(" ")[2])
    assert share > 50
    again = open_recording(tmp_path / "p")
    for number in range(len(recording.questions)):
        for one, other in zip(recording.branches(number), again.branches(number), strict=True):
            assert (one.answers, one.final) == (other.answers, other.final)


def test_vllm_without_a_server_gives_the_same_bytes(
    cli: CommandLine,
    vllm_python: Path,
    questions: Path,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in calm().items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "offline.recording"
    asked = words(questions, str(path), "--token-ids", "--offline", str(vllm_python))
    asked[asked.index("medium")] = str(REASONERS / "medium")
    for pair in ("enforce_eager=true", "dtype=float32", "max_model_len=1024", "block_size=32",
                 "max_num_seqs=64"):  # fmt: skip
        asked += ["--engine-arg", pair]
    result = cli(*asked)
    assert result.status == 0, result.err
    assert path.read_bytes() == undisturbed.read_bytes()


def test_vllm_that_cannot_load_says_why(
    cli: CommandLine, vllm_python: Path, questions: Path, tmp_path: Path
) -> None:
    asked = words(questions, str(tmp_path / "r"), "--offline", str(vllm_python))
    asked[asked.index("medium")] = str(tmp_path / "nothing")
    result = cli(*asked)
    assert result.status == 3
    assert "has ended:" in result.err
    assert not (tmp_path / "r").exists()
