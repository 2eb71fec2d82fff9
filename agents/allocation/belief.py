"""Posterior over a pipeline's stages given its trials, and the guidelines derived from it.

Each hypothesis of the ensemble states, for every stage, how capable each model is, how much
repetition adds and up to which number of samples, and how strongly a poor input lowers the output
and raises the number of samples needed. The priors are wide; nothing else is assumed. The ensemble
is sampled by differential evolution Markov chains (ter Braak, 2006), which adapt to the scale of
each constant, and starts where the previous round left it. A guideline is a sentence that at least
`MIN_CERTAINTY` of the hypotheses support.
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
"""Logit of one sample of the smallest model, with a perfect input."""
_LARGER = _NormalRange(0.45, 0.6)
"""Gain of the next larger model, for each factor of e in size."""
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
        state: Ensemble that `state` returned in the previous round.
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
        self._prior = _priors(space, self._arms, self._widest)
        size = (CHAINS, self._prior.means.size)
        if state is None:
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
        return AllocationPoints(np.array(arms, dtype=np.int64), np.array(samples, dtype=np.float64))

    def ends(self) -> "Array":
        """Sample at which each stage gains no more with a perfect input, by hypothesis."""
        return 1 + np.exp(self._parts(self._chains).ends)

    def abilities(self, stage: int) -> "Array":
        """Logit of one sample of each model of a stage: array (hypotheses, models)."""
        return self._parts(self._chains).abilities[:, stage, : len(self._space.models[stage])]

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
        raw = chains[:, :cut].reshape(-1, stages, width)
        sums = np.einsum("esw,svw->esv", raw, self._prior.sums)
        constants = chains[:, cut:-1].reshape(-1, 4, stages)
        return _AccountConstants(
            sums, constants[:, 0], constants[:, 1], constants[:, 2], constants[:, 3], chains[:, -1]
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
    sums: "Array"
    """Array (stages, arms, arms): the constants that add up to the ability of an arm."""


def _priors(
    space: AllocationSpace, arms: Sequence[Sequence[StageChoice | str]], width: int
) -> _NormalRanges:
    stages = len(arms)
    means, spreads = np.zeros((stages, width)), np.ones((stages, width))
    sums = np.zeros((stages, width, width))
    for stage, stage_arms in enumerate(arms):
        before = 0.0
        for index, arm in enumerate(stage_arms):
            sums[stage, index, index] = 1.0
            if isinstance(arm, StageChoice):
                means[stage, index], spreads[stage, index] = _GOVERNED
                continue
            size = float(np.log(space.pipeline.model(arm).parameters))
            if not index:
                means[stage, index], spreads[stage, index] = _SMALLEST
            else:
                step = max(size - before, 0.05)
                means[stage, index] = _LARGER.mean * step
                spreads[stage, index] = 0.25 + _LARGER.spread * step
                sums[stage, index, :index] = 1.0
            before = size
    others = [prior for prior in (_GAIN, _END, _SPOILT, _MORE) for _ in range(stages)]
    return _NormalRanges(
        np.concatenate([means.ravel(), [prior.mean for prior in others], [_NOISE.mean]]),
        np.concatenate([spreads.ravel(), [prior.spread for prior in others], [_NOISE.spread]]),
        sums,
    )


MIN_CERTAINTY = 0.8
"""Minimum fraction of the hypotheses that support a guideline."""

MIN_LOGIT_DIFFERENCE = 0.25
"""Minimum difference of logits worth a guideline."""


def derive_guidelines(space: AllocationSpace, belief: "Belief") -> list[str]:
    """Derive guidelines for each stage: its model, its saturation, and the effect of its input."""
    guidelines = []
    ends = np.quantile(belief.ends(), (0.2, 0.8), axis=0)
    gains, more = belief.gains(), np.median(belief.coupling(), axis=0)
    for stage, name in enumerate(space.names):
        guidelines.append(_model(space, belief, stage, name))
        low, high = (max(1, round(float(end))) for end in ends[:, stage])
        if float(np.median(gains[:, stage])) < MIN_LOGIT_DIFFERENCE:
            guidelines.append(f"{name}: more samples bring little improvement.")
        elif high <= 3 * low:
            guidelines.append(f"{name}: samples stop paying at about {low} to {high}.")
        else:
            guidelines.append(
                f"{name}: it is uncertain where samples stop paying; {low} to {high} so far."
            )
        if stage and float(more[stage]) > 1:
            guidelines.append(
                f"{name}: needs more samples to correct errors of {space.names[stage - 1]}; spend"
                f" on {space.names[stage - 1]} first."
            )
    return guidelines


def _model(space: AllocationSpace, belief: "Belief", stage: int, name: str) -> str:
    """Choose the model of a stage: the smallest one that no larger one clearly beats."""
    models, able = space.models[stage], belief.abilities(stage)
    for index, model in enumerate(models):
        worse = [
            models[other]
            for other in range(index + 1, len(models))
            if float(np.mean(able[:, other] - able[:, index] > MIN_LOGIT_DIFFERENCE))
            >= MIN_CERTAINTY
        ]
        if not worse:
            why = (
                "sample for sample no larger one is clearly better"
                if index < len(models) - 1
                else "sample for sample the smaller ones are clearly worse"
            )
            return f"{name}: {model}; {why}." if len(models) > 1 else f"{name}: {model} alone."
    return f"{name}: {models[-1]}."
