"""Published methods of the library play as their twins over generated episodes."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.interpreter import Interpreter
from dsl.library import load_source
from dsl.program import load_checked_program
from harness.mdp.replay import BranchPool, NamedSignal
from tests.dsl.generated_recordings import branch_pools, episode_settings
from tests.dsl.method_twins import (
    CertainVote,
    DirichletConsistency,
    ShortestChains,
    StableProbes,
    ThinnedConsistency,
)
from tests.dsl.plain import EpisodeSetting, LanguageRules, PlainController
from tests.dsl.recorded_episodes import assert_plays_alike
from tests.dsl.signal_twins import (
    BestReward,
    BordaVote,
    OnlineConfidence,
    ReliableConsistency,
    ResponseConfidence,
    RewardVote,
    StatedConfidence,
    TailConfidence,
)


@given(branch_pools(), episode_settings(), st.integers(1, 24), st.integers(1, 9))
def test_short_mk_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, k: int, m: int
) -> None:
    assert_alike("short_mk", ShortestChains(k, m), {"k": k, "m": m}, branch_pool, setting)


@given(
    branch_pools(), episode_settings(), st.integers(1, 24), st.sampled_from([0.5, 0.8, 0.95, 1.0])
)
def test_asc_dirichlet_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, threshold: float
) -> None:
    n = min(n, len(branch_pool.chains))
    knobs = {"n": n, "threshold": threshold}
    twin = DirichletConsistency(n, threshold)
    assert_alike("asc_dirichlet", twin, knobs, branch_pool, setting)


@given(
    branch_pools(),
    episode_settings(),
    st.integers(1, 24),
    st.integers(1, 9),
    st.sampled_from([0.0, 0.31, 0.59, 0.85, 1.0]),
)
def test_certaindex_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, size: int, threshold: float
) -> None:
    knobs = {"n": n, "size": size, "threshold": threshold}
    assert_alike("certaindex", CertainVote(n, size, threshold), knobs, branch_pool, setting)


@given(branch_pools(), episode_settings(), st.integers(2, 9))
def test_dynasor_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, w: int
) -> None:
    assert_alike("dynasor", StableProbes(w), {"w": w}, branch_pool, setting)


@given(branch_pools(), episode_settings(), st.integers(1, 24), st.integers(2, 9), st.integers(0, 9))
def test_slim_sc_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, settled: int, warm_up: int
) -> None:
    knobs = {"n": n, "settled": settled, "warm_up": warm_up}
    twin = ThinnedConsistency(n, settled, warm_up)
    assert_alike("slim_sc", twin, knobs, branch_pool, setting)


def assert_alike(
    name: str,
    twin: PlainController,
    knobs: Mapping[str, float],
    branch_pool: BranchPool,
    setting: EpisodeSetting,
) -> None:
    """Compare a program of the library with its twin on one episode."""
    ruled = LanguageRules(twin, twin.ending)
    program = Interpreter(load_checked_program(load_source(name)), knobs)
    assert_plays_alike(program, ruled, branch_pool, setting)


# Methods that read signals, over generated episodes


@st.composite
def signal_pools(draw: st.DrawFn) -> BranchPool:
    """Branch pools whose chains have signals; the last stretch may have none."""
    plain = draw(branch_pools(at_least=2))
    rng = random.Random(draw(st.integers(0, 2**32)))
    # A group of 2048 tokens has one of these intervals, four or more.
    interval = draw(st.sampled_from([200, 500, 1500]))
    chains = []
    for chain in plain.chains:
        count = len(chain.probes) + rng.randint(0, 1)
        chains.append(
            chain._replace(
                tokens=max(1, chain.tokens * interval // plain.interval),
                entropy=None,
                signals={
                    name: NamedSignal("branch", [rng.random()]) for name in ("p_true", "reward")
                },
                logprob=tuple(-rng.random() for _ in range(count)),
                top_logprob=tuple(-8 - 2 * rng.random() for _ in range(count)),
            )
        )
    return BranchPool(chains, interval)


def wide_settings() -> st.SearchStrategy[EpisodeSetting]:
    """Settings whose budgets suit long intervals."""
    return st.builds(
        EpisodeSetting,
        seed=st.integers(0, 99),
        question=st.integers(0, 29),
        budget=st.none() | st.integers(0, 400_000),
        probe_cost=st.just(0),
        beta=st.none(),
    )


@given(signal_pools(), wide_settings(), st.integers(1, 24), st.sampled_from([0.0, 0.5, 1.0, 1.2]))
def test_self_certainty_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, p: float
) -> None:
    assert_alike("self_certainty", BordaVote(n, p), {"n": n, "p": p}, branch_pool, setting)


@given(signal_pools(), wide_settings(), st.integers(1, 24), st.sampled_from([0.02, 0.1, 3.0]))
def test_cisc_response_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, temperature: float
) -> None:
    knobs = {"n": n, "temperature": temperature}
    twin = ResponseConfidence(n, temperature)
    assert_alike("cisc_response", twin, knobs, branch_pool, setting)


@given(signal_pools(), wide_settings(), st.integers(1, 24), st.sampled_from([0.02, 0.1, 3.0]))
def test_cisc_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, temperature: float
) -> None:
    knobs = {"n": n, "temperature": temperature}
    assert_alike("cisc", StatedConfidence(n, temperature), knobs, branch_pool, setting)


@given(signal_pools(), wide_settings(), st.integers(1, 24))
def test_best_of_n_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int
) -> None:
    assert_alike("best_of_n", BestReward(n), {"n": n}, branch_pool, setting)
    assert_alike("weighted_best_of_n", RewardVote(n), {"n": n}, branch_pool, setting)


@given(signal_pools(), wide_settings(), st.integers(1, 24), st.sampled_from([0.0, 0.1, 0.9, 1.0]))
def test_deepconf_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, keep: float
) -> None:
    knobs = {"n": n, "keep": keep}
    assert_alike("deepconf", TailConfidence(n, keep), knobs, branch_pool, setting)


@pytest.mark.parametrize("name", ["deepconf_high", "deepconf_low"])
@given(
    signal_pools(),
    wide_settings(),
    st.integers(1, 9),
    st.integers(1, 24),
    st.integers(1, 4),
    st.sampled_from([0.6, 0.95, 1.0]),
)
def test_deepconf_online_plays_as_plain_python_does(
    name: str,
    branch_pool: BranchPool,
    setting: EpisodeSetting,
    warm_up: int,
    n: int,
    batch: int,
    consensus: float,
) -> None:
    knobs = {"warm_up": warm_up, "n": n, "batch": batch, "consensus": consensus}
    keep = {"deepconf_high": 0.9, "deepconf_low": 0.1}[name]
    twin = OnlineConfidence(warm_up, n, batch, keep, consensus)
    assert_alike(name, twin, knobs, branch_pool, setting)


@given(
    signal_pools(),
    wide_settings(),
    st.integers(1, 24),
    st.sampled_from([0.8, 0.95, 1.0]),
    st.sampled_from([0.0, 0.7, 2.0]),
    st.sampled_from([8.5, 9.0, 11.0]),
)
def test_reasc_plays_as_plain_python_does(
    branch_pool: BranchPool,
    setting: EpisodeSetting,
    n: int,
    threshold: float,
    steepness: float,
    gate: float,
) -> None:
    knobs = {"n": n, "threshold": threshold, "steepness": steepness, "gate": gate}
    twin = ReliableConsistency(n, threshold, steepness, gate, center=9.1, spread=0.35)
    assert_alike("reasc", twin, knobs, branch_pool, setting)
