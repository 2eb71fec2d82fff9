"""Turns: each round of a loop and each call takes one, and no more are given than there are."""

import pytest

from harness.mdp.playback import play_episode
from harness.mdp.replay import Replay
from sandbox.faults import ControllerError, Reason
from sandbox.python.controller import PythonController
from tests.sandbox.playing import DECK, body

ROUNDS = {
    "pass": 1,
    "for x in range(5): pass": 6,
    "for x in []: pass": 1,
    "for x in range(5): break": 2,
    "for x in range(2):\n    for y in range(3): pass": 9,
    "for x in range(5): continue\nelse: pass": 6,
    "for x, y in {1: 2}.items(): pass": 2,
    "n = 0\nwhile n < 4: n += 1": 5,
    "def f(): pass\nf()\nf()": 3,
    "def f():\n    for x in range(3): yield x\nfor y in f(): pass": 8,
    "[x for x in range(5)]": 1,
    "for steps in episode.step(3): episode.open(1)": 4,
}
"""Turns by code; the call of the controller is one."""


@pytest.mark.parametrize("text", ROUNDS)
def test_a_controller_takes_one_turn_for_each_round_and_each_call(text: str) -> None:
    turns = ROUNDS[text]
    play_episode(PythonController(body(text), most_turns=turns), Replay(DECK, seed=0))
    with pytest.raises(ControllerError) as failed:
        play_episode(PythonController(body(text), most_turns=turns - 1), Replay(DECK, seed=0))
    assert failed.value.fault.reason is Reason.TOO_MANY_TURNS


def test_no_handler_lets_a_loop_continue_without_turns() -> None:
    text = """
        def again():
            for x in range(9): pass
            return StopIteration
        while True:
            try:
                for x in range(9): pass
            except (Exception, StopIteration):
                pass
            try:
                [again() for x in range(9)]
            except StopIteration:
                pass
    """
    with pytest.raises(ControllerError) as failed:
        play_episode(PythonController(body(text), most_turns=100), Replay(DECK, seed=0))
    assert failed.value.fault.reason is Reason.TOO_MANY_TURNS


def test_the_end_of_the_turns_is_reported_at_the_loop() -> None:
    text = "x = 1\nfor x in range(\n    5):\n    x = 2"
    with pytest.raises(ControllerError) as failed:
        play_episode(PythonController(body(text), most_turns=3), Replay(DECK, seed=0))
    assert (failed.value.fault.line, failed.value.fault.column) == (3, 5)
