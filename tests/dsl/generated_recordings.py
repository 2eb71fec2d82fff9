"""Generated recordings for whole controllers: long chains whose answers stick and then settle."""

import random

from hypothesis import strategies as st

from harness.mdp.replay import BranchPool, ReplayChain
from tests.dsl.plain import EpisodeSetting

INTERVAL = 20


def branch_pool(key: int, branches: int, longest: int, restless: float, answers: int) -> BranchPool:
    """A branch pool in which an answer changes with probability ``restless`` at each interval."""
    rng = random.Random(key)
    pool = [str(number) for number in range(answers)] + ["ERR"]
    return BranchPool([_chain(rng, pool, longest, restless) for _ in range(branches)], INTERVAL)


def _chain(rng: random.Random, pool: list[str], longest: int, restless: float) -> ReplayChain:
    probes = []
    # The lower numbers are likelier, so that majorities form.
    answer = pool[min(rng.randrange(len(pool)), rng.randrange(len(pool)))]
    for _ in range(rng.randint(0, longest)):
        if rng.random() < restless:
            answer = pool[min(rng.randrange(len(pool)), rng.randrange(len(pool)))]
        probes.append(answer)
    final = answer if rng.random() < 0.9 else rng.choice(pool)
    # The last stretch runs from below nothing to three intervals.
    tokens = max(1, INTERVAL * len(probes) + rng.randint(-INTERVAL, 3 * INTERVAL))
    return ReplayChain(tuple(probes), tokens, final)


def branch_pools(
    branches: int = 20, at_least: int = 1, longest: int = 25
) -> st.SearchStrategy[BranchPool]:
    """Decks of ``at_least`` to ``branches`` chains with up to ``longest`` probes."""
    return st.builds(
        branch_pool,
        key=st.integers(0, 2**32),
        branches=st.integers(at_least, branches),
        longest=st.sampled_from([1, 6, longest]),
        restless=st.sampled_from([0.02, 0.1, 0.4]),
        answers=st.integers(1, 4),
    )


def episode_settings(*, beta: bool = False) -> st.SearchStrategy[EpisodeSetting]:
    """Seeds, budgets from nothing to plenty, prices of a probe from nothing to over an interval."""
    return st.builds(
        EpisodeSetting,
        seed=st.integers(0, 99),
        question=st.integers(0, 29),
        budget=st.none() | st.integers(0, 4000) | st.integers(0, 200),
        probe_cost=st.sampled_from([0, 0, 0, 3, INTERVAL + 5]),
        beta=st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.3, 1.0]) if beta else st.none(),
    )
