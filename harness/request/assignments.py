"""Values of free knobs, of every controller that has them or of one controller.

In the notation of ``--set``, ``n=1,4,16`` sets the free knob ``n`` of every controller that has
it; ``esc.n=16`` sets it for ``esc`` only and overrides the general value. Several values of several
knobs make every combination.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from dsl.checker.symbols import free_knobs, schedule_lines
from dsl.schedule import SettingsError, evaluate
from harness.errors import InputError
from harness.messages import suggest
from harness.request.controllers import Playable, RheoController
from harness.request.foreign import ForeignController
from harness.request.option_names import name_option
from harness.request.ranges import parse_numbers

KnobValues = Mapping[str, int | float]


class Assignment(NamedTuple):
    """Values of one knob."""

    where: str
    """Where they were given, for errors: ``--set n=4,16``."""
    controller: str | None
    """The label of the controller that it applies to, ``None`` for all."""
    knob: str
    values: list[int | float]


def _name_setting(text: str) -> str:
    return f"--set {text}"


def expand_assignments(
    programs: Sequence[Playable],
    texts: Sequence[str],
    name_text: Callable[[str], str] = _name_setting,
) -> list[list[KnobValues]]:
    """Return, for each program, the settings of its free knobs; the last knob changes fastest.

    Args:
        programs: The controllers.
        texts: The assignments, such as ``n=1,4``.
        name_text: Names the option that an assignment was given to, for errors.

    Raises:
        InputError: A text is not an assignment, names an unknown controller or knob, repeats an
            assignment, or has a value that the knob does not accept.
    """
    assignments = [_parse_assignment(text, programs, name_text(text)) for text in texts]
    return apply_assignments(programs, assignments)


def apply_assignments(
    programs: Sequence[Playable], assignments: Sequence[Assignment]
) -> list[list[KnobValues]]:
    """Return, for each program, the settings of its free knobs; the last knob changes fastest.

    Args:
        programs: The controllers.
        assignments: The values of knobs.

    Raises:
        InputError: A controller or a knob is unknown, a knob is set twice, or a value is not
            accepted by its knob.
    """
    for assignment in assignments:
        _refuse_unknown(assignment, programs)
    _refuse_repetition(assignments)
    return [_of_program(program, assignments) for program in programs]


def resolve_assignments(program: Playable, texts: Sequence[str]) -> KnobValues:
    """Return the only setting of a single controller, for commands that play one controller.

    Raises:
        InputError: From `expand_assignments`, or there is more than one value.
    """
    settings = expand_assignments([program], texts)[0]
    if len(settings) > 1:
        assignments = [_parse_assignment(text, [program], _name_setting(text)) for text in texts]
        several = next(assignment for assignment in assignments if len(assignment.values) > 1)
        raise InputError(f"{several.where}: give one value here")
    return settings[0]


def _parse_assignment(text: str, programs: Sequence[Playable], where: str) -> Assignment:
    target, equals, values = text.partition("=")
    # A label may be a path that contains dots.
    controller, _, knob = target.strip().rpartition(".")
    if not equals or not knob:
        raise InputError(f"{where}: not a setting; write KNOB=VALUE or CONTROLLER.KNOB=VALUE")
    refuse_unknown_controller(controller, programs, where)
    return Assignment(where, controller or None, knob, parse_numbers(values, where))


def refuse_unknown_controller(name: str, programs: Sequence[Playable], where: str) -> None:
    """Raise if values are for a controller that is not played.

    Args:
        name: The label of the controller; empty for all.
        programs: The controllers that are played.
        where: Where the values were given, for the error.

    Raises:
        InputError: There is no such controller. The message names the nearest.
    """
    labels = [program.label for program in programs]
    if name and name not in labels:
        meant = suggest(name, labels, f"choose from {', '.join(labels)}")
        raise InputError(f"{where}: there is no controller {name} here; {meant}")


def _refuse_unknown(assignment: Assignment, programs: Sequence[Playable]) -> None:
    meant = [p for p in programs if assignment.controller in (None, p.label)]
    rheo = [program for program in meant if isinstance(program, RheoController)]
    free = {name for program in rheo for name in free_knobs(program.checked.program)}
    if assignment.knob in free:
        return
    where = assignment.where
    who = meant[0].label if len(meant) == 1 else "none of the controllers"
    if any(assignment.knob in schedule_lines(program.checked.program) for program in rheo):
        raise InputError(
            f"{where}: {assignment.knob} depends on beta and cannot be set; set beta instead"
        )
    if not free:
        lacks = "has no free knobs" if len(meant) == 1 else "has a free knob"
        raise InputError(f"{where}: {who} {lacks}, so {assignment.knob} cannot be set")
    help_ = suggest(assignment.knob, free, f"choose from {', '.join(sorted(free))}")
    has = "has no free knob" if len(meant) == 1 else "has a free knob"
    raise InputError(f"{where}: {who} {has} {assignment.knob}; {help_}")


def _refuse_repetition(assignments: Sequence[Assignment]) -> None:
    seen: dict[tuple[str | None, str], Assignment] = {}
    for assignment in assignments:
        first = seen.setdefault((assignment.controller, assignment.knob), assignment)
        if first is not assignment:
            raise InputError(
                f"{assignment.where}: {assignment.knob} is already set by {first.where}; give all"
                " values in one list"
            )


def _of_program(program: Playable, assignments: Sequence[Assignment]) -> list[KnobValues]:
    if isinstance(program, ForeignController):
        return [{}]
    free = free_knobs(program.checked.program)
    chosen: dict[str, Assignment] = {}
    for assignment in sorted(assignments, key=lambda assignment: assignment.controller is not None):
        if assignment.knob in free and assignment.controller in (None, program.label):
            chosen[assignment.knob] = assignment
    axes = [
        [(assignment.knob, value) for value in assignment.values]
        for assignment in assignments
        if chosen.get(assignment.knob) is assignment
    ]
    settings: list[KnobValues] = [dict(setting) for setting in product(*axes)]
    for setting in settings:
        try:
            evaluate(program.checked, 0.0, setting)
        except SettingsError as problem:
            where = chosen[problem.knob].where if problem.knob in chosen else name_option("knobs")
            raise InputError(f"{where}: {problem}, in {program.label}") from None
    return settings
