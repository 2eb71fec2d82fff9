"""Controllers in Python, played over one small branch pool in this process."""

import textwrap

import pytest

from harness.mdp.playback import EpisodeResult, play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from sandbox.faults import ControllerError, Fault
from sandbox.python.controller import PythonController

DECK = BranchPool(
    [
        ReplayChain(["7", "7"], 24, "7"),
        ReplayChain(["7", "9"], 24, "9"),
        ReplayChain(["8", "7", "7"], 34, "7"),
        ReplayChain(["7", "7"], 24, "7"),
    ],
    10,
)
"""Four chains of one question, Δ = 10."""


def body(text: str) -> str:
    """A controller with this body."""
    return "def controller(episode, beta):\n" + textwrap.indent(textwrap.dedent(text), "    ")


def played(text: str, *, budget: int | None = None, beta: float | None = None) -> EpisodeResult:
    """Plays a whole program over the deck."""
    return play_episode(PythonController(text), Replay(DECK, seed=0, budget=budget), beta)


def answer(text: str, *, budget: int | None = None) -> str | None:
    """What a controller with this body answers."""
    return played(body(text), budget=budget).answer


def fault(text: str, *, most_turns: int = 10_000) -> Fault:
    """How a controller with this body fails."""
    controller = PythonController(body(text), most_turns=most_turns)
    with pytest.raises(ControllerError) as failed:
        play_episode(controller, Replay(DECK, seed=0))
    return failed.value.fault
