"""Every published row comes out to the digit by the library's programs, compiled."""

import numpy as np
import pytest

from dsl import library
from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from harness.engines import ControllerSetting, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.episodes import compute_figures
from harness.mdp.hindsight import empty_hindsight
from tests.conftest import LoadEnvironment
from tests.harness.published_figures import PUBLISHED, SEQUENTIAL

SEEDS = range(100)


@pytest.fixture(scope="module")
def engine() -> CompiledEngine:
    return CompiledEngine(ObjectCache(), threads=1)


@pytest.mark.parametrize("model", PUBLISHED)
def test_all_published_rows_are_reproduced_exactly(
    load_released: LoadEnvironment, engine: CompiledEngine, model: str
) -> None:
    replay_environment = load_released(model)
    for row in PUBLISHED[model]:
        scheduled = row.controller == "cmc"
        setting = (
            ControllerSetting(row.setting)
            if scheduled
            else ControllerSetting(None, knobs_of(row.setting))
        )
        got = compute_figures(
            engine.play(program(row.controller), setting, replay_environment, SEEDS)
        )
        assert (got.accuracy, got.cost) == (row.accuracy, row.cost), row
        assert got.episodes == 3000


@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_are_reproduced(
    load_released: LoadEnvironment, engine: CompiledEngine, model: str
) -> None:
    got = [
        engine.play(
            program(name), ControllerSetting(None, knobs_of(64)), load_released(model), seeds
        )
        for name, seeds in (("sc", SEEDS), ("esc", SEEDS), ("parallel_probe", range(0, 100, 5)))
    ]
    thousands = tuple(round(compute_figures(episodes).sequential / 1000, 1) for episodes in got)
    assert thousands == tuple(SEQUENTIAL[model])


def knobs_of(branches: float) -> dict[str, int | float]:
    return {"n": int(branches)}


def program(name: str) -> CheckedProgram:
    return load_checked_program(library.load_source(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in library.NAMES if not library.load_entry(n).needs])
@pytest.mark.parametrize("model", PUBLISHED)
def test_both_engines_play_the_library_equally_line_by_line(
    load_released: LoadEnvironment, engine: CompiledEngine, model: str, name: str
) -> None:
    replay_environment, checked, setting = (
        load_released(model),
        program(name),
        ControllerSetting(0.4),
    )
    expected, got = empty_counts(checked.source), empty_counts(checked.source)
    traced, computed = (empty_hindsight(len(replay_environment.gold), 2) for _ in range(2))
    interpreted = InterpreterEngine().play(
        checked, setting, replay_environment, range(2), counts=expected, hindsight=traced
    )
    compiled = engine.play(
        checked, setting, replay_environment, range(2), counts=got, hindsight=computed
    )
    assert traced.total().tokens == compiled.tokens.sum()
    for one, other in zip(
        (*compiled, *got, *computed), (*interpreted, *expected, *traced), strict=True
    ):
        np.testing.assert_array_equal(one, other)
