"""The ablation without β: the same program, its knobs free between their ends."""

import pytest

from agents.evolution.starting_programs import free_schedule_knobs, load_seeds
from dsl.checker.symbols import free_knobs
from dsl.program import analyse_program, load_checked_program
from dsl.schedule import evaluate
from dsl.source import Source


@pytest.mark.parametrize("seed", load_seeds(), ids=lambda seed: seed.name)
def test_freed_knob_ranges_between_its_schedule_ends(seed: object) -> None:
    source = seed.source  # type: ignore[attr-defined]
    analysis = analyse_program(Source(free_schedule_knobs(source)))
    assert analysis.diagnostics == []
    result = analysis.checked
    assert result is not None
    assert not result.scheduled
    scheduled = load_checked_program(Source(source))
    assert list(free_knobs(result.program)) == list(evaluate(scheduled, 0.0))
    for beta in (0.0, 1.0):  # both ends lie in the range, or this raises
        ends = evaluate(scheduled, beta)
        assert evaluate(result, 0.0, ends) == ends


def test_freed_knobs_follow_those_that_were_free_before() -> None:
    text = (
        "controller c { knobs { m = 2 in 1..4 } schedule { rising n = round(1 + 7 * beta) }"
        " start { sample n + m } finally { answer winner(finished) else none } }"
    )
    result = load_checked_program(Source(free_schedule_knobs(text)))
    assert not result.scheduled
    assert evaluate(result, 0.0) == {"m": 2, "n": 4}


def test_program_without_schedule_is_unchanged() -> None:
    text = "controller c { start { sample 3 } finally { answer winner(finished) } }"
    assert free_schedule_knobs(text) == text
