"""Votes that calls of a compiled program share are those that the interpreter counts each time."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from tests.harness.random_environments import random_world

PROGRAM = """controller voting {{
  memory {{ k = 0 found = 0.0 best = none recent = window(3) }}
  each branch {{ .w = 0.5 .x = 0 }}
  start {{ open 4 }}
  step at most 9 {{
    let part = alive where .x < 2
    {statements}
    advance active
  }}
  finally {{
    if found > 4 {{ answer best else "A" }}
    answer winner(alive, weight = .w) else winner(alive) else none
  }}
}}"""

SETS = (
    "alive", "opened", "active", "pruned", "part", "finished", "opened where .w > 0.6",
    "alive where .x == k", 'opened where .answer != "A" and .x < count(alive)', "first 2 of alive",
    "alive by -.x", "alive once .answer", "opened where .age > 1",
    "alive where .w > newest(recent)",
    "if k > 1 then active else opened", "(alive where .answer != winner(alive)) except pruned",
)  # fmt: skip
REALS = (
    "share({0}{1})", "margin({0}{1})", "entropy({0}{1})", "confidence({0}{1})",
    "votes({0}{1})", "total({0}{1})", "distinct({0})",
    "share({0}, best{1})", "votes({0}, winner({0}{1}){1})",
)  # fmt: skip
ANSWERS = ("winner({0}{1})", "winner({0})", "runner_up({0}{1})")
STATEMENTS = (
    "found = 0.5 * found + {real}",
    "found = found + mean({real} * .x of opened)",
    "best = {answer}",
    "k = (k + 1) % 3",
    "push {real} onto recent",
    "update alive {{ .w = .w * 0.9 + share({set}, .answer) }}",
    "update active {{ .x = if .answer == {answer} then 0 else .x + 1 }}",
    "prune first k of (active where .answer != {answer})",
    "prune active where .x > 3",
    "advance {set}",
    "extend {set} for (if .answer == {answer} then 2 else 1)",
    "probe active where .x > 0",
    "open 1",
    "if {real} > found {{ best = {answer} found = {real} }} else {{ prune first 1 of active }}",
    "if {answer} == best {{ found = found + {real} }}",
)


@st.composite
def voting_programs(draw: st.DrawFn) -> str:
    """A program that counts the votes of few sets often, and changes branches in between."""
    sets = draw(st.lists(st.sampled_from(SETS), min_size=1, max_size=2))
    weights = draw(st.sampled_from([("",), ("", ", weight = .w"), (", weight = .w + .depth",)]))

    def filled(text: str) -> str:
        return text.format(draw(st.sampled_from(sets)), draw(st.sampled_from(weights)))

    statements = []
    for text in draw(st.lists(st.sampled_from(STATEMENTS), min_size=3, max_size=8)):
        real, answer = (filled(draw(st.sampled_from(texts))) for texts in (REALS, ANSWERS))
        branches = f"({draw(st.sampled_from(sets))})"
        statements.append(text.format(real=real, answer=answer, set=branches))
    return PROGRAM.format(statements="\n    ".join(statements))


def check(checked: CheckedProgram, world: int, rules: EpisodeRules) -> None:
    environment = random_world(Random(world).randrange)
    setting, seeds = ControllerSetting(0.5), (0, 1, 2)
    expected = InterpreterEngine().play(checked, setting, environment, seeds, rules)
    engine = CompiledEngine(ObjectCache(), threads=1)
    # Twice, since the memory of votes stays with the engine.
    for _ in range(2):
        played = engine.play(checked, setting, environment, seeds, rules)
        for name, values in expected._asdict().items():
            np.testing.assert_array_equal(getattr(played, name), values, name)


budgets = st.sampled_from([None, None, 700, 2500])


@given(voting_programs(), st.integers(0, 99), budgets)
@settings(deadline=None)
def test_shared_votes_are_those_that_each_call_would_count(
    text: str, world: int, budget: int | None
) -> None:
    check(load_checked_program(Source(text)), world, EpisodeRules(budget))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(voting_programs(), st.integers(0, 99), budgets)
@settings(deadline=None, max_examples=200)
def test_many_shared_votes_are_those_that_each_call_would_count(
    text: str, world: int, budget: int | None
) -> None:
    check(load_checked_program(Source(text)), world, EpisodeRules(budget))
