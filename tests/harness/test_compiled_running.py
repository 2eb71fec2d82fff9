"""Rows of running values, written once for a chain, hold what each of its branches computes."""

from random import Random

import numpy as np
import pytest

from dsl.compiler.objects import ObjectCache
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from tests.harness.random_environments import random_world

WAYS = {
    "whole reads": ("sample 9", ""),
    "single steps": ("open 9", "step { advance active }"),
    "bursts": ("open 9", "step { advance active by -.index for 1 + .index % 3 }"),
    "one burst": ("open 9 unseen extend active for 1000", ""),
    "some of each": ("open 1 sample 1", "step { advance active for 2 open 1 sample 1 }"),
    "read as they go": ("open 9", "step { advance active prune active where .low > 4 }"),
}
LINES = {
    "signals": ".low = 0.25 then .low * 0.5 - .logprob",
    "lacking signals": ".n = 0 then .n + 1 .low = 0.0 then .low + .certainty * .n",
    "a window": ".part = window(n) of .logprob .low = 0.0 then .low + mean(.part) - min(.part)",
    "a window that lacks the last": ".part = window(n) of .certainty .low = 0.0 then sum(.part)",
    "functions": ".low = 0.5 then .low + exp(.logprob) + log(.depth) + pow(.depth, 0.3)",
    "depth and end": ".low = 0.0 then if .finished then -.low else .low + .depth",
    "tokens, which whole reads count in their own way": ".low = 0.0 then .low + .tokens / 100",
    "the place of the branch, which the seed decides": ".low = 0.0 then .low + .index",
}
PROGRAM = """needs logprob, certainty
controller running {{
  knobs {{ n = 2 in 1..3 }}
  each branch {{ {lines} }}
  start {{ {start} }}
  {step}
  finally {{ answer if max(.low of opened) > 6 then winner(opened, weight = .low) else none }}
}}"""


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.parametrize(("start", "step"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("budget", [None, 2000])
def test_branches_have_the_running_values_that_the_interpreter_computes(
    start: str, step: str, lines: str, budget: int | None
) -> None:
    text = PROGRAM.format(lines=lines, start=start, step=step)
    checked = load_checked_program(Source(text))
    engine, rules, seeds = CompiledEngine(ObjectCache(), threads=1), EpisodeRules(budget), range(6)
    for setting in (ControllerSetting(), ControllerSetting(knobs={"n": 3})):
        for number in range(4):
            world = random_world(Random(number).randrange)
            expected = InterpreterEngine().play(checked, setting, world, seeds, rules)
            played = engine.play(checked, setting, world, seeds, rules)
            for name, values in expected._asdict().items():
                np.testing.assert_array_equal(getattr(played, name), values, name)
