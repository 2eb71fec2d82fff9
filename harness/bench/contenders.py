"""What each contender does, in its own process."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dsl import library
from dsl.checker import CheckedProgram
from dsl.compiler.kernels import translate_shared
from dsl.compiler.native import LoadedKernels, NativeProgram, Tier, compile_text
from dsl.compiler.objects import ObjectCache
from dsl.compiler.translation import Variant, translate_program
from dsl.program import load_checked_program
from harness.bench import CellResult, CompilationTimes, ContenderMeasurement, ContenderTask
from harness.bench.minimal import MinimalInput, MinimalPass
from harness.bench.plain import BetaCdf, PlainCmc, PlainKnobs, beta_cdf
from harness.engines import ControllerSetting, ReplayEngine
from harness.engines.catalog import get_foreign_engine
from harness.engines.compiled import CompiledEngine
from harness.engines.dense import DenseQuestions, stack_permutations
from harness.engines.interpreter import InterpreterEngine
from harness.errors import InputError
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.episodes import EpisodeArrays, compute_figures, empty_episodes
from harness.request.foreign import load_foreign
from store.reader import open_recording

COMPILATIONS = 5
"""How often the program is compiled; the minimum time counts."""

Player = Callable[[ReplayEnvironment, float], EpisodeArrays]
"""Plays one cell."""


def measure_contender(task: ContenderTask) -> ContenderMeasurement:
    """Run a task in a new process, because its memory is measured.

    Raises:
        StoreError: A recording cannot be read.
        ExternalError: The contender needs something that is not installed.
    """
    worlds = [load_replay_environment(open_recording(path)) for path in task.recordings]
    if task.contender == "minimal":
        return _measure_minimal(task, worlds)
    player = _player(task)
    # Exclude one-time work: compiled code, dense arrays, permutations, branch pools.
    for replay_environment in worlds:
        if task.contender == "compiled":
            player(replay_environment, task.betas[0])
        else:
            list(replay_environment.branch_pools)
    if task.contender == "foreign":
        player(worlds[0], task.betas[0])
    seconds: list[float] = []
    elapsed: list[float] = []
    for _ in range(task.repeats):
        began = time.perf_counter()
        played: list[tuple[ReplayEnvironment, float, EpisodeArrays]] = []
        with _timed(seconds):
            for replay_environment in worlds:
                played += [
                    (replay_environment, beta, player(replay_environment, beta))
                    for beta in task.betas
                ]
        elapsed.append(time.perf_counter() - began)
    peak = peak_memory()
    return ContenderMeasurement(
        contender=task.contender,
        episodes=sum(episodes.right.size for _, _, episodes in played),
        reads=sum(
            int(_reads(replay_environment, episodes).sum())
            for replay_environment, _, episodes in played
        ),
        seconds=seconds,
        elapsed=elapsed,
        peak=peak,
        cells=[
            _cell(replay_environment, beta, episodes, task.compared)
            for replay_environment, beta, episodes in played
        ],
        compilation=_compilation() if task.contender == "compiled" else None,
    )


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes."""
    # Do not use `getrusage`: it also counts the parent before the start.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds.append(time.process_time() - start)


def _cmc() -> CheckedProgram:
    return load_checked_program(library.load_source("cmc"))


def _player(task: ContenderTask) -> Player:
    seeds = range(task.seeds)
    if task.contender == "plain":
        cdf = beta_cdf()
        return lambda replay_environment, beta: _plain(replay_environment, beta, task.seeds, cdf)
    if task.contender == "foreign":
        return _foreign(task.foreign, seeds)
    engine: ReplayEngine = InterpreterEngine()
    if task.contender == "compiled":
        engine = CompiledEngine(ObjectCache(), threads=1)
    checked = _cmc()
    return lambda replay_environment, beta: engine.play(
        checked, ControllerSetting(beta), replay_environment, seeds
    )


