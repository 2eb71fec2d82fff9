"""Results of many episodes as arrays: what engines return and figures are computed from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class EpisodeArrays(NamedTuple):
    """One controller at one setting over one recording: Q questions × S seeds.

    Both engines give the same arrays, to the last bit.
    """

    right: NDArray[np.bool_]
    """(Q, S) whether the answer is the gold answer."""
    answer: NDArray[np.int32]
    """(Q, S) the number of the answer, from `harness.mdp.environment.ReplayEnvironment.word`: -1
    for none, -2 for one that is neither the gold answer nor that of any branch.
    """
    tokens: NDArray[np.int64]
    """(Q, S) tokens charged."""
    sequential: NDArray[np.int64]
    """(Q, S) tokens on the critical path."""
    rounds: NDArray[np.int32]
    """(Q, S) barriers: verbs that did something."""
    line: NDArray[np.int32]
    """(Q, S) the source line that ended the episode: that of the ``stop``, of the verb in which the
    budget ended, or else of the ``answer``. 0 where the controller has no source."""


def empty_episodes(questions: int, seeds: int) -> EpisodeArrays:
    """Return arrays to fill in."""
    shape = (questions, seeds)
    return EpisodeArrays(
        right=np.zeros(shape, np.bool_),
        answer=np.full(shape, -1, np.int32),
        tokens=np.zeros(shape, np.int64),
        sequential=np.zeros(shape, np.int64),
        rounds=np.zeros(shape, np.int32),
        line=np.zeros(shape, np.int32),
    )


def compute_figures(episodes: EpisodeArrays) -> "EpisodeFigures":
    """Compute the figures in the same way as the published ones."""
    questions = episodes.right.shape[0]
    shares = episodes.right.sum(axis=0, dtype=np.int64) / questions
    costs = episodes.tokens.sum(axis=0) / questions
    critical = episodes.sequential.sum(axis=0) / questions
    return EpisodeFigures(
        accuracy=round(_mean(shares) * 100, 2),
        cost=int(_mean(costs)),
        sequential=int(_mean(critical)),
        episodes=episodes.right.size,
    )


class EpisodeFigures(NamedTuple):
    """A controller's figures on one recording at one setting."""

    accuracy: float
    """Mean over seeds of the share of correct answers, in percent, two decimals."""
    cost: int
    """Mean over seeds of tokens for each question, truncated."""
    sequential: int
    """Mean over seeds of tokens on the critical path for each question, truncated."""
    episodes: int


def _mean(values: NDArray[np.float64]) -> float:
    # Summed from left to right, as the published figures were: numpy's pairwise sum differs in the
    # last bit, and a truncated figure can show it.
    total = 0.0
    for value in values.tolist():
        total += value
    return total / len(values)
