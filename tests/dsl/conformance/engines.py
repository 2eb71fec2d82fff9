"""The implementations of Rheo that the corpus tests. Add a new one to `ENGINES`."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.compiler.objects import ObjectCache
from dsl.interpreter import Interpreter
from dsl.traversal import walk
from harness import engines
from harness.engines.compiled import CompiledEngine
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.hindsight import Hindsight, analyse_hindsight, empty_hindsight
from harness.mdp.ledger import BarrierRecord
from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay
from tests.dsl.conformance.cases import Setting

_PLAYER = CompiledEngine(ObjectCache(), threads=1)


class Told(NamedTuple):
    """What an engine tells of one episode."""

    answer: str | None
    tokens: int
    sequential: int
    hindsight: Hindsight
    trace: Sequence[BarrierRecord] | None
    """``None`` for an engine that keeps none."""


class Engine(Protocol):
    """An implementation of the language."""

    def __call__(self, checked: CheckedProgram, setting: Setting) -> Told:
        """Plays one episode."""
        ...


def interpreter(checked: CheckedProgram, setting: Setting) -> Told:
    """The interpreter over the replay of one question."""
    trace: list[BarrierRecord] = []
    replay = Replay(
        setting.branch_pool,
        seed=setting.seed,
        question=setting.question,
        budget=setting.budget,
        probe_cost=setting.probe_cost,
        trace=trace,
    )
    played = play_episode(Interpreter(checked, dict(setting.knobs)), replay, setting.beta)
    hindsight = analyse_hindsight(trace, played.answer)
    return Told(played.answer, played.tokens, played.sequential, hindsight, trace)


def compiled(checked: CheckedProgram, setting: Setting) -> Told:
    """The program as machine code. It gives answers by number, so a quoted one is found by trial.

    An answer that no branch gave has a number only where it is gold: each text of the program is
    made gold in turn, until one is right.
    """
    texts = [node.text for node in walk(checked.program) if isinstance(node, tree.Text)]
    for gold in (*texts, "no answer of any"):
        branch_pools = [BranchPool([], setting.interval)] * setting.question + [setting.branch_pool]
        replay_environment = ReplayEnvironment(branch_pools, [gold] * len(branch_pools))
        hindsight = empty_hindsight(len(branch_pools), 1)
        ends = _PLAYER.play(
            checked,
            engines.ControllerSetting(setting.beta, dict(setting.knobs)),
            replay_environment,
            (setting.seed,),
            engines.EpisodeRules(setting.budget, setting.probe_cost),
            hindsight=hindsight,
        )
        cell = (setting.question, 0)
        number = int(ends.answer[cell])
        if number != -2:
            break
    answers = list(replay_environment.words(setting.question))
    return Told(
        None if number == -1 else answers[number],
        int(ends.tokens[cell]),
        int(ends.sequential[cell]),
        hindsight.at(cell),
        None,
    )


ENGINES: dict[str, Engine] = {"interpreter": interpreter, "compiled": compiled}
