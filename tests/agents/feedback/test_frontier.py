"""The analyzed points of a program, and its frontier against the baselines."""

import pytest

from agents.feedback.frontier_table import (
    COST_COLUMNS,
    FrontierPanel,
    FrontierRow,
    build_panels,
    format_panels,
)
from agents.feedback.measured_programs import (
    measure_candidate,
    score_program,
    select_best_baseline,
    select_end_plans,
)
from tests.agents.feedback.conftest import STOPPER, WIDER, Opened


def test_end_points_are_a_quarter_from_the_ends_of_the_schedule(opened: Opened) -> None:
    with opened() as arena:
        subject = measure_candidate(arena, "r001-1", STOPPER)
        assert subject is not None
        plans = select_end_plans(arena, subject, arena.scorer.whole)
    assert (plans.low_cost.beta, plans.high_cost.beta) == (0.25, 0.75)


def test_end_points_of_a_baseline_are_its_own_settings(opened: Opened) -> None:
    with opened() as arena:
        subject = select_best_baseline(arena)
        plans = select_end_plans(arena, subject, arena.scorer.whole)
    assert subject.name == "sc"
    # Of 1, 2, 4 and 8.
    assert [plan.chosen["n"] for plan in plans.both] == [2, 4]
    assert plans.high_cost.knobs["n"] == 4
    assert plans.high_cost.beta is None


def test_panel_spans_the_costs_of_the_baselines(opened: Opened) -> None:
    with opened() as arena:
        subset = arena.scorer.whole
        ours, other = measure_candidate(arena, "a", STOPPER), measure_candidate(arena, "b", WIDER)
        assert ours is not None
        assert other is not None
        baseline = select_best_baseline(arena)
        panels = build_panels(arena, ours, [other, ours], baseline, subset)
        curves = score_program(arena, baseline, subset).curves
        baselines = [
            arena.scorer.score_program(baseline).curves for baseline in arena.baselines.values()
        ]
    assert [panel.recording for panel in panels] == ["weak/small", "able/small", "strong/small"]
    for index, panel in enumerate(panels):
        assert len(panel.costs) == COST_COLUMNS
        assert panel.costs[0] == pytest.approx(
            min(baseline[index].cost.min() for baseline in baselines)
        )
        assert panel.costs[-1] == pytest.approx(
            max(baseline[index].cost.max() for baseline in baselines)
        )
        assert panel.baseline.accuracy[0] == pytest.approx(curves[index].accuracy[0])
        assert panel.baseline.accuracy[-1] == pytest.approx(curves[index].accuracy.max())
        assert panel.hull.accuracy[-1] == max(
            baseline[index].accuracy.max() for baseline in baselines
        )
        # It starts with two branches, so it has no point at the cost of one.
        assert panel.best.accuracy[0] is None
        assert [row.name for row in panel.others] == ["b"]


PANEL = FrontierPanel(
    recording="m/b",
    costs=(950.0, 12_340.0, 999_600.0),
    best=FrontierRow("r001-1", (None, 50.0, 61.0)),
    others=(FrontierRow("r001-2", (None, 40.0, 62.0)),),
    baseline=FrontierRow("sc", (30.0, 49.0, 62.0)),
    hull=FrontierRow("any baseline", (None, 50.04, 62.0)),
)


def test_cost_at_which_a_baseline_beats_the_best_is_marked() -> None:
    assert [PANEL.below(column) for column in range(3)] == [False, False, True]
    late = PANEL._replace(hull=FrontierRow("any baseline", (30.0, 49.0, 50.0)))
    assert [late.below(column) for column in range(3)] == [True, False, False]


def test_format_of_a_panel() -> None:
    assert format_panels([PANEL, PANEL]).split("\n\n")[0].splitlines() == [
        "m/b             950   12.3k      1M",
        "r001-1            -    50.0    61.0*",
        "r001-2            -    40.0    62.0",
        "sc             30.0    49.0    62.0",
        "any baseline      -    50.0    62.0",
    ]
