"""Chains of a simulated reasoner: drawn step by step, and recorded as columns.

The draws and their order are part of the format of the sample: equal seeds give equal bytes.
"""

import hashlib
from random import Random
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from store.columns import QuestionColumns, Words
from store.records import Core, Ragged

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

    def __new__(cls, *key: str | int) -> Self:
        """Create a stream that `reseed` has not keyed yet."""
        # Without a seed, the base class would read one from the system.
        return super().__new__(cls, 0)  # type: ignore[call-arg]

    def __init__(self, *key: str | int):
        super().__init__(0)
        self.reseed(*key)

    def reseed(self, *key: str | int) -> Self:
        """Begin another stream in this object, which takes less time than a new one."""
        words = "/".join(str(word) for word in (COLLECTOR, *key))
        digest = hashlib.blake2b(words.encode(), digest_size=6).digest()
        self.key = int.from_bytes(digest, "big")
        self.seed(self.key)
        return self

    def happens(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.random() < probability

    def bell(self) -> float:
        """About a standard normal number, within -3.5 and 3.5."""
        return (self.random() + self.random() + self.random() + self.random() - 2.0) * 1.732

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to ``bound - 1``."""
        return int(self.random() * bound)


class ChainEnd(NamedTuple):
    """How a chain ended."""

    tokens: int
    final: str


class ChainRecorder:
    """The chains of one question, and what their probes and signals are computed from."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        """The answers so far, numbered as they came."""
        self.counts: list[int] = []
        self.probes: list[int] = []
        self.tokens: list[int] = []
        self.final: list[int] = []
        self.words: list[Words] = []
        self.doubts: list[float] = []
        """The doubt after each interval, the last stretch included."""
        self.logprob_draws: list[float] = []
        """The sum of four draws for each of them."""
        self.top_logprob_draws: list[float] = []
        self.probed_doubts: list[float] = []
        """The doubt at each probe, more where its answer is not what the chain leans to."""
        self.entropy_draws: list[float] = []

    def columns(self) -> QuestionColumns:
        """Return the chains as columns."""
        counts = np.array(self.counts, np.int32)
        doubts, probed_doubts = np.array(self.doubts), np.array(self.probed_doubts)
        logprob = -(0.16 + 0.34 * doubts) * (1.0 + 0.16 * _bells(self.logprob_draws))
        top_logprob = -(13.5 - 4.5 * doubts) * (1.0 + 0.05 * _bells(self.top_logprob_draws))
        entropy = 1.7 * probed_doubts * (1.0 + 0.3 * _bells(self.entropy_draws))
        return QuestionColumns(
            Core(
                tuple(self.numbers),
                counts,
                np.array(self.probes, np.int32),
                np.array(self.tokens, np.int64),
                np.array(self.final, np.int32),
            ),
            {
                "entropy": Ragged(counts, _rounded(entropy)),
                "logprob": Ragged(counts + np.int32(1), _rounded(logprob)),
                "top_logprob": Ragged(counts + np.int32(1), _rounded(top_logprob)),
            },
            self.words,
        )


def _bells(draws: list[float]) -> NDArray[np.float64]:
    """Return about standard normal numbers, from sums of four draws each."""
    return (np.array(draws) - 2.0) * 1.732


def _rounded(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut to four decimals: enough for a signal."""
    return np.trunc(numbers * 10_000.0) / 10_000.0 + 0.0  # no negative zero


def draw_chain(
    reasoner: SimulatedReasoner,
    puzzle: Puzzle,
    right: float,
    stream: KeyedRandom,
    recorder: ChainRecorder,
) -> ChainEnd:
    """Draw one chain: its outcome first, then what every probe shows on the way there.

    Args:
        reasoner: The model.
        puzzle: The question.
        right: The probability that a branch is right.
        stream: The chain's own stream.
        recorder: Receives the chain.
    """
    outcome = _draw_outcome(reasoner, puzzle, right, stream)
    tokens = min(outcome.tokens, MAX_TOKENS)
    probes = (tokens - 1) // INTERVAL
    candidate, settled = _draw_steps(reasoner, puzzle, right, outcome, stream, recorder)
    numbers = recorder.numbers
    cut = outcome.tokens > MAX_TOKENS
    final = outcome.final
    if cut:
        final = _speak(reasoner, puzzle, candidate, stream, settled=settled)
    recorder.counts.append(probes)
    recorder.tokens.append(tokens)
    recorder.final.append(numbers.setdefault(final, len(numbers)))
    recorder.words.append(Words(finish="length" if cut else "stop", seed=stream.key))
    return ChainEnd(tokens, final)


def _draw_steps(
    reasoner: SimulatedReasoner,
    puzzle: Puzzle,
    right: float,
    outcome: ChainOutcome,
    stream: KeyedRandom,
    recorder: ChainRecorder,
) -> tuple[str, bool]:
    """Draw the intervals of a chain and its probes.

    Returns:
        The answer that it leans to at the end, and whether it has settled.
    """
    # Half of the time of a simulation is here, so there are no calls but those for draws.
    random, numbers = stream.random, recorder.numbers
    add_doubt, add_probe = recorder.doubts.append, recorder.probes.append
    add_logprob, add_top = recorder.logprob_draws.append, recorder.top_logprob_draws.append
    add_probed, add_entropy = recorder.probed_doubts.append, recorder.entropy_draws.append
    total, settles, turns, gold = outcome.tokens, outcome.settles, outcome.turns, puzzle.gold
    noise = reasoner.noise
    last = (min(total, MAX_TOKENS) - 1) // INTERVAL + 1
    candidate, settled, doubt = draw_wrong(puzzle, stream), False, 1.0
    for step in range(1, last + 1):
        progress = step * INTERVAL / total
        settled = progress >= settles
        if progress >= turns:
            candidate = outcome.final
        elif settled:
            candidate = outcome.settled
        elif random() < 0.35:
            candidate = _guess(puzzle, right, outcome, progress / settles, stream)
        if settled:
            doubt += 0.45 * ((0.05 if candidate == gold else 0.3) - doubt)
        else:
            doubt += 0.45 * (1.0 - 0.4 * progress - doubt)
        add_doubt(doubt)
        add_logprob(random() + random() + random() + random())
        add_top(random() + random() + random() + random())
        if step < last:
            answer = candidate
            if random() < (noise if settled else 0.09):
                answer = _misspeak(puzzle, stream, settled=settled)
            add_probe(numbers.setdefault(answer, len(numbers)))
            add_probed(doubt + (0.0 if answer == candidate else 0.4))
            add_entropy(random() + random() + random() + random())
    return candidate, settled


def _speak(
    reasoner: SimulatedReasoner, puzzle: Puzzle, candidate: str, stream: KeyedRandom, *,
    settled: bool,
) -> str:  # fmt: skip
    """Return the answer that a probe would give now."""
    if stream.happens(reasoner.noise if settled else 0.09):
        return _misspeak(puzzle, stream, settled=settled)
    return candidate


def _misspeak(puzzle: Puzzle, stream: KeyedRandom, *, settled: bool) -> str:
    """Return what a probe gives that does not show what the chain leans to."""
    return draw_wrong(puzzle, stream) if settled and not stream.happens(0.5) else FAILED


def _guess(
    puzzle: Puzzle, right: float, outcome: ChainOutcome, nearness: float, stream: KeyedRandom
) -> str:
    """Return a candidate to wander to: the nearer to settling, the better."""
    if stream.happens(right * (0.05 + 0.1 * nearness)):
        return puzzle.gold
    if stream.happens(0.4 * nearness):
        return outcome.settled
    return draw_wrong(puzzle, stream)


def _draw_outcome(
    reasoner: SimulatedReasoner, puzzle: Puzzle, right: float, stream: KeyedRandom
) -> ChainOutcome:
    is_right = stream.happens(right)
    settled = puzzle.gold if is_right else draw_wrong(puzzle, stream)
    settles = 0.2 + 0.75 * max(stream.random(), stream.random())
    final, turns = settled, 2.0
    if stream.happens(reasoner.drift):
        turns = settles + (1.0 - settles) * stream.random()
        # A right branch thinks too long and loses its answer; a wrong one may catch itself.
        caught = not is_right and stream.happens(right)
        final = puzzle.gold if caught else draw_wrong(puzzle, stream)
    hard = puzzle.difficulty
    spread = stream.bell()
    scale = max(0.4, 1.0 + 0.3 * spread + 0.06 * spread * spread)
    effort = 2_800.0 + 9_500.0 * hard + 9_000.0 * hard * hard
    tokens = int(reasoner.verbosity * effort * scale * (1.0 if is_right else 1.25))
    return ChainOutcome(tokens, settled, settles, final, turns)


def draw_wrong(puzzle: Puzzle, stream: KeyedRandom) -> str:
    """Return a wrong answer: the trap, another popular one, or a random number."""
    if stream.happens(puzzle.trap):
        return puzzle.wrong[0]
    if stream.happens(0.75):
        return puzzle.wrong[int(len(puzzle.wrong) * stream.random() * stream.random())]
    stray = str(stream.below(1000))
    return puzzle.wrong[1] if stray == puzzle.gold else stray
