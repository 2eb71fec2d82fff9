"""Figures of a report, compared with independent computations."""

from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pytest

from agents.report.body import build_blocks
from agents.report.computation import compute_report
from agents.report.controllers import REFERENCES, list_entrants
from agents.report.evaluation import ReportServices, compute_side, evaluate_side
from agents.report.markdown import render_markdown
from agents.report.records import ControllerRole, RunReport, Side
from agents.report.tables import find_ratio, find_worth
from agents.run.directory import RunDirectory, create_run
from agents.run.records import BaselineRef, Decision, Proposal
from dsl import library
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from harness.evaluation.comparison import compare_controllers
from harness.evaluation.frontier import build_curve, costs_at
from harness.evaluation.grid import Grid
from harness.evaluation.scores import MEAN
from harness.evaluation.sweep import play_grid
from harness.mdp.environment import load_replay_environment
from harness.mdp.episodes import compute_figures as published
from harness.request.controllers import RheoController, load_program
from harness.request.recordings import open_recordings
from tests.agents.report.conftest import (
    FREE,
    SEEDS,
    STOPPER,
    WIDER,
    Copied,
    asked_for,
    end,
    play,
)
from tests.harness.small_recordings import tiny


@pytest.mark.slow
def test_gain_over_the_seed_is_reported_beside_the_gain_over_baselines(
    reported: RunReport,
) -> None:
    assert ("asc (seed)", ControllerRole.SEED) in [(e.label, e.role) for e in reported.controllers]
    estimate = reported.search.over_seed
    assert estimate is not None
    winner = find_worth(reported.search, "r001-1", MEAN)
    seed = find_worth(reported.search, "asc (seed)", MEAN)
    assert winner.value is not None
    assert seed.value is not None
    assert estimate.gain == pytest.approx(winner.value - seed.value, abs=2e-4)
    assert "Over the seed that it was built from, it gains " in render_markdown(
        build_blocks(reported)
    )


def test_controllers_are_listed_in_order_of_their_roles(reported: RunReport) -> None:
    roles = [(controller.label, controller.role) for controller in reported.controllers]
    assert roles[0] == ("r001-1", ControllerRole.WINNER)
    assert {label for label, role in roles if role is ControllerRole.RUNNER_UP} == {
        "r002-1",
        "r002-2",
    }
    assert roles[-4:] == [
        ("sc", ControllerRole.BASELINE),
        ("asc", ControllerRole.BASELINE),
        ("cmc", ControllerRole.REFERENCE),
        ("early_votes", ControllerRole.REFERENCE),
    ]
    assert reported.controllers[0].name == "stopper"


@pytest.mark.parametrize(("label", "source"), [("r001-1", STOPPER), ("r002-1", WIDER)])
def test_accuracy_and_tokens_equal_the_interpreter(
    template: RunDirectory, reported: RunReport, label: str, source: str
) -> None:
    request, unseen = template.request, reported.unseen
    assert unseen is not None
    for refs, position in ((request.search, reported.search), (request.held_out, unseen)):
        for name, recording in open_recordings([ref.path for ref in refs]):
            replay_environment = load_replay_environment(recording)
            for beta in request.betas:
                expected = published(
                    InterpreterEngine().play(
                        load_checked_program(Source(source)),
                        ControllerSetting(beta),
                        replay_environment,
                        range(SEEDS),
                    )
                )
                [row] = [
                    row for row in position.rows
                    if (row.controller, row.recording, row.beta) == (label, name, beta)
                ]  # fmt: skip
                assert (row.accuracy, row.cost) == (expected.accuracy, expected.cost)
                assert (row.sequential, row.episodes) == (expected.sequential, expected.episodes)


