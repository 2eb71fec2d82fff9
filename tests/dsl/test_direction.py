"""The rules of the direction proof one by one, and its soundness on random schedules."""

import math
from itertools import pairwise, product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dsl import library, numeric
from dsl.checker.schedule_directions import ProofOutcome, prove_directions
from dsl.checker.tendency import Tendency
from dsl.program import load_checked_program
from dsl.schedule import evaluate
from tests.dsl.schedules import KNOBS, expressions, typed, verdict_on

FREE = "n = 2 in 1..9 s = 0.5 in 0..1 z = 0 in -1..1"

PROVED = [
    "rising x = beta",
    "falling x = -beta",
    "rising x = 2 + 6 * beta",
    "falling x = 0.70 - 0.40 * beta",
    "rising x = beta - (1 - beta)",
    "rising x = beta * beta",
    "falling x = (1 - beta) * (1 - beta)",
    "rising x = (beta - 1) * (2 - beta)",
    "rising x = n * beta",
    "falling x = 1.0 - s * beta",
    "rising x = beta / n",
    "rising x = n / (2 - beta)",
    "falling x = 1 / (1 + beta)",
    "rising x = round(10 * beta) // 3",
    "falling x = 100 // round(1 + 10 * beta)",
    "rising x = round(3 * beta) % 4",
    "falling x = 7 % round(4 + 3 * beta)",
    "rising x = abs(1 + beta)",
    "falling x = abs(beta - 1)",
    "rising x = max(0.2, beta)",
    "falling x = min(1 - beta, 0.5)",
    "rising x = clamp(10 * beta, 2, 8)",
    "rising x = max(5, 1 - beta) + beta",
    "rising x = sqrt(beta)",
    "rising x = exp(beta)",
    "rising x = log(1 + beta)",
    "rising x = log(round(4 * beta))",
    "rising x = pow(beta, 0.5)",
    "rising x = pow(beta, n)",
    "falling x = pow(1 + beta, -2)",
    "rising x = pow(4, 2 * beta)",
    "falling x = pow(s, 2 * beta)",
    "falling x = pow(1 + beta, -beta)",
    "rising x = beta_confidence(round(4 * beta), 2)",
    "falling x = beta_confidence(3, round(4 * beta))",
    "rising x = round(beta, 2)",
    "rising x = floor(4 * beta) + ceil(3 * beta)",
    "rising x = if beta < 0.5 then 2 else 4",
    "falling x = if beta < 0.5 then 2 else 1",
    "rising x = if beta < 0.5 then 2 * beta else 4 * beta - 1",
    "rising x = if beta < 0.3 then 1 else if beta < 0.6 then 2 else 3",
    "rising x = if not (beta < 0.3) and beta > 0.2 then 2 else 1",
    "falling x = if beta < 0.3 or beta < 0.6 then 2 else 1",
    "rising x = if beta > 0.30010 and beta < 0.30011 then 2 else if beta <= 0.3001 then 1 else 3",
    "rising x = if beta >= s then 2 else 1",
    "rising x = if n == 2 then beta else 3 * beta",
    "rising x = if round(4 * beta) == 4 then 1 else 0",
    "falling x = if round(4 * beta) != 4 then 1 else 0",
    "rising x = max(0, beta - 0.5) * (beta - 0.5)",
    "rising x = if beta < 0.5 then 0.0 else (2 * beta - 1) * (2 * beta - 1)",
    "fixed x = 5",
    "fixed x = n * 2 + s",
    "fixed x = round(0.4 * beta)",
    "fixed x = 0 * beta",
    "fixed x = 0 // round(beta)",
    'fixed x = if "a" == "b" then beta else 3.0',
    'fixed x = if none == "" then beta else 3.0',
    "fixed x = min(1, 2 + beta)",
]


@pytest.mark.parametrize("line", PROVED)
def test_line_covered_by_a_rule_is_proved(line: str) -> None:
    verdict = verdict_on(line, knobs=FREE)
    wanted = {"rising": Tendency.RISING, "falling": Tendency.FALLING, "fixed": Tendency.CONSTANT}
    assert verdict.outcome is ProofOutcome.PROVED
    assert verdict.tendency is wanted[line.split()[0]]


