import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.evaluation.frontier import accuracy_at, area, build_curve, cost_at

Points = list[tuple[int, float]]

POINTS = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(0, 20).map(lambda n: n / 20)),
    min_size=1,
    max_size=8,
)


def arrays(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([cost for cost, _ in points], float), np.array([acc for _, acc in points])


def height(points: Points, cost: float) -> float | None:
    """The curve by its definition, point by point; ``None`` left of it."""
    best = [(c, max(a for other, a in points if other <= c)) for c, _ in sorted(points)]
    left = [point for point in best if point[0] <= cost]
    right = [point for point in best if point[0] > cost]
    if not left:
        return None
    (c0, a0) = left[-1]
    if not right:
        return a0
    (c1, a1) = right[0]
    return a0 + (a1 - a0) * (math.log(cost) - math.log(c0)) / (math.log(c1) - math.log(c0))


@given(POINTS, st.integers(1, 10**6))
def test_the_curve_is_the_running_maximum_joined_in_the_logarithm(
    points: Points, cost: int
) -> None:
    result = float(accuracy_at(build_curve(*arrays(points)), np.array(float(cost))))
    expected = height(points, cost)
    cheapest = max(a for c, a in points if c == min(points)[0])
    assert result == pytest.approx(cheapest if expected is None else expected, abs=1e-9)


@given(POINTS, st.integers(0, 20).map(lambda n: n / 20))
def test_the_cost_of_an_accuracy_is_the_fewest_tokens_that_reach_it(
    points: Points, wanted: float
) -> None:
    result = float(cost_at(build_curve(*arrays(points)), np.array(wanted)))
    if wanted > max(accuracy for _, accuracy in points):
        assert result == math.inf
        return
    reached = height(points, result * (1 + 1e-9))
    assert reached is not None
    assert reached >= wanted - 1e-6
    before = height(points, result * (1 - 1e-6))
    assert before is None or before < wanted


@given(POINTS)
def test_the_cost_of_a_points_own_accuracy_is_never_above_its_own(points: Points) -> None:
    result = build_curve(*arrays(points))
    for cost, accuracy in points:
        assert round(float(cost_at(result, np.array(accuracy)))) <= cost


@given(POINTS, st.integers(1, 10**6), st.integers(1, 10**6))
def test_the_area_is_the_integral_over_the_logarithm(points: Points, one: int, other: int) -> None:
    low, high = sorted((one, other))
    result = float(area(build_curve(*arrays(points)), np.array(float(low)), np.array(float(high))))
    if low == high:
        assert math.isnan(result)
        return
    grid = np.exp(np.linspace(math.log(low), math.log(high), 2001)[:-1])
    heights = [height(points, cost) or 0.0 for cost in grid]
    # Each of at most 8 steps up is off by less than one of 2000 slices.
    assert result == pytest.approx(sum(heights) / 2000, abs=0.005)


def test_several_curves_are_evaluated_at_once() -> None:
    cost = np.array([[10.0, 100.0], [100.0, 10.0]])
    accuracy = np.array([[0.2, 0.4], [0.2, 0.4]])
    result = build_curve(cost, accuracy)
    assert accuracy_at(result, np.array([math.sqrt(1000), 50.0])) == pytest.approx([0.3, 0.4])
    assert cost_at(result, np.array([0.3, 0.3])) == pytest.approx([math.sqrt(1000), 10.0])
    assert area(result, np.full(2, 10.0), np.full(2, 100.0)) == pytest.approx([0.3, 0.4])


def test_of_points_that_cost_the_same_the_most_accurate_counts() -> None:
    result = build_curve(np.array([10.0, 10.0, 20.0]), np.array([0.1, 0.5, 0.3]))
    assert float(accuracy_at(result, np.array(10.0))) == 0.5
    assert float(cost_at(result, np.array(0.3))) == pytest.approx(10.0)


def test_an_area_left_of_the_cheapest_point_is_empty() -> None:
    result = build_curve(np.array([100.0]), np.array([0.5]))
    assert float(area(result, np.array(10.0), np.array(1000.0))) == pytest.approx(0.25)
    assert float(area(result, np.array(10.0), np.array(50.0))) == 0.0


def test_zero_tokens_count_as_one() -> None:
    result = build_curve(np.array([0.0, 100.0]), np.array([0.0, 1.0]))
    assert float(accuracy_at(result, np.array(10.0))) == pytest.approx(0.5)
    assert float(cost_at(result, np.array(0.0))) == pytest.approx(1.0)
