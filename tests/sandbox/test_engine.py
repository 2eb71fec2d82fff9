"""The sandbox as an engine: the arrays of the other engines, from a controller in Python."""

import gc
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

from dsl import library
from dsl.program import load_checked_program
from harness.engines import ControllerSetting, EpisodeFailed, EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from harness.errors import InputError
from harness.mdp.environment import ReplayEnvironment
from sandbox.engine import SandboxEngine
from sandbox.host.container import ContainerWorkerLauncher
from sandbox.host.interfaces import WorkerLauncher
from sandbox.host.pool import EpisodeLimits
from sandbox.host.process import ProcessWorkerLauncher
from sandbox.library import NAMES, text
from sandbox.script import Script, read_script
from tests.conftest import LoadEnvironment
from tests.harness.random_environments import random_world
from tests.sandbox.playing import DECK, body

WORLD = ReplayEnvironment([DECK, DECK], ["7", "9"])


@pytest.fixture(params=range(6))
def odd_world(request: pytest.FixtureRequest) -> ReplayEnvironment:
    """Questions without chains, chains without probes, and all that is between."""
    random = Random(request.param)
    return random_world(lambda count: random.randrange(count))


@pytest.fixture
def engine() -> Iterator[SandboxEngine]:
    with SandboxEngine(ProcessWorkerLauncher(), terms=EpisodeLimits(held=5)) as engine:
        yield engine


def same(
    name: str,
    place: WorkerLauncher,
    replay_environment: ReplayEnvironment,
    setting: ControllerSetting,
    rules: EpisodeRules,
) -> None:
    """All arrays are those of the interpreter, but for the line, which is of another text."""
    seeds = range(5)
    scheduled = load_checked_program(library.load_source(name)).scheduled
    expected = InterpreterEngine().play(
        load_checked_program(library.load_source(name)),
        setting if scheduled else ControllerSetting(None),
        replay_environment,
        seeds,
        rules,
    )
    with SandboxEngine(place, workers=2, terms=EpisodeLimits(held=32)) as engine:
        script = Script(name, text(name))
        result = engine.play(script, setting, replay_environment, seeds, rules)
        again = engine.play(script, setting, replay_environment, seeds, rules)
    np.testing.assert_array_equal(result, again)
    for column, array in expected._asdict().items():
        if column != "line":
            np.testing.assert_array_equal(getattr(result, column), array)
    assert (result.line > 0).all()
    assert result.line.dtype == expected.line.dtype


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "rules", [EpisodeRules(), EpisodeRules(budget=100, probe_cost=3), EpisodeRules(budget=0)]
)
def test_the_arrays_are_those_of_the_interpreter(name: str, rules: EpisodeRules) -> None:
    same(name, ProcessWorkerLauncher(), WORLD, ControllerSetting(0.5), rules)


@pytest.mark.parametrize("name", NAMES)
def test_odd_recordings_give_the_same(name: str, odd_world: ReplayEnvironment) -> None:
    same(
        name,
        ProcessWorkerLauncher(),
        odd_world,
        ControllerSetting(1.0),
        EpisodeRules(budget=2000, probe_cost=1),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_released_recordings_give_the_same_in_a_process(
    name: str, load_released: LoadEnvironment
) -> None:
    same(
        name,
        ProcessWorkerLauncher(),
        load_released("Qwen3-0.6B"),
        ControllerSetting(1.0),
        EpisodeRules(),
    )


@pytest.mark.docker
@pytest.mark.parametrize("name", NAMES)
def test_the_arrays_in_containers_are_those_of_the_interpreter(
    name: str, place: ContainerWorkerLauncher
) -> None:
    same(name, place, WORLD, ControllerSetting(0.5), EpisodeRules(budget=100, probe_cost=3))


@pytest.mark.docker
@pytest.mark.parametrize("name", NAMES)
def test_released_recordings_give_the_same_in_containers(
    name: str, place: ContainerWorkerLauncher, load_released: LoadEnvironment
) -> None:
    same(name, place, load_released("Qwen3-0.6B"), ControllerSetting(1.0), EpisodeRules())


def test_a_failed_episode_is_reported_with_its_location(engine: SandboxEngine) -> None:
    code = "if episode.sample(1)[0].answer == '9':\n    1 // 0\nreturn '7'"
    with pytest.raises(InputError) as failed:
        engine.play(Script("mine.py", body(code)), ControllerSetting(), WORLD, range(4))
    message, _, where = failed.value.problem.partition(" (")
    assert message == "mine.py:3:9: raised: ZeroDivisionError: integer division or modulo by zero"
    assert where.startswith("question 1, seed ")


def test_a_script_that_the_policy_refuses_is_not_played(engine: SandboxEngine) -> None:
    with pytest.raises(InputError) as failed:
        engine.play(
            Script("mine.py", f"import os\n{body('pass')}"), ControllerSetting(), WORLD, [0]
        )
    assert failed.value.problem.startswith("mine.py:1:1: import of 'os' is not allowed")


def test_an_engine_plays_on_after_a_failure_and_after_another_controller(
    engine: SandboxEngine,
) -> None:
    good = Script("good.py", body("episode.sample(1)\nreturn '7'"))
    bad = Script("bad.py", body("episode.sample(1)\nreturn 7"))
    for _ in range(2):
        with pytest.raises(InputError):
            engine.play(bad, ControllerSetting(), WORLD, range(4))
        assert (engine.play(good, ControllerSetting(), WORLD, range(4)).tokens > 0).all()


def test_a_controller_in_python_has_no_knobs(engine: SandboxEngine) -> None:
    with pytest.raises(InputError, match="no knobs"):
        engine.play(Script("mine.py", body("pass")), ControllerSetting(None, {"n": 3}), WORLD, [0])


def test_a_file_is_read_and_checked_against_the_policy(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(body("return '7'"))
    assert read_script(path).text == body("return '7'")
    path.write_text("import os, sys\n")
    with pytest.raises(InputError) as failed:
        read_script(path)
    assert failed.value.problem.endswith("math, statistics are (and 2 more)")
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="is not UTF-8 at byte 0"):
        read_script(path)


def test_a_play_leaves_the_garbage_collector_as_it_was(engine: SandboxEngine) -> None:
    before = gc.get_threshold()
    engine.play(Script("mine", body("return '7'")), ControllerSetting(), WORLD, range(2))
    assert gc.get_threshold() == before
    with pytest.raises(EpisodeFailed):
        engine.play(Script("mine", body("return 7")), ControllerSetting(), WORLD, range(2))
    assert gc.get_threshold() == before
