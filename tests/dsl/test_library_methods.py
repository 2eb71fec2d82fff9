"""Published methods of the library play as their twins in plain Python, on two recordings."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace

from dsl.compiler.objects import ObjectCache
from dsl.episode import Controller
from dsl.interpreter import Interpreter
from dsl.library import NAMES, load_source
from dsl.program import load_checked_program
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from store.environment import Environment, Item, save
from store.reader import open_recording
from store.records import SignalDeclaration
from store.simulation import REASONERS, Benchmark, simulate
from tests.dsl.method_twins import (
    CertainVote,
    DirichletConsistency,
    LastingProbe,
    ShortestChains,
    StableProbes,
    ThinnedConsistency,
)
from tests.dsl.plain import EpisodeSetting, LanguageRules, PlainController, finished_else_alive
from tests.dsl.recorded_episodes import assert_plays_alike
from tests.dsl.signal_twins import (
    BestReward,
    BordaVote,
    OnlineConfidence,
    ReliableConsistency,
    ResponseConfidence,
    RewardVote,
    SettledEntropy,
    StatedConfidence,
    TailConfidence,
)
from tests.harness.published_controllers import (
    AdaptiveConsistency,
    ConfidenceMomentum,
    EarlyStoppingConsistency,
    SelfConsistency,
)


class Method(NamedTuple):
    """A program of the library and its twin, with the same settings."""

    program: str
    knobs: dict[str, float]
    twin: PlainController


class WithEnding:
    """A plain controller that answers with the majority if the budget ends inside a verb."""

    def __init__(self, controller: Controller):
        self.name = controller.name
        self.play = controller.play
        self.ending = finished_else_alive


METHODS = [
    Method("sc", {"n": 9}, WithEnding(SelfConsistency(9))),
    Method("asc", {"n": 12, "threshold": 0.9}, WithEnding(AdaptiveConsistency(12, 0.9))),
    Method("asc_dirichlet", {"n": 16, "threshold": 0.8}, DirichletConsistency(16, 0.8)),
    Method("esc", {"n": 12, "size": 4}, WithEnding(EarlyStoppingConsistency(12, 4))),
    Method("certaindex", {"n": 14, "size": 4, "threshold": 0.59}, CertainVote(14, 4, 0.59)),
    Method("short_mk", {"k": 8, "m": 1}, ShortestChains(8, 1)),
    Method("short_mk", {"k": 10, "m": 3}, ShortestChains(10, 3)),
    Method(
        "parallel_probe",
        {"n": 8, "stable": 12, "patience": 4, "warm_up": 6},
        LastingProbe(8, 12, 4, 6),
    ),
    Method("slim_sc", {"n": 9, "settled": 3, "warm_up": 2}, ThinnedConsistency(9, 3, 2)),
    Method("answer_convergence", {"k": 6}, StableProbes(6, failures=True)),
    Method("dynasor", {"w": 4}, StableProbes(4)),
    Method("cmc", {}, WithEnding(ConfidenceMomentum())),
    Method("entropy_gate", {}, SettledEntropy()),
    Method("self_certainty", {"n": 12, "p": 1.2}, BordaVote(12, 1.2)),
    Method("cisc_response", {"n": 12, "temperature": 0.03}, ResponseConfidence(12, 0.03)),
    Method("deepconf", {"n": 12, "keep": 0.3}, TailConfidence(12, 0.3)),
    Method(
        "deepconf_high",
        {"warm_up": 5, "n": 16, "batch": 3},
        OnlineConfidence(warm_up=5, n=16, batch=3, keep=0.9, consensus=0.95),
    ),
    Method(
        "deepconf_low",
        {"warm_up": 6, "n": 18, "consensus": 0.9},
        OnlineConfidence(warm_up=6, n=18, batch=1, keep=0.1, consensus=0.9),
    ),
    Method(
        "reasc",
        {"n": 12, "threshold": 0.9},
        ReliableConsistency(12, 0.9, steepness=0.7, gate=9.5, center=9.1, spread=0.35),
    ),
    Method("cisc", {"n": 12, "temperature": 0.2}, StatedConfidence(12, 0.2)),
    Method("best_of_n", {"n": 9}, BestReward(9)),
    Method("weighted_best_of_n", {"n": 9}, RewardVote(9)),
]
"""Every published method of the library, with widths for small recordings."""

OWN = {"early_votes", "prune_to_one"}
"""Programs of the library that were found or devised here, and have no published description."""

BENCHMARK = Benchmark("methods", 5, 20)
PLAYER = CompiledEngine(ObjectCache(), threads=1)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[ReplayEnvironment]:
    """Recordings of a weak and a strong simulated model, judged at random."""
    directory = tmp_path_factory.mktemp("methods")
    environments = []
    for reasoner in (REASONERS[0], REASONERS[2]):
        path = directory / f"{reasoner.name}.recording"
        save(judge(simulate(reasoner, BENCHMARK)), path)
        environments.append(load_replay_environment(open_recording(path)))
    return environments


def judge(environment: Environment) -> Environment:
    """Add the signals of a judge, which the simulator does not have."""
    rng = Random(environment.provenance.model)
    declared = dict.fromkeys(("reward", "p_true"), SignalDeclaration(scope="branch"))
    items = [
        Item(
            item.question,
            [
                replace(branch, signals={name: [rng.random()] for name in declared})
                for branch in item.branches
            ],
        )
        for item in environment.items
    ]
    return Environment(replace(environment.provenance, signals=declared), items)


def program(name: str, knobs: Mapping[str, float]) -> Interpreter:
    return Interpreter(load_checked_program(load_source(name)), knobs)


def test_every_published_method_has_a_twin() -> None:
    assert {method.program for method in METHODS} == set(NAMES) - OWN


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.program)
def test_a_method_plays_as_its_twin_on_two_recordings(
    method: Method, recordings: list[ReplayEnvironment]
) -> None:
    compared = program(method.program, method.knobs)
    twin = LanguageRules(method.twin, method.twin.ending)
    for environment in recordings:
        for question, branch_pool in enumerate(environment.branch_pools):
            for seed, budget in ((0, None), (1, None), (2, 60_000), (3, 7_000)):
                setting = EpisodeSetting(seed=seed, question=question, budget=budget, beta=0.4)
                assert_plays_alike(compared, twin, branch_pool, setting)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.program)
def test_both_engines_play_a_method_equally(
    method: Method, recordings: list[ReplayEnvironment]
) -> None:
    checked = load_checked_program(load_source(method.program))
    setting = ControllerSetting(0.4 if checked.scheduled else None, method.knobs)
    for environment in recordings:
        interpreted = InterpreterEngine().play(checked, setting, environment, range(2))
        compiled = PLAYER.play(checked, setting, environment, range(2))
        for one, other in zip(compiled, interpreted, strict=True):
            np.testing.assert_array_equal(one, other)
