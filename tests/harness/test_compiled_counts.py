"""Counts of branches that are made of vectors are those of the interpreter."""

from random import Random

import numpy as np
import pytest

from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import BranchPool, ReplayChain

SETS = ("opened", "alive", "active", "finished", "pruned", "few", "alive where .whole > 1")
CONDITIONS = (
    ".depth >= least", ".finished or .depth >= steps", "not .pruned and .streak < 2",
    ".answer == winner(opened)", '.answer != "A"', ".answer == none", ".index > .whole",
    ".real < level", ".real >= .whole", ".real > .depth", ".flag", ".flag == .finished",
    ".kept == .answer", ".changes <= count(finished)", ".tokens > 300",
    "(.flag or .real > 0.5) and not (.index == k)", ".age > 1", ".whole + .depth > 3",
    "rank(.real of alive) < 3",
)  # fmt: skip
PROGRAM = """controller counting {{
  knobs {{ level = 0.4 in 0.0..1.0 }}
  memory {{ k = 0 }}
  each branch {{ .whole = 0 .real = 0.0 .flag = false .kept = none }}
  start {{ open 19 }}
  step at most 6 {{
    let few = first 7 of opened
    let least = steps + 1
    update alive {{
      .whole = (.whole + .index + steps) % 4
      .real = .whole / 3.0
      .flag = .whole > 1
      .kept = if .flag then .answer else "A"
    }}
    k = 2 * k + count({branches} where {condition})
    if not empty({branches} where {condition}) {{ k = k + 1 }}
    update alive {{
      let own = .depth
      .whole = (.whole + count(({branches} where {condition}) where .depth > own)) % 5
    }}
    k = k + sum(.whole of opened)
    prune first k % 3 of active
    advance first 5 + k % 7 of active
  }}
  finally {{ answer if k % 3 == 0 then "A" else if k % 3 == 1 then "B" else none }}
}}"""


@pytest.fixture(scope="module")
def environment() -> ReplayEnvironment:
    """Questions of 1, 8, 9 and 30 chains: below, at and above whole vectors."""
    random = Random(5)
    pools = [BranchPool([_chain(random) for _ in range(count)], 100) for count in (1, 8, 9, 30)]
    return ReplayEnvironment(pools, ["A"] * len(pools))


def _chain(random: Random) -> ReplayChain:
    count = random.randrange(6)
    probes = [random.choice("ABC") for _ in range(count)]
    return ReplayChain(probes, 100 * count + random.randrange(1, 100), random.choice("ABC"))


@pytest.mark.parametrize("branches", SETS)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_branches_are_counted_as_the_interpreter_counts_them(
    environment: ReplayEnvironment, condition: str, branches: str
) -> None:
    checked = load_checked_program(Source(PROGRAM.format(branches=branches, condition=condition)))
    expected = InterpreterEngine().play(checked, ControllerSetting(), environment, range(3))
    played = CompiledEngine(ObjectCache(), threads=1).play(
        checked, ControllerSetting(), environment, range(3)
    )
    for name, values in expected._asdict().items():
        np.testing.assert_array_equal(getattr(played, name), values, name)
