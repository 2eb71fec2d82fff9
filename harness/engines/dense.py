"""A recording as dense arrays, as compiled programs read it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsl.builtins import SIGNALS
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import BranchPool, permute_branches


class DenseSignal(NamedTuple):
    """An optional signal of one question."""

    values: NDArray[np.float64]
    """(N, W) values, 0 where there is none."""
    counts: NDArray[np.int64]
    """(N,) how many intervals of each branch have the signal."""


class DenseQuestion(NamedTuple):
    """One question: N branches, rows of W answers."""

    answers: NDArray[np.int16 | np.int32]
    """(N, W) the number of the answer at each depth from 1; after the last probe, the final answer.
    """
    probes: NDArray[np.int64]
    """(N,) P, the intervals of each branch."""
    tokens: NDArray[np.int64]
    """(N,) T, the tokens of each branch."""
    signals: dict[str, DenseSignal]


def is_wide(replay_environment: ReplayEnvironment) -> bool:
    """Return whether some question has more answers than 16 bits can number."""
    return any(
        len(replay_environment.words(q)) > np.iinfo(np.int16).max
        for q in range(len(replay_environment.branch_pools))
    )


def build_dense_questions(replay_environment: ReplayEnvironment) -> list[DenseQuestion]:
    """Return the arrays of every question."""
    kind = np.int32 if is_wide(replay_environment) else np.int16
    return [
        _question(branch_pool, replay_environment.words(question), kind)
        for question, branch_pool in enumerate(replay_environment.branch_pools)
    ]


def _question(
    branch_pool: BranchPool, words: dict[str, int], kind: type[np.int16] | type[np.int32]
) -> DenseQuestion:
    chains = branch_pool.chains
    width = max((len(chain.probes) for chain in chains), default=0) + 1
    answers = np.empty((len(chains), width), kind)
    for row, chain in enumerate(chains):
        count = len(chain.probes)
        answers[row, :count] = [words[answer] for answer in chain.probes]
        answers[row, count:] = words[chain.final]
    return DenseQuestion(
        answers,
        np.array([len(chain.probes) for chain in chains], np.int64),
        np.array([chain.tokens for chain in chains], np.int64),
        {
            name: _signal([getattr(chain, name) for chain in chains], width)
            for name in SIGNALS
            if chains and all(getattr(chain, name) is not None for chain in chains)
        },
    )


def _signal(rows: Sequence[Sequence[float]], width: int) -> DenseSignal:
    values = np.zeros((len(rows), width))
    for row, entries in enumerate(rows):
        values[row, : len(entries)] = entries
    return DenseSignal(values, np.array([len(entries) for entries in rows], np.int64))


@lru_cache(maxsize=16)
def stack_permutations(branches: int, seeds: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the order in which each seed opens the branches.

    Returns:
        (S, N) array. It is shared: do not modify it.
    """
    return np.array([permute_branches(branches, seed) for seed in seeds], np.int32).reshape(
        len(seeds), branches
    )
