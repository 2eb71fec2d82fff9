"""Programs over a search set: what they are worth, what is played, what is kept."""

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from agents.run.directory import create_run
from agents.run.records import Draft, Gain, Proposal, ReviewVerdict
from agents.search.arena import open_arena
from agents.search.evaluator import EvaluationRequest
from agents.search.player_pool import ProcessPlayers, players
from agents.search.programs import compute_source_digest
from agents.search.review import Incumbent, review_candidate
from dsl import library
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.errors import InputError
from harness.evaluation.frontier import area, build_curve
from harness.mdp.environment import load_replay_environment
from harness.mdp.episodes import compute_figures
from store.environment import save
from store.simulation import Benchmark, simulate
from tests.agents.conftest import REASONERS, Opened, request

WIDE = """
controller wide {
  schedule { rising n = round(1 * pow(8, beta)) }
  start { sample n }
  finally { answer winner(finished) }
}
"""
BACKWARDS = WIDE.replace("rising n = round(1 * pow(8, beta))", "falling n = round(8 - 7 * beta)")
GREEDY_STOP = """
controller early {
  schedule { rising n = round(1 * pow(8, beta)) }
  start { open n }
  step {
    advance active
    if confidence(finished) > 0.7 { answer winner(finished) }
  }
  finally { answer winner(finished) else winner(alive) }
}
"""
LOST = "controller lost { schedule { rising n = round(1 + beta) } start { sample n } finally {"


def draft(source: str, **more: object) -> Draft:
    proposal = Proposal(source=source)
    return Draft(candidate="r001-1", proposer="hand", proposal=proposal, **more)  # type: ignore[arg-type]


def test_what_is_measured_is_what_a_sweep_shows(opened: Opened) -> None:
    with opened() as here:
        measured = here.play(WIDE)
        assert not isinstance(measured, str)
        worth = here.scorer.score_program(measured)
    for place, (_, recording) in enumerate(here.recordings):
        replay_environment = load_replay_environment(recording)
        for index, beta in enumerate(here.request.betas):
            shown = compute_figures(
                CompiledEngine().play(
                    load_checked_program(Source(WIDE)),
                    ControllerSetting(beta),
                    replay_environment,
                    range(6),
                )
            )
            assert round(worth.curves[place].accuracy[index], 2) == shown.accuracy
            assert int(worth.curves[place].cost[index]) == shown.cost


def test_the_objective_covers_the_costs_of_the_baselines(opened: Opened) -> None:
    with opened() as here:
        assert here.best_baseline == "sc"
        # The program is the baseline itself, at three of its four settings.
        worth = here.scorer.score_program(here.baselines["sc"])
        assert worth.score == pytest.approx(np.mean(worth.by_recording))
        expected = [
            float(area(build_curve(c.cost, c.accuracy), c.cost.min(), c.cost.max()))
            for c in worth.curves
        ]
        assert worth.by_recording == pytest.approx(expected)


def test_nothing_is_played_twice_even_by_another_process(
    recordings: list[Path], tmp_path: Path
) -> None:
    run = create_run(tmp_path / "run", request(recordings))
    with open_arena(run, workers=1) as here:
        first = here.play(WIDE)
    with open_arena(run, workers=1) as here:
        here._evaluator._players = None  # type: ignore[assignment]  # so that playing would fail
        again = here.play(WIDE)
    assert not isinstance(first, str)
    assert not isinstance(again, str)
    for one, other in zip(first, again, strict=True):
        assert one.seeds == other.seeds
        assert all(map(np.array_equal, one[:3], other[:3]))


@pytest.mark.slow
def test_outcomes_do_not_depend_on_how_many_play(recordings: list[Path], tmp_path: Path) -> None:
    result = []
    for workers in (1, 2):
        run = create_run(tmp_path / f"run{workers}", request(recordings))
        with open_arena(run, workers=workers) as here:
            shown = here.split(0).shown
            result.append([w and w.score for w in here.screen([WIDE, GREEDY_STOP, LOST], shown)])
    assert result[0] == result[1]
    assert result[0][2] is None


@pytest.mark.slow
def test_a_program_that_takes_too_long_is_given_up_and_the_next_one_plays(
    opened: Opened,
) -> None:
    forever = """
    controller forever {
      schedule { rising n = round(1 + beta) }
      memory { m = 0 }
      start { open n }
      step at most 1000000 {
        m = sum(.depth + m % 7 of opened)
        if m < 0 { advance active }
      }
      finally { answer winner(alive) }
    }
    """
    with opened(count=1, seeds=10_000) as here, players(1) as few:
        assert isinstance(few, ProcessPlayers)
        few._seconds = 4
        here._evaluator._players = few
        assert here.play(forever) == "it takes longer than 4 seconds a recording"
        assert isinstance(
            here._evaluator.measure([EvaluationRequest(WIDE, (0,), 2, (0.0, 1.0))])[0], list
        )


