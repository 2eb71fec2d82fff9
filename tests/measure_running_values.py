"""Measure what running values cost, on the compiled engine, program against program in turn.

    python -m tests.store.write_simulated big.recording --questions 100
    python -m tests.measure_running_values big.recording

Each pair is a program and the same program with a running value or a branch window, in one process
and on one thread. They play in turn, so that other load affects both alike, and the least
processor time of each counts.
"""

import time
from pathlib import Path
from typing import NamedTuple

import click

from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from dsl.library import load_source
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from store.reader import open_recording

LOWEST = ".low = 1e9 then min(.low, .logprob)"
GROUP = ".recent = window(4) of .logprob .low = 1e9 then min(.low, mean(.recent))"

STEPS = """needs logprob
controller steps {{
  each branch {{ {lines} }}
  start {{ open 16 }}
  step {{ advance active }}
  finally {{ answer winner(finished, weight = 9 + {weight}) }}
}}
"""
BURSTS = STEPS.replace("advance active", "extend active for 1000")
WHOLE = STEPS.replace("open 16", "sample 16").replace("step {{ advance active }}", "")


class Pair(NamedTuple):
    """Two programs that take the same actions."""

    name: str
    base: str
    running: str


def reading(source: str, line: str, read: str) -> str:
    """Return a program of the library that also reads a field of each branch, once at its end.

    Args:
        source: The program.
        line: A line of `each branch` to add.
        read: The field.
    """
    text = source.replace("each branch {", f"each branch {{ {line} ")
    vote = f"finally {{ answer winner(opened where {read} > 1) else "
    return "needs logprob\n" + text.replace("finally { answer ", vote)


def pairs() -> list[Pair]:
    """Return what is compared."""
    cmc = load_source("cmc").text
    lowest = reading(cmc, LOWEST, ".low")
    compared = [
        Pair("cmc: lowest", cmc, lowest),
        Pair("cmc with .logprob: lowest", reading(cmc, "", ".logprob"), lowest),
    ]
    for name, text in (("steps", STEPS), ("one burst", BURSTS), ("whole reads", WHOLE)):
        base = text.format(lines="", weight=".logprob")
        for what, lines in (("lowest", LOWEST), ("lowest mean of 4", GROUP)):
            running = text.format(lines=lines, weight=".low")
            compared.append(Pair(f"{name}: {what}", base, running))
    return compared


class Contender:
    """A program that plays every question of a recording."""

    def __init__(self, text: str, environment: ReplayEnvironment, seeds: int, beta: float):
        self._checked: CheckedProgram = load_checked_program(Source(text))
        self._engine = CompiledEngine(ObjectCache(), threads=1)
        self._environment, self._seeds = environment, range(seeds)
        self._setting = ControllerSetting(beta, {})
        self.reads = self._play()
        self.best = float("inf")

    def _play(self) -> int:
        episodes = self._engine.play(self._checked, self._setting, self._environment, self._seeds)
        interval = self._environment.interval(0)
        return int((episodes.tokens // interval).sum())

    def measure(self) -> None:
        """Play once."""
        start = time.process_time()
        self._play()
        self.best = min(self.best, time.process_time() - start)


@click.command()
@click.argument("recording", type=click.Path(path_type=Path, exists=True))
@click.option("--seeds", default=200, show_default=True)
@click.option("--beta", default=1.0, show_default=True)
@click.option("--repeats", default=15, show_default=True)
def measure(recording: Path, seeds: int, beta: float, repeats: int) -> None:
    """Measure every pair; ratios are to the program without running values."""
    environment = load_replay_environment(open_recording(recording))
    click.echo(f"{'pair':32} {'ns per read':>12} {'with':>8} {'ratio':>7}")
    for pair in pairs():
        base, running = (
            Contender(text, environment, seeds, beta) for text in (pair.base, pair.running)
        )
        assert base.reads == running.reads
        for _ in range(repeats):
            base.measure()
            running.measure()
        cost, extra = (1e9 * c.best / c.reads for c in (base, running))
        click.echo(f"{pair.name:32} {cost:12.2f} {extra:8.2f} {extra / cost:7.3f}")


if __name__ == "__main__":
    measure()
