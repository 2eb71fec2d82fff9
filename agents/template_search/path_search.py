"""Find the path through a template's settings with the best curve.

Pairs of raced settings near the low and the high end of the frontier (`races`) are played as
straight paths; the best is the first path. Then CMA-ES moves the control points of the path to
raise the fitness of its curve. Each generation plays seeds that no generation before it played, so
a path cannot fit a few permutations.

Method: Hansen, The CMA Evolution Strategy, arXiv 1604.00772, as implemented in the package `cmaes`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np

from agents.search.measurements import CurveScore, SettingFigures
from agents.template_search.knob_paths import list_settings, locate, make_monotone
from agents.template_search.program_templates import Floats, ProgramTemplate
from agents.template_search.races import (
    BRED_SEEDS,
    FIRST_SEEDS,
    RACE_GENERATIONS,
    RacedSettings,
    SettingPlayer,
)

LOW_VALUES, HIGH_VALUES = (6.0, 3.0), (0.1,)
"""Points of accuracy that a doubling of the price has to bring, where a path may start and end."""

NEAREST = 12
"""Best settings at a low value from which a path may start."""

NEAREST_HIGH = 24
"""Best settings at a high value at which a path may end; accuracy is flat there."""

PAIRS = 96
"""Pairs of settings that are played as straight paths."""

PAIR_HEATS = ((PAIRS, 2), (16, 6))
"""Paths and seeds of each heat of the pairs."""

SIGMA = 0.12
"""Initial step size of the strategy, as a fraction of a knob's range."""

POPULATION = 16
"""Paths of a generation."""

SEEDS = 6
"""Seeds under which a generation is played."""

DROP_PENALTY = 2.0
"""Penalty, in the unit of the fitness, for a path whose tokens fall as β rises."""

UNCOVERED_PENALTY = 0.75
"""Penalty, in the unit of the fitness, for each doubling of the price that a path ends below the
most expensive baseline.

A path that ends early cannot reach the accuracies for which other models and other questions need
more votes, and the few questions of a search do not show that it lacks them."""

MOVE_PENALTY = 0.03
"""Penalty, in the unit of the fitness, for a knob that moves over its whole range as β rises.

Two settings of a dozen knobs fit the questions of a search better than they fit others. A knob that
gains nothing by moving stays fixed."""

AVERAGED_ROUNDS = 4
"""Rounds whose paths are averaged."""


class CurveScorer(Protocol):
    """Score a curve: the objective, and whether tokens never fall as β rises."""

    def __call__(self, figures: SettingFigures) -> CurveScore:
        """Return the objective, and what else matters of a curve."""
        ...


class PathState(msgspec.Struct, frozen=True, kw_only=True):
    """A path of a template, and the distribution that the next generation is drawn from."""

    template: str
    source: str
    """Source text of the template: a later version may have another under this name."""
    path: list[list[float]]
    """Control points (C, K): coordinates in [0, 1]."""
    sigma: float = SIGMA
    covariance: list[list[float]] = []
    """Shape (C · K, C · K); empty for the identity."""
    seeds_played: int = 0
    """Every seed below this one was played by a generation of this path."""
    generations: int = 0
    trail: list[list[list[float]]] = []
    """Control points after each of the last rounds, at most `AVERAGED_ROUNDS`."""
    score: float = 0.0
    """Gain of the path over all baselines, on the part that a round showed."""

    @property
    def points(self) -> Floats:
        """Return the control points as an array (C, K)."""
        return np.array(self.path)

    @property
    def average(self) -> Floats | None:
        """Return the mean of the last rounds' paths (C, K); ``None`` if there is only one.

        Each round fits a path to the part of the search set that it shows. Their mean is fitted to
        all parts, and has less of what a single part has by luck. It is made monotone, since a knob
        may rise in one path and fall in another.
        """
        return make_monotone(np.mean(self.trail, axis=0)) if len(self.trail) > 1 else None


def start_path(
    template: ProgramTemplate,
    raced: RacedSettings,
    play: SettingPlayer,
    score: CurveScorer,
    random: np.random.Generator,
    betas: Sequence[float],
) -> PathState | None:
    """Begin a straight path between settings at the low and the high end of the frontier.

    A mean of settings would do worse: good settings of one price may have little in common.

    Args:
        template: Template that was raced.
        raced: Settings of the race.
        play: Function that plays settings.
        score: Function that scores a curve.
        random: Random source.
        betas: Values of β at which a path is played.

    Returns:
        The best of the pairs that were played, or ``None`` if the allowance does not suffice.
    """
    low = np.concatenate([raced.find_best(value, NEAREST) for value in LOW_VALUES])
    high = np.concatenate([raced.find_best(value, NEAREST_HIGH) for value in HIGH_VALUES])
    ends = template.low_at_one
    pairs = (
        np.stack([low[random.integers(len(low))], high[random.integers(len(high))]])
        for _ in range(PAIRS)
    )
    paths = [make_monotone(pair, ends) for pair in pairs]
    first = FIRST_SEEDS + RACE_GENERATIONS * BRED_SEEDS
    for count, seeds in PAIR_HEATS:
        paths = paths[:count]
        curves = _play_paths(template, paths, play, [(betas, seeds)], first)
        if curves is None:
            return None
        scores = [_penalise(score(curve), path) for curve, path in zip(curves, paths, strict=True)]
        paths = [paths[index] for index in np.argsort(scores, kind="stable")[::-1]]
        first += seeds
    return PathState(
        template=template.name,
        source=template.source,
        path=np.clip(paths[0], 0.02, 0.98).tolist(),
        seeds_played=first,
    )


