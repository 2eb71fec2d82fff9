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
from tests.agents.allocation.doubling import told
from tests.agents.allocation.teller import telling
from tests.command_lines import CommandLine

SEARCH = ("--budget", "3", "--trials", "2", "--proposer", "random")


def judged(run: Path, wanted: bool | None = None) -> HeldOutResult:
    """What a report holds of the questions that are held out."""
    found = open_run(run)
    asked = found.request.allocation
    assert asked is not None
    where, means = open_run_environment(asked, found), run_playback_options(asked, found)
    told = evaluate_held_out(found, where, means, compute_result(found, where), wanted)
    assert told is not None
    return told


def openings(run: Path) -> list[list[str]]:
    return [each.data["programs"] for each in open_run(run).events() if each.kind == "opened"]


def searched(cli: CommandLine, pipeline: Path, url: str) -> Path:
    """A run of two trials on servers."""
    run = pipeline.parent / "run"
    told(cli, *SEARCH, "--on", str(pipeline), "--base-url", url, "--run", str(run))
    return run


def test_a_search_goes_on_where_what_is_held_out_is_gone(
    cli: CommandLine, holding_out: Path
) -> None:
    with telling() as teller:
        run = searched(cli, holding_out, teller.url)
        (holding_out.parent / "unseen.jsonl").unlink()
        told(cli, "--run", str(run), "--resume", "--trials", "3")
        assert judged(run).unseen is None
        with pytest.raises(StoreError, match=r"unseen.jsonl: there is no such file of questions"):
            judged(run, wanted=True)
    assert openings(run) == []
    asked = {each["messages"][0]["content"] for each in teller.asked}
    assert not any(f"Double {n}" in asked for n in range(101, 121))


def test_servers_carry_it_out_where_that_is_asked_for_and_once(
    cli: CommandLine, holding_out: Path
) -> None:
    with telling() as teller:
        run = searched(cli, holding_out, teller.url)
        before = len(teller.asked)
        assert judged(run).unseen is None
        assert len(teller.asked) == before
        found = judged(run, wanted=True)
        assert len(teller.asked) > before
        after = len(teller.asked)
        assert judged(run) == found  # what is recorded costs nothing
        assert len(teller.asked) == after
    assert judged(run, wanted=True) == found  # the server is gone by now
    assert found.unseen is not None
    assert found.unseen.questions == found.questions == 20
    recorded = read_trials(run / "held-out.record")
    assert recorded.head.questions == [f"u{n}" for n in range(101, 121)]
    assert found.unseen.baseline is not None
    scores = {found.unseen.selected.value, found.unseen.baseline.value}
    assert scores == {trial.score for trial in recorded.trials.values()}
    assert len(openings(run)) == 1


@pytest.mark.slow
def test_other_questions_than_those_of_the_beginning_are_refused_by_name(
    cli: CommandLine, holding_out: Path
) -> None:
    with telling() as teller:
        run = searched(cli, holding_out, teller.url)
        file = holding_out.parent / "unseen.jsonl"
        file.write_text(file.read_text().replace('"404"', '"405"'))
        with pytest.raises(InputError, match=r"unseen.jsonl: holds other questions than those"):
            judged(run, wanted=True)
    assert openings(run) == []


@pytest.mark.slow
def test_a_record_that_is_searched_again_has_what_was_held_out_beside_it(
    cli: CommandLine, holding_out: Path, tmp_path: Path
) -> None:
    with telling() as teller:
        run = searched(cli, holding_out, teller.url)
        found = judged(run, wanted=True)
    record = ["--record", str(run / "trials.record"), "--run", str(tmp_path / "again")]
    told(cli, *SEARCH, "--on", str(holding_out), *record)
    assert judged(tmp_path / "again").unseen == found.unseen
    (run / "held-out.record").unlink()
    assert judged(tmp_path / "again").unseen is None
    with pytest.raises(InputError, match="no server is named for the model small"):
        judged(tmp_path / "again", wanted=True)


@pytest.fixture
def drawn(cli: CommandLine, tmp_path: Path) -> RunDirectory:
    """A run over questions that are drawn right or wrong."""
    words = ["--sampled", "--seed", "4", "--trials", "6", "--proposer", "random"]
    told(cli, *words, "--run", str(tmp_path / "run"))
    return open_run(tmp_path / "run")


def test_drawn_questions_are_held_out_and_opened_when_the_run_has_ended(
    cli: CommandLine, drawn: RunDirectory
) -> None:
    assert "500 questions are held out" in drawn.card_path.read_text()
    assert judged(drawn.path, wanted=False).unseen is None
    assert openings(drawn.path) == []
    said = cli("report", str(drawn.path), "--json")
    found = json.loads(said.out)["held_out"]
    assert found["unseen"]["questions"] == 500
    assert found["search"]["questions"] == 50
    apart = found["unseen"]["selected"]["value"] - found["unseen"]["baseline"]["value"]
    assert found["unseen"]["gain"]["value"] == pytest.approx(apart)
    page = drawn.path.joinpath("report.md").read_text()
    assert "flattered by its own questions" in page
    assert "On held-out questions" in drawn.card_path.read_text()
    assert (
        "<title>Allocation: simulated-4</title>" in drawn.path.joinpath("report.html").read_text()
    )


def test_an_opening_is_counted_again_for_another_winner_alone(
    cli: CommandLine, drawn: RunDirectory
) -> None:
    assert not judged(drawn.path).met_before
    judged(drawn.path)
    first = openings(drawn.path)
    assert len(first) == 1
    trials = 6
    while len(openings(drawn.path)) == 1:
        trials += 4
        assert trials < 60
        told(cli, "--run", str(drawn.path), "--resume", "--trials", str(trials))
        found = judged(drawn.path)
    [_, second] = openings(drawn.path)
    assert second != first[0]
    assert found.met_before
    assert len(found.opened) == 2


def test_where_scores_are_expectations_nothing_is_held_out(
    cli: CommandLine, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    told(cli, "--seed", "4", "--trials", "2", "--proposer", "random", "--run", str(run))
    asked = open_run(run).request.allocation
    assert asked is not None
    assert asked.held_out is None
    said = cli("report", str(run), "--open-held-out")
    assert said.status == 2
    assert "nothing was held out when this run began" in said.err


def test_a_run_that_waits_keeps_shut_what_it_holds_out(cli: CommandLine, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["--sampled", "--seed", "4", "--trials", "3", "--proposer", "random"]
    said = cli("allocate", *words, "--run", str(run), "--approve", "final", "--no-wait")
    assert said.status == 0, said.err
    assert judged(run).unseen is None
    assert openings(run) == []


def of(*scores: float) -> Trial:
    answered = [QuestionResult(question=str(at), score=each) for at, each in enumerate(scores)]
    return Trial(choices=(), cost=1.0, answered=answered)


def test_an_interval_is_not_empty_where_every_question_is_right() -> None:
    found = estimate_score(of(*[1.0] * 24))
    assert found.high == 1.0
    assert found.low == pytest.approx(24 / (24 + 1.96**2))  # Wilson's, at one of its ends
    half = estimate_score(of(0.0, 1.0))
    assert half.low == pytest.approx(1 - half.high)


def test_a_gain_is_paired_by_question() -> None:
    same = estimate_gain(of(1.0, 0.0, 1.0), of(0.5, -0.5, 0.5))
    assert (same.value, same.low, same.high) == (0.5, 0.5, 0.5)
