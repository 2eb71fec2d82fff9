"""The compiled engine is the interpreter, to the last bit: programs and recordings at random."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl import tree
from dsl.builtins import ATTRIBUTES, FUNCTIONS, SETS, VALUES
from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from dsl.source import Source
from dsl.traversal import walk
from harness.engines import ControllerSetting, EpisodeRules, empty_counts
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.hindsight import empty_hindsight
from tests.dsl.typed_programs import seeded_program, typed_programs
from tests.harness.random_environments import random_world

SEEDS = (0, 1, 7, 2**64 - 1)

FEW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
MANY = settings(FEW, max_examples=150)

settings_of_knobs = st.builds(
    ControllerSetting,
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([{}, {"kn": 2}, {"kr": 1.25}]),
)
rules = st.builds(
    EpisodeRules, st.none() | st.integers(0, 4000), st.sampled_from([0, 0, 1, 100, 701])
)


@st.composite
def worlds(draw: st.DrawFn) -> ReplayEnvironment:
    """A small recording with every signal."""
    random = draw(st.randoms(use_true_random=False))
    return random_world(lambda count: random.randrange(count))


def check(
    text: str,
    replay_environment: ReplayEnvironment,
    setting: ControllerSetting,
    rule: EpisodeRules,
    *,
    counting: bool,
    hindsight: bool,
) -> None:
    checked = load_checked_program(Source(text))
    expected, got = (empty_counts(checked.source) if counting else None for _ in range(2))
    questions = len(replay_environment.branch_pools)
    traced, computed = (
        empty_hindsight(questions, len(SEEDS)) if hindsight else None for _ in range(2)
    )
    interpreted = InterpreterEngine().play(
        checked, setting, replay_environment, SEEDS, rule, expected, traced
    )
    compiled = CompiledEngine(ObjectCache(), threads=1).play(
        checked, setting, replay_environment, SEEDS, rule, got, computed
    )
    for name, values in interpreted._asdict().items():
        np.testing.assert_array_equal(getattr(compiled, name), values, name)
    if expected is not None and got is not None:
        np.testing.assert_array_equal(got.runs, expected.runs, "runs of lines")
        np.testing.assert_array_equal(got.tokens, expected.tokens, "tokens of lines")
    if traced is not None and computed is not None:
        for name, values in traced._asdict().items():
            np.testing.assert_array_equal(getattr(computed, name), values, name)


@pytest.mark.parametrize("counting", [True, False], ids=["profiled", "plain"])
@FEW
@given(typed_programs, worlds(), settings_of_knobs, rules)
@pytest.mark.slow
def test_compiled_programs_play_as_the_interpreter_does(
    counting: bool,
    text: str,
    replay_environment: ReplayEnvironment,
    setting: ControllerSetting,
    rule: EpisodeRules,
) -> None:
    check(text, replay_environment, setting, rule, counting=counting, hindsight=counting)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@MANY
@given(typed_programs, worlds(), settings_of_knobs, rules, st.booleans(), st.booleans())
def test_many_compiled_programs_play_as_the_interpreter_does(
    text: str,
    replay_environment: ReplayEnvironment,
    setting: ControllerSetting,
    rule: EpisodeRules,
    counting: bool,
    hindsight: bool,
) -> None:
    check(text, replay_environment, setting, rule, counting=counting, hindsight=hindsight)


@pytest.mark.slow
def test_the_programs_hold_every_construct_of_the_language() -> None:
    result: set[Any] = set()
    for seed in range(400):
        result |= constructs(load_checked_program(Source(seeded_program(seed))))
    kinds = {
        kind
        for kind in vars(tree).values()
        if isinstance(kind, type) and issubclass(kind, tree.Node) and kind is not tree.Node
    }
    words = {*FUNCTIONS, *SETS, *VALUES, *ATTRIBUTES}
    signs = {"+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "not"}
    assert kinds | words | signs <= result


def constructs(checked: CheckedProgram) -> set[Any]:
    """The kinds of nodes of a program, its built-in words and its operators."""
    result: set[Any] = set()
    for node in walk(checked.program):
        result.add(type(node))
        match node:
            case tree.Call():
                result.add(node.function.text)
            case tree.Name() | tree.Field():
                result.add(node.text)
            case tree.Unary() | tree.Binary():
                result.add(node.operator)
    return result
