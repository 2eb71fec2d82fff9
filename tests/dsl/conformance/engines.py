"""The implementations of Rheo that the corpus is held to. A new one adds a line to `ENGINES`."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from dsl.checker import Checked
from dsl.interpreter import Interpreter
from harness.evaluate import play
from harness.replay import Replay
from harness.trace import Barrier
from tests.dsl.conformance.cases import Setting


class Told(NamedTuple):
    """What an engine tells of one episode."""

    answer: str | None
    tokens: int
    sequential: int
    trace: Sequence[Barrier] | None
    """``None`` for an engine that keeps none."""


class Engine(Protocol):
    """An implementation of the language."""

    def __call__(self, checked: Checked, setting: Setting) -> Told:
        """Plays one episode."""
        ...


def interpreter(checked: Checked, setting: Setting) -> Told:
    """The interpreter over the replay of one question."""
    trace: list[Barrier] = []
    replay = Replay(
        setting.deck,
        seed=setting.seed,
        question=setting.question,
        budget=setting.budget,
        probe_cost=setting.probe_cost,
        trace=trace,
    )
    played = play(Interpreter(checked, dict(setting.knobs)), replay, setting.beta)
    return Told(played.answer, played.tokens, played.sequential, trace)


ENGINES: dict[str, Engine] = {"interpreter": interpreter}