def refine_path(
    template: ProgramTemplate,
    state: PathState,
    play: SettingPlayer,
    score: CurveScorer,
    *,
    betas: Sequence[float],
    seed: int,
    generations: int,
    is_out_of_time: Callable[[], bool] = lambda: False,
) -> PathState:
    """Refine a path by generations of CMA-ES.

    Args:
        template: Template that the path belongs to.
        state: Path to start from.
        play: Function that plays settings.
        score: Function that scores a curve.
        betas: Values of β at which a path is played.
        seed: Random seed of the strategy.
        generations: Maximum number of generations.
        is_out_of_time: Return true to stop early.

    Returns:
        The path at the mean of the distribution; ``state`` if no generation was played.
    """
    from cmaes import CMA  # imported here: it takes long to load, and many commands never need it

    shape, ends = state.points.shape, template.low_at_one
    strategy = CMA(
        mean=state.points.ravel(),
        sigma=max(state.sigma, SIGMA / 10),
        bounds=np.tile([0.0, 1.0], (state.points.size, 1)),
        seed=seed,
        population_size=POPULATION,
        cov=np.array(state.covariance) if state.covariance else None,
    )
    first, played = state.seeds_played, 0
    while played < generations and not is_out_of_time():
        samples = [strategy.ask() for _ in range(POPULATION)]
        paths = [make_monotone(sample.reshape(shape), ends) for sample in samples]
        curves = _play_paths(template, paths, play, _group_betas(betas), first)
        if curves is None:
            break
        scores = [_penalise(score(curve), path) for curve, path in zip(curves, paths, strict=True)]
        strategy.tell([(sample, -value) for sample, value in zip(samples, scores, strict=True)])
        first, played = first + SEEDS, played + 1
    if not played:
        return state
    refined = make_monotone(strategy.mean.reshape(shape), ends).tolist()
    return msgspec.structs.replace(
        state,
        path=refined,
        trail=[*state.trail, refined][-AVERAGED_ROUNDS:],
        sigma=float(strategy._sigma),  # noqa: SLF001 - the package has no public name for it
        covariance=strategy._C.tolist(),  # noqa: SLF001
        seeds_played=first,
        generations=state.generations + played,
    )


def _play_paths(
    template: ProgramTemplate,
    paths: Sequence[Floats],
    play: SettingPlayer,
    groups: Sequence[tuple[Sequence[float], int]],
    first: int,
) -> list[SettingFigures] | None:
    """Play paths at groups of β, each under a number of seeds.

    Returns:
        A curve for each path, or ``None`` beyond the allowance.
    """
    parts = []
    for group, seeds in groups:
        settings = [setting for path in paths for setting in list_settings(template, path, group)]
        figures = play(template, settings, range(first, first + seeds))
        if figures is None:
            return None
        parts.append(
            [
                figures.part(index * len(group), (index + 1) * len(group))
                for index in range(len(paths))
            ]
        )
    return [
        SettingFigures(*(np.concatenate(columns) for columns in zip(*curve, strict=True)))
        for curve in zip(*parts, strict=True)
    ]


def count_plays(betas: Sequence[float]) -> int:
    """Count the settings times seeds that a generation plays.

    Args:
        betas: Values of β at which a path is played.
    """
    return POPULATION * sum(len(group) * seeds for group, seeds in _group_betas(betas))


def _group_betas(betas: Sequence[float]) -> list[tuple[list[float], int]]:
    """Group values of β by the number of seeds that they are played under.

    The upper half of β is played under half of the seeds: its episodes take most of the time, and
    more votes in an episode make its outcome depend less on the seed.
    """
    groups = [
        ([beta for beta in betas if beta <= 0.5], SEEDS),
        ([beta for beta in betas if beta > 0.5], SEEDS // 2),
    ]
    return [(group, seeds) for group, seeds in groups if group]


def bend_path(state: PathState) -> PathState:
    """Return the same path with a third control point in the middle, to be refined again."""
    if len(state.path) == 3:
        return state
    bent, *trail = (
        locate(np.array(points), (0.0, 0.5, 1.0)).tolist() for points in (state.path, *state.trail)
    )
    return msgspec.structs.replace(state, path=bent, trail=trail, sigma=SIGMA / 2, covariance=[])


def _penalise(score: CurveScore, path: Floats) -> float:
    drop = 0.0 if score.steady else DROP_PENALTY
    moved = float(np.abs(path[-1] - path[0]).sum())
    return score.fitness - UNCOVERED_PENALTY * score.uncovered - MOVE_PENALTY * moved - drop
