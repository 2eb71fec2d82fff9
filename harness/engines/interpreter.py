"""The interpreter as an engine: the definition, one episode after the other."""

from collections.abc import Sequence

import numpy as np

from dsl.checker import Checked
from dsl.episode import Answer
from dsl.interpreter import Interpreter
from harness.engines import LineCounts, Rules, Setting
from harness.mdp.environment import Environment, refuse_unmet_needs
from harness.mdp.episodes import Episodes, empty_episodes
from harness.mdp.evaluate import play
from harness.mdp.replay import Replay
from harness.mdp.trace import Barrier


class InterpreterEngine:
    """Plays by the interpreter."""

    name = "interpreter 1"

    def play(
        self,
        checked: Checked,
        setting: Setting,
        world: Environment,
        seeds: Sequence[int],
        rules: Rules = Rules(),  # noqa: B008
        counts: LineCounts | None = None,
    ) -> Episodes:
        """The ends of all episodes; see `harness.engines.Engine.play`."""
        refuse_unmet_needs(checked, world)
        runs = None if counts is None else [0] * len(counts.runs)
        controller = Interpreter(checked, setting.knobs, runs=runs)
        episodes = empty_episodes(len(world.decks), len(seeds))
        for question, deck in enumerate(world.decks):
            for column, seed in enumerate(seeds):
                trace: list[Barrier] = []
                replay = Replay(
                    deck,
                    seed=seed,
                    question=question,
                    budget=rules.budget,
                    probe_cost=rules.probe_cost,
                    trace=trace,
                )
                play(controller, replay, setting.beta)
                _enter(episodes, (question, column), replay, trace, world)
                if counts is not None:
                    _charge_lines(counts, trace)
        if counts is not None and runs is not None:
            counts.runs[:] += np.array(runs, np.int64)
        return episodes


def _enter(
    episodes: Episodes,
    at: tuple[int, int],
    replay: Replay,
    trace: list[Barrier],
    world: Environment,
) -> None:
    question, _ = at
    last = trace[-1].verb
    assert isinstance(last, Answer)
    end = last.stopped or last.origin
    episodes.right[at] = replay.answer == world.gold[question]
    episodes.answer[at] = world.word(question, replay.answer)
    episodes.tokens[at] = replay.spent
    episodes.sequential[at] = replay.sequential
    episodes.rounds[at] = len(trace) - 1
    episodes.line[at] = 0 if end is None else end.line


def _charge_lines(counts: LineCounts, trace: list[Barrier]) -> None:
    for barrier in trace:
        origin = barrier.verb.origin
        if origin is not None:
            counts.tokens[origin.line] += sum(action.charge for action in barrier.actions)
