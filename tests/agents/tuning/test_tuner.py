"""The tuner fits constants on what a round shows, and gives up what does not hold elsewhere."""

import pytest
from msgspec.structs import replace

from agents.search.arena import Arena
from agents.tuning import tuner
from agents.tuning.tuner import TuningResult, tune
from agents.variation import find_constants
from dsl.parser import parse
from dsl.program import analyse_program
from dsl.source import Source
from tests.agents.conftest import Opened

WASTEFUL = """\
controller wasteful "Never cheap" {
  schedule {
    rising n     = round(6 * pow(1.5, beta))
    rising level = 0.97 + 0.02 * beta
  }

  start { open n }

  step {
    advance active
    if confidence(finished) > level {
      answer winner(finished) because "sure"
    }
  }

  finally { answer winner(finished) else winner(alive) }
}
"""


def fit_wasteful(arena: Arena, number: int = 1, evaluations: int = 60) -> TuningResult:
    return tune(WASTEFUL, arena, number, seed=6, evaluations=evaluations)


def score(arena: Arena, source: str) -> float:
    measured = arena.play(source)
    assert not isinstance(measured, str)
    return arena.scorer.score_program(measured).score


def test_wasteful_constants_are_fitted(opened: Opened) -> None:
    with opened(count=2) as arena:
        fit = fit_wasteful(arena)
        assert fit.tuned is not None
        assert score(arena, fit.tuned.source) > score(arena, WASTEFUL)
    analysis = analyse_program(Source(fit.tuned.source))
    assert analysis.diagnostics == []  # directions are proved again
    assert set(fit.tuned.knobs) <= {"n", "level"}
    assert fit.tuned.knobs
    before, after = (parse(Source(text)).program for text in (WASTEFUL, fit.tuned.source))
    assert before is not None
    assert after is not None
    assert {constant.knob for constant in find_constants(after)} == {
        constant.knob for constant in find_constants(before)
    }
    assert replace(before, sections=()).name.text == replace(after, sections=()).name.text


def test_equal_seeds_give_equal_fits(opened: Opened) -> None:
    with opened(count=2) as arena:
        assert fit_wasteful(arena, evaluations=20) == fit_wasteful(arena, evaluations=20)


def test_fit_without_gain_on_the_withheld_part_is_discarded(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tuner._scores

    def contrary(arena: Arena, sources: list[str], shown: object, **more: bool) -> list[float]:
        result = real(arena, sources, shown, **more)  # type: ignore[arg-type]
        whole = len(shown.recordings) == 3  # type: ignore[attr-defined]
        return [-score for score in result] if whole else result

    with opened(count=3) as arena:
        assert [len(part.recordings) for part in arena.split(1)] == [2, 3]
        monkeypatch.setattr(tuner, "_scores", contrary)
        fit = fit_wasteful(arena)
    assert fit.tuned is None
    assert fit.says.endswith("on the withheld part: discarded")


def test_program_without_schedule_has_no_constants(opened: Opened) -> None:
    text = "controller c { start { sample 3 } finally { answer winner(finished) } }"
    with opened(count=1) as arena:
        fit = tune(text, arena, 1, seed=0, evaluations=20)
    assert fit == TuningResult(None, 0, "it has no constants to fit")


def test_fit_ends_when_out_of_time(opened: Opened) -> None:
    with opened(count=1) as arena:
        fit = tune(WASTEFUL, arena, 1, seed=0, evaluations=500, is_out_of_time=lambda: True)
    assert fit.evaluations <= 2