def test_objective_and_gain_equal_the_review(template: RunDirectory, reported: RunReport) -> None:
    for review in template.reviews():
        if review.objective is None or review.baseline_gain is None:
            continue
        worth = find_worth(reported.search, review.candidate, MEAN)
        assert worth.value == review.objective
        gain = review.baseline_gain
        assert worth.gain == pytest.approx(gain.value, abs=1e-3)
        assert (worth.gain_low, worth.gain_high) == pytest.approx((gain.low, gain.high), abs=1e-3)
        for label, value in review.by_recording.items():
            assert find_worth(reported.search, review.candidate, label).value == value


def test_objective_is_within_its_interval_and_averaged_over_recordings(reported: RunReport) -> None:
    where = reported.search
    for controller in reported.controllers:
        parts = [find_worth(where, controller.label, label.label) for label in where.recordings]
        overall = find_worth(where, controller.label, MEAN)
        assert overall.value == pytest.approx(np.mean([p.value for p in parts]), abs=1e-3)
        for estimate in (*parts, overall):
            assert estimate.low is not None
            assert estimate.value is not None
            assert estimate.high is not None
            assert estimate.low <= estimate.value <= estimate.high


def test_best_baseline_has_no_gain_over_itself(reported: RunReport) -> None:
    for side in sides(reported):
        worth = find_worth(side, side.best_baseline, side.recordings[0].label)
        assert (worth.gain, worth.gain_low, worth.gain_high) == (0, 0, 0)
    assert reported.unseen is not None
    assert reported.unseen.best_baseline == reported.search.best_baseline


def sides(report: RunReport) -> list[Side]:
    assert report.unseen is not None
    return [report.search, report.unseen]


@pytest.mark.parametrize("reference", ["sc", *REFERENCES])
def test_token_ratio_equals_the_reversed_comparison(
    template: RunDirectory, reported: RunReport, reference: str
) -> None:
    """`compare A B` reports what B needs for the accuracy of A, which is the reference."""
    request = template.request
    other = load_program(reference)
    settings: list[dict[str, int | float]]
    settings = next((b.settings for b in request.baselines if b.controller == reference), [{}])
    ours = RheoController("r001-1", load_checked_program(Source(STOPPER)), "digest", "here")
    for named in open_recordings([recording.path for recording in request.search]):
        grid = Grid(
            [other, ours], [settings, [{}]], request.betas, [named],
            seeds=SEEDS, rules=EpisodeRules(), engine_name="compiled",
        )  # fmt: skip
        [expected] = compare_controllers(grid, play_grid(grid, None).played)
        ratio = find_ratio(reported.search, "r001-1", reference, named.label)
        if ratio is None:
            assert reference != reported.search.best_baseline
            continue
        assert (ratio.points, ratio.missed) == (expected.points, expected.beyond)
        if expected.below:
            # Here such points count the tokens of the cheapest one, in a comparison they do not.
            costs, accuracies = (
                np.array([getattr(match, name) for match in expected.matches], float)
                for name in ("cost", "accuracy")
            )
            own = costs_at(build_curve(costs[None], accuracies[None]), accuracies[None])[0]
            counted = [
                (match.baseline_cost or expected.lowest_cost) / needed
                for match, needed in zip(expected.matches, own, strict=True)
                if match.ratio or match.accuracy < expected.baseline_points[0].accuracy
            ]
            assert ratio.ratio == pytest.approx(np.exp(np.mean(np.log(counted))), abs=1e-3)
            continue
        assert ratio.ratio == expected.ratio
        # The first recording's questions are drawn as a comparison draws them.
        assert (ratio.low, ratio.high) == (expected.ratio_low, expected.ratio_high)


def test_overall_ratio_is_the_geometric_mean_and_missed_points_are_summed(
    reported: RunReport,
) -> None:
    where = reported.search
    for name, reference in product(("r001-1", "r002-1", "asc"), REFERENCES):
        parts = [
            find_ratio(where, name, reference, recording.label) for recording in where.recordings
        ]
        overall = find_ratio(where, name, reference, MEAN)
        assert overall is not None
        ratios = [part.ratio for part in parts if part is not None and part.ratio is not None]
        assert ratios
        assert overall.ratio == pytest.approx(np.exp(np.mean(np.log(ratios))), abs=1e-3)
        assert overall.missed == sum(part.missed for part in parts if part is not None)


