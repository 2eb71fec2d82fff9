"""Questions that are held out: the report alone opens them, and writes down when it did."""

import json
from pathlib import Path

import pytest

from agents.allocation.held_out_evaluation import evaluate_held_out
from agents.allocation.results import HeldOutResult, compute_result, estimate_gain, estimate_score
from agents.allocation.run_trials import open_run_environment, run_playback_options
from agents.run.directory import RunDirectory, open_run
from harness.errors import InputError
from store.errors import StoreError
from store.pipelines.schema import QuestionResult, Trial
from store.pipelines.trials import read_trials
from tests.agents.allocation.doubling import run_allocate
from tests.agents.allocation.doubling_server import serve_doubling
from tests.command_lines import CommandLine

SEARCH = ("--budget", "3", "--trials", "2", "--proposer", "random")


def evaluate(run: Path, wanted: bool | None = None) -> HeldOutResult:
    """What a report holds of the questions that are held out."""
    directory = open_run(run)
    request = directory.request.allocation
    assert request is not None
    environment, options = (
        open_run_environment(request, directory),
        run_playback_options(request, directory),
    )
    held_out = evaluate_held_out(
        directory, environment, options, compute_result(directory, environment), wanted
    )
    assert held_out is not None
    return held_out


def openings(run: Path) -> list[list[str]]:
    return [event.data["programs"] for event in open_run(run).events() if event.kind == "opened"]


def run_search(cli: CommandLine, pipeline: Path, url: str) -> Path:
    """A run of two trials on servers."""
    run = pipeline.parent / "run"
    run_allocate(cli, *SEARCH, "--on", str(pipeline), "--base-url", url, "--run", str(run))
    return run


def test_search_continues_without_the_held_out_file(cli: CommandLine, holding_out: Path) -> None:
    with serve_doubling() as doubling_server:
        run = run_search(cli, holding_out, doubling_server.url)
        (holding_out.parent / "unseen.jsonl").unlink()
        run_allocate(cli, "--run", str(run), "--resume", "--trials", "3")
        assert evaluate(run).unseen is None
        with pytest.raises(StoreError, match=r"unseen.jsonl: no such file of questions"):
            evaluate(run, wanted=True)
    assert openings(run) == []
    prompts = {request["messages"][0]["content"] for request in doubling_server.requests}
    assert not any(f"Double {n}" in prompts for n in range(101, 121))


@pytest.mark.slow
def test_held_out_trials_run_on_servers_only_on_request_and_once(
    cli: CommandLine, holding_out: Path
) -> None:
    with serve_doubling() as doubling_server:
        run = run_search(cli, holding_out, doubling_server.url)
        before = len(doubling_server.requests)
        assert evaluate(run).unseen is None
        assert len(doubling_server.requests) == before
        result = evaluate(run, wanted=True)
        assert len(doubling_server.requests) > before
        after = len(doubling_server.requests)
        assert evaluate(run) == result  # recorded trials cost nothing
        assert len(doubling_server.requests) == after
    assert evaluate(run, wanted=True) == result  # the server is gone by now
    assert result.unseen is not None
    assert result.unseen.questions == result.questions == 20
    recorded = read_trials(run / "held-out.record")
    assert recorded.head.questions == [f"u{n}" for n in range(101, 121)]
    assert result.unseen.baseline is not None
    scores = {result.unseen.selected.value, result.unseen.baseline.value}
    assert scores == {trial.score for trial in recorded.trials.values()}
    assert len(openings(run)) == 1


@pytest.mark.slow
def test_changed_held_out_questions_are_rejected(cli: CommandLine, holding_out: Path) -> None:
    with serve_doubling() as doubling_server:
        run = run_search(cli, holding_out, doubling_server.url)
        file = holding_out.parent / "unseen.jsonl"
        file.write_text(file.read_text().replace('"404"', '"405"'))
        with pytest.raises(InputError, match=r"unseen.jsonl: contains other questions than those"):
            evaluate(run, wanted=True)
    assert openings(run) == []


