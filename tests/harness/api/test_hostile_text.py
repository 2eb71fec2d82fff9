"""Texts from outside in what the Python interface shows: nothing that a terminal interprets."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import harness.api as api
from harness.errors import RheostatError
from tests.hostile import NAME, PROGRAM, recordings, unsafe

SHOWN: dict[str, Callable[[api.Recording, api.Controller], object]] = {
    "recording": lambda recording, _: recording,
    "question": lambda recording, _: recording[0],
    "questions": lambda recording, _: recording.questions(),
    "branches": lambda recording, _: recording.branches(),
    "controller": lambda _, controller: controller,
    "sweep": lambda recording, controller: api.sweep(controller, on=recording, seeds=1),
    "episodes": lambda recording, controller: api.play(controller, on=recording, seeds=1),
    "trace": lambda recording, controller: api.trace(controller, on=recording),
    "comparison": lambda recording, controller: api.compare(controller, "cmc", on=recording),
}


@pytest.fixture
def recording(tmp_path: Path) -> api.Recording:
    return api.Recording(recordings(tmp_path)[0])


@pytest.mark.parametrize("name", SHOWN)
def test_representations_escape_what_a_terminal_interprets(
    name: str, recording: api.Recording
) -> None:
    with warnings.catch_warnings(record=True) as issued:
        warnings.simplefilter("always")
        shown = repr(SHOWN[name](recording, api.Controller(PROGRAM)))
    assert unsafe("\n".join([shown, *(str(warning.message) for warning in issued)])) == []


REFUSED: dict[str, Callable[[api.Recording], object]] = {
    "question": lambda recording: recording["none of these"],
    "signal": lambda recording: api.sweep("best_of_n", on=recording),
    "knob": lambda recording: api.sweep("cmc", on=recording, knobs={NAME: [1]}),
    "program": lambda _: api.Controller(f'controller c {{ start {{ open "{NAME}" }} }}'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_messages_escape_what_a_terminal_interprets(name: str, recording: api.Recording) -> None:
    with pytest.raises(RheostatError) as refused:
        REFUSED[name](recording)
    text = "\n".join([str(refused.value), *getattr(refused.value, "__notes__", [])])
    assert "x1b" in text or "u{1b}" in text
    assert unsafe(text) == []
