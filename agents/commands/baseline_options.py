"""The option ``--baseline``: controllers to compare candidates with, and their settings.

``cmc`` follows β and needs no settings; ``sc:n=1,4,16`` and ``esc:n=16,32:size=8`` list the values
of free knobs, of which every combination is used.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from agents.run.records import BaselineRef
from agents.search.programs import DEFAULT_BASELINES
from dsl.checker.symbols import free_knobs
from harness.errors import InputError
from harness.request.assignments import expand_assignments
from harness.request.controllers import RheoController, load_program

_NEXT_KNOB = re.compile(r":(?=\s*[A-Za-z_]\w*\s*=)")
"""Start of a knob; the colon of a range precedes a number, that of a path a plain name."""


def parse_baselines(texts: Sequence[str]) -> list[BaselineRef]:
    """Parse the options ``--baseline``; return the default baselines if there are none.

    Args:
        texts: Value of each option.

    Raises:
        InputError: A controller or knob does not exist, a value is out of range or missing, or a
            controller is named twice.
        OSError: A file cannot be read.
    """
    baselines: dict[str, BaselineRef] = {}
    for text in texts:
        each = _parse_baseline(text)
        if each.label in baselines:
            raise InputError(
                f"--baseline {text}: {each.label} is given twice; give all values of a knob in"
                " one list, and give files different names"
            )
        baselines[each.label] = each
    return list(baselines.values()) or DEFAULT_BASELINES


def check_baselines_unchanged(baselines: Sequence[BaselineRef]) -> None:
    """Check that the files among the baselines are unchanged since the run began.

    Raises:
        InputError: A file has changed, or does not exist.
        OSError: A file cannot be read.
    """
    for each in baselines:
        if each.digest and load_program(each.controller).digest != each.digest:
            raise InputError(f"{each.controller}: has changed since the run started; restore it")


def _parse_baseline(text: str) -> BaselineRef:
    controller, *knobs = _NEXT_KNOB.split(text)
    program = load_program(controller)
    if not knobs:
        return _without_settings(text, program)
    try:
        settings = expand_assignments([program], knobs)[0]
    except InputError as problem:
        message = problem.problem.replace("--set ", f"--baseline {controller}:", 1)
        raise InputError(message, hint=problem.hint) from None
    return _reference(program, [dict(setting) for setting in settings])


def _without_settings(text: str, program: RheoController) -> BaselineRef:
    """Return a baseline without settings; it follows β, has no knobs, or is a default one."""
    default = next((each for each in DEFAULT_BASELINES if each.controller == text), None)
    if default is not None:
        return default
    free = list(free_knobs(program.checked.program))
    if free and not program.checked.scheduled:
        raise InputError(
            f"--baseline {text}: has free knobs; give the values that make its curve, such as"
            f" {text}:{free[0]}=1,2,4"
        )
    return _reference(program, [])


def _reference(program: RheoController, settings: list[dict[str, int | float]]) -> BaselineRef:
    if program.origin == "library":
        return BaselineRef(controller=program.label, settings=settings)
    path = str(Path(program.origin).resolve())
    return BaselineRef(controller=path, settings=settings, digest=program.digest)