REFUTED = [
    "falling x = beta",
    "fixed x = beta",
    "rising x = (2 * beta - 1) * (2 * beta - 1)",
    "rising x = 1 / (1 - beta)",
    "falling x = round(10 * beta) % 3",
    "rising x = abs(beta - 0.5)",
    "falling x = log(beta)",
    "rising x = log(beta)",
    "rising x = round(10 * beta) % 3",
    "rising x = 7 % round(1 + 10 * beta)",
    "rising x = 10 // round(2 * beta)",
    "falling x = 10 // round(2 * beta)",
    "rising x = pow(beta - 0.5, -2)",
    "rising x = pow(0.5, beta)",
    "rising x = if beta != 0.3 then 1 else 2",
    "rising x = if not (beta < 0.5) and beta < 0.7 then 2 else 1",
    "rising x = clamp(1, 2 - beta, 3)",
    "rising x = if beta < 0.5 then 4 else 3",
    "falling x = if beta > 0.30010 and beta < 0.30011 then 1 else 2",
    "rising x = z * beta",
    "rising x = if beta == 0.3 then 1 else 2",
    'fixed x = if (if beta < 0.5 then "a" else none) == none then 1 else 2',
]


@pytest.mark.parametrize("line", REFUTED)
def test_wrong_direction_is_refuted_with_evaluated_values(line: str) -> None:
    verdict = verdict_on(line, knobs=FREE)
    pair = verdict.counterexample
    assert verdict.outcome is ProofOutcome.REFUTED
    assert pair is not None
    checked = typed(line, knobs=FREE)
    assert pair.beta < pair.then
    assert evaluate(checked, pair.beta, pair.settings)["x"] == pair.before
    assert evaluate(checked, pair.then, pair.settings)["x"] == pair.after
    worse = {"rising": pair.before > pair.after, "falling": pair.before < pair.after}
    assert worse.get(line.split()[0], pair.before != pair.after)


NOT_PROVABLE = {
    "rising x = beta - beta * beta / 2": "beta - beta * beta / 2",
    "rising x = 1 + max(2 * beta, 3 * beta - beta * beta)": "3 * beta - beta * beta",
    "rising x = pow(3 - beta, beta)": "pow(3 - beta, beta)",
    "rising x = if n == 3 then -beta else beta": "if n == 3 then -beta else beta",
    "rising x = 7 % round(1 + 3 * beta)": "7 % round(1 + 3 * beta)",
    "rising x = if beta + n - n < 0.5 then n * beta else (n + 1) * beta": (
        "if beta + n - n < 0.5 then n * beta else (n + 1) * beta"
    ),
}


@pytest.mark.parametrize(("line", "smallest"), NOT_PROVABLE.items())
def test_unproved_line_names_its_smallest_expression(line: str, smallest: str) -> None:
    verdict = verdict_on(line, knobs=FREE)
    assert verdict.outcome is ProofOutcome.NOT_PROVABLE
    assert verdict.obstacle is not None
    start = line.index(smallest)
    offset = verdict.line.span.start
    assert verdict.obstacle.node.span == (offset + start, offset + start + len(smallest))


def test_proof_of_a_knob_is_used_by_dependent_knobs() -> None:
    assert verdict_on("falling a = 1 - beta", "rising b = 3 - 2 * a").outcome is ProofOutcome.PROVED
    follower = verdict_on("rising a = beta - beta * beta / 2", "rising b = a + 1")
    assert follower.outcome is ProofOutcome.NOT_PROVABLE
    assert follower.obstacle is not None
    assert follower.obstacle.problem == "`a` is not proved"


def test_clamped_unproved_knob_does_not_block_a_proof() -> None:
    verdict = verdict_on("rising a = beta - beta * beta / 2", "fixed b = max(a, 2)")
    assert verdict.outcome is ProofOutcome.PROVED