def test_differences_are_to_the_best_baseline_at_its_nearest_cost(reported: RunReport) -> None:
    where = reported.search
    rows = [row for row in where.rows if row.recording == MEAN]
    baselines = [row for row in rows if row.controller == where.best_baseline]
    for row in rows:
        near = min(baselines, key=lambda baseline: abs(np.log(baseline.cost / row.cost)))
        assert row.difference == pytest.approx(row.accuracy - near.accuracy, abs=0.02)


def test_program_with_free_knobs_is_played_at_its_reviewed_settings(
    recordings: list[Path], tmp_path_factory: pytest.TempPathFactory, services: ReportServices
) -> None:
    run_request = asked_for(recordings, free_knobs=True)
    run = create_run(tmp_path_factory.mktemp("free") / "run", run_request)
    play(run, {1: [Proposal(source=FREE, parents=["asc"])]})
    end(run, "r001-1")
    report = compute_report(run, seeds=SEEDS, held_out=True, services=services)
    for side in sides(report):
        label = side.recordings[0].label
        rows = [r for r in side.rows if (r.controller, r.recording) == ("r001-1", label)]
        assert [row.beta for row in rows] == [None] * 3
        assert len({row.settings["n"] for row in rows}) == 3
    points = run.review("r001-1").points
    for label, settings in points.items():
        rows = [r for r in report.search.rows if (r.controller, r.recording) == ("r001-1", label)]
        assert [row.settings for row in rows] == [point.settings for point in settings]
        assert [row.accuracy for row in rows] == pytest.approx(
            [p.accuracy for p in settings], abs=0.01
        )
    assert report.winner is not None
    assert report.winner.schedule == {}


def test_controller_with_unmet_needs_is_left_out_with_a_reason(
    template: RunDirectory, tmp_path: Path
) -> None:
    entrants = list_entrants(template, template.request, "r001-1")
    needy = entrants[0]._replace(program=load_program("entropy_gate"))
    tiny(tmp_path / "tiny.recording")  # it has no signals
    recordings = open_recordings([tmp_path / "tiny.recording"])
    side = evaluate_side(
        [*entrants, needy],
        recordings,
        template.request,
        seeds=2,
        label="",
        services=ReportServices(),
    )
    assert list(side.left_out) == ["entropy_gate"]
    assert "tiny/hand: `entropy_gate` needs entropy" in side.left_out["entropy_gate"]
    labels = {row.controller for row in compute_side(side, template.request, None).rows}
    assert labels == {entrant.program.label for entrant in entrants}


def test_rejected_candidate_is_neither_best_nor_runner_up(
    copied: Copied, services: ReportServices
) -> None:
    run = copied(ended=False)
    run.decide(Decision(candidate="r001-1", approved=False, note="no"))
    run.decide(Decision(candidate="r002-1", approved=False))
    report = compute_report(run, seeds=2, thorough=False, services=services)
    candidates = [
        controller.label for controller in report.controllers if controller.label.startswith("r0")
    ]
    assert candidates == ["r002-2"]
    assert report.winner is None


def test_baseline_from_a_file_is_labelled_without_its_directory(
    copied: Copied, services: ReportServices, tmp_path: Path
) -> None:
    path = tmp_path / "own.rheo"
    path.write_text(library.load_source("sc").text)
    run = copied()
    baselines = [BaselineRef(controller=str(path), settings=[{"n": n} for n in (1, 8)])]
    run.write("request.json", msgspec.structs.replace(run.request, baselines=baselines))
    report = compute_report(run, seeds=2, held_out=False, thorough=False, services=services)
    assert report.search.best_baseline == "own"
    assert str(tmp_path) not in render_markdown(build_blocks(report))
