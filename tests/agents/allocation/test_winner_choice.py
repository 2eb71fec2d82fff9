"""The winner among trials that the questions cannot tell apart, and its cross-validation."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.allocation.allocation_objective import AllocationObjective
from agents.allocation.winner_choice import cross_validate, list_eligible
from harness.allocation.simulator import build_simulator
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import QuestionResult, Simulation, StageChoice, Trial

SIMULATOR = build_simulator(Simulation(seed=0, sampled=True))
SPACE = AllocationSpace(SIMULATOR.pipeline, float("inf"))
OBJECTIVE = AllocationObjective(SPACE)


def build_trial(scores: Sequence[float], samples: int = 1) -> Trial:
    """A trial with these scores, whose cost is its number of samples."""
    choices = tuple(StageChoice(models[0], samples) for models in SPACE.models)
    answered = [QuestionResult(question=f"q{n}", score=score) for n, score in enumerate(scores)]
    return Trial(choices=choices, cost=float(samples), answered=answered)


def test_cheapest_of_indistinguishable_trials_wins() -> None:
    trials = {
        "lucky": build_trial([1.0] * 13 + [0.0] * 7, 3),
        "cheap": build_trial([0.0] + [1.0] * 12 + [0.0] * 7, 2),
        "poor": build_trial([0.0] * 18 + [1.0] * 2, 1),
    }
    eligible = list_eligible(trials, OBJECTIVE)
    assert [trial.candidate for trial in eligible] == ["cheap", "lucky"]
    assert eligible[0].low <= 0 < eligible[0].behind


def test_significant_gain_is_worth_its_cost() -> None:
    trials = {
        "good": build_trial([1.0] * 16 + [0.0] * 4, 9),
        "cheap": build_trial([1.0] * 6 + [0.0] * 14, 1),
    }
    [winner] = list_eligible(trials, OBJECTIVE)
    assert (winner.candidate, winner.behind) == ("good", 0.0)


def test_equal_trials_go_to_the_cheapest() -> None:
    scores = [1.0, 0.0] * 6
    trials = {name: build_trial(scores, cost) for name, cost in (("b", 4), ("a", 2), ("c", 3))}
    assert [trial.candidate for trial in list_eligible(trials, OBJECTIVE)] == ["a", "c", "b"]


def test_luck_does_not_carry_over_and_a_true_gain_does() -> None:
    random = Random(1)

    def draw(probability: float) -> list[float]:
        return [float(random.random() < probability) for _ in range(200)]

    lucky = cross_validate([build_trial(draw(0.5), n) for n in range(1, 30)], OBJECTIVE)
    better = cross_validate([build_trial(draw(0.2)), build_trial(draw(0.8), 2)], OBJECTIVE)
    assert lucky is not None
    assert better is not None
    assert lucky.withheld_gain < 0.5 * max(lucky.shown_gain, 0.02)
    assert better.share == pytest.approx(1.0, abs=0.05)
    assert better.share_low is not None
    assert better.share_low > 0.8
    assert better.low < better.objective < better.high


def test_few_questions_are_not_cross_validated() -> None:
    assert cross_validate([build_trial([1.0] * 7), build_trial([0.0] * 7, 2)], OBJECTIVE) is None


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=4))
def test_best_trial_is_always_eligible_and_the_winner_costs_no_more(
    scores: list[list[bool]],
) -> None:
    trials = {
        f"t{index}": build_trial([float(right) for right in row], 1 + index)
        for index, row in enumerate(scores)
    }
    eligible = list_eligible(trials, OBJECTIVE)
    best = max(trials, key=lambda name: (trials[name].score, -trials[name].cost))
    assert best in [trial.candidate for trial in eligible]
    assert eligible[0].cost <= trials[best].cost
