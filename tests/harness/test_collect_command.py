"""``rheostat collect``, ``verify`` and ``questions``, as they are typed."""

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.model_servers import parse_engine_arguments
from store.errors import StoreError
from store.reader import open_recording
from store.writer import RecordingWriter
from tests.command_lines import CommandLine, Said
from tests.store.recordings import sample, write
from tests.store.serving.scripted import MODEL, ScriptedServer, plain_template, serving

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture
def questions(home: Path) -> Path:
    path = home / "sums.jsonl"
    rows = [{"id": name, "question": f"{name}?", "answer": "3"} for name in ("a", "b")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def words(server: ScriptedServer, questions: Path, *more: str) -> list[str]:
    """A command line that collects twelve branches."""
    return [
        "collect", "--base-url", server.url, "--model", MODEL, "--family", "think",
        "--questions", str(questions), "--interval", "40", "--max-tokens", "200",
        "--branches", "6", "--group", "3", "--patience", "2", "--equivalence", "exact", *more,
    ]  # fmt: skip


def test_a_recording_is_collected_inspected_and_verified(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    result = cli(*words(scripted, questions), "--price-per-hour", "3600", "-o", "r.recording")
    assert (result.status, result.out) == (0, "r.recording\n"), result.err
    assert "12 branches of" in result.err
    assert "of prompt tokens from the cache" in result.err
    assert "$" in result.err
    page = cli("inspect", "--verify", "r.recording")
    assert page.status == 0
    assert "engine        vllm 0.0.1" in page.out
    assert "answers       boxed, compared by exact" in page.out
    server = ["--base-url", scripted.url, "--model", MODEL]
    again = cli("verify", "r.recording", *server, "--branches", "4", "--json")
    assert again.status == 0, again.err
    assert [row["same"] for row in json.loads(again.out)] == ["yes"] * 4
    scripted.shift = 1
    other = cli("verify", "r.recording", *server, "--branches", "4")
    assert other.status == 1
    assert "0 of 4 branches match the recording" in other.err


def test_a_complete_recording_is_not_collected_again(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    assert cli(*words(scripted, questions), "-o", "r.recording").status == 0
    drawn = len(scripted.completions)
    result = cli(*words(scripted, questions), "-o", "r.recording")
    assert (result.status, result.out) == (0, "r.recording\n")
    assert "already complete" in result.err
    assert len(scripted.completions) == drawn
    result = cli(*words(scripted, questions, "--branches", "7"), "-o", "r.recording")
    assert (result.status, "is sealed" in result.err) == (2, True)


def test_a_dry_run_generates_and_writes_nothing(
    cli: CommandLine, scripted: ScriptedServer, questions: Path, home: Path
) -> None:
    result = cli(*words(scripted, questions), "-o", "r.recording", "--dry-run", "--expect", "100",
               "--price-in", "1", "--price-out", "1000000", "--price-per-hour", "2")  # fmt: skip
    assert result.status == 0, result.err
    assert "12, 1,200 tokens where each has 100" in result.out
    assert "24, at most 768 tokens" in result.out
    assert "$1,968.00 for tokens" in result.out
    assert "$2.00 for each hour" in result.out
    assert not scripted.completions
    assert [path.name for path in home.iterdir()] == ["sums.jsonl"]


def test_a_killed_collector_resumes_to_the_same_bytes(
    cli: CommandLine, scripted: ScriptedServer, questions: Path, home: Path
) -> None:
    assert cli(*words(scripted, questions), "-o", "a.recording").status == 0
    scripted.pace = 0.02
    start = "import sys; from harness.cli.main import main; sys.exit(main())"
    arguments = [*words(scripted, questions), "--concurrency", "3", "-o", "b.recording"]
    collector = subprocess.Popen(
        [sys.executable, "-c", start, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = home / "b.recording"
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"BRNC") < 2:
        assert time.monotonic() < deadline
        assert collector.poll() is None
        time.sleep(0.02)
    collector.send_signal(signal.SIGKILL)
    collector.wait()
    scripted.pace = 0.0
    with RecordingWriter.resume(path) as writer:
        held = sum(map(len, writer.recorded_indexes.values()))
    assert 0 < held < 12
    result = cli(*words(scripted, questions), "-o", "b.recording")
    assert result.status == 0, result.err
    assert f"resuming with {held} branches" in result.err
    assert path.read_bytes() == (home / "a.recording").read_bytes()


def test_a_changed_model_ends_the_collection_and_keeps_valid_branches(
    cli: CommandLine, scripted: ScriptedServer, questions: Path, home: Path
) -> None:
    scripted.fault = lambda number, body: "other_model" if number >= 6 else None
    result = cli(*words(scripted, questions), "--concurrency", "3", "-o", "r.recording")
    assert result.status == 3
    assert "the reply comes from the model 'another', which was not requested" in result.err
    assert "run the same command again to resume" in result.err
    with pytest.raises(StoreError, match="is not sealed yet"):
        open_recording(home / "r.recording")


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (["--model", "other"], 2, f"does not serve the model other\nhint: it serves {MODEL}"),
        (["--base-url", "127.0.0.1"], 2, "not a URL"),
        (["--offline", "python"], 2, "give a server with --base-url, or a Python"),
        (["--from", "x.jsonl"], 2, "give the questions with --questions, or existing chains"),
        (["--template", "x"], 2, "'x' is not KEY=VALUE"),
        (["--answers", "letters"], 2, "use boxed, choice, last-number or"),
        (["--max-tokens", "4090"], 2, "set --max-tokens"),
        (["--max-tokens", "5000"], 2, "do not fit a context of 4096, whatever the prompt"),
        (["--questions", "none.jsonl"], 2, "none.jsonl"),
        (["--temperature", "2.5"], 2, "2.5 is not in the range 0<=x<=2"),
        (["--temperature", "0.001"], 2, "vLLM raises temperatures below 0.01"),
        (["--temperature", "nan"], 2, "is not a finite number"),
        (["--top-p", "0"], 2, "0.0 is not in the range 0<x<=1"),
        (["--repetition-penalty", "inf"], 2, "is not a finite number"),
        (["--min-p", "1.5"], 2, "1.5 is not in the range 0<=x<=1"),
        (["--probe-regex", "(a"], 2, "--probe-regex: not a regular expression: "),
    ],
)
def test_invalid_requests_end_in_one_sentence_and_leave_no_file(
    cli: CommandLine,
    scripted: ScriptedServer,
    questions: Path,
    home: Path,
    more: list[str],
    status: int,
    message: str,
) -> None:
    answer = cli(*words(scripted, questions), "-o", "r.recording", *more)
    assert answer.status == status, answer.err
    assert message in answer.err
    assert [path.name for path in home.iterdir()] == ["sums.jsonl"]
    assert not scripted.completions


def test_a_model_of_unknown_family_needs_an_option(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    arguments = [word for word in words(scripted, questions) if word not in ("--family", "think")]
    result = cli(*arguments, "-o", "r.recording")
    assert result.status == 2
    assert (
        "cannot tell from the name or the chat template how the model marks its thinking"
        in result.err
    )
    assert "hint: give --family, one of think, harmony, magistral, plain" in result.err


def test_the_family_is_found_in_the_chat_template_of_the_server(
    cli: CommandLine, scripted: ScriptedServer, questions: Path, home: Path
) -> None:
    scripted.template = lambda messages, arguments: (
        plain_template(messages, arguments) + "<think>\n"
    )
    asked = [word for word in words(scripted, questions) if word not in ("--family", "think")]
    result = cli(*asked, "-o", "r.recording")
    assert result.status == 0, result.err
    probes = open_recording(home / "r.recording").provenance.probes
    assert probes is not None
    assert probes.mark == "</think>"
    dry = cli(*asked, "-o", "s.recording", "--dry-run")
    assert dry.status == 0, dry.err


def test_a_key_that_is_missing_is_named_by_its_variable(
    cli: CommandLine, scripted: ScriptedServer, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.key = "right"
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    result = cli(*words(scripted, questions), "-o", "r.recording")
    assert result.status == 2
    assert "hint: set OPENAI_API_KEY to the key of the server" in result.err
    monkeypatch.setenv("OPENAI_API_KEY", "right")
    assert cli(*words(scripted, questions), "-o", "r.recording").status == 0


def test_a_recording_is_sealed_without_failed_branches_if_allowed(
    cli: CommandLine, scripted: ScriptedServer, home: Path
) -> None:
    chains = [{"text": "a" * length} for length in (60, 5000, 70)]
    row = {"id": "a", "question": "?", "answer": "3", "chains": chains}
    (home / "chains.jsonl").write_text(json.dumps(row))
    arguments = ["collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
             "--from", "chains.jsonl", "--interval", "40", "--token-ids", "-o", "r"]  # fmt: skip
    result = cli(*arguments)
    assert result.status == 2
    assert (
        "error: chains.jsonl, line 1, $.chains[1]: question 'a', branch 1: has 5000" in result.err
    )
    assert "hint: use --allow-missing N" in result.err
    result = cli(*arguments, "--allow-missing", "1")
    assert result.status == 0, result.err
    assert "question 'a', branch 1: has 5000 tokens" in result.err
    assert "recorded as missing" in result.err
    assert [question.missing for question in open_recording(home / "r").questions] == [[1]]
    again = cli("verify", "r", "--base-url", scripted.url, "--model", MODEL, "--json")
    assert again.status == 0, again.err
    assert [row["branch"] for row in json.loads(again.out)] == [0, 2]
    inspection = cli("inspect", "r")
    assert "missing       branch 1 of a" in inspection.out


def test_identical_branches_give_a_warning(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    result = cli(*words(scripted, questions), "--temperature", "0", "-o", "r.recording")
    assert result.status == 0, result.err
    assert "all 6 branches of a question will be identical" in result.err


def test_offline_vllm_needs_a_python_with_vllm(
    cli: CommandLine, questions: Path, home: Path
) -> None:
    arguments = ["collect", "--model", "m", "--family", "think", "--questions", str(questions)]
    result = cli(*arguments, "-o", "r", "--offline", sys.executable)
    assert result.status == 3
    assert "has ended: ModuleNotFoundError: No module named 'vllm'" in result.err
    result = cli(*arguments, "-o", "r", "--offline", str(home / "none"))
    assert (result.status, "cannot be started" in result.err) == (2, True)
    assert not (home / "r").exists()


def test_boxed_answers_are_compared_by_value_by_default(
    cli: CommandLine,
    scripted: ScriptedServer,
    questions: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    arguments = [word for word in words(scripted, questions, "--dry-run", "-o", "r")
             if word not in ("--equivalence", "exact")]  # fmt: skip
    result = cli(*arguments)
    assert result.status == 2
    assert '`pip install ".[collect]"`, or use --equivalence exact' in result.err
    assert cli(*arguments, "--answers", "choice").status == 0
    assert cli(*arguments, "--equivalence", "exact").status == 0


def test_pairs_become_booleans_numbers_and_strings() -> None:
    pairs = ["enable_thinking=true", "n=3", "x=0.5", "dtype=float32", "name=a=b", "empty="]
    assert parse_engine_arguments(pairs) == {
        "enable_thinking": True, "n": 3, "x": 0.5, "dtype": "float32", "name": "a=b", "empty": "",
    }  # fmt: skip


def test_an_unreachable_server_is_an_external_error(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    scripted.url = "http://127.0.0.1:9"
    result = cli(*words(scripted, questions), "--patience", "0.1", "-o", "r.recording")
    assert (result.status, "http://127.0.0.1:9: cannot connect" in result.err) == (3, True), (
        result.err
    )


def test_existing_chains_are_probed(cli: CommandLine, scripted: ScriptedServer, home: Path) -> None:
    chains = [{"text": "a" * 90 + "</think>\\boxed{3}"}, {"token_ids": [97] * 50}]
    row = {"id": "a", "question": "?", "answer": "3", "chains": chains}
    (home / "chains.jsonl").write_text(json.dumps(row))
    result = cli("collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
               "--from", "chains.jsonl", "--interval", "40", "--token-ids", "-o", "r")  # fmt: skip
    assert result.status == 0, result.err
    recording = open_recording(home / "r")
    assert [branch.final for branch in recording.branches(0)] == ["3", "ERR"]
    assert [len(branch.answers) for branch in recording.branches(0)] == [2, 1]
    again = cli("verify", "r", "--base-url", scripted.url, "--model", MODEL)
    assert again.status == 0, again.err
    refused = cli("collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
                  "--from", "chains.jsonl", "--stepwise", "-o", "s")  # fmt: skip
    assert (refused.status, "leave out --stepwise" in refused.err) == (2, True)


def test_imported_recordings_cannot_be_verified(
    cli: CommandLine, scripted: ScriptedServer, home: Path
) -> None:
    write(home / "r", sample())
    result = cli("verify", "r", "--base-url", scripted.url, "--model", MODEL)
    assert (result.status, "was not collected by rheostat" in result.err) == (2, True)


def test_questions_come_from_local_copies_of_benchmarks(cli: CommandLine, home: Path) -> None:
    (home / "aime.csv").write_text("Problem,Answer\nHow many?,073\n")
    result: Said = cli("questions", "aime", "aime.csv")
    assert json.loads(result.out) == {"id": "aime-00", "question": "How many?", "answer": "73"}
    assert cli("questions", "aime", "aime.csv", "-o", "q.jsonl").status == 0
    assert (home / "q.jsonl").read_text() == result.out
