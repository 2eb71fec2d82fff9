"""CMC in plain Python, as one would write it for a paper: the benchmark's baseline.

One object for each branch, votes by `Counter`, the Beta distribution from scipy. It shares no code
with the engines, so that its figures check theirs.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.errors import ExternalError
from harness.mdp.replay import BranchPool, ReplayChain

BetaCdf = Callable[[float, float, float], float]


class PlainResult(NamedTuple):
    """The result of one episode."""

    answer: str | None
    tokens: int


def beta_cdf() -> BetaCdf:
    """Return scipy's Beta distribution function.

    Raises:
        ExternalError: scipy is not installed.
    """
    try:
        from scipy.special import betainc
    except ImportError as problem:
        raise ExternalError(
            "the plain-Python contender needs scipy, which is not installed",
            hint="install it with `pip install scipy`, or give --skip plain",
        ) from problem
    return lambda x, a, b: float(betainc(a, b, x))


@dataclass
class PlainBranch:
    """One branch, as far as it has been read."""

    chain: ReplayChain
    depth: int = 0
    answer: str | None = None
    finished: bool = False
    pruned: bool = False
    dissent: int = 0

    def advance(self, interval: int) -> int:
        """Advance by one interval; return the tokens charged."""
        probes = self.chain.probes
        self.depth += 1
        if self.depth <= len(probes):
            self.answer = probes[self.depth - 1]
            return interval
        self.answer = self.chain.final
        self.finished = True
        return max(0, self.chain.tokens - interval * len(probes))


@dataclass
class PlainKnobs:
    """The knobs that follow from β."""

    n_init: int
    max_branches: int
    warm_up: int
    patience: int
    span: int
    alpha: float
    level: float
    slack: float
    burst: int
    widen: int
    flat: float
    quorum: int

    @classmethod
    def at(cls, b: float) -> "PlainKnobs":
        """Return the knobs at one β."""
        return cls(
            n_init=max(2, round(2 + 6 * b)),
            max_branches=min(64, round(4 + 60 * b)),
            warm_up=max(2, round(2 + 8 * b)),
            patience=max(3, round(3 + 9 * b)),
            span=max(2, round(2 + 6 * b)),
            alpha=round(0.70 - 0.40 * b, 4),
            level=round(0.85 + 0.12 * b, 4),
            slack=round(0.04 - 0.03 * b, 4),
            burst=max(1, round(1 + 2 * b)),
            widen=max(1, round(1 + 3 * b)),
            flat=round(0.04 - 0.03 * b, 4),
            quorum=max(2, round(2 + 3 * b)),
        )


@dataclass
class PlainCmc:
    """One episode of CMC."""

    branch_pool: BranchPool
    seed: int
    knobs: PlainKnobs
    cdf: BetaCdf
    branches: list[PlainBranch] = field(default_factory=list)
    finals: list[str] = field(default_factory=list)
    tokens: int = 0

    def __post_init__(self) -> None:
        self.chains = list(self.branch_pool.chains)
        random.Random(self.seed).shuffle(self.chains)

    @property
    def active(self) -> list[PlainBranch]:
        """Return the branches that can advance."""
        return [branch for branch in self.branches if not (branch.finished or branch.pruned)]

    def open(self, count: int) -> None:
        """Open branches, each through its first interval."""
        for _ in range(min(count, len(self.chains) - len(self.branches))):
            branch = PlainBranch(self.chains[len(self.branches)])
            self.branches.append(branch)
            if branch.chain.probes:
                self.advance(branch)
            else:
                branch.depth, branch.finished, branch.answer = 1, True, branch.chain.final
                self.tokens += branch.chain.tokens
                self.finals.append(branch.chain.final)

    def advance(self, branch: PlainBranch) -> None:
        """Advance a branch by one interval."""
        self.tokens += branch.advance(self.branch_pool.interval)
        if branch.finished:
            self.finals.append(branch.chain.final)

    def confidence(self) -> float:
        """Return the confidence that the leader leads."""
        if not self.finals:
            return 0.0
        first, second = (*(n for _, n in Counter(self.finals).most_common(2)), 0)[:2]
        return 1 - self.cdf(0.5, first + 1, second + 1)

    def abandon(self, leader: str) -> None:
        """Prune branches that have dissented for long, the longest first."""
        active = self.active
        for branch in active:
            branch.dissent = 0 if branch.answer == leader else branch.dissent + 1
        lost = [branch for branch in active if branch.dissent >= self.knobs.patience]
        lost.sort(key=lambda branch: -branch.dissent)
        for branch in lost[: max(0, len(active) - 2)]:
            branch.pruned = True

    def advance_round(self, leader: str | None) -> None:
        """Advance all branches, those that agree with the leader by a burst."""
        for branch in sorted(self.active, key=lambda branch: -branch.depth):
            agrees = leader is not None and branch.answer == leader
            for _ in range(self.knobs.burst if agrees else 1):
                self.advance(branch)
                if branch.finished:
                    break

    def play(self) -> PlainResult:
        """Play the episode to its end."""
        k, ema = self.knobs, 0.0
        history: deque[float] = deque(maxlen=k.span)
        self.open(k.n_init)
        for step in range(500):
            warm = step >= k.warm_up
            leader = majority(self.finals)
            ema = (1 - k.alpha) * ema + k.alpha * self.confidence()
            if warm and leader is not None:
                self.abandon(leader)
            self.advance_round(leader if warm else None)
            ema = (1 - k.alpha) * ema + k.alpha * self.confidence()
            history.append(ema)
            rise = history[-1] - history[0]
            if warm and len(self.finals) >= k.quorum and ema >= k.level and rise >= -k.slack:
                return PlainResult(majority(self.finals), self.tokens)
            if not self.active:
                break
            if rise <= k.flat and step >= max(1, k.warm_up // 2) and ema < k.level:
                self.open(min(k.widen, k.max_branches - len(self.branches)))
        alive = [b.answer for b in self.branches if not b.pruned and b.answer is not None]
        return PlainResult(majority(self.finals or alive), self.tokens)


def majority(answers: Sequence[str]) -> str | None:
    """Return the most common answer, the first seen on a tie."""
    return Counter(answers).most_common(1)[0][0] if answers else None
