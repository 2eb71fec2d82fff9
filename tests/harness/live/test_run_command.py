"""``rheostat run``, as it is typed, over a real HTTP server with a make-believe model."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.collection.draw_requests import interval_seed
from tests.command_lines import CommandLine
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

HOW = ["--family", "think", "--interval", "40", "--max-tokens", "200", "--branches", "6",
       "--equivalence", "exact"]  # fmt: skip


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture
def questions(home: Path) -> Path:
    path = home / "sums.jsonl"
    rows = [{"id": name, "question": f"{name}?", "answer": "3"} for name in ("a", "b", "c")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def server_words(server: ScriptedServer) -> list[str]:
    return ["--base-url", server.url, "--model", MODEL, "--patience", "2"]


def collected(cli: CommandLine, server: ScriptedServer, questions: Path, *more: str) -> str:
    words = ["collect", *server_words(server), "--questions", str(questions), *HOW, *more]
    result = cli(*words, "-o", "r.recording")
    assert result.status == 0, result.err
    return "r.recording"


def test_episodes_are_played_shown_and_saved_for_the_trace_command(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    words = ["run", "cmc", *server_words(scripted), "--questions", str(questions), *HOW]
    result = cli(*words, "--seeds", "2", "--traces", "t.jsonl", "--json")
    assert result.status == 0, result.err
    rows = json.loads(result.out)
    assert [(row["question"], row["seed"]) for row in rows] == [
        (name, seed) for name in "abc" for seed in range(2)
    ]
    assert all(row["tokens"] >= row["sequential"] > 0 for row in rows)
    assert "right (" in result.err
    shown = cli("trace", "--from", "t.jsonl", "--question", "b", "--seed", "1")
    assert shown.status == 0, shown.err
    assert "question   b, number 1" in shown.out
    assert f"live, {MODEL} by vllm 0.0.1" in shown.out
    document = json.loads(cli("trace", "--from", "t.jsonl", "--question", "1", "--json").out)
    assert document["episode"]["tokens"] == rows[2]["tokens"]
    again = cli(*words, "--traces", "t.jsonl")
    assert (again.status, "already exists; name a new file" in again.err) == (2, True)
    missing = cli("trace", "--from", "t.jsonl", "--question", "z")
    assert (missing.status, "it has " in missing.err) == (2, True)
    odd = cli("trace", "--from", str(questions))
    assert (odd.status, "is a file of questions, but" in odd.err) == (2, True)


def test_episodes_are_those_of_a_stepwise_recording_token_by_token(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    recording = collected(cli, scripted, questions, "--stepwise")
    which = ("--question", "c", "--seed", "1", "--json")
    for controller in ("cmc", "parallel_probe", "esc"):
        words = ["run", controller, *server_words(scripted), "--against", recording]
        kept = f"{controller}.jsonl"
        result = cli(*words, "--seeds", "2", "--traces", kept, "--json")
        assert result.status == 0, result.err
        assert "6 of 6 episodes match the recording, token by token" in result.err
        live = json.loads(cli("trace", "--from", kept, *which).out)
        played = json.loads(cli("trace", controller, "--on", recording, *which).out)
        assert live["episode"] == played["episode"]
    scripted.shift = 1
    other = cli("run", "esc", *server_words(scripted), "--against", recording)
    assert (other.status, "live minus replay" in other.err) == (1, True)


def test_a_recording_with_missing_branches_compares_the_others(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    seeds = {interval_seed(0, "b", branch, 0) for branch in (1, 4)}
    scripted.fault = lambda number, body: "refused" if body.get("seed") in seeds else None
    recording = collected(cli, scripted, questions, "--stepwise", "--allow-missing", "2")
    words = ["run", "cmc", *server_words(scripted), "--against", recording, "--seeds", "3"]
    result = cli(*words)
    assert result.status == 0, result.err
    assert "9 of 9 episodes match the recording, token by token" in result.err
    again = cli("verify", recording, *server_words(scripted), "--branches", "16", "--json")
    assert again.status == 0, again.err
    rows = json.loads(again.out)
    assert [row["branch"] for row in rows if row["question"] == "b"] == [0, 2, 3, 5]
    swept = cli("sweep", "sc", "--on", recording, "--set", "n=4,6", "--seeds", "3")
    assert swept.status == 0, swept.err


def test_a_request_that_is_refused_names_its_question_and_branch(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    seed = interval_seed(0, "b", 2, 0)
    scripted.fault = lambda number, body: "refused" if body.get("seed") == seed else None
    words = ["run", "sc", *server_words(scripted), "--questions", str(questions), *HOW]
    result = cli(*words)
    assert result.status == 2
    assert "question 'b': branch 2: /v1/completions answers 400 Bad Request: too long" in result.err


def test_a_recording_that_is_not_stepwise_is_compared_as_a_distribution(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    recording = collected(cli, scripted, questions)
    result = cli("run", "sc", *server_words(scripted), "--against", recording, "--seeds", "2")
    assert result.status == 0, result.err
    assert "live minus replay over 100 seeds" in result.err
    assert "accuracy" in result.err


def test_options_that_contradict_the_recording_are_refused(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    recording = collected(cli, scripted, questions, "--stepwise")
    words = ["run", "cmc", *server_words(scripted), "--against", recording]
    result = cli(*words, "--temperature", "0.2")
    assert (result.status, "leave it out" in result.err) == (2, True)
    other = questions.with_name("other.jsonl")
    other.write_text('{"id": "z", "question": "?", "answer": "1"}\n')
    result = cli(*words, "--questions", str(other))
    assert (result.status, "has no question 'z'" in result.err) == (2, True)
    result = cli("run", "cmc", *server_words(scripted))
    assert (result.status, "give questions" in result.err) == (2, True)
    chains = [{"text": "abc</think>\n\n3"}]
    line = {"id": "z", "question": "?", "answer": "3", "chains": chains}
    questions.with_name("chains.jsonl").write_text(json.dumps(line) + "\n")
    how = ["--family", "think", "--equivalence", "exact", "--token-ids"]
    result = cli("collect", *server_words(scripted), "--from", "chains.jsonl", *how, "-o", "x.rec")
    assert result.status == 0, result.err
    result = cli("run", "cmc", *server_words(scripted), "--against", "x.rec")
    assert (result.status, "were not sampled by rheostat collect" in result.err) == (2, True)


def test_a_lost_server_ends_the_run_and_keeps_played_episodes(
    cli: CommandLine, scripted: ScriptedServer, questions: Path
) -> None:
    scripted.fault = lambda number, body: None if number < 20 else "broken"
    words = ["run", "sc", *server_words(scripted)[:-1], "0.2", "--questions", str(questions)]
    result = cli(*words, *HOW, "--at-once", "1", "--set", "n=2", "--traces", "t.jsonl")
    assert result.status == 3
    assert "answers 503" in result.err
    assert len(Path("t.jsonl").read_text().splitlines()) >= 1
    assert scripted.under_way == 0


def test_a_controller_in_python_runs_live(
    cli: CommandLine, scripted: ScriptedServer, questions: Path,
) -> None:  # fmt: skip
    recording = collected(cli, scripted, questions, "--stepwise")
    controller = Path(__file__).parents[3] / "sandbox" / "library" / "cmc.py"
    words = ["run", str(controller), *server_words(scripted), "--against", recording]
    result = cli(*words, "--seeds", "2", "--unsafe-no-docker")
    assert result.status == 0, result.err
    assert "6 of 6 episodes match the recording" in result.err