def test_bounds_hold_for_every_setting_of_the_free_knobs() -> None:
    verdict = verdict_on("rising x = n * beta", knobs="n = 4 in 1..64")
    assert (verdict.low, verdict.high) == (0.0, 64.0)


def test_bounds_match_the_values() -> None:
    verdict = verdict_on("rising width = min(64, round(4 + 60 * beta))")
    assert (verdict.low, verdict.high) == (4, 64)
    assert isinstance(verdict.high, int)


@pytest.mark.parametrize("name", library.NAMES)
def test_every_schedule_of_the_library_is_proved(name: str) -> None:
    checked = load_checked_program(library.load_source(name))
    found = prove_directions(checked.program, checked.types)
    assert [verdict.outcome for verdict in found] == [ProofOutcome.PROVED] * len(found)
    assert len(found) == 12 or name != "cmc"


DENSE = sorted({*(k / 61 for k in range(62)), 0.1, 0.3, 0.4, 0.5, 0.6, 0.9})
SETTINGS = list(product((-1, 0, 1, 2, 3), (0.25, 0.5, 2.0)))


def _contradiction(line: str, betas: list[float], free: tuple[int, float]) -> str | None:
    """How a value that a run sees contradicts the verdict on a line."""
    verdict = verdict_on(line, knobs=KNOBS)
    checked = typed(line, knobs=KNOBS)
    near = [math.nextafter(beta, end) for beta in betas for end in (0.0, 1.0)]
    tried = sorted({*DENSE, *betas, *near})
    values = [evaluate(checked, beta, dict(zip("np", free, strict=True)))["x"] for beta in tried]
    if not all(verdict.low <= value <= verdict.high for value in values):
        return f"outside of {verdict.low} to {verdict.high}"
    pair = verdict.counterexample
    if pair is not None:
        seen = [evaluate(checked, beta, pair.settings)["x"] for beta in (pair.beta, pair.then)]
        return None if seen == [pair.before, pair.after] and seen[0] != seen[1] else "no witness"
    if verdict.outcome is ProofOutcome.NOT_PROVABLE:
        return None if verdict.obstacle is not None else "no obstacle"
    falls = any(before > after for before, after in pairwise(values))
    rises = any(before < after for before, after in pairwise(values))
    if rises and verdict.tendency is not Tendency.RISING:
        return "it rises"
    return "it falls" if falls and verdict.tendency is not Tendency.FALLING else None


LINES = st.tuples(st.sampled_from(["rising", "falling", "fixed"]), expressions()).map(" x = ".join)
BETAS = st.lists(st.floats(0, 1), max_size=8)
BY_PRODUCTS_AND_BY_EXP = ("rising x = pow(4, 2 * beta)", [0.5], (1, 0.5))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES, BETAS, st.sampled_from(SETTINGS))
@example(*BY_PRODUCTS_AND_BY_EXP)
def test_a_verdict_is_never_contradicted_by_a_value(
    line: str, betas: list[float], free: tuple[int, float]
) -> None:
    assert _contradiction(line, betas, free) is None


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES, BETAS, st.sampled_from(SETTINGS))
def test_no_verdict_is_contradicted_by_sampling(
    line: str, betas: list[float], free: tuple[int, float]
) -> None:
    assert _contradiction(line, betas, free) is None


@given(st.floats(-800, 800), st.floats(0.01, 50) | st.sampled_from([1.0, 2.0, 3.5]))
@example(1.0, 4.0)
@example(-2.0, 0.3)
def test_the_functions_that_rules_rely_on_keep_order_between_neighbours(
    x: float, base: float
) -> None:
    neighbours = list(pairwise([math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]))
    for lower, upper in neighbours:
        assert numeric.exp_real(lower) <= numeric.exp_real(upper)
        assert lower <= 0 or numeric.log_real(lower) <= numeric.log_real(upper)
        powers = numeric.pow_real(base, lower), numeric.pow_real(base, upper)
        assert powers[0] <= powers[1] if base >= 1 else powers[0] >= powers[1]
        assert numeric.pow_real(lower, base) <= numeric.pow_real(upper, base)
