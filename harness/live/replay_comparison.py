"""Compare live episodes with a recording: one by one, and as distributions.

A recording that was collected step by step, on a deterministic server, gives the same episodes to
the last token. Any other is a sample of the same model, so only distributions can be compared.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from harness.engines.catalog import get_engine
from harness.evaluation.bootstrap import ConfidenceInterval, Stratum, interval, resample
from harness.evaluation.jobs import play_plan
from harness.explanation.episode_trace import EpisodeTrace, trace_episode
from harness.live.runner import LiveResult
from harness.mdp.environment import ReplayEnvironment
from harness.request.plan import Plan

SEEDS = 100
"""Seeds of the replay whose distribution is compared."""


class EpisodePair(NamedTuple):
    """One live episode beside its replay."""

    live_result: LiveResult
    replayed: EpisodeTrace

    @property
    def same(self) -> bool:
        """Whether every verb, action, charge and answer is the same."""
        return self.live_result.episode == self.replayed

    @property
    def parts(self) -> int | None:
        """The number of the first barrier that differs, from 1; ``None`` if none does."""
        pairs = zip(self.live_result.episode.barriers, self.replayed.barriers, strict=False)
        for number, (live_barrier, replayed_barrier) in enumerate(pairs, start=1):
            if live_barrier != replayed_barrier:
                return number
        return None


class FigureDifference(NamedTuple):
    """The mean difference of a figure between live and replay, with its interval."""

    figure: str
    live: float
    replay: float
    difference: float
    around: ConfidenceInterval
    """The 95 % interval, by bootstrap over questions."""


def pair_with_replays(
    plan: Plan, replay_environment: ReplayEnvironment, live_results: Sequence[LiveResult]
) -> list[EpisodePair]:
    """Return each episode with the replay of the same question under the same seed.

    Args:
        plan: The controller and its setting.
        replay_environment: The recording.
        live_results: The live episodes.
    """
    return [
        EpisodePair(result, trace_episode(plan, replay_environment, result.number, result.seed))
        for result in live_results
    ]


def compare_distributions(
    plan: Plan, replay_environment: ReplayEnvironment, live_results: Sequence[LiveResult]
) -> list[FigureDifference]:
    """Compare accuracy in percent, tokens and sequential tokens for each question.

    Replay plays seeds 0 to 99 of the same questions.

    Args:
        plan: The controller and its setting.
        replay_environment: The recording.
        live_results: The live episodes; every question must have the same number of them.
    """
    numbers = sorted({result.number for result in live_results})
    seeds = len(live_results) // len(numbers)
    recorded = play_plan(plan, replay_environment, range(SEEDS), get_engine("compiled"))
    by_number = {
        number: [result for result in live_results if result.number == number] for number in numbers
    }
    columns = []
    for number in numbers:
        episodes = [result.episode for result in by_number[number]]
        columns.append(
            (
                sum(bool(episode.right) for episode in episodes),
                int(recorded.right[number].sum()),
                sum(episode.tokens for episode in episodes),
                int(recorded.tokens[number].sum()),
                sum(episode.sequential for episode in episodes),
                int(recorded.sequential[number].sum()),
            )
        )
    totals = np.array(columns, dtype=np.float64)
    # Keep integers: multiply each side by the other's number of seeds.
    live, replay = totals[:, ::2] * SEEDS, totals[:, 1::2] * seeds
    weight = float(seeds * SEEDS)
    samples = resample([Stratum(live - replay, weight)])
    means = [part.sum(axis=0) / (len(numbers) * weight) for part in (live, replay)]
    differences = []
    for index, (figure, scale) in enumerate(
        (("accuracy", 100.0), ("tokens", 1.0), ("sequential", 1.0))
    ):
        around = interval(samples[:, index] * scale)
        values = [float(part[index] * scale) for part in means]
        differences.append(
            FigureDifference(figure, values[0], values[1], values[0] - values[1], around)
        )
    return differences
