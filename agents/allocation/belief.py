"""Posterior over a pipeline's stages given its trials.

Each hypothesis of the ensemble states, for every stage, how capable each model is, how much
repetition adds and up to which number of samples, and how strongly a poor input lowers the output
and raises the number of samples needed. The priors are wide; nothing else is assumed.

That larger models are better is a hypothesis too. A model's ability is linear in the logarithm of
its size, plus a deviation of its own. The slope is shared by the stages, and so is the scale of the
deviations. Both are inferred from the trials: where a small model does as well as a large one, the
slope falls, or the scale rises, and sizes count for less in every stage.

The ensemble is sampled by differential evolution Markov chains (ter Braak, 2006), which adapt to
the scale of each constant, and starts where the previous round left it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from harness.allocation.space import AllocationSpace
from store.pipelines.schema import StageChoice, StageChoices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agents.allocation.proposers import ObservedTrial

    Array = NDArray[np.float64]
    IndexArray = NDArray[np.int64]

CHAINS = 128
"""Hypotheses of an ensemble."""

FIRST, LATER = 300, 90
"""Steps of the chains in the first round, and in each later one."""


class _NormalRange(NamedTuple):
    """A normal range of logits, or of logarithms for positive constants."""

    mean: float
    spread: float


_SMALLEST = _NormalRange(0.0, 1.5)
"""Logit of one sample of a model of the smallest size, with a perfect input."""
_SLOPE = _NormalRange(0.45, 0.5)
"""Gain in logit for each factor of e in size, over all stages."""
_STAGE_SLOPE = 0.4
"""Standard deviation of a stage's slope around that of all stages."""
_DEVIATION = _NormalRange(-0.7, 0.7)
"""Logarithm of the standard deviation of a model's logit around that of its size."""
_STANDARD = _NormalRange(0.0, 1.0)
"""A deviation in units of its scale."""
_GOVERNED = _NormalRange(0.5, 1.2)
"""Logit of a stage that a controller governs."""
_GAIN = _NormalRange(-0.2, 0.8)
"""Logarithm of the total gain in logit from repetition."""
_END = _NormalRange(2.3, 1.0)
"""Logarithm of the samples at which the gain ends."""
_SPOILT = _NormalRange(0.5, 0.8)
"""Logarithm of the loss in logit from a poor input."""
_MORE = _NormalRange(-0.2, 0.9)
"""Logarithm of the extra samples that a poor input requires."""
_NOISE = _NormalRange(-4.2, 0.8)
"""Logarithm of a score's error, including model misfit."""


class AllocationPoints(NamedTuple):
    """Allocations as arrays, (allocations, stages)."""

    arms: "IndexArray"
    """Index of the stage's model, or, after all models, of its controller."""
    samples: "Array"
    """1 for a stage that a controller governs."""