def _foreign(path: Path | None, seeds: Sequence[int]) -> Player:
    foreign = None if path is None else load_foreign(str(path))
    if foreign is None:
        raise InputError(f"{path}: is in a language that is not registered")
    engine, source = get_foreign_engine(foreign.engine), foreign.source
    return lambda replay_environment, beta: engine.play(
        source, ControllerSetting(beta), replay_environment, seeds
    )


def _plain(
    replay_environment: ReplayEnvironment, beta: float, seeds: int, cdf: BetaCdf
) -> EpisodeArrays:
    episodes, knobs = (
        empty_episodes(len(replay_environment.branch_pools), seeds),
        PlainKnobs.at(beta),
    )
    for question, branch_pool in enumerate(replay_environment.branch_pools):
        for seed in range(seeds):
            ended = PlainCmc(branch_pool, seed, knobs, cdf).play()
            episodes.right[question, seed] = ended.answer == replay_environment.gold[question]
            episodes.tokens[question, seed] = ended.tokens
    return episodes


def _reads(replay_environment: ReplayEnvironment, episodes: EpisodeArrays) -> NDArray[np.int64]:
    """Return the intervals of each episode, (Q, S)."""
    questions = range(len(replay_environment.branch_pools))
    intervals = np.array(
        [[replay_environment.interval(question)] for question in questions], np.int64
    )
    return episodes.tokens // intervals


def _cell(
    replay_environment: ReplayEnvironment, beta: float, episodes: EpisodeArrays, compared: int
) -> CellResult:
    columns = {name: values[:, :compared] for name, values in episodes._asdict().items()}
    part = EpisodeArrays(**columns)
    content = part.right.tobytes() + part.tokens.astype("<i8").tobytes()
    figures = compute_figures(part)
    return CellResult(
        recording=replay_environment.digest,
        beta=beta,
        accuracy=figures.accuracy,
        cost=figures.cost,
        digest=sha256(content).hexdigest(),
    )


def _measure_minimal(task: ContenderTask, worlds: list[ReplayEnvironment]) -> ContenderMeasurement:
    passes = _passes(task, worlds)
    minimal = MinimalPass()
    seconds: list[float] = []
    for _ in range(task.repeats):
        with _timed(seconds):
            for minimal_input in passes:
                minimal.run(minimal_input)
    reads = sum(int(minimal_input.reads.sum()) for minimal_input in passes)
    episodes = sum(minimal_input.reads.size for minimal_input in passes)
    return ContenderMeasurement(
        contender="minimal", episodes=episodes, reads=reads, seconds=seconds, peak=peak_memory(),
        cells=[],
    )  # fmt: skip


def _passes(task: ContenderTask, worlds: list[ReplayEnvironment]) -> list[MinimalInput]:
    """Return every question of every cell, with the reads and the rounds of CMC."""
    player = _player(msgspec.structs.replace(task, contender="compiled"))
    passes = []
    for replay_environment in worlds:
        questions = DenseQuestions(replay_environment)
        for beta in task.betas:
            episodes = player(replay_environment, beta)
            reads = _reads(replay_environment, episodes)
            abreast = -(-reads // np.maximum(1, episodes.rounds))
            for question in range(len(questions.branches)):
                arrays = questions.question(replay_environment, question)
                permutations = stack_permutations(len(arrays.probes), tuple(range(task.seeds)))
                passes.append(
                    MinimalInput(arrays, permutations, reads[question], abreast[question])
                )
    return passes


def _compilation() -> CompilationTimes:
    checked = _cmc()
    translated: list[float] = []
    generated: list[float] = []
    loaded: list[float] = []
    shared: list[float] = []
    for _ in range(COMPILATIONS):
        with _timed(translated):
            text = translate_program(checked, Variant()).text
        with _timed(generated):
            code = compile_text(text, Tier.QUICK)
        with _timed(loaded):
            NativeProgram(code)
    with _timed(shared):
        LoadedKernels(compile_text(translate_shared(), Tier.FULL))
    return CompilationTimes(
        translate=min(translated), generate=min(generated), load=min(loaded), shared=shared[0]
    )
