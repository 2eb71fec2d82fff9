"""The numbers of a program as points that can be moved, and lines that are proved."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.variation import ScheduleConstant, find_constants, generate, with_constants
from agents.variation.curves import round_significant
from dsl.formatter import print_tree
from dsl.program import load_checked_program
from dsl.schedule import evaluate
from dsl.source import Source
from tests.agents.variation.programs import collect_diagnostics, load_written_programs, program

integers = st.integers(0, 200).map(float)
reals = st.floats(0.0, 20.0, allow_subnormal=False).map(lambda value: round(value, 3))

FEW = settings(max_examples=15)

SHAPES = [
    "fixed n = 5",
    "rising n = round(4 + 28 * beta)",
    "falling n = round(12 - 8 * beta)",
    "rising n = round(4 * pow(8, beta))",
    "falling n = round(32 * pow(0.125, beta))",
]
REAL_SHAPES = [
    "fixed n = 0.5",
    "rising n = 0.7 + 0.25 * beta",
    "falling n = 0.9 - 0.2 * beta",
    "rising n = 0.05 * pow(10, beta)",
    "falling n = 0.5 * pow(0.2, beta)",
]


def scheduled(line: str) -> str:
    test = "share(alive) >= n"
    return (
        f"controller c {{ schedule {{ {line} }} start {{ open 9 }}"
        f" step {{ advance active if {test} {{ stop }} }} finally {{ answer winner(alive) }} }}"
    )


def moved(text: str, ends: tuple[float, float]) -> str:
    return print_tree(with_constants(program(text), {"n": ends}))


def only(text: str) -> ScheduleConstant:
    (constant,) = find_constants(program(text))
    return constant


@pytest.mark.parametrize("line", SHAPES)
@FEW
@given(integers, integers)
def test_integer_constants_round_trip(line: str, low: float, high: float) -> None:
    text = moved(scheduled(line), (low, high))
    constant = only(text)
    assert (constant.at_zero, constant.at_one) == (low, high)
    checked = load_checked_program(Source(text))
    assert [evaluate(checked, beta)["n"] for beta in (0.0, 1.0)] == [low, high]
    assert collect_diagnostics(program(text)) == []


@pytest.mark.parametrize("line", REAL_SHAPES)
@FEW
@given(reals, reals)
def test_real_constants_round_trip_to_four_digits(line: str, low: float, high: float) -> None:
    text = moved(scheduled(line), (low, high))
    constant = only(text)
    assert (constant.at_zero, constant.at_one) == (round_significant(low), round_significant(high))
    assert collect_diagnostics(program(text)) == []


@pytest.mark.parametrize("line", SHAPES + REAL_SHAPES)
def test_canonical_line_round_trips(line: str) -> None:
    text = scheduled(line)
    constant = only(text)
    assert moved(text, (constant.at_zero, constant.at_one)) == print_tree(program(text))


def test_directions_follow_the_values() -> None:
    text = scheduled("rising n = round(4 + 28 * beta)")
    assert "falling n = round(9 - 6 * beta)" in moved(text, (9, 3))
    assert "fixed n = 7" in moved(text, (7, 7))
    assert "rising n = round(8 * beta)" in moved(text, (0, 8))
    assert "rising n = round(3 + beta)" in moved(text, (3, 4))


@pytest.mark.parametrize(
    "line",
    [
        "rising n = max(2, round(2 + 6 * beta))",
        "rising n = min(64, round(4 + 60 * beta))",
        "rising n = 2 + floor(6 * beta + 0.5)",
    ],
)
def test_line_with_the_values_of_a_curve_is_a_constant(line: str) -> None:
    constant = only(scheduled(line))
    assert constant.integer
    assert constant.at_zero < constant.at_one


@pytest.mark.parametrize(
    "line",
    ["rising n = max(20, round(4 + 28 * beta))", "rising n = if beta > 0.5 then 9 else 2"],
)
def test_line_that_is_no_curve_is_not_a_constant(line: str) -> None:
    text = scheduled(line)
    assert find_constants(program(text)) == []
    assert moved(text, (1, 2)) == print_tree(program(text))


def test_bounds_follow_from_the_uses_of_a_knob() -> None:
    constants = {
        constant.knob: constant
        for constant in find_constants(load_written_programs()["library cmc"])
    }
    assert list(constants) == [
        "n_init", "width", "warm_up", "patience", "span", "alpha", "level", "slack", "burst",
        "widen", "flat", "quorum",
    ]  # fmt: skip
    assert (constants["width"].low, constants["width"].high, constants["width"].logarithmic) == (
        1,
        128,
        True,
    )
    assert (constants["level"].low, constants["level"].high, constants["level"].logarithmic) == (
        0,
        1,
        False,
    )
    assert (constants["patience"].low, constants["patience"].high) == (1, 64)
    assert constants["burst"].high == 16
    assert constants["span"].low == 2
    assert constants["slack"].logarithmic
    assert constants["slack"].high <= 0.5


def test_every_constant_is_within_its_bounds() -> None:
    pool = [*load_written_programs().values(), *(generate(Random(seed)) for seed in range(40))]
    for item in [constant for result in pool for constant in find_constants(result)]:
        assert item.low <= item.at_zero <= item.high
        assert item.low <= item.at_one <= item.high
        assert item.low > 0 or not item.logarithmic


def test_random_values_within_bounds_give_sound_programs() -> None:
    random = Random(9)
    for seed in range(25):
        sample = generate(random)
        ends = {
            constant.knob: (
                random.uniform(constant.low, constant.high),
                random.uniform(constant.low, constant.high),
            )
            for constant in find_constants(sample)
        }
        assert ends, seed
        assert collect_diagnostics(with_constants(sample, ends)) == []


def test_every_number_of_a_random_program_is_a_constant() -> None:
    for seed in range(40):
        sample = generate(Random(seed))
        text = print_tree(sample)
        assert "knobs {" not in text
        assert len(find_constants(sample)) == text.count("rising ") + text.count(
            "falling "
        ) + text.count("fixed ")
