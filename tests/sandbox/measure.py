"""Measure controllers in Python: CMC in the sandbox and in plain Python, both sides together.

    python -m tests.sandbox.measure Qwen3-0.6B.recording

The worker is a plain process. Each round plays the same episodes in plain Python and then in the
sandbox, so that other load on the machine affects both alike. The start of the worker is not
included. The least of all rounds counts.

The last line is the same work in one process, one episode after the other: what is left without
messages, and without episodes that take turns.
"""

import os
import time
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from dsl.episode import Answer
from dsl.random_draws import EpisodeRandom
from harness.bench.plain import PlainCmc, PlainKnobs, beta_cdf
from harness.engines import ControllerSetting
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from sandbox.engine import SandboxEngine
from sandbox.host.lean_replay import LeanReplay
from sandbox.host.process import ProcessWorkerLauncher
from sandbox.host.tracks import PoolTracks
from sandbox.library import text
from sandbox.python.controller import PythonController
from sandbox.script import Script, find_read_attributes
from sandbox.worker.episodes import HeldEpisode
from sandbox.worker.messages import BeginEpisode, ContinueEpisode
from store.reader import open_recording


class SandboxTimes(NamedTuple):
    """Processor seconds of the same episodes."""

    plain: float
    host: float
    """This process, while it plays in the sandbox."""
    worker: float


def play_plain(environment: ReplayEnvironment, seeds: int) -> list[list[int]]:
    """Return the tokens of each episode of CMC in plain Python at β = 1."""
    cdf, knobs = beta_cdf(), PlainKnobs.at(1.0)
    return [
        [PlainCmc(pool, seed, knobs, cdf).play().tokens for seed in range(seeds)]
        for pool in environment.branch_pools
    ]


def measure_round(
    engine: SandboxEngine, environment: ReplayEnvironment, seeds: int
) -> SandboxTimes:
    """Play all episodes once with each contender, which must agree."""
    began = time.process_time()
    expected = play_plain(environment, seeds)
    plain = time.process_time() - began
    began, before = time.process_time(), read_children_time()
    script = Script("cmc", text("cmc"))
    episodes = engine.play(script, ControllerSetting(1.0), environment, range(seeds))
    host = time.process_time() - began
    worker = read_children_time() - before
    np.testing.assert_array_equal(episodes.tokens, expected)
    return SandboxTimes(plain, host, worker)


def play_in_one_process(environment: ReplayEnvironment, seeds: int) -> list[list[int]]:
    """Return the tokens of each episode of CMC, with both sides in this process."""
    controller, reads = PythonController(text("cmc")), find_read_attributes(text("cmc"))
    tokens = []
    for question, pool in enumerate(environment.branch_pools):
        tracks = PoolTracks(pool, reads)
        replays = [LeanReplay(tracks, seed=seed, question=question) for seed in range(seeds)]
        for replay in replays:
            play_both_sides(controller, replay)
        tokens.append([replay.spent for replay in replays])
    return tokens


def play_both_sides(controller: PythonController, replay: LeanReplay) -> None:
    """Play one episode: the controller with its view, and the replay that performs its verbs."""
    episode = replay.episode
    held = HeldEpisode(BeginEpisode(0, episode.interval, episode.limit, None, 0, 1.0))
    course = controller.begin(held, 1.0, EpisodeRandom(0, 0), {})
    verb = course.resume()
    while not isinstance(verb, Answer):
        replay.perform(verb)
        assert replay.last_columns is not None
        order = ContinueEpisode(0, replay.spent, replay.last_columns)
        verb = course.resume(held.apply(verb, order))


def read_children_time() -> float:
    """Return the processor seconds of the processes that this one has started and that run."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [pid for path in children for pid in path.read_text(encoding="ascii").split()]
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # in user mode and in system mode
    return ticks / os.sysconf("SC_CLK_TCK")


@click.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--seeds", default=10, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def measure(recording: Path, seeds: int, rounds: int) -> None:
    """Print processor seconds, and what they are relative to plain Python."""
    environment = load_replay_environment(open_recording(recording))
    with SandboxEngine(ProcessWorkerLauncher()) as engine:
        measure_round(engine, environment, 1)  # starts the worker and lays out the recording
        taken = [measure_round(engine, environment, seeds) for _ in range(rounds)]
        alone = []
        for _ in range(rounds):
            began = time.process_time()
            tokens = play_in_one_process(environment, seeds)
            alone.append(time.process_time() - began)
        np.testing.assert_array_equal(tokens, play_plain(environment, seeds))
    plain, host, worker = (min(times) for times in zip(*taken, strict=True))
    for name, seconds in (("plain", plain), ("this process", host), ("worker", worker)):
        click.echo(f"{name}: {seconds:.2f} s, {seconds / plain:.2f} times")
    both = min(times.host + times.worker for times in taken)
    click.echo(f"both sides: {both:.2f} s, {both / plain:.2f} times")
    click.echo(f"in one process: {min(alone):.2f} s, {min(alone) / plain:.2f} times")


if __name__ == "__main__":
    measure()
