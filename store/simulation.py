"""A seeded simulator of reasoners, and the built-in sample recordings made with it.

No language model is involved; equal seeds give equal bytes.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from store.environment import Environment, Item, question_id, save
from store.errors import StoreError
from store.reader import open_recording
from store.records import Branch, Greedy, Provenance, Question, Sampling

COLLECTOR = "rheostat sample 1"
"""The simulator and its version; another version gives other data."""

INTERVAL = 500
MAX_TOKENS = 32_000
FAILED = "ERR"
"""What a probe gives where no answer can be read off."""


class SimulatedReasoner(NamedTuple):
    """A simulated model."""

    name: str
    skill: float
    """The difficulty, between 0 and 1, at which half of the branches are right."""
    verbosity: float
    """Scales the length of every chain."""
    noise: float
    """The probability that a probe of a settled branch gives something else."""
    drift: float
    """The probability that a branch leaves the answer that it settled on."""


class Benchmark(NamedTuple):
    """A simulated benchmark."""

    name: str
    questions: int = 30
    branches: int = 128


class Puzzle(NamedTuple):
    """A question as the simulator knows it."""

    difficulty: float
    rank: int
    gold: str
    wrong: list[str]
    """Its wrong answers, the popular ones first."""
    trap: float
    """The share of the wrong answers that fall for the most popular one."""


class ChainOutcome(NamedTuple):
    """What was decided about a chain before its first step."""

    tokens: int
    settled: str
    """The answer that it settles on."""
    settles: float
    """Where, as a share of its length."""
    final: str
    """The answer that it ends with; another than ``settled`` where it turns away."""
    turns: float
    """Where it turns, as a share of its length; above 1 where it does not."""


class KeyedRandom(Random):
    """A random stream keyed by its purpose, so that draws do not affect each other."""

    def __init__(self, *key: str | int):
        words = "/".join(str(word) for word in (COLLECTOR, *key))
        digest = hashlib.blake2b(words.encode(), digest_size=6).digest()
        self.key = int.from_bytes(digest, "big")
        super().__init__(self.key)

    def happens(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.random() < probability

    def bell(self) -> float:
        """About a standard normal number, within -3.5 and 3.5."""
        return (self.random() + self.random() + self.random() + self.random() - 2.0) * 1.732

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to ``bound - 1``."""
        return int(self.random() * bound)


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
        alone = KeyedRandom(name, reasoner.name, "greedy")
        greedy = _chain(reasoner, puzzle, right, alone)
        question = Question(
            id=name,
            gold=puzzle.gold,
            text=f"Simulated question {index} of the benchmark {benchmark.name}; it has no words.",
            greedy=Greedy(answer=greedy.final, tokens=greedy.tokens),
            difficulty=puzzle.rank,
        )
        streams = (KeyedRandom(name, reasoner.name, branch) for branch in range(benchmark.branches))
        yield Item(question, [_chain(reasoner, puzzle, right, stream) for stream in streams])


def make_puzzles(benchmark: Benchmark) -> list[Puzzle]:
    """Make the questions of a benchmark, with evenly spread difficulties in a mixed order."""
    chance = KeyedRandom(benchmark.name)
    keys = [chance.random() for _ in range(benchmark.questions)]
    ranks = sorted(range(benchmark.questions), key=keys.__getitem__)
    return [_puzzle(rank, benchmark.questions, chance) for rank in ranks]


def _puzzle(rank: int, count: int, chance: KeyedRandom) -> Puzzle:
    difficulty = (rank + chance.random()) / count
    answers: dict[str, None] = {}
    while len(answers) < 25:
        answers[str(chance.below(1000))] = None
    gold, *wrong = answers
    # Traps are worse where a question is hard, so that now and then the majority is wrong.
    trap = 0.06 + 0.64 * chance.random() * (0.35 + 0.65 * difficulty)
    return Puzzle(difficulty, rank, gold, wrong, trap)


def _correct_probability(reasoner: SimulatedReasoner, puzzle: Puzzle, chance: KeyedRandom) -> float:
    """How often the model's branches are right on this question: an S-curve with noise."""
    ease = (reasoner.skill - puzzle.difficulty) / 0.8 + 0.5 + 0.08 * chance.bell()
    ease = min(1.0, max(0.0, ease))
    return 0.004 + 0.988 * ease * ease * (3.0 - 2.0 * ease)


