"""The interpreter as an engine: the reference semantics, one episode at a time."""

from collections.abc import Sequence

import numpy as np

from dsl.checker import CheckedProgram
from dsl.episode import Answer
from dsl.interpreter import Interpreter
from harness.engines import ControllerSetting, EpisodeRules, LineCounts
from harness.mdp.environment import ReplayEnvironment, refuse_unmet_needs
from harness.mdp.episodes import EpisodeArrays, empty_episodes
from harness.mdp.hindsight import HindsightArrays, analyse_hindsight
from harness.mdp.ledger import BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay


class InterpreterEngine:
    """Play with the interpreter."""

    name = "interpreter 1"

    def play(
        self,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008
        counts: LineCounts | None = None,
        hindsight: HindsightArrays | None = None,
    ) -> EpisodeArrays:
        """Play every question under every seed; see `harness.engines.ReplayEngine.play`.

        Args:
            checked: The program.
            setting: β and the free knobs that are set.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.
            hindsight: Hindsight of each episode, filled in; ``None`` to compute none.
        """
        refuse_unmet_needs(checked, replay_environment)
        runs = None if counts is None else [0] * len(counts.runs)
        controller = Interpreter(checked, setting.knobs, runs=runs)
        episodes = empty_episodes(len(replay_environment.branch_pools), len(seeds))
        for question in range(len(replay_environment.branch_pools)):
            branch_pool = replay_environment.pool(question, endings=checked.needs.endings)
            for column, seed in enumerate(seeds):
                trace: list[BarrierRecord] = []
                replay = Replay(
                    branch_pool,
                    seed=seed,
                    question=question,
                    budget=rules.budget,
                    probe_cost=rules.probe_cost,
                    trace=trace,
                )
                play_episode(controller, replay, setting.beta)
                _enter(episodes, (question, column), replay, trace, replay_environment)
                if counts is not None:
                    _charge_lines(counts, trace)
                if hindsight is not None:
                    hindsight.enter((question, column), analyse_hindsight(trace, replay.answer))
        if counts is not None and runs is not None:
            counts.runs[:] += np.array(runs, np.int64)
        return episodes


def _enter(
    episodes: EpisodeArrays,
    cell: tuple[int, int],
    replay: Replay,
    trace: list[BarrierRecord],
    replay_environment: ReplayEnvironment,
) -> None:
    question, _ = cell
    last = trace[-1].verb
    assert isinstance(last, Answer)
    end = last.stopped or last.origin
    episodes.right[cell] = replay.answer == replay_environment.gold[question]
    episodes.answer[cell] = replay_environment.word(question, replay.answer)
    episodes.tokens[cell] = replay.spent
    episodes.sequential[cell] = replay.sequential
    episodes.rounds[cell] = len(trace) - 1
    episodes.line[cell] = 0 if end is None else end.line


def _charge_lines(counts: LineCounts, trace: list[BarrierRecord]) -> None:
    for barrier in trace:
        origin = barrier.verb.origin
        if origin is not None:
            counts.tokens[origin.line] += sum(action.charge for action in barrier.actions)
