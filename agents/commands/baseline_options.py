"""What ``--baseline`` says: against which controllers candidates are held, at which settings.

``cmc`` follows β and needs nothing more; ``sc:n=1,4,16`` and ``esc:n=16,32:size=8`` give the values
of free knobs, every combination of them.
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
"""Where a knob begins; a colon of a range has a number behind it, and one of a path a name."""


def parse_baselines(texts: Sequence[str]) -> list[BaselineRef]:
    """Return the baselines that were asked for, the usual ones where none were.

    Args:
        texts: what was given to each ``--baseline``.

    Raises:
        InputError: there is no such controller or knob, a value that it does not take, or no
            value for a knob that wants some; or a controller is named twice.
        OSError: a file cannot be read.
    """
    found: dict[str, BaselineRef] = {}
    for text in texts:
        each = _parse_baseline(text)
        if each.label in found:
            raise InputError(
                f"--baseline {text}: {each.label} is given twice; give all values of a knob in"
                " one list, and give files different names"
            )
        found[each.label] = each
    return list(found.values()) or DEFAULT_BASELINES


def check_baselines_unchanged(wanted: Sequence[BaselineRef]) -> None:
    """Make sure that the files among the baselines are what they were when the run began.

    Raises:
        InputError: one is not, or is gone.
        OSError: one cannot be read.
    """
    for each in wanted:
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
        said = problem.problem.replace("--set ", f"--baseline {controller}:", 1)
        raise InputError(said, hint=problem.hint) from None
    return _reference(program, [dict(setting) for setting in settings])


def _without_settings(text: str, program: RheoController) -> BaselineRef:
    """A baseline without settings: it follows β, has no knobs, or is one of the usual ones."""
    usual = next((each for each in DEFAULT_BASELINES if each.controller == text), None)
    if usual is not None:
        return usual
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