def _chain(
    reasoner: SimulatedReasoner, puzzle: Puzzle, right: float, chance: KeyedRandom
) -> Branch:
    """One branch: its outcome first, then what every probe shows on the way there."""
    outcome = _draw_outcome(reasoner, puzzle, right, chance)
    tokens = min(outcome.tokens, MAX_TOKENS)
    probes = (tokens - 1) // INTERVAL
    answers: list[str] = []
    entropy: list[float] = []
    logprob: list[float] = []
    top_logprob: list[float] = []
    mind = _ReasonerState(reasoner, puzzle, right, outcome, chance)
    for step in range(1, probes + 2):
        mind.think(step * INTERVAL / outcome.tokens)
        logprob.append(_rounded(-(0.16 + 0.34 * mind.doubt) * (1.0 + 0.16 * chance.bell())))
        top_logprob.append(_rounded(-(13.5 - 4.5 * mind.doubt) * (1.0 + 0.05 * chance.bell())))
        if step <= probes:
            answers.append(mind.speak())
            doubt = mind.doubt + (0.0 if answers[-1] == mind.candidate else 0.4)
            entropy.append(_rounded(1.7 * doubt * (1.0 + 0.3 * chance.bell())))
    cut = outcome.tokens > MAX_TOKENS
    return Branch(
        answers=answers,
        tokens=tokens,
        final=mind.speak() if cut else outcome.final,
        finish="length" if cut else "stop",
        seed=chance.key,
        entropy=entropy,
        logprob=logprob,
        top_logprob=top_logprob,
    )


def _draw_outcome(
    reasoner: SimulatedReasoner, puzzle: Puzzle, right: float, chance: KeyedRandom
) -> ChainOutcome:
    is_right = chance.happens(right)
    settled = puzzle.gold if is_right else _wrong(puzzle, chance)
    settles = 0.2 + 0.75 * max(chance.random(), chance.random())
    final, turns = settled, 2.0
    if chance.happens(reasoner.drift):
        turns = settles + (1.0 - settles) * chance.random()
        # A right branch thinks too long and loses its answer; a wrong one may catch itself.
        caught = not is_right and chance.happens(right)
        final = puzzle.gold if caught else _wrong(puzzle, chance)
    hard = puzzle.difficulty
    spread = chance.bell()
    scale = max(0.4, 1.0 + 0.3 * spread + 0.06 * spread * spread)
    effort = 2_800.0 + 9_500.0 * hard + 9_000.0 * hard * hard
    tokens = int(reasoner.verbosity * effort * scale * (1.0 if is_right else 1.25))
    return ChainOutcome(tokens, settled, settles, final, turns)


def _wrong(puzzle: Puzzle, chance: KeyedRandom) -> str:
    """Return a wrong answer: the trap, another popular one, or a random number."""
    if chance.happens(puzzle.trap):
        return puzzle.wrong[0]
    if chance.happens(0.75):
        return puzzle.wrong[int(len(puzzle.wrong) * chance.random() * chance.random())]
    stray = str(chance.below(1000))
    return puzzle.wrong[1] if stray == puzzle.gold else stray


def _rounded(number: float) -> float:
    """Cut to four decimals: enough for a signal."""
    return int(number * 10_000.0) / 10_000.0


class _ReasonerState:
    """A chain on its way: the answer it leans to, and how much it doubts it."""

    def __init__(
        self,
        reasoner: SimulatedReasoner,
        puzzle: Puzzle,
        right: float,
        outcome: ChainOutcome,
        chance: KeyedRandom,
    ):
        self._reasoner = reasoner
        self._puzzle = puzzle
        self._right = right
        self._outcome = outcome
        self._chance = chance
        self._settled = False
        self.candidate = _wrong(puzzle, chance)
        self.doubt = 1.0
        """From 1, at a loss, towards 0, sure."""

    def think(self, progress: float) -> None:
        """One interval more; ``progress`` is the share of the chain after it."""
        outcome, chance = self._outcome, self._chance
        self._settled = progress >= outcome.settles
        if progress >= outcome.turns:
            self.candidate = outcome.final
        elif self._settled:
            self.candidate = outcome.settled
        elif chance.happens(0.35):
            self.candidate = self._guess(progress / outcome.settles)
        goal = 1.0 - 0.4 * progress
        if self._settled:
            goal = 0.05 if self.candidate == self._puzzle.gold else 0.3
        self.doubt += 0.45 * (goal - self.doubt)

    def speak(self) -> str:
        """Return the answer that a probe would give now."""
        chance = self._chance
        if not self._settled and chance.happens(0.09):
            return FAILED
        if self._settled and chance.happens(self._reasoner.noise):
            return FAILED if chance.happens(0.5) else _wrong(self._puzzle, chance)
        return self.candidate

    def _guess(self, nearness: float) -> str:
        """Return a candidate to wander to: the nearer to settling, the better."""
        if self._chance.happens(self._right * (0.05 + 0.1 * nearness)):
            return self._puzzle.gold
        if self._chance.happens(0.4 * nearness):
            return self._outcome.settled
        return _wrong(self._puzzle, self._chance)


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
