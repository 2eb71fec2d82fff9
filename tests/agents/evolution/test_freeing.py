"""The ablation without β: the same program, its knobs free between their ends."""

import pytest

from agents.evolution.freeing import freed
from agents.evolution.starting import seeds
from dsl.checker.knobs import free_knobs
from dsl.program import analyse, load
from dsl.schedule import evaluate
from dsl.source import Source


@pytest.mark.parametrize("seed", seeds(), ids=lambda seed: seed.name)
def test_every_knob_is_free_between_its_values_at_both_ends(seed: object) -> None:
    source = seed.source  # type: ignore[attr-defined]
    analysis = analyse(Source(freed(source)))
    assert analysis.diagnostics == []
    found = analysis.checked
    assert found is not None
    assert not found.scheduled
    scheduled = load(Source(source))
    assert list(free_knobs(found.program)) == list(evaluate(scheduled, 0.0))
    for beta in (0.0, 1.0):  # both ends lie in the range, or this raises
        ends = evaluate(scheduled, beta)
        assert evaluate(found, 0.0, ends) == ends


def test_a_program_without_a_schedule_stays_as_it_is() -> None:
    text = "controller c { start { sample 3 } finally { answer winner(finished) } }"
    assert freed(text) == text
