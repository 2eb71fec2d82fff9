"""What trials let one believe of the stages: an ensemble of accounts, each of which fits them.

An account says of every stage how able each model is, how much repetition adds and up to which
number of samples, and how strongly a poor input lowers its output and raises the samples that it
wants. These are the three observations that the published agent writes down as guidelines, with
wide ranges for every constant, and no more than that is assumed. The ensemble is drawn by
differential evolution Markov chains (ter Braak, 2006), which find the scale of each constant
themselves; it starts where the round before left it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.allocation.space import Space
from store.pipelines.records import Choice, Choices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.allocation.proposers import Seen

    Array = NDArray[np.float64]
    Places = NDArray[np.int64]

CHAINS = 128
"""Accounts of an ensemble."""

FIRST, LATER = 300, 90
"""Steps of the chains in a first round, and in each later one."""


class _Prior(NamedTuple):
    """A normal range: of logits, or of logarithms where a constant is above 0."""

    mean: float
    spread: float


_SMALLEST = _Prior(0.0, 1.5)
"""The logit of one sample of the smallest model, with a perfect input."""
_LARGER = _Prior(0.45, 0.6)
"""What the next larger model adds to it, for each factor of e in size."""
_GOVERNED = _Prior(0.5, 1.2)
"""The logit of a stage that a controller governs."""
_GAIN = _Prior(-0.2, 0.8)
"""The logarithm of what repetition adds to the logit, all of it."""
_END = _Prior(2.3, 1.0)
"""The logarithm of the samples at which it ends."""
_SPOILT = _Prior(0.5, 0.8)
"""The logarithm of what a poor input takes off the logit."""
_MORE = _Prior(-0.2, 0.9)
"""The logarithm of how much more samples it wants."""
_NOISE = _Prior(-4.2, 0.8)
"""The logarithm of the error of a score, what the account cannot say among it."""


class Points(NamedTuple):
    """Allocations as arrays, (allocations, stages)."""

    arms: "Places"
    """The place of the stage's model among its models, or behind them that of its controller."""
    samples: "Array"
    """1 where a controller governs."""


