"""Arguments that cannot be used: one sentence in the terms of Python, before anything is played."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from harness.api import (
    Controller,
    InputError,
    Recording,
    check,
    compare,
    load_sample,
    play,
    sweep,
    trace,
)

Call = Callable[..., object]
UNKNOWN: Any = None
"""Arguments that a type checker would refuse."""


def refusal(call: Callable[[], object]) -> str:
    """The sentence of an error, with its hint; it names no flag of the command line."""
    with pytest.raises(InputError) as caught:
        call()
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert "--" not in text
    return text


@pytest.mark.parametrize(
    ("beta", "message"),
    [
        (None, "beta: must be a number, several, or a range such as '0:1:0.1'; got None"),
        ([], "beta: give at least one value"),
        ([0, "x"], "beta: must be a number, several, or a range such as '0:1:0.1'; got [0, 'x']"),
        (True, "beta: must be a number, several, or a range such as '0:1:0.1'; got True"),
        (float("nan"), "beta: must be from 0 to 1; got nan"),
        (2, "beta: must be from 0 to 1; got 2.0"),
        ([0, 0.0], "beta: contains 0.0 twice; give each value once"),
        ("x", "beta='x': x is not a number; write a number, a list such as 1,4,16 or a range"),
    ],
)
def test_values_of_beta_that_are_none(recording: Recording, beta: object, message: str) -> None:
    calls: list[Call] = [sweep, play, trace]
    for call in calls:
        assert message in refusal(partial(call, "cmc", recording, beta=beta))


@pytest.mark.parametrize("call", [play, trace])
def test_work_at_one_setting_refuses_several(recording: Recording, call: Call) -> None:
    assert (
        refusal(lambda: call("cmc", recording, beta=[0, 1])) == "beta=[0, 1]: give one value here"
    )
    several = "give one recording here\nhint: `sweep` takes several"
    assert refusal(lambda: call("cmc", [recording])) == f"on: {several}"
    assert "controller: give one controller here" in refusal(lambda: call(["cmc"], recording))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ("n=4", "knobs: must be a dictionary such as {'n': [4, 16]}; got 'n=4'"),
        ([("n", 4)], "knobs: must be a dictionary such as {'n': [4, 16]}; got [('n', 4)]"),
        ({3: 4}, "knobs[3]: must be the name of a knob"),
        ({"n": "4,16"}, "knobs['n']: '4,16' is not a number"),
        ({"n": []}, "knobs['n']: give at least one value"),
        ({"m": 4}, "knobs['m']: sc has no free knob m; choose from n"),
    ],
)
def test_knobs_that_cannot_be_set(recording: Recording, knobs: object, message: str) -> None:
    call: Call = sweep
    assert refusal(lambda: call("sc", recording, knobs=knobs)) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": 0}, "seeds: must be from 1 to 100,000; got 0"),
        ({"seeds": 1.5}, "seeds: must be a whole number; got 1.5"),
        ({"seeds": None}, "seeds: must be a whole number; got None"),
        ({"budget": -1}, "budget: must be 0 or more; got -1"),
        ({"budget": "9"}, "budget: must be a whole number; got '9'"),
        ({"kappa": None}, "kappa: must be a whole number; got None"),
        ({"threads": 0}, "threads: must be 1 or more; got 0"),
    ],
)
def test_numbers_out_of_range(recording: Recording, options: dict[str, Any], message: str) -> None:
    assert refusal(lambda: sweep("sc", recording, **options)) == message


def test_recordings_that_are_none(recording: Recording, home: Path) -> None:
    assert refusal(lambda: Recording(UNKNOWN)) == "path: must be a path; got None"
    assert refusal(lambda: sweep("sc", UNKNOWN)) == (
        "on: must be a recording, its file, or several; got None"
    )
    assert refusal(lambda: sweep("sc", [UNKNOWN])) == (
        "on: must be recordings or their files; one is of type NoneType"
    )
    assert "is the same recording as" in refusal(lambda: sweep("sc", [recording, recording]))
    (home / "file").touch()
    assert refusal(lambda: load_sample("file")) == (
        "directory: file is a file; name a directory, which need not exist"
    )
    assert "no such recording" in refusal(lambda: Recording("absent.recording"))


@pytest.mark.parametrize("question", [None, 1.5, True, slice(0, 2)])
def test_questions_that_are_neither_a_position_nor_an_id(
    recording: Recording, question: object
) -> None:
    message = f"question: must be a position or an id; got {question!r}"
    at, call = cast("Call", recording.position), cast("Call", trace)
    assert refusal(lambda: at(question)) == message
    assert refusal(lambda: call("sc", recording, question=question)) == message


def test_controllers_that_are_none(recording: Recording) -> None:
    message = "a controller is a name of the library, the file of a program, or its text; got None"
    for call in (Controller, check):
        assert refusal(partial(call, UNKNOWN)) == message
    assert refusal(lambda: sweep(UNKNOWN, recording)) == message
    assert check(Controller("sc")).ok


def test_numbers_of_numpy_are_numbers(recording: Recording) -> None:
    betas = np.array([0.0, 1.0])
    seeds: Any = np.int64(2)
    swept = sweep("cmc", recording, beta=betas, seeds=seeds)
    assert list(swept.table()["beta"]) == [0.0, 1.0]
    assert play("sc", recording, knobs={"n": seeds}, seeds=2).cost > 0


def test_a_comparison_with_one_point_names_the_argument(recording: Recording) -> None:
    text = repr(compare("cmc", "sc", recording, beta=[0, 1], knobs={"n": 2}, seeds=2))
    assert "give several values to knobs={'sc.n': […]}" in text
    assert "--" not in text.replace("---", "")
