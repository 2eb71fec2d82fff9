"""Episodes played by the replay of the harness, as records to compare with a plain replay."""

from dsl.episode import Controller
from harness.mdp.ledger import Action, BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay
from tests.dsl.plain import (
    ActionRecord,
    EpisodeRecord,
    EpisodeSetting,
    LanguageRules,
    VerbRecord,
    bare_verb,
    play_plainly,
)


def record_episode(
    controller: Controller, branch_pool: BranchPool, setting: EpisodeSetting
) -> EpisodeRecord:
    """Play one episode in the harness and record it, without origins and reasons."""
    trace: list[BarrierRecord] = []
    replay = Replay(
        branch_pool,
        seed=setting.seed,
        question=setting.question,
        budget=setting.budget,
        probe_cost=setting.probe_cost,
        trace=trace,
    )
    result = play_episode(controller, replay, setting.beta)
    barriers = [
        VerbRecord(bare_verb(barrier.verb), tuple(map(_action, barrier.actions)), barrier.exhausted)
        for barrier in trace
    ]
    return EpisodeRecord(result.answer, result.tokens, result.sequential, barriers)


def _action(action: Action) -> ActionRecord:
    return ActionRecord(
        action.kind.value,
        action.branch,
        action.charge,
        action.depth,
        action.answer,
        action.finished,
    )


def assert_plays_alike(
    program: Controller, twin: LanguageRules, branch_pool: BranchPool, setting: EpisodeSetting
) -> None:
    """Compare a program in the harness with its plain twin in the plain replay."""
    assert record_episode(program, branch_pool, setting) == play_plainly(twin, branch_pool, setting)
