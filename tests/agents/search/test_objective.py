"""Objectives by their definitions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.run.user_profiles import UserProfile, load_profiles
from agents.search.objective import (
    POINTS_PER_DOUBLING,
    CurvePoints,
    MeetObjective,
    PriceOptions,
    ReferenceCurves,
    describe_objective,
    measure_savings,
    parse_objective,
)
from harness.errors import InputError


def points(cost: list[float], accuracy: list[float], sequential: float = 10.0) -> CurvePoints:
    columns = np.array(cost, float), np.array(accuracy, float)
    return CurvePoints(*columns, np.full(len(cost), sequential))


CURVE = points([100, 200, 400], [10, 30, 20])
BASELINES = points([100, 400], [6, 6])
REFERENCES = ReferenceCurves(BASELINES, 100.0, 400.0)
TOKENS = PriceOptions()


def value(
    objective: str,
    curve: CurvePoints = CURVE,
    references: ReferenceCurves = REFERENCES,
    prices: PriceOptions = TOKENS,
) -> float:
    return float(parse_objective(objective)(curve, references, prices))


def test_frontier_is_the_mean_height_of_the_running_maximum_over_doublings() -> None:
    # From 100 to 200 it climbs from 10 to 30, from 200 to 400 it stays at 30.
    assert value("frontier") == pytest.approx((20 + 30) / 2)


def test_baselines_count_below_the_first_point_of_a_curve() -> None:
    assert value("frontier", points([200, 400], [30, 20])) == pytest.approx((6 + 30) / 2)


def test_a_curve_outside_of_the_range_counts_only_inside() -> None:
    assert value("frontier", points([800], [90])) == pytest.approx(6)
    assert value("frontier", points([50], [90])) == pytest.approx(90)


def test_points_that_take_too_long_add_nothing() -> None:
    slow = CurvePoints(CURVE.cost, CURVE.accuracy, np.array([10.0, 90.0, 10.0]))
    prices = PriceOptions(max_sequential=50)
    assert value("frontier", slow, prices=prices) == pytest.approx((10 + 20) / 2)
    assert value("accuracy", slow, prices=prices) == 20
    assert value("frontier", points([100], [90], 90), prices=prices) == pytest.approx(6)


def test_a_latency_weight_blends_tokens_and_sequential_tokens_geometrically() -> None:
    curve = CurvePoints(np.array([100.0]), np.array([50.0]), np.array([25.0]))
    assert PriceOptions(latency=0.5).price(curve) == pytest.approx([50.0])
    assert PriceOptions(latency=1.0).price(curve) == pytest.approx([25.0])
    assert PriceOptions().price(curve) == pytest.approx([100.0])


RISING = points([100, 200, 400], [10, 20, 30])
RISING_REFERENCES = ReferenceCurves(RISING, 100.0, 400.0)


def savings(curve: CurvePoints, prices: PriceOptions = TOKENS) -> float:
    return measure_savings(curve, RISING_REFERENCES, prices)


def test_the_baselines_save_nothing_against_themselves() -> None:
    assert savings(RISING) == pytest.approx(0, abs=1e-6)


def test_a_curve_at_half_the_price_saves_a_doubling_up_to_the_best_baseline() -> None:
    # From 200 on it stays at 30, for which the baselines need 400.
    assert savings(points([50, 100, 200], [10, 20, 30])) == pytest.approx(0.75, abs=0.01)


def test_accuracy_above_the_best_baseline_counts_by_points_a_doubling() -> None:
    expected = 1 + 1 / POINTS_PER_DOUBLING
    assert savings(points([100], [31])) == pytest.approx(expected, abs=0.01)


def test_where_baselines_are_flat_accuracy_counts_by_points_a_doubling() -> None:
    flat = ReferenceCurves(points([100, 200, 400], [10, 10.1, 10.2]), 100.0, 400.0)
    expected = 0.1 / POINTS_PER_DOUBLING  # on average, 0.1 points above the baselines
    assert measure_savings(points([100], [10.2]), flat, TOKENS) == pytest.approx(expected, abs=0.01)


def test_accuracy_below_the_baselines_costs_doublings() -> None:
    assert savings(points([100, 200, 400], [10, 10, 20])) == pytest.approx(-0.75, abs=0.01)


def test_below_its_first_point_a_curve_saves_nothing() -> None:
    assert savings(points([200, 400], [20, 30])) == pytest.approx(0, abs=0.01)


def test_points_that_take_too_long_save_nothing_and_have_no_price() -> None:
    prices = PriceOptions(max_sequential=50)
    slow = points([50, 100, 200], [10, 20, 30], sequential=90)
    assert savings(slow, prices) == pytest.approx(0, abs=0.01)
    assert np.isinf(prices.price_usable(slow)).all()
    assert np.isfinite(prices.price_usable(RISING)).all()


def test_accuracy_is_that_of_the_best_beta_whatever_it_costs() -> None:
    assert value("accuracy") == 30


@pytest.mark.parametrize(("gamma", "best"), [("0", 30), ("15", 15), ("25", 10)])
def test_a_tradeoff_takes_points_for_every_doubling(gamma: str, best: float) -> None:
    assert value(f"tradeoff:{gamma}") == pytest.approx(best)


def test_tokens_at_is_the_percentage_saved_at_the_accuracies_of_a_reference() -> None:
    target = points([400, 800], [10, 30])
    saved = value("tokens-at:cmc", references=REFERENCES._replace(target=target))
    assert saved == pytest.approx(75)  # 100 of 400 and 200 of 800 tokens


def test_tokens_at_doubles_the_price_for_each_point_that_is_missed() -> None:
    target = points([800], [32])
    saved = value("tokens-at:cmc", references=REFERENCES._replace(target=target))
    assert saved == pytest.approx(100 * (1 - 4))


def test_meet_is_the_percentage_of_profiles_that_some_point_meets(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    path.write_text(
        "usd_per_million_tokens = 1000.0\n"
        '[[profiles]]\nname = "frugal"\naccuracy = 25.0\nusd = 0.3\n'
        '[[profiles]]\nname = "hasty"\naccuracy = 25.0\ntokens = 150\n'
    )
    assert value(f"meet:{path}") == pytest.approx(50 + 0.01 * 25)


def test_points_that_take_too_long_meet_no_profile(tmp_path: Path) -> None:
    path = tmp_path / "users.toml"
    path.write_text('[[profiles]]\nname = "any"\naccuracy = 25.0\n')
    slow = CurvePoints(CURVE.cost, CURVE.accuracy, np.full(3, 90.0))
    assert value(f"meet:{path}", slow) > 100
    assert value(f"meet:{path}", slow, prices=PriceOptions(max_sequential=50)) < 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "contains no profile|not a file of profiles"),
        ("profiles = []", "contains no profile"),
        ('[[profiles]]\nname = "a"', "has no limit"),
        ('[[profiles]]\nname = "a"\ntokens = -1', "below 0"),
        ('[[profiles]]\nname = "a"\nusd = 1.0', "usd_per_million_tokens"),
        ('[[profiles]]\nname = "a"\nspeed = 1', "not a file of profiles"),
        (
            '[[profiles]]\nname = "a"\ntokens = 1\n[[profiles]]\nname = "a"\ntokens = 2',
            "two profiles",
        ),
    ],
)
def test_an_unusable_file_of_profiles_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "users.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        load_profiles(path)


def test_profiles_are_read_from_json_as_well(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_text('{"profiles": [{"name": "a", "tokens": 5}]}')
    assert load_profiles(path) == [UserProfile(name="a", tokens=5)]


def test_objectives_score_many_curves_at_once() -> None:
    target = points([400, 800], [10, 40])
    many = [CURVE, points([100, 200, 400], [5, 15, 10])]
    stacked = CurvePoints(*(np.stack(columns) for columns in zip(*many, strict=True)))
    both = ReferenceCurves(
        CurvePoints(*(np.stack([baseline, baseline]) for baseline in BASELINES)), 100.0, 400.0,
        CurvePoints(*(np.stack([row, row]) for row in target)),
    )  # fmt: skip
    for name in ("frontier", "accuracy", "tradeoff:1", "tokens-at:cmc"):
        values = [value(name, one, REFERENCES._replace(target=target)) for one in many]
        assert parse_objective(name)(stacked, both, PriceOptions()) == pytest.approx(values)


@pytest.mark.parametrize(
    "text",
    ["", "cost", "tradeoff", "tradeoff:", "tradeoff:-1", "tradeoff:x", "meet:", "tokens-at:"],
)
def test_an_unknown_objective_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=f"--objective {text}"):
        parse_objective(text)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=4),
    st.none() | st.floats(0, 100),
    st.none() | st.floats(0, 500),
    st.none() | st.floats(0, 20),
)
def test_reports_and_the_objective_agree_on_what_a_profile_allows(
    accuracies: list[float], least: float | None, tokens: float | None, sequential: float | None
) -> None:
    profile = UserProfile(name="a", accuracy=least, tokens=tokens, sequential=sequential)
    curve = points([100.0 * (index + 1) for index in range(len(accuracies))], accuracies)
    met = MeetObjective([profile])(curve, REFERENCES, TOKENS) >= 100
    allowed = [
        bool(profile.find_met(accuracy, cost, 10.0))
        for accuracy, cost in zip(curve.accuracy, curve.cost, strict=True)
    ]
    assert bool(met) is any(allowed)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("frontier", "below the price of its first point"),
        ("tokens-at:cmc", "the price of cmc that is saved at its accuracies"),
        ("meet:users.toml", "the user profiles of users.toml whose limits"),
        ("accuracy", "the best accuracy of any point, whatever it costs"),
        ("tradeoff:2.5", "its accuracy minus 2.5 points for every doubling"),
    ],
)
def test_every_objective_is_described(name: str, phrase: str) -> None:
    assert phrase in describe_objective(name)
