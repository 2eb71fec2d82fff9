"""Measure the time for each read of controllers, beside the minimal pass over the same reads.

    python -m tests.measure_controllers cmc parallel_probe --on a.recording --on b.recording

Both run in this process in turn, so that other load affects them alike. A controller is one of the
library or a file. The least processor time of the repeats counts.
"""

import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from harness.bench.minimal import MinimalInput, MinimalPass
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.engines.dense import DenseQuestions, stack_permutations
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.request.controllers import load_program
from store.reader import open_recording


def prepare_minimal(
    engine: CompiledEngine,
    checked: CheckedProgram,
    environment: ReplayEnvironment,
    beta: float,
    seeds: range,
) -> list[MinimalInput]:
    """Return the reads of a controller, question by question, as inputs of the minimal pass.

    Args:
        engine: The engine that plays it.
        checked: The controller.
        environment: The recording.
        beta: The value of β.
        seeds: The seeds of every question.
    """
    episodes = engine.play(checked, ControllerSetting(beta), environment, seeds)
    dense = DenseQuestions(environment)
    inputs = []
    for question in range(len(dense.branches)):
        arrays = dense.question(environment, question)
        reads = episodes.tokens[question] // environment.interval(question)
        abreast = -(-reads // np.maximum(1, episodes.rounds[question]))
        permutations = stack_permutations(len(arrays.probes), tuple(seeds))
        inputs.append(MinimalInput(arrays, permutations, reads, abreast))
    return inputs


def least_times(repeats: int, *tasks: Callable[[], None]) -> list[float]:
    """Return the least processor time of each of some tasks, which run in turn.

    Args:
        repeats: How often each runs.
        tasks: The tasks.
    """
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(repeats):
        for task, taken in zip(tasks, times, strict=True):
            start = time.process_time()
            task()
            taken.append(time.process_time() - start)
    return [min(taken) for taken in times]


@click.command()
@click.argument("controllers", nargs=-1, required=True)
@click.option("--on", "paths", multiple=True, required=True, type=click.Path(path_type=Path))
@click.option("--beta", "betas", multiple=True, type=float, default=[0.1 * n for n in range(11)])
@click.option("--seeds", default=100, show_default=True)
@click.option("--repeats", default=5, show_default=True)
def measure(
    controllers: tuple[str, ...],
    paths: tuple[Path, ...],
    betas: tuple[float, ...],
    seeds: int,
    repeats: int,
) -> None:
    """Print one line for each controller."""
    engine, minimal = CompiledEngine(ObjectCache(), threads=1), MinimalPass()
    environments = [load_replay_environment(open_recording(path)) for path in paths]
    for name in controllers:
        checked = load_program(name).checked
        cells = [(environment, beta) for environment in environments for beta in betas]
        inputs = [
            question
            for environment, beta in cells
            for question in prepare_minimal(engine, checked, environment, beta, range(seeds))
        ]

        def play_minimal(inputs: list[MinimalInput] = inputs) -> None:
            for question in inputs:
                minimal.run(question)

        def play(checked: CheckedProgram = checked) -> None:
            for environment, beta in cells:  # noqa: B023 - it is called in this turn
                engine.play(checked, ControllerSetting(beta), environment, range(seeds))

        least, own = least_times(repeats, play_minimal, play)
        reads = sum(int(question.reads.sum()) for question in inputs)
        click.echo(
            f"{name}: {own * 1e9 / reads:.2f} ns for each read, {own / least:.2f} times the"
            f" minimal pass, {reads / 1e6:.1f} million reads"
        )


if __name__ == "__main__":
    measure()
