from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.request.ranges import MAX_VALUES, parse_betas, parse_numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0:1:0.1", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("1,4,16,64", [1, 4, 16, 64]),
        ("1:4", [1, 2, 3, 4]),
        ("2:8:2", [2, 4, 6, 8]),
        ("0,0.5:1:0.25", [0, 0.5, 0.75, 1.0]),
        ("3:3", [3]),
        (" 1 , 2 ", [1, 2]),
        ("-2:0", [-2, -1, 0]),
        ("1e-3", [0.001]),
    ],
)
def test_numbers_are_parsed_as_written(text: str, found: list[float]) -> None:
    assert parse_numbers(text, f"--x {text}") == found


def test_whole_numbers_are_integers_and_others_are_not() -> None:
    assert [type(value) for value in parse_numbers("1,1.5,2:3,4:5:1.0", "--x")] == [
        int, float, int, int, float, float,
    ]  # fmt: skip


@given(first=st.integers(0, 50), steps=st.integers(0, 60), places=st.integers(1, 4))
def test_a_range_has_decimal_steps(first: int, steps: int, places: int) -> None:
    step = Decimal(1).scaleb(-places)
    last = first + steps * step
    written = [float(f"{first + index * step}") for index in range(steps + 1)]
    assert parse_numbers(f"{first}:{last}:{step}", "--x") == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "nothing is not a number"),
        ("a", "a is not a number"),
        ("1,,2", "nothing is not a number"),
        ("nan", "nan is not a number"),
        ("inf", "inf is not a number"),
        ("1e999", "1e999 is not a number"),
        ("1:0", "does not increase"),
        ("0:1:0", "does not increase"),
        ("0:1:-1", "does not increase"),
        ("0:1:1:1", "is not a range"),
        ("0:1:0.3", r"do not reach its end, 1; use a step of 0\.25 or 0\.5$"),
        ("1:10:4", r"do not reach its end, 10; use a step of 3 or 9$"),
        ("0:0.5", r"do not reach its end, 0\.5; use a step of 0\.5$"),
        ("0:1:", "nothing is not a number"),
        ("1,1.0", "holds 1.0 twice"),
        ("0:1:1e-9", "more than 10,000 values"),
        ("0:1e300", "more than 10,000 values"),
        ("0:9999,20000:29999", "more than 10,000 values"),
    ],
)
def test_invalid_number_lists_are_refused(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as error:
        parse_numbers(text, f"--x {text}")
    assert str(error.value).startswith(f"--x {text}: ")


def test_the_largest_allowed_list_is_accepted() -> None:
    assert len(parse_numbers(f"1:{MAX_VALUES}", "--x")) == MAX_VALUES


def test_beta_is_between_0_and_1() -> None:
    assert parse_betas("0,1") == [0.0, 1.0]
    assert str(parse_betas("-0.0")) == "[0.0]"
    with pytest.raises(InputError, match=r"got 1\.0000001"):
        parse_betas("1.0000001")
    with pytest.raises(InputError, match=r"--beta 0:1\.5:0\.5: .* got 1\.5"):
        parse_betas("0:1.5:0.5")
