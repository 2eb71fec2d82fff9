"""The signals of a server that ``rheostat collect`` records, and what reads them."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.reader import Recording, open_recording
from store.records import SignalDeclaration
from tests.command_lines import CommandLine
from tests.store.serving.scripted import MODEL, ScriptedServer, Seen, allowed_logprob, serving
from tests.store.serving.scripted_model import END, encode, show

ASK = "\n\nProposed answer: {answer}\nIs the proposed answer True or False? It is"


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture
def words(scripted: ScriptedServer, home: Path) -> list[str]:
    """A command line that collects twelve branches."""
    rows = [{"id": name, "question": f"{name}?", "answer": "3"} for name in ("a", "b")]
    (home / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [
        "collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
        "--questions", "sums.jsonl", "--interval", "40", "--max-tokens", "100", "--branches", "6",
        "--patience", "2", "--equivalence", "exact", "-o", "r.recording",
    ]  # fmt: skip


def questions_of_truth(server: ScriptedServer) -> list[Seen]:
    """The requests that ask for P(True)."""
    return [seen for seen in server.completions if seen.body.get("allowed_token_ids")]


def truth_prompts(recording: Recording, ask: str = ASK) -> dict[tuple[int, int], list[int] | None]:
    """What is asked after each branch, by its question and index; ``None`` without an answer."""
    prompts: dict[tuple[int, int], list[int] | None] = {}
    for number, question in enumerate(recording.questions):
        for index, branch in enumerate(recording.branches(number)):
            tokens = [token for token in branch.token_ids or [] if token != END]
            ended = "" if "</think>" in show(tokens) else "\n</think>\n\n"
            asked = encode(ended + ask.replace("{answer}", branch.final))
            has_answer = branch.final != "ERR"
            prompts[number, index] = (
                [*(question.prompt_ids or []), *tokens, *asked] if has_answer else None
            )
    return prompts


def test_p_true_is_the_probability_of_the_reply_true_to_a_question_after_the_branch(
    cli: CommandLine, words: list[str], scripted: ScriptedServer
) -> None:
    result = cli(*words, "--p-true", "--token-ids")
    assert result.status == 0, result.err
    recording = open_recording("r.recording")
    prompts = truth_prompts(recording)
    asked = [prompt for prompt in prompts.values() if prompt is not None]
    assert 0 < len(asked) < len(prompts)  # some branches have no answer
    seen = questions_of_truth(scripted)
    assert sorted(request.body["prompt"][0] for request in seen) == sorted(asked)
    (word, *_) = encode(" True")
    assert all(request.body["allowed_token_ids"] == [word] for request in seen)
    for (number, index), prompt in prompts.items():
        expected = 0.0 if prompt is None else math.exp(allowed_logprob(prompt))
        assert recording.branches(number)[index].signals == {"p_true": [expected]}


def test_the_question_and_the_reply_can_be_changed_and_are_recorded(
    cli: CommandLine, words: list[str], scripted: ScriptedServer
) -> None:
    changed = ["--p-true", "--p-true-ask", "\\nIs it? (", "--p-true-word", "1", "--token-ids"]
    result = cli(*words, *changed)
    assert result.status == 0, result.err
    recording = open_recording("r.recording")
    asked = truth_prompts(recording, ask="\nIs it? (").values()
    expected = sorted(prompt for prompt in asked if prompt is not None)
    seen = questions_of_truth(scripted)
    assert sorted(request.body["prompt"][0] for request in seen) == expected
    assert {tuple(request.body["allowed_token_ids"]) for request in seen} == {(ord("1"),)}
    assert recording.provenance.signals["p_true"] == SignalDeclaration(
        scope="branch",
        meaning="probability of the reply '1' when the model is asked whether its answer is true",
        unit="probability",
        direction="higher",
        source="a second probe of the server",
        settings={"ask": "\nIs it? (", "word": "1"},
    )


def test_signals_of_the_server_are_read_by_programs_in_both_engines(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    result = cli(*words, "--p-true", "--mean-logprob", "--lowest-group-logprob", "16")
    assert result.status == 0, result.err
    assert list(open_recording("r.recording").provenance.signals) == [
        "lowest_group_logprob", "mean_logprob", "p_true",
    ]  # fmt: skip
    (home / "lowest.rheo").write_text(
        "needs mean_logprob, lowest_group_logprob\ncontroller lowest { start { sample 4 } finally"
        " { answer winner(finished, weight = exp(.lowest_group_logprob - .mean_logprob)) } }"
    )
    for controller in ("cisc", "lowest.rheo"):
        swept = [
            cli("sweep", controller, "--on", "r.recording", "--seeds", "5", "--no-cache", "--csv",
                "--engine", engine)
            for engine in ("compiled", "interpreter")
        ]  # fmt: skip
        assert swept[0].status == 0, swept[0].err
        assert swept[0].out == swept[1].out


def test_a_live_program_asks_with_the_settings_of_the_recording(
    cli: CommandLine, words: list[str], scripted: ScriptedServer, home: Path
) -> None:
    signals = ["--p-true", "--p-true-word", "Yes", "--lowest-group-logprob", "16"]
    assert cli(*words, "--stepwise", *signals).status == 0
    scripted.seen.clear()
    (home / "vote.rheo").write_text(
        "needs p_true, lowest_group_logprob\ncontroller vote { start { open 4 }"
        " step { advance active where (.lowest_group_logprob else 0) > -0.6 for 2 } finally"
        " { answer winner(finished, weight = .p_true) else winner(opened) } }"
    )
    server = ["--base-url", scripted.url, "--model", MODEL]
    result = cli("run", "vote.rheo", *server, "--against", "r.recording", "--seeds", "2")
    assert result.status == 0, result.err
    assert "4 of 4 episodes match the recording, token by token" in result.err
    asked = questions_of_truth(scripted)
    assert {tuple(request.body["allowed_token_ids"]) for request in asked} == {(ord("Y"),)}


def test_a_server_that_ignores_the_allowed_tokens_is_refused(
    cli: CommandLine, words: list[str], scripted: ScriptedServer
) -> None:
    scripted.fault = lambda number, body: "not_allowed" if "allowed_token_ids" in body else None
    result = cli(*words, "--p-true")
    assert result.status == 3
    assert "a token is none of those that were allowed" in result.err


def test_existing_chains_can_be_asked_but_have_no_log_probabilities(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    row = {"id": "a", "question": "a?", "answer": "3", "chains": [{"text": "It is \\boxed{3}."}]}
    (home / "chains.jsonl").write_text(json.dumps(row) + "\n")
    where = words.index("--questions")
    words[where : where + 2] = ["--from", "chains.jsonl"]
    refused = cli(*words, "--mean-logprob")
    assert refused.status == 2
    assert "leave out --stepwise, --logprobs, --self-certainty, --mean-logprob" in refused.err
    result = cli(*words, "--p-true")
    assert result.status == 0, result.err
    (branch,) = open_recording("r.recording").branches(0)
    assert 0 < branch.signals["p_true"][0] <= 1


def test_a_preview_counts_the_questions_of_truth(cli: CommandLine, words: list[str]) -> None:
    plain = cli(*words, "--dry-run").out
    asked = cli(*words, "--dry-run", "--p-true").out
    assert "in 14 requests" in plain
    assert "in 26 requests" in asked  # one more for each of twelve branches


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--p-true-word", "1"], "--p-true-ask and --p-true-word change --p-true; give"),
        (["--p-true", "--p-true-word", ""], "--p-true-word: is empty"),
        (["--scorer", "p_true=judge"], "p_true is what --p-true records"),
    ],
)
def test_contradicting_options_are_refused(
    cli: CommandLine, words: list[str], options: list[str], problem: str
) -> None:
    result = cli(*words, *options)
    assert result.status == 2
    assert problem in result.err
