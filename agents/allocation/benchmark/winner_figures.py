"""Measure what the choice of the winner is worth on simulated pipelines with sampled scores.

``python -m agents.allocation.benchmark.winner_figures --seeds 20 --trials 25`` runs ``agent``
on pipelines whose 50 questions are right or wrong, and compares two choices of the winner: the
highest score, and the cheapest trial that cannot be told apart from it
(`agents.allocation.winner_choice`). Expected scores are known to the simulator, not to the search.
"""

import argparse
import sys
from collections.abc import Sequence
from math import nan, sqrt
from statistics import mean, stdev
from typing import NamedTuple

from agents.allocation.allocation_objective import AllocationObjective
from agents.allocation.benchmark.__main__ import play_trials
from agents.allocation.proposers.rule_agent import RuleTrialProposer
from agents.allocation.results import Z_95
from agents.allocation.winner_choice import cross_validate, list_eligible
from harness.allocation.simulator import Simulator, build_simulator, default_budget
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import Simulation, Trial


class ChoiceFigures(NamedTuple):
    """Figures of one pipeline; scores are in percent, costs are shares of the budget."""

    highest_score: float
    highest_expected: float
    highest_cost: float
    selected_score: float
    selected_expected: float
    selected_cost: float
    cross_validated: float
    """Score of the selected trial that cross-validation expects."""


def measure_choice(simulator: Simulator, trials: int) -> ChoiceFigures:
    """Compare the two choices on a simulated pipeline.

    Args:
        simulator: A pipeline with sampled scores.
        trials: Number of trials.
    """
    budget = default_budget(simulator.pipeline)
    objective = AllocationObjective(AllocationSpace(simulator.pipeline, budget))
    played = list(play_trials(RuleTrialProposer(), simulator, trials))
    by_name = {str(number): trial for number, trial in enumerate(played)}
    highest = max(played, key=lambda trial: (trial.score, -trial.cost))
    selected = by_name[list_eligible(by_name, objective)[0].candidate]
    estimate = cross_validate(played, objective)

    def expect(trial: Trial) -> float:
        return 100 * simulator.expected(simulator.quality(trial.choices))

    return ChoiceFigures(
        highest_score=100 * highest.score,
        highest_expected=expect(highest),
        highest_cost=highest.cost / budget,
        selected_score=100 * selected.score,
        selected_expected=expect(selected),
        selected_cost=selected.cost / budget,
        cross_validated=nan if estimate is None else 100 * estimate.objective,
    )


def format_figures(figures: Sequence[ChoiceFigures]) -> str:
    """Format the mean of each figure over pipelines, with its interval of 95 %."""
    lines = []
    for name, values in zip(ChoiceFigures._fields, zip(*figures, strict=True), strict=True):
        error = Z_95 * stdev(values) / sqrt(len(values)) if len(values) > 1 else nan
        lines.append(f"| {name.replace('_', ' ')} | {mean(values):.2f} ± {error:.2f} |\n")
    return "".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Measure the choice on the pipelines of the requested seeds, and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=25)
    options = parser.parse_args(arguments)
    figures = [
        measure_choice(build_simulator(Simulation(seed=seed, sampled=True)), options.trials)
        for seed in range(options.seeds)
    ]
    sys.stdout.write(format_figures(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
