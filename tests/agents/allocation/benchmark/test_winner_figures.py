"""Figures about the choice of the winner, on a small run."""

from agents.allocation.benchmark.winner_figures import format_figures, measure_choice
from harness.allocation.simulator import build_simulator
from store.pipelines.schema import Simulation


def test_selected_trial_costs_no_more_and_scores_no_higher_than_the_best() -> None:
    figures = [
        measure_choice(build_simulator(Simulation(seed=seed, sampled=True)), 3) for seed in (0, 1)
    ]
    for pipeline in figures:
        assert pipeline.selected_cost <= pipeline.highest_cost <= 1
        assert pipeline.selected_score <= pipeline.highest_score
    rows = format_figures(figures).splitlines()
    assert len(rows) == 7
    assert rows[0].startswith("| highest score | ")
