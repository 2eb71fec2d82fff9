"""What each contender does, in the process that is its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from dsl import library
from dsl.checker import Checked
from dsl.compiler.native import Native, Shared, Tier, compile_text
from dsl.compiler.objects import Objects
from dsl.compiler.program import Variant, translate
from dsl.compiler.shared import translate_shared
from dsl.program import load
from harness.bench import Cell, Compilation, Measured, Task
from harness.bench.minimal import MinimalPass, Pass
from harness.bench.plain import BetaCdf, Cmc, Knobs, beta_cdf
from harness.engines import Engine, Setting
from harness.engines.choose import foreign_engine
from harness.engines.compiled import CompiledEngine
from harness.engines.dense import deals, dense
from harness.engines.interpreter import InterpreterEngine
from harness.errors import InputError
from harness.mdp.environment import Environment, environment
from harness.mdp.episodes import Episodes, empty_episodes, figures
from harness.request.foreign import load_foreign
from store.reader import open_recording

COMPILATIONS = 5
"""How often the program is compiled; the least time counts."""

Player = Callable[[Environment, float], Episodes]
"""Plays one cell."""


def measure(task: Task) -> Measured:
    """Does a task; the process should be a fresh one, since its memory is measured.

    Raises:
        StoreError: a recording cannot be read.
        SurroundingsError: the contender needs something that is not installed.
    """
    worlds = [environment(open_recording(path)) for path in task.recordings]
    if task.contender == "minimal":
        return _measure_minimal(task, worlds)
    player = _player(task)
    # The first cell pays for what is made ready once: compiled code, dense arrays, deals.
    if task.contender == "compiled":
        for world in worlds:
            player(world, task.betas[0])
    if task.contender == "foreign":
        player(worlds[0], task.betas[0])
    seconds: list[float] = []
    elapsed: list[float] = []
    for _ in range(task.repeats):
        began = time.perf_counter()
        played: list[tuple[Environment, float, Episodes]] = []
        with _timed(seconds):
            for world in worlds:
                played += [(world, beta, player(world, beta)) for beta in task.betas]
        elapsed.append(time.perf_counter() - began)
    peak = peak_memory()
    return Measured(
        contender=task.contender,
        episodes=sum(episodes.right.size for _, _, episodes in played),
        reads=sum(int(_reads(world, episodes).sum()) for world, _, episodes in played),
        seconds=seconds,
        elapsed=elapsed,
        peak=peak,
        cells=[_cell(world, beta, episodes, task.compared) for world, beta, episodes in played],
        compilation=_compilation() if task.contender == "compiled" else None,
    )


def peak_memory() -> int:
    """The most memory that this process has held, in bytes."""
    # Of this program alone: what `getrusage` tells counts the parent before the start as well.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    start = time.process_time()
    yield
    seconds.append(time.process_time() - start)


def _cmc() -> Checked:
    return load(library.source("cmc"))


def _player(task: Task) -> Player:
    seeds = range(task.seeds)
    if task.contender == "plain":
        cdf = beta_cdf()
        return lambda world, beta: _plain(world, beta, task.seeds, cdf)
    if task.contender == "foreign":
        return _foreign(task.foreign, seeds)
    engine: Engine = InterpreterEngine()
    if task.contender == "compiled":
        engine = CompiledEngine(Objects(), threads=1)
    checked = _cmc()
    return lambda world, beta: engine.play(checked, Setting(beta), world, seeds)


def _foreign(path: Path | None, seeds: Sequence[int]) -> Player:
    found = None if path is None else load_foreign(str(path))
    if found is None:
        raise InputError(f"{path}: is in no language that is registered")
    engine, source = foreign_engine(found.engine), found.source
    return lambda world, beta: engine.play(source, Setting(beta), world, seeds)


def _plain(world: Environment, beta: float, seeds: int, cdf: BetaCdf) -> Episodes:
    episodes, knobs = empty_episodes(len(world.decks), seeds), Knobs.at(beta)
    for question, deck in enumerate(world.decks):
        for seed in range(seeds):
            ended = Cmc(deck, seed, knobs, cdf).play()
            episodes.right[question, seed] = ended.answer == world.gold[question]
            episodes.tokens[question, seed] = ended.tokens
    return episodes


def _reads(world: Environment, episodes: Episodes) -> NDArray[np.int64]:
    """(Q, S) the intervals that each episode paid for."""
    intervals = np.array([[deck.interval] for deck in world.decks], np.int64)
    return episodes.tokens // intervals


def _cell(world: Environment, beta: float, episodes: Episodes, compared: int) -> Cell:
    columns = {name: values[:, :compared] for name, values in episodes._asdict().items()}
    part = Episodes(**columns)
    content = part.right.tobytes() + part.tokens.astype("<i8").tobytes()
    made = figures(part)
    return Cell(
        recording=world.digest,
        beta=beta,
        accuracy=made.accuracy,
        cost=made.cost,
        digest=sha256(content).hexdigest(),
    )


def _measure_minimal(task: Task, worlds: list[Environment]) -> Measured:
    passes = _passes(task, worlds)
    minimal = MinimalPass()
    seconds: list[float] = []
    for _ in range(task.repeats):
        with _timed(seconds):
            for each in passes:
                minimal.run(each)
    reads = sum(int(each.reads.sum()) for each in passes)
    episodes = sum(each.reads.size for each in passes)
    return Measured(
        contender="minimal", episodes=episodes, reads=reads, seconds=seconds, peak=peak_memory(),
        cells=[],
    )  # fmt: skip


def _passes(task: Task, worlds: list[Environment]) -> list[Pass]:
    """Every question of every cell, with the reads and the rounds that CMC makes there."""
    player = _player(msgspec.structs.replace(task, contender="compiled"))
    found = []
    for world in worlds:
        questions = dense(world)
        for beta in task.betas:
            episodes = player(world, beta)
            reads = _reads(world, episodes)
            abreast = -(-reads // np.maximum(1, episodes.rounds))
            for question, arrays in enumerate(questions):
                deal = deals(len(arrays.probes), tuple(range(task.seeds)))
                found.append(Pass(arrays, deal, reads[question], abreast[question]))
    return found


def _compilation() -> Compilation:
    checked = _cmc()
    translated: list[float] = []
    generated: list[float] = []
    loaded: list[float] = []
    shared: list[float] = []
    for _ in range(COMPILATIONS):
        with _timed(translated):
            text = translate(checked, Variant()).text
        with _timed(generated):
            code = compile_text(text, Tier.QUICK)
        with _timed(loaded):
            Native(code)
    with _timed(shared):
        Shared(compile_text(translate_shared(), Tier.FULL))
    return Compilation(
        translate=min(translated), generate=min(generated), load=min(loaded), shared=shared[0]
    )