def test_a_recording_that_was_replaced_is_refused(recordings: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "one.recording"
    shutil.copy(recordings[0], path)
    run = create_run(tmp_path / "run", request([path]))
    path.unlink()
    save(simulate(REASONERS[1], Benchmark("small", questions=12, branches=16)), path)
    with pytest.raises(InputError, match="the recording changed since the run began"):
        open_arena(run, workers=1).__enter__()


# Gains and reviews


def test_a_program_gains_nothing_over_itself(opened: Opened) -> None:
    with opened() as here:
        measured = here.play(WIDE)
        assert not isinstance(measured, str)
        gain = here.scorer.gain(measured, measured, "itself")
    assert gain is not None
    assert (gain.value, gain.low, gain.high) == (0, 0, 0)
    assert not gain.counts


def test_a_gain_is_the_difference_of_the_objectives_and_lies_in_its_interval(
    opened: Opened,
) -> None:
    with opened() as here:
        result = [here.play(program) for program in (GREEDY_STOP, WIDE)]
        ours, theirs = (measured for measured in result if not isinstance(measured, str))
        gain = here.scorer.gain(ours, theirs, "wide")
        scores = [here.scorer.score_program(measured).score for measured in (ours, theirs)]
        assert gain is not None
        assert gain.value == pytest.approx(scores[0] - scores[1], abs=1e-4)
        assert gain.low < gain.value < gain.high
        back = here.scorer.gain(theirs, ours, "early")
        assert back is not None
        assert (back.low, back.high) == pytest.approx((-gain.high, -gain.low), abs=1e-3)


def test_a_review_names_what_counts_and_what_does_not(opened: Opened) -> None:
    with opened() as here:
        result = review_candidate(here, draft(GREEDY_STOP), 1, Incumbent("r000-1", WIDE), {})
        assert result.gain is not None
        assert result.gain.against == "r000-1"
        assert (result.verdict is ReviewVerdict.BEST) is (result.reasons == [])
        assert set(result.by_recording) == set(result.without) == set(result.points)
        assert [p.beta for p in result.points["able/small"]] == here.request.betas
        loser = review_candidate(here, draft(WIDE), 1, Incumbent("r001-1", GREEDY_STOP), {})
        assert loser.verdict is ReviewVerdict.KEPT
        assert "the interval includes 0" in loser.reasons[0]


@pytest.mark.parametrize(
    ("source", "verdict", "reason"),
    [
        (BACKWARDS, ReviewVerdict.REFUSED, "beta does not raise its cost: from 0 to 0.5 it falls"),
        (library.load_source("sc").text, ReviewVerdict.REFUSED, "it has no schedule"),
        (
            WIDE.replace("rising n = round(1 * pow(8, beta))", "fixed n = 3"),
            ReviewVerdict.REFUSED,
            "it does not follow beta: it costs the same at every value",
        ),
        (
            WIDE.replace("sample n", "sample n - n"),
            ReviewVerdict.REFUSED,
            "it takes no action: every episode ended at 0 tokens",
        ),
    ],
)
def test_what_cannot_be_selected_is_refused_with_its_reason(
    opened: Opened, source: str, verdict: ReviewVerdict, reason: str
) -> None:
    with opened(count=1) as here:
        result = review_candidate(here, draft(source), 1, None, {})
    assert result.verdict is verdict
    assert result.reasons[0].startswith(reason)


def test_a_program_that_was_reviewed_before_is_not_reviewed_again(opened: Opened) -> None:
    with opened(count=1) as here:
        result = review_candidate(
            here, draft(WIDE), 2, None, {compute_source_digest(WIDE): "r001-3"}
        )
    assert (result.verdict, result.same_as) == (ReviewVerdict.REFUSED, "r001-3")
    assert compute_source_digest(WIDE) == sha256(WIDE.encode()).hexdigest()


def test_a_draft_that_does_not_check_is_unsound(opened: Opened) -> None:
    with opened(count=1) as here:
        result = review_candidate(here, draft(LOST, diagnostics="error"), 1, None, {})
    assert result.verdict is ReviewVerdict.UNSOUND


def test_with_free_knobs_a_schedule_is_out_of_place(opened: Opened) -> None:
    with opened(count=1, free_knobs=True) as here:
        scheduled = review_candidate(here, draft(WIDE), 1, None, {})
        free = review_candidate(here, draft(library.load_source("sc").text), 1, None, {})
    assert scheduled.verdict is ReviewVerdict.REFUSED
    assert "needs free knobs" in scheduled.reasons[0]
    assert free.objective is not None
    assert len(free.points["weak/small"]) == len(here.request.betas)


@pytest.mark.parametrize(
    ("low", "high", "caveat"),
    [
        (0.1, 2.0, ""),
        (-0.1, 2.0, "the interval includes 0"),
        (-2.0, -0.1, "the whole interval is below 0"),
    ],
)
def test_a_gain_says_whether_it_is_none_or_a_loss(low: float, high: float, caveat: str) -> None:
    gain = Gain(against="esc", value=(low + high) / 2, low=low, high=high)
    assert gain.caveat == caveat
    assert gain.counts is (caveat == "")
