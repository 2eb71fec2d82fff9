"""Race the settings of a template: find those near the frontier of accuracy over price.

Settings are drawn, and then bred from those nearest to the frontier, generation after generation.
Every setting that was played counts, so a race learns from all its episodes.

Method: after Deb and others, NSGA-II, IEEE Transactions on Evolutionary Computation, 2002.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from agents.search.measurements import SettingFigures
from agents.template_search.program_templates import (
    Floats,
    ProgramTemplate,
    Setting,
    draw_points,
)

FIRST_DRAWN = 512
"""Settings that a race starts with."""

FIRST_SEEDS = 2
"""Seeds of the settings that a race starts with."""

BRED = 192
"""Settings that a generation of a race breeds."""

BRED_SEEDS = 3
"""Seeds of bred settings."""

RACE_GENERATIONS = 20
"""Maximum number of generations of a race."""

PARENT_SHARE = 6
"""One in so many settings of a race is a parent, the nearest to the frontier."""

LEAST_PARENTS = 64
"""Minimum number of parents."""

MUTATION = 0.08
"""Standard deviation of a bred knob, as a fraction of its range."""

MATES_WITHIN = 1.0
"""Doublings of the price within which two settings exchange knobs."""

LEAST_DRAWN = 48
"""With fewer settings, a race is not worth its episodes."""


class SettingPlayer(Protocol):
    """Play settings of a template over what a round shows of the search set."""

    def __call__(
        self, template: ProgramTemplate, settings: Sequence[Setting], seeds: range
    ) -> SettingFigures | None:
        """Return the figures of each setting, or ``None`` if the allowance does not suffice."""
        ...


class RacedSettings(NamedTuple):
    """The settings of a race, S of K knobs."""

    points: Floats
    """Array (S, K)."""
    accuracy: Floats
    """Array (S,): percent, mean over recordings."""
    log_price: Floats
    """Array (S,): logarithm to base 2 of the price, mean over recordings."""

    def distances(self) -> Floats:
        """Return how far each setting is below the frontier of all, in points of accuracy.

        Settings that cannot be used are infinitely far.
        """
        order = np.lexsort((-self.accuracy, self.log_price))
        best = np.maximum.accumulate(self.accuracy[order])
        distances = np.empty_like(self.accuracy)
        distances[order] = best - self.accuracy[order]
        return np.where(np.isfinite(self.log_price), distances, np.inf)

    def find_best(self, value: float, count: int) -> Floats:
        """Return the best settings at a value of tokens, an array (count, K).

        Args:
            value: Points of accuracy that a doubling of the price has to bring.
            count: Number of settings.
        """
        order = np.argsort(value * self.log_price - self.accuracy, kind="stable")
        return self.points[order[:count]]


def race_settings(
    template: ProgramTemplate,
    play: SettingPlayer,
    random: np.random.Generator,
    *,
    allowance: int,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> RacedSettings | None:
    """Draw settings, and breed more from those nearest to the frontier.

    Args:
        template: Template to draw settings of.
        play: Function that plays settings.
        random: Random source.
        allowance: Settings times seeds that may be played.
        is_out_of_time: Return true to stop early.

    Returns:
        All settings that were played, or ``None`` if the allowance is for too few.
    """
    count = min(FIRST_DRAWN, allowance // FIRST_SEEDS)
    if count < LEAST_DRAWN:
        return None
    raced = _play_points(
        template, draw_points(count, template.knobs, random), play, range(FIRST_SEEDS)
    )
    allowance -= count * FIRST_SEEDS
    for generation in range(min(RACE_GENERATIONS, allowance // (BRED * BRED_SEEDS))):
        if raced is None or is_out_of_time():
            break
        first = FIRST_SEEDS + generation * BRED_SEEDS
        bred = _play_points(
            template, breed_points(raced, random), play, range(first, first + BRED_SEEDS)
        )
        if bred is None:
            break
        raced = RacedSettings(*(np.concatenate(pair) for pair in zip(raced, bred, strict=True)))
    return raced


def breed_points(raced: RacedSettings, random: np.random.Generator) -> Floats:
    """Breed settings: parents of about the same price exchange knobs, and all knobs move a little.

    Args:
        raced: Settings that were played, S of K knobs.
        random: Random source.

    Returns:
        Array (`BRED`, K).
    """
    order = np.argsort(raced.distances(), kind="stable")
    parents = order[: max(LEAST_PARENTS, len(order) // PARENT_SHARE)]
    mothers, fathers = random.choice(parents, BRED), random.choice(parents, BRED)
    log_price = np.nan_to_num(raced.log_price, posinf=0.0)  # the difference of infinities is none
    near = np.abs(log_price[mothers] - log_price[fathers]) < MATES_WITHIN
    shape = (BRED, raced.points.shape[1])
    from_father = (random.random(shape) < 0.5) & near[:, None]
    points = np.where(from_father, raced.points[fathers], raced.points[mothers])
    bred: Floats = np.clip(points + random.normal(0.0, MUTATION, shape), 0.0, 1.0)
    return bred


def _play_points(
    template: ProgramTemplate, points: Floats, play: SettingPlayer, seeds: range
) -> RacedSettings | None:
    figures = play(template, [template.setting(point) for point in points], seeds)
    if figures is None:
        return None
    log_price = np.log2(np.maximum(figures.price, 1.0)).mean(axis=1)
    return RacedSettings(points, figures.accuracy.mean(axis=1), log_price)
