"""Quantiles: both engines' definitions agree to the last bit, and with NumPy's to rounding."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dsl.aggregates import median_reals, quantile_reals
from dsl.compiler import set_kernels
from dsl.compiler.kernel_types import Reals

reals = st.floats(allow_nan=False, allow_infinity=False)
parts = st.floats(-2, 3) | st.sampled_from([0.0, 0.25, 0.5, 1.0, -0.0])


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@given(st.lists(reals | st.sampled_from([0.0, -0.0, 1.0]), max_size=12), parts)
def test_kernel_and_interpreter_agree_to_the_last_bit(values: list[float], part: float) -> None:
    kernel = set_kernels.quantile(Reals(values), len(values), part)
    assert bits(kernel) == bits(quantile_reals(values, part))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12), st.floats(0, 1))
def test_quantile_is_that_of_numpy(values: list[float], part: float) -> None:
    expected = float(np.quantile(np.array(values), part))
    assert abs(quantile_reals(values, part) - expected) <= 1e-9 * max(map(abs, values))


@given(st.lists(reals, min_size=1, max_size=12), parts, parts)
def test_quantile_rises_with_the_part_and_stays_among_the_values(
    values: list[float], first: float, second: float
) -> None:
    low, high = sorted((first, second))
    assert min(values) <= quantile_reals(values, low) <= quantile_reals(values, high)
    assert quantile_reals(values, high) <= max(values)


@given(st.lists(reals, min_size=1, max_size=11).filter(lambda values: len(values) % 2 == 1))
def test_median_of_an_odd_number_of_values_is_one_of_them(values: list[float]) -> None:
    assert median_reals(values) == sorted(values)[len(values) // 2]
