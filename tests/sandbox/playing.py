"""Controllers in Python, played over one small deck in this process."""

import textwrap

import pytest

from harness.mdp.evaluate import Played, play
from harness.mdp.replay import Chain, Deck, Replay
from sandbox.faults import ControllerFailed, Fault
from sandbox.python.controller import PythonController

DECK = Deck(
    [
        Chain(["7", "7"], 24, "7"),
        Chain(["7", "9"], 24, "9"),
        Chain(["8", "7", "7"], 34, "7"),
        Chain(["7", "7"], 24, "7"),
    ],
    10,
)
"""Four chains of one question, Δ = 10."""


def body(text: str) -> str:
    """A controller with this body."""
    return "def controller(episode, beta):\n" + textwrap.indent(textwrap.dedent(text), "    ")


def played(text: str, *, budget: int | None = None, beta: float | None = None) -> Played:
    """Plays a whole program over the deck."""
    return play(PythonController(text), Replay(DECK, seed=0, budget=budget), beta)


def answer(text: str, *, budget: int | None = None) -> str | None:
    """What a controller with this body answers."""
    return played(body(text), budget=budget).answer


def fault(text: str, *, most_turns: int = 10_000) -> Fault:
    """How a controller with this body fails."""
    controller = PythonController(body(text), most_turns=most_turns)
    with pytest.raises(ControllerFailed) as failed:
        play(controller, Replay(DECK, seed=0))
    return failed.value.fault
