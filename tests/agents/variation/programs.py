"""Programs to vary: those of the library, those that evolution starts from, and random ones."""

from collections.abc import Sequence
from functools import cache
from random import Random

from agents.evolution.starting_programs import load_seeds
from agents.variation import cross, generate, vary
from dsl import tree
from dsl.diagnostics import Diagnostic
from dsl.formatter import print_tree
from dsl.library import NAMES, load_source
from dsl.parser import parse
from dsl.program import analyse_program
from dsl.source import Source


def program(text: str) -> tree.Program:
    """The tree of a text without syntax errors."""
    parsed = parse(Source(text)).program
    assert parsed is not None
    return parsed


RUNNING = """
needs logprob, top_logprob

controller faltering "Give up branches that faltered anywhere" {
  schedule {
    rising n    = round(3 + 9 * beta)
    fixed  span = 4
  }

  each branch {
    .recent = window(span) of .logprob
    .group  = window(5) of -.top_logprob
    .lowest = 1e9 then min(.lowest, mean(.group))
    .dips   = 0 then if newest(.recent) < mean(.recent) - 0.3 then .dips + 1 else .dips
  }

  start { open n unseen }

  step {
    extend active for 3
    prune active where .dips > 4 and .depth > 6
    if count(finished) >= 2 and confidence(finished) > 0.9 { stop }
  }

  finally { answer winner(finished, weight = .lowest) else winner(opened) }
}
"""
"""Running values and branch windows, which no program of the library has."""


@cache
def load_written_programs() -> dict[str, tree.Program]:
    """The programs that people wrote, by their names."""
    library = {f"library {name}": program(load_source(name).text) for name in NAMES}
    seeds = {f"seed {seed.name}": program(seed.source) for seed in load_seeds()}
    return library | seeds | {"running": program(RUNNING)}


WHOLE = {"RH507", "RH509", "RH510", "RH511", "RH706"}
"""Warnings that no part of a program has by itself."""


def collect_diagnostics(candidate: tree.Program) -> list[Diagnostic]:
    """Return what the checker reports of a tree as text, save what depends on the whole program.

    A mutation may read all chains at once, so that no step is left to take; it may extend branches
    that nothing probes, select finished branches, and compare a measure with a limit out of reach.
    """
    diagnostics = analyse_program(Source(print_tree(candidate))).diagnostics
    return [diagnostic for diagnostic in diagnostics if diagnostic.code not in WHOLE]


def mutate_repeatedly(start: tree.Program, random: Random, steps: int) -> tree.Program:
    """A program some mutations away."""
    current = start
    for _ in range(steps):
        variant = vary(current, random)
        current = current if variant is None else variant.program
    return current


def build_lineage(seed: int, length: int, pool: Sequence[tree.Program]) -> list[tree.Program]:
    """Programs that follow from each other by mutation and crossing, from a seed on."""
    random = Random(seed)
    programs = [random.choice([*pool, generate(random)])]
    for _ in range(length):
        if random.random() < 0.25:
            variant = cross(programs[-1], random.choice(pool), random)
        else:
            variant = vary(programs[-1], random)
        if variant is not None:
            programs.append(variant.program)
    return programs