@pytest.mark.slow
def test_record_provides_held_out_trials_of_an_earlier_run(
    cli: CommandLine, holding_out: Path, tmp_path: Path
) -> None:
    with serve_doubling() as doubling_server:
        run = run_search(cli, holding_out, doubling_server.url)
        result = evaluate(run, wanted=True)
    record = ["--record", str(run / "trials.record"), "--run", str(tmp_path / "again")]
    run_allocate(cli, *SEARCH, "--on", str(holding_out), *record)
    assert evaluate(tmp_path / "again").unseen == result.unseen
    (run / "held-out.record").unlink()
    assert evaluate(tmp_path / "again").unseen is None
    with pytest.raises(InputError, match="no server is given for the model small"):
        evaluate(tmp_path / "again", wanted=True)


@pytest.fixture
def sampled_run(cli: CommandLine, tmp_path: Path) -> RunDirectory:
    """A run whose questions have sampled scores of 0 or 1."""
    words = ["--sampled", "--seed", "4", "--trials", "6", "--proposer", "random"]
    run_allocate(cli, *words, "--run", str(tmp_path / "run"))
    return open_run(tmp_path / "run")


def test_sampled_questions_are_opened_after_the_run_ends(
    cli: CommandLine, sampled_run: RunDirectory
) -> None:
    assert "500 questions are held out" in sampled_run.card_path.read_text()
    assert evaluate(sampled_run.path, wanted=False).unseen is None
    assert openings(sampled_run.path) == []
    result = cli("report", str(sampled_run.path), "--json")
    found = json.loads(result.out)["held_out"]
    assert found["unseen"]["questions"] == 500
    assert found["search"]["questions"] == 50
    apart = found["unseen"]["selected"]["value"] - found["unseen"]["baseline"]["value"]
    assert found["unseen"]["gain"]["value"] == pytest.approx(apart)
    page = sampled_run.path.joinpath("report.md").read_text()
    assert "usually too high on the questions of the search" in page
    assert "On held-out questions" in sampled_run.card_path.read_text()
    assert (
        "<title>Allocation: simulated-4</title>"
        in sampled_run.path.joinpath("report.html").read_text()
    )


@pytest.mark.slow
def test_opening_is_counted_again_only_for_a_new_winner(
    cli: CommandLine, sampled_run: RunDirectory
) -> None:
    assert not evaluate(sampled_run.path).met_before
    evaluate(sampled_run.path)
    first = openings(sampled_run.path)
    assert len(first) == 1
    trials = 6
    while len(openings(sampled_run.path)) == 1:
        trials += 4
        assert trials < 60
        run_allocate(cli, "--run", str(sampled_run.path), "--resume", "--trials", str(trials))
        result = evaluate(sampled_run.path)
    [_, second] = openings(sampled_run.path)
    assert second != first[0]
    assert result.met_before
    assert len(result.opened) == 2


def test_expected_scores_have_no_held_out_questions(cli: CommandLine, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run_allocate(cli, "--seed", "4", "--trials", "2", "--proposer", "random", "--run", str(run))
    request = open_run(run).request.allocation
    assert request is not None
    assert request.held_out is None
    result = cli("report", str(run), "--open-held-out")
    assert result.status == 2
    assert "this run has no held-out data" in result.err


def test_waiting_run_does_not_open_held_out_questions(cli: CommandLine, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["--sampled", "--seed", "4", "--trials", "3", "--proposer", "random"]
    result = cli("allocate", *words, "--run", str(run), "--approve", "final", "--no-wait")
    assert result.status == 0, result.err
    assert evaluate(run).unseen is None
    assert openings(run) == []


def build_trial(*scores: float) -> Trial:
    answered = [
        QuestionResult(question=str(index), score=score) for index, score in enumerate(scores)
    ]
    return Trial(choices=(), cost=1.0, answered=answered)


def test_interval_of_a_perfect_score_is_not_empty() -> None:
    result = estimate_score(build_trial(*[1.0] * 24))
    assert result.high == 1.0
    assert result.low == pytest.approx(24 / (24 + 1.96**2))  # Wilson's, at one of its ends
    half = estimate_score(build_trial(0.0, 1.0))
    assert half.low == pytest.approx(1 - half.high)


def test_gain_is_paired_by_question() -> None:
    same = estimate_gain(build_trial(1.0, 0.0, 1.0), build_trial(0.5, -0.5, 0.5))
    assert (same.value, same.low, same.high) == (0.5, 0.5, 0.5)