class Belief:
    """Posterior over the stages of a pipeline; see the module docstring.

    Args:
        space: Space of allocations.
        seed: Random seed.
        state: Ensemble that `state` returned in the previous round. One of another form, as of an
            earlier version, is not used.
    """

    def __init__(self, space: AllocationSpace, seed: int, state: bytes | None = None):
        self._space = space
        self._arms: list[list[StageChoice | str]] = [
            [*models, *governed]
            for models, governed in zip(space.models, space.governed, strict=True)
        ]
        self._random = np.random.default_rng(seed)
        self._stages = len(self._arms)
        self._widest = max(map(len, self._arms))
        self._prior = _priors(self._arms, self._widest)
        self._sizes = _relative_sizes(space, self._widest)
        size = (CHAINS, self._prior.means.size)
        if state is None or len(state) != 8 * CHAINS * self._prior.means.size:
            noise = self._random.normal(size=size)
            self._chains = self._prior.means + self._prior.spreads * noise
            self._steps = FIRST
        else:
            self._chains = np.frombuffer(state).reshape(size).copy()
            self._steps = LATER

    @property
    def state(self) -> bytes:
        """Return the ensemble, for the next round."""
        return self._chains.tobytes()

    def fit(self, trials: "Sequence[ObservedTrial]") -> None:
        """Fit the ensemble to the trials."""
        points = self.points([trial.choices for trial in trials])
        scores = np.array([trial.score for trial in trials])
        density = self._density(self._chains, points, scores)
        count, width = self._chains.shape
        for step in range(self._steps):
            first, second = (self._random.permutation(count) for _ in range(2))
            part = self._random.choice((0.1, 0.3, 1.0))
            # Occasionally take a full difference step, to escape a local optimum.
            scale = 1.0 if step % 10 == 9 else 2.38 / np.sqrt(2 * part * width)
            scale *= self._random.uniform(0.3, 1.0)
            leap = scale * (self._chains[first] - self._chains[second])
            leap += 1e-3 * self._prior.spreads * self._random.normal(size=leap.shape)
            moved = self._random.random((count, width)) < part
            tried = self._chains + np.where(moved, leap, 0.0)
            new_density = self._density(tried, points, scores)
            better = np.log(self._random.random(count)) < new_density - density
            self._chains[better], density[better] = tried[better], new_density[better]

    def predict(self, points: AllocationPoints) -> "Array":
        """Predict scores: array (hypotheses, allocations)."""
        return self._play(self._chains, points)

    def points(self, allocations: Sequence[StageChoices]) -> AllocationPoints:
        """Convert allocations to arrays."""
        arms = [
            [self._arm(stage, choice) for stage, choice in enumerate(choices)]
            for choices in allocations
        ]
        samples = [[max(1, choice.samples) for choice in choices] for choices in allocations]
        shape = (len(allocations), self._stages)
        return AllocationPoints(
            np.array(arms, dtype=np.int64).reshape(shape),
            np.array(samples, dtype=np.float64).reshape(shape),
        )

    def ends(self) -> "Array":
        """Sample at which each stage gains no more with a perfect input, by hypothesis."""
        return 1 + np.exp(self._parts(self._chains).ends)

    def abilities(self, stage: int) -> "Array":
        """Logit of one sample of each model of a stage: array (hypotheses, models)."""
        return self._parts(self._chains).abilities[:, stage, : len(self._space.models[stage])]

    def larger_is_better(self) -> float:
        """Return the probability that of two models of a stage the larger one is more able.

        It is the mean over hypotheses, stages and pairs of models of different sizes; 0.5 if no
        stage has such a pair.
        """
        pairs = [
            able[:, larger] > able[:, smaller]
            for able, sizes in zip(
                map(self.abilities, range(self._stages)), self._sizes, strict=True
            )
            for larger in range(able.shape[1])
            for smaller in range(larger)
            if sizes[larger] > sizes[smaller]
        ]
        return float(np.mean(pairs)) if pairs else 0.5

    def coupling(self) -> "Array":
        """Extra samples that a stage needs with a worthless input, by hypothesis and stage."""
        return np.exp(self._parts(self._chains).more)

    def gains(self) -> "Array":
        """Gain in logit from repetition for each stage, by hypothesis."""
        return np.exp(self._parts(self._chains).gains)

    def _arm(self, stage: int, choice: StageChoice) -> int:
        return self._arms[stage].index(choice if choice.controller else choice.model)

    def _parts(self, chains: "Array") -> "_AccountConstants":
        stages, width = self._stages, self._widest
        cut = stages * width
        deviations = chains[:, :cut].reshape(-1, stages, width)
        stage = chains[:, cut:-3].reshape(-1, 6, stages)
        scale, slope, noise = chains[:, -3], chains[:, -2], chains[:, -1]
        slopes = slope[:, None] + _STAGE_SLOPE * stage[:, 4]
        abilities = stage[:, 5, :, None] + slopes[:, :, None] * self._sizes
        abilities = abilities + np.exp(scale)[:, None, None] * deviations
        # The size of a controller is not a number: what it can do depends on nothing else.
        abilities = np.where(np.isnan(self._sizes), deviations, abilities)
        return _AccountConstants(
            abilities, stage[:, 0], stage[:, 1], stage[:, 2], stage[:, 3], noise
        )

    def _play(self, chains: "Array", points: AllocationPoints) -> "Array":
        parts = self._parts(chains)
        quality = np.ones((len(chains), len(points.arms)))
        for stage in range(self._stages):
            arms, samples = points.arms[:, stage], points.samples[:, stage]
            governed = arms >= len(self._space.models[stage])
            missing = 1 - quality if stage else np.zeros_like(quality)
            end = np.exp(np.minimum(parts.ends[:, stage, None], 9.0))
            end = 1.01 + end * (1 + np.exp(np.minimum(parts.more[:, stage, None], 4.0)) * missing)
            gained = np.log(np.minimum(samples, end)) / np.log(end)
            logit = parts.abilities[:, stage, arms]
            logit = logit + np.where(governed, 0.0, np.exp(parts.gains[:, stage, None]) * gained)
            logit -= np.exp(parts.spoilt[:, stage, None]) * missing
            quality = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
        return quality

    def _density(self, chains: "Array", points: AllocationPoints, scores: "Array") -> "Array":
        """Log posterior density of hypotheses, given the trials."""
        far = (chains - self._prior.means) / self._prior.spreads
        noise = chains[:, -1]
        errors = (self._play(chains, points) - scores) * np.exp(-noise)[:, None]
        log_likelihood = -0.5 * (errors**2).sum(axis=1) - len(scores) * noise
        density: Array = np.nan_to_num(log_likelihood - 0.5 * (far**2).sum(axis=1), nan=-np.inf)
        return density


class _AccountConstants(NamedTuple):
    """Constants by name; each is an array (hypotheses, stages) unless stated otherwise."""

    abilities: "Array"
    """Array (hypotheses, stages, arms)."""
    gains: "Array"
    ends: "Array"
    spoilt: "Array"
    more: "Array"
    noise: "Array"
    """Array (hypotheses,)."""


class _NormalRanges(NamedTuple):
    """The ranges of all constants of a hypothesis, in one row."""

    means: "Array"
    spreads: "Array"


def _priors(arms: Sequence[Sequence[StageChoice | str]], width: int) -> _NormalRanges:
    """Return the prior of every constant, in the order in which `Belief._parts` reads them."""
    of_arms = [
        [_GOVERNED if isinstance(arm, StageChoice) else _STANDARD for arm in stage_arms]
        + [_STANDARD] * (width - len(stage_arms))
        for stage_arms in arms
    ]
    of_stages = (_GAIN, _END, _SPOILT, _MORE, _STANDARD, _SMALLEST)
    ranges = [prior for stage in of_arms for prior in stage]
    ranges += [prior for prior in of_stages for _ in arms]
    ranges += [_DEVIATION, _SLOPE, _NOISE]
    return _NormalRanges(
        np.array([prior.mean for prior in ranges]), np.array([prior.spread for prior in ranges])
    )


def _relative_sizes(space: AllocationSpace, width: int) -> "Array":
    """Return logarithms of sizes over the smallest of a stage, an array (stages, arms).

    They are not numbers for controllers, and 0 for arms that a stage does not have.
    """
    sizes = np.zeros((len(space.models), width))
    for stage, (models, governed) in enumerate(zip(space.models, space.governed, strict=True)):
        parameters = np.array([space.pipeline.model(name).parameters for name in models])
        sizes[stage, : len(models)] = np.log(parameters / parameters[0])
        sizes[stage, len(models) : len(models) + len(governed)] = np.nan
    return sizes
