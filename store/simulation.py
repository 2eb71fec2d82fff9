"""A seeded simulator of reasoners, and the built-in sample recordings made with it.

No language model is involved; equal seeds give equal bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from store.columns import ColumnBranches
from store.environment import Environment, Item, question_id, save
from store.errors import StoreError
from store.reader import open_recording
from store.records import Greedy, Provenance, Question, Sampling
from store.simulated_chains import (
    COLLECTOR,
    INTERVAL,
    MAX_TOKENS,
    ChainRecorder,
    KeyedRandom,
    Puzzle,
    SimulatedReasoner,
    draw_chain,
)


class Benchmark(NamedTuple):
    """A simulated benchmark."""

    name: str
    questions: int = 30
    branches: int = 128


def simulate(reasoner: SimulatedReasoner, benchmark: Benchmark) -> Environment:
    """Return the environment of one simulated model over one simulated benchmark."""
    provenance = Provenance(
        model=reasoner.name,
        benchmark=benchmark.name,
        interval=INTERVAL,
        collector=COLLECTOR,
        sampling=Sampling(max_tokens=MAX_TOKENS),
        licence="CC0-1.0",
        simulated=True,
    )
    return Environment(provenance, _items(reasoner, benchmark))


def _items(reasoner: SimulatedReasoner, benchmark: Benchmark) -> Iterator[Item]:
    for index, puzzle in enumerate(make_puzzles(benchmark)):
        name = question_id(benchmark.name, index, benchmark.questions)
        right = _correct_probability(reasoner, puzzle, KeyedRandom(name, reasoner.name))
        stream = KeyedRandom(name, reasoner.name, "greedy")
        greedy = draw_chain(reasoner, puzzle, right, stream, ChainRecorder())
        question = Question(
            id=name,
            gold=puzzle.gold,
            text=f"Simulated question {index} of the benchmark {benchmark.name}; it has no words.",
            greedy=Greedy(answer=greedy.final, tokens=greedy.tokens),
            difficulty=puzzle.rank,
        )
        recorder = ChainRecorder()
        for branch in range(benchmark.branches):
            stream.reseed(name, reasoner.name, branch)
            draw_chain(reasoner, puzzle, right, stream, recorder)
        yield Item(question, ColumnBranches(recorder.columns()))


def make_puzzles(benchmark: Benchmark) -> list[Puzzle]:
    """Make the questions of a benchmark, with evenly spread difficulties in a mixed order."""
    stream = KeyedRandom(benchmark.name)
    keys = [stream.random() for _ in range(benchmark.questions)]
    ranks = sorted(range(benchmark.questions), key=keys.__getitem__)
    return [_puzzle(rank, benchmark.questions, stream) for rank in ranks]


def _puzzle(rank: int, count: int, stream: KeyedRandom) -> Puzzle:
    difficulty = (rank + stream.random()) / count
    answers: dict[str, None] = {}
    while len(answers) < 25:
        answers[str(stream.below(1000))] = None
    gold, *wrong = answers
    # Traps are worse where a question is hard, so that now and then the majority is wrong.
    trap = 0.06 + 0.64 * stream.random() * (0.35 + 0.65 * difficulty)
    return Puzzle(difficulty, rank, gold, wrong, trap)


def _correct_probability(reasoner: SimulatedReasoner, puzzle: Puzzle, stream: KeyedRandom) -> float:
    """How often the model's branches are right on this question: an S-curve with noise."""
    ease = (reasoner.skill - puzzle.difficulty) / 0.8 + 0.5 + 0.08 * stream.bell()
    ease = min(1.0, max(0.0, ease))
    return 0.004 + 0.988 * ease * ease * (3.0 - 2.0 * ease)


REASONERS = (
    SimulatedReasoner("sim-small", skill=0.2, verbosity=1.15, noise=0.10, drift=0.06),
    SimulatedReasoner("sim-medium", skill=0.5, verbosity=1.05, noise=0.07, drift=0.05),
    SimulatedReasoner("sim-large", skill=0.82, verbosity=1.0, noise=0.05, drift=0.04),
)
BENCHMARKS = (Benchmark("search"), Benchmark("heldout"))


class SampleRecording(NamedTuple):
    """One recording of the sample."""

    path: Path
    digest: str
    kept: bool
    """True where the very same recording was there already."""


def write_sample(directory: Path) -> Iterator[SampleRecording]:
    """Write the six recordings as ``directory/<benchmark>/<model>.recording``, one at a time.

    A recording that is already there and identical is kept.

    Raises:
        StoreError: a file of that name is there and is not that recording.
    """
    for benchmark in BENCHMARKS:
        for reasoner in REASONERS:
            path = directory / benchmark.name / f"{reasoner.name}.recording"
            yield _write_recording(reasoner, benchmark, path)


def _write_recording(
    reasoner: SimulatedReasoner, benchmark: Benchmark, path: Path
) -> SampleRecording:
    environment = simulate(reasoner, benchmark)
    if not path.exists():
        return SampleRecording(path, save(environment, path), kept=False)
    with TemporaryDirectory() as scratch:
        digest = save(environment, Path(scratch) / path.name)
    if open_recording(path).digest != digest:
        raise StoreError("is not the sample that it is named for; move it away", path=path)
    return SampleRecording(path, digest, kept=True)
