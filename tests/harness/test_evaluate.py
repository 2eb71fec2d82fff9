"""Playing an episode to its end, and the figures made of many."""

from dataclasses import dataclass, field

import pytest

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Episode,
    Inadmissible,
    Open,
    Outcome,
    Sample,
    VerbGenerator,
)
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import ControllerSetting
from harness.engines.interpreter import InterpreterEngine
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.episodes import EpisodeFigures, compute_figures
from harness.mdp.playback import EpisodeResult, play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from tests.harness.controller_figures import play_controller
from tests.harness.published_controllers import (
    AdaptiveConsistency,
    ConfidenceMomentum,
    EarlyStoppingConsistency,
    ParallelProbe,
    SelfConsistency,
)

CHAINS = [ReplayChain(["1", "2"], 250, "2"), ReplayChain(["3"], 151, "3"), ReplayChain([], 40, "2")]


@dataclass
class Scripted:
    verbs: list[AnyVerb]
    name: str = "scripted"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for verb in self.verbs:  # noqa: UP028 - a list takes no outcomes
            yield verb


@dataclass
class Insistent:
    outcomes: list[Outcome] = field(default_factory=list)
    name: str = "insistent"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for _ in range(3):
            outcome = yield Open(count=1)
            self.outcomes.append(outcome)
        yield Answer(answer=episode.branches[0].answer)


def fresh(budget: int | None = None) -> Replay:
    return Replay(BranchPool(CHAINS, 100), seed=0, budget=budget)


def test_a_controller_that_stops_without_an_answer_answers_none() -> None:
    assert play_episode(Scripted([Sample(count=3)]), fresh()) == EpisodeResult(None, 441, 250)
    assert play_episode(Scripted([]), fresh()) == EpisodeResult(None, 0, 0)


def test_verbs_after_the_answer_are_not_played() -> None:
    played = play_episode(Scripted([Answer(answer="2"), Sample(count=1)]), fresh())
    assert played == EpisodeResult("2", 0, 0)


def test_a_refusal_ends_the_episode_with_its_reason() -> None:
    with pytest.raises(Inadmissible, match="CONTINUE of branch 0 is not admissible"):
        play_episode(Scripted([Advance(branches=(0,), bursts=(1,))]), fresh())


def test_a_spent_budget_comes_back_as_an_exhausted_outcome_of_nothing() -> None:
    insistent = Insistent()
    played = play_episode(insistent, fresh(budget=100))
    first, *later = insistent.outcomes
    assert first.branches == (0,)
    assert later == [Outcome((), exhausted=True)] * 2
    assert played.answer is not None


@pytest.mark.parametrize("budget", [0, 1, 99, 100, 399, 441, 1000])
@pytest.mark.parametrize(
    "controller",
    [
        SelfConsistency(3),
        AdaptiveConsistency(3),
        EarlyStoppingConsistency(3, window=1),
        ParallelProbe(3),
        ConfidenceMomentum(),
    ],
    ids=lambda controller: controller.name,
)
def test_every_controller_answers_under_any_budget(
    controller: SelfConsistency, budget: int
) -> None:
    longest = max(chain.tokens for chain in CHAINS)
    played = play_episode(controller, fresh(budget), 0.0)
    assert played.tokens < budget + longest
    assert played.tokens >= played.sequential


def test_figures_are_means_over_seeds_rounded_as_published() -> None:
    replay_environment = ReplayEnvironment([BranchPool(CHAINS, 100)], ["2"])
    first = [CHAINS[play_first(seed)] for seed in range(3)]
    right = sum(chain.final == "2" for chain in first)
    got = play_controller(SelfConsistency(1), replay_environment, seeds=range(3))
    tokens = int(sum(chain.tokens for chain in first) / 3)
    assert got == EpisodeFigures(round(right / 3 * 100, 2), tokens, tokens, 3)


def play_first(seed: int) -> int:
    replay = Replay(BranchPool(CHAINS, 100), seed=seed)
    replay.perform(Sample(count=1))
    return [chain.tokens for chain in CHAINS].index(replay.spent)


def test_no_answer_is_wrong_whatever_the_gold_answer_is() -> None:
    replay_environment = ReplayEnvironment([BranchPool(CHAINS, 100)] * 2, ["None", ""])
    program = load_checked_program(
        Source("controller silent { step { stop } finally { answer none } }")
    )
    episodes = InterpreterEngine().play(program, ControllerSetting(), replay_environment, range(2))
    assert compute_figures(episodes) == EpisodeFigures(0.0, 0, 0, 4)