class Belief:
    """See the module.

    Args:
        space: of the trials.
        seed: of all chance.
        state: what `state` gave in the round before.
    """

    def __init__(self, space: Space, seed: int, state: bytes | None = None):
        self._space = space
        self._arms: list[list[Choice | str]] = [
            [*models, *governed]
            for models, governed in zip(space.models, space.governed, strict=True)
        ]
        self._random = np.random.default_rng(seed)
        self._stages = len(self._arms)
        self._widest = max(map(len, self._arms))
        self._prior = _priors(space, self._arms, self._widest)
        size = (CHAINS, self._prior.means.size)
        if state is None:
            drawn = self._random.normal(size=size)
            self._chains = self._prior.means + self._prior.spreads * drawn
            self._steps = FIRST
        else:
            self._chains = np.frombuffer(state).reshape(size).copy()
            self._steps = LATER

    @property
    def state(self) -> bytes:
        """The ensemble, for the next round."""
        return self._chains.tobytes()

    def fit(self, seen: "Sequence[Seen]") -> None:
        """Moves the ensemble to accounts that fit the trials."""
        points = self.points([each.choices for each in seen])
        scores = np.array([each.score for each in seen])
        density = self._density(self._chains, points, scores)
        count, width = self._chains.shape
        for step in range(self._steps):
            one, other = (self._random.permutation(count) for _ in range(2))
            part = self._random.choice((0.1, 0.3, 1.0))
            # Now and then a whole step of another's difference, to leave a lesser peak.
            scale = 1.0 if step % 10 == 9 else 2.38 / np.sqrt(2 * part * width)
            scale *= self._random.uniform(0.3, 1.0)
            leap = scale * (self._chains[one] - self._chains[other])
            leap += 1e-3 * self._prior.spreads * self._random.normal(size=leap.shape)
            moved = self._random.random((count, width)) < part
            tried = self._chains + np.where(moved, leap, 0.0)
            found = self._density(tried, points, scores)
            better = np.log(self._random.random(count)) < found - density
            self._chains[better], density[better] = tried[better], found[better]

    def predict(self, points: Points) -> "Array":
        """The scores that each account expects, (accounts, allocations)."""
        return self._play(self._chains, points)

    def points(self, some: Sequence[Choices]) -> Points:
        """Allocations as arrays."""
        arms = [[self._arm(at, each) for at, each in enumerate(one)] for one in some]
        samples = [[max(1, each.samples) for each in one] for one in some]
        return Points(np.array(arms, dtype=np.int64), np.array(samples, dtype=np.float64))

    def ends(self) -> "Array":
        """The samples at which each stage gains no more with a perfect input, by account."""
        return 1 + np.exp(self._parts(self._chains).ends)

    def abilities(self, at: int) -> "Array":
        """The logit of one sample of each model of a stage, (accounts, models)."""
        return self._parts(self._chains).abilities[:, at, : len(self._space.models[at])]

    def coupling(self) -> "Array":
        """How much more samples a stage wants by a wholly poor input, by account and stage."""
        return np.exp(self._parts(self._chains).more)

    def gains(self) -> "Array":
        """What repetition adds to the logit of each stage, by account."""
        return np.exp(self._parts(self._chains).gains)

    def _arm(self, at: int, choice: Choice) -> int:
        return self._arms[at].index(choice if choice.controller else choice.model)

    def _parts(self, chains: "Array") -> "_Parts":
        stages, width = self._stages, self._widest
        cut = stages * width
        raw = chains[:, :cut].reshape(-1, stages, width)
        sums = np.einsum("esw,svw->esv", raw, self._prior.sums)
        rest = chains[:, cut:-1].reshape(-1, 4, stages)
        return _Parts(sums, rest[:, 0], rest[:, 1], rest[:, 2], rest[:, 3], chains[:, -1])

    def _play(self, chains: "Array", points: Points) -> "Array":
        parts = self._parts(chains)
        given = np.ones((len(chains), len(points.arms)))
        for at in range(self._stages):
            arms, samples = points.arms[:, at], points.samples[:, at]
            governed = arms >= len(self._space.models[at])
            missing = 1 - given if at else np.zeros_like(given)
            end = np.exp(np.minimum(parts.ends[:, at, None], 9.0))
            end = 1.01 + end * (1 + np.exp(np.minimum(parts.more[:, at, None], 4.0)) * missing)
            gained = np.log(np.minimum(samples, end)) / np.log(end)
            logit = parts.abilities[:, at, arms]
            logit = logit + np.where(governed, 0.0, np.exp(parts.gains[:, at, None]) * gained)
            logit -= np.exp(parts.spoilt[:, at, None]) * missing
            given = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
        return given

    def _density(self, chains: "Array", points: Points, scores: "Array") -> "Array":
        """The logarithm of how likely accounts are, by what was known before and the trials."""
        far = (chains - self._prior.means) / self._prior.spreads
        noise = chains[:, -1]
        errors = (self._play(chains, points) - scores) * np.exp(-noise)[:, None]
        told = -0.5 * (errors**2).sum(axis=1) - len(scores) * noise
        found: Array = np.nan_to_num(told - 0.5 * (far**2).sum(axis=1), nan=-np.inf)
        return found


class _Parts(NamedTuple):
    """The constants of accounts by name; each (accounts, stages) where not said otherwise."""

    abilities: "Array"
    """(accounts, stages, arms)."""
    gains: "Array"
    ends: "Array"
    spoilt: "Array"
    more: "Array"
    noise: "Array"
    """(accounts,)."""


class _Priors(NamedTuple):
    """The ranges of all constants of an account, in one row."""

    means: "Array"
    spreads: "Array"
    sums: "Array"
    """(stages, arms, arms): which constants add up to the ability of an arm."""


def _priors(space: Space, arms: Sequence[Sequence[Choice | str]], width: int) -> _Priors:
    stages = len(arms)
    means, spreads = np.zeros((stages, width)), np.ones((stages, width))
    sums = np.zeros((stages, width, width))
    for at, some in enumerate(arms):
        before = 0.0
        for place, arm in enumerate(some):
            sums[at, place, place] = 1.0
            if isinstance(arm, Choice):
                means[at, place], spreads[at, place] = _GOVERNED
                continue
            size = float(np.log(space.pipeline.model(arm).parameters))
            if not place:
                means[at, place], spreads[at, place] = _SMALLEST
            else:
                step = max(size - before, 0.05)
                means[at, place] = _LARGER.mean * step
                spreads[at, place] = 0.25 + _LARGER.spread * step
                sums[at, place, :place] = 1.0
            before = size
    others = [each for each in (_GAIN, _END, _SPOILT, _MORE) for _ in range(stages)]
    return _Priors(
        np.concatenate([means.ravel(), [each.mean for each in others], [_NOISE.mean]]),
        np.concatenate([spreads.ravel(), [each.spread for each in others], [_NOISE.spread]]),
        sums,
    )
