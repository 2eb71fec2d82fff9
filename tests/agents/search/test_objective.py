"""Objectives by their definitions."""

import numpy as np
import pytest

from agents.search.objective import parse_objective
from harness.errors import InputError

COST = np.array([100.0, 200.0, 400.0])
ACCURACY = np.array([10.0, 30.0, 20.0])
LOW, HIGH = np.array(100.0), np.array(400.0)


def test_the_frontier_is_the_mean_height_of_the_running_maximum_over_doublings() -> None:
    # From 100 to 200 it climbs from 10 to 30, from 200 to 400 it stays at 30.
    assert parse_objective("frontier")(COST, ACCURACY, LOW, HIGH) == pytest.approx((20 + 30) / 2)


def test_a_curve_that_begins_late_counts_nothing_before() -> None:
    late = parse_objective("frontier")(COST[1:], ACCURACY[1:], LOW, HIGH)
    assert late == pytest.approx(30 / 2)


def test_accuracy_is_that_of_the_best_beta_whatever_it_costs() -> None:
    assert parse_objective("accuracy")(COST, ACCURACY, LOW, HIGH) == 30


@pytest.mark.parametrize(("gamma", "best"), [("0", 30), ("15", 15), ("25", 10)])
def test_a_tradeoff_takes_points_for_every_doubling(gamma: str, best: float) -> None:
    assert parse_objective(f"tradeoff:{gamma}")(COST, ACCURACY, LOW, HIGH) == pytest.approx(best)


def test_objectives_value_many_curves_at_once() -> None:
    many = np.stack([ACCURACY, ACCURACY / 2])
    costs, ends = np.stack([COST, COST]), (np.full(2, 100.0), np.full(2, 400.0))
    for name in ("frontier", "accuracy", "tradeoff:1"):
        value = parse_objective(name)
        each = [float(value(COST, one, LOW, HIGH)) for one in many]
        assert value(costs, many, *ends) == pytest.approx(each)


@pytest.mark.parametrize("text", ["", "cost", "tradeoff", "tradeoff:", "tradeoff:-1", "tradeoff:x"])
def test_what_names_no_objective_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=f"--objective {text}"):
        parse_objective(text)
