"""The values of knobs for one β: meaning, clipping, settings and what is said of wrong ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import library
from dsl.operations import answer_number
from dsl.program import load_checked_program
from dsl.schedule import SettingsError, evaluate
from tests.dsl.schedules import typed

FREE = "n = 4 in 1..64 level = 0.95 in 0.5..1"
MOST = 2**63 - 1


def value(expression: str, beta: float = 0.5) -> int | float:
    return evaluate(typed(f"rising x = {expression}"), beta)["x"]


@pytest.mark.parametrize("beta", [0.0, 0.05, 0.1, 0.25, 0.35, 0.5, 0.65, 0.75, 0.9, 1.0])
def test_cmc_schedule_matches_python(beta: float) -> None:
    assert evaluate(load_checked_program(library.load_source("cmc")), beta) == {
        "n_init": max(2, round(2 + 6 * beta)),
        "width": min(64, round(4 + 60 * beta)),
        "warm_up": max(2, round(2 + 8 * beta)),
        "patience": max(3, round(3 + 9 * beta)),
        "span": max(2, round(2 + 6 * beta)),
        "alpha": round(0.70 - 0.40 * beta, 4),
        "level": round(0.85 + 0.12 * beta, 4),
        "slack": round(0.04 - 0.03 * beta, 4),
        "burst": max(1, round(1 + 2 * beta)),
        "widen": max(1, round(1 + 3 * beta)),
        "flat": round(0.04 - 0.03 * beta, 4),
        "quorum": max(2, round(2 + 3 * beta)),
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 4", 1),
        ("7 // 0", 0),
        ("7 % 0", 0),
        ("7 / 0", 0.0),
        ("7 / 2", 3.5),
        ("2 + 3 * 4", 14),
        ("2 + 0.5", 2.5),
        ("-(3)", -3),
        ("9223372036854775807 + 1", MOST),
        ("-9223372036854775807 - 2", -MOST - 1),
        ("9223372036854775807 * 2", MOST),
        ("1e308 * 10", 1.7976931348623157e308),
        ("-1e308 * 10", -1.7976931348623157e308),
        ("1e308 / 1e-10", 1.7976931348623157e308),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("round(2.675, 2)", 2.67),
        ("round(1234, -2)", 1200.0),
        ("round(1e300)", MOST),
        ("floor(-0.5)", -1),
        ("ceil(-0.5)", 0),
        ("floor(9223372036854775807)", MOST),
        ("abs(-3)", 3),
        ("abs(-0.5)", 0.5),
        ("sqrt(2.25)", 1.5),
        ("sqrt(-1)", 0.0),
        ("log(0)", 0.0),
        ("log(1)", 0.0),
        ("exp(0)", 1.0),
        ("exp(1e6)", 1.7976931348623157e308),
        ("pow(2, 10)", 1024.0),
        ("pow(-2, 3)", 0.0),
        ("beta_confidence(0, 0)", 0.5),
        ("clamp(9, 2, 4)", 4),
        ("clamp(1, 2, 4)", 2),
        ("min(3, 2, 1)", 1),
        ("max(3, 0.5)", 3.0),
        ("if beta >= 0.5 then 1 else 2.5", 1.0),
        ("if not true or 1 < 2 and 2 <= 2 then 1 else 0", 1),
        ('if "a" == "a" and "a" != none then 1 else 0', 1),
        # A real holds 53 bits, so that in real company this integer is its neighbour.
        ("if 9007199254740993 == 9007199254740992.0 then 1 else 0", 1),
    ],
)
def test_an_expression_has_the_value_and_the_type_that_the_language_gives_it(
    expression: str, expected: float
) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@given(st.floats(allow_nan=False))
def test_beta_is_clipped(beta: float) -> None:
    found = value("beta", beta)
    assert found == min(1.0, max(0.0, beta))
    assert math.copysign(1.0, found) == 1.0


def test_beta_may_be_an_integer() -> None:
    assert repr(value("beta", 1)) == "1.0"


@given(st.text() | st.none(), st.text() | st.none())
def test_answers_have_the_same_number_only_if_they_are_the_same(
    left: str | None, right: str | None
) -> None:
    assert (answer_number(left) == answer_number(right)) == (left == right)


def test_a_knob_sees_the_knobs_above_it_and_the_free_ones() -> None:
    checked = typed("rising a = n * beta", "rising b = a + level", knobs=FREE)
    assert evaluate(checked, 0.5) == {"n": 4, "level": 0.95, "a": 2.0, "b": 2.95}
    assert evaluate(checked, 0.5, {"n": 8})["b"] == 4.95


def test_free_knobs_come_first_and_in_their_order() -> None:
    checked = typed("rising a = beta", knobs=FREE)
    assert list(evaluate(checked, 1.0, {"level": 0.5})) == ["n", "level", "a"]


def test_a_real_knob_takes_an_integer_and_keeps_it_as_a_real() -> None:
    found = evaluate(typed("rising a = beta", knobs=FREE), 0.0, {"level": 1})["level"]
    assert repr(found) == "1.0"


def test_the_default_of_a_real_knob_is_real_even_if_it_is_written_as_an_integer() -> None:
    found = evaluate(typed("rising a = beta", knobs="s = 1 in 0..2.5"), 0.0)["s"]
    assert repr(found) == "1.0"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"levle": 0.9}, "`c` has no free knob `levle`; did you mean `level`?"),
        ({"burst": 2}, "`c` has no free knob `burst`; it has `n`, `level`"),
        ({"a": 2}, "`a` of `c` is computed from beta and cannot be set; set beta instead"),
        ({"n": 65}, "`n` takes an integer from 1 to 64, and 65 is not one"),
        ({"n": 4.0}, "`n` takes an integer from 1 to 64, and 4.0 is not one"),
        ({"n": True}, "`n` takes an integer from 1 to 64, and True is not one"),
        ({"level": 0.4}, "`level` takes a real number from 0.5 to 1, and 0.4 is not one"),
        ({"level": math.nan}, "`level` takes a real number from 0.5 to 1, and nan is not one"),
        ({"level": 10**400}, None),
    ],
)
def test_a_setting_that_cannot_be_used_is_reported(
    settings: dict[str, int | float], sentence: str | None
) -> None:
    checked = typed("rising a = beta", knobs=FREE)
    with pytest.raises(SettingsError) as caught:
        evaluate(checked, 0.5, settings)
    assert sentence is None or str(caught.value) == sentence
    assert caught.value.knob in settings


def test_a_controller_without_free_knobs_is_reported() -> None:
    with pytest.raises(SettingsError, match=r"^`cmc` has no free knobs, so `speed` cannot be set$"):
        evaluate(load_checked_program(library.load_source("cmc")), 0.5, {"speed": 1})


def test_a_beta_that_is_not_a_number_is_reported() -> None:
    with pytest.raises(
        SettingsError, match=r"^beta is not a number; expected a number from 0 to 1$"
    ):
        evaluate(typed("rising a = beta"), math.nan)
