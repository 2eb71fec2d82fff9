"""One controller at one setting, as commands that explain a controller take it.

What a sweep crosses is here one value each: a β, a value for a knob.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dsl import library
from dsl.schedule import evaluate
from harness.engines import ControllerSetting, EpisodeRules
from harness.errors import InputError
from harness.request.assignments import KnobValues, resolve_assignments
from harness.request.controllers import Playable, RheoController, load_program
from harness.request.foreign import ForeignController, load_foreign
from harness.request.ranges import parse_betas
from harness.request.recordings import NamedRecording


class RheoPlan(NamedTuple):
    """A program, at what it is played and by which rules."""

    program: RheoController
    beta: float | None
    """``None`` for a program that does not follow β."""
    knobs: KnobValues
    """The value of every knob, free and scheduled."""
    chosen: KnobValues
    """The free knobs that were set."""
    rules: EpisodeRules

    @property
    def setting(self) -> ControllerSetting:
        """As engines take it."""
        return ControllerSetting(self.beta, self.chosen)


class ForeignPlan(NamedTuple):
    """A controller in another language, at what it is played and by which rules."""

    program: ForeignController
    beta: float
    rules: EpisodeRules

    @property
    def knobs(self) -> KnobValues:
        """It has none."""
        return {}

    @property
    def chosen(self) -> KnobValues:
        """None was set."""
        return {}

    @property
    def setting(self) -> ControllerSetting:
        """As engines take it."""
        return ControllerSetting(self.beta)


Plan = RheoPlan | ForeignPlan


def make_plan(program: Playable, setting: ControllerSetting, rules: EpisodeRules) -> Plan:
    """A controller at a setting, in whatever language it is.

    Raises:
        SettingsError: the setting does not go with the program.
    """
    if isinstance(program, ForeignController):
        return ForeignPlan(program, setting.beta or 0.0, rules)
    knobs = evaluate(program.checked, setting.beta or 0.0, setting.knobs)
    return RheoPlan(program, setting.beta, knobs, setting.knobs, rules)


def parse_plan(controller: str, beta: str, settings: Sequence[str], rules: EpisodeRules) -> Plan:
    """Reads what was typed, in whatever language the controller is; see `parse_rheo_plan`.

    Raises:
        InputError: as there; or a setting is given to a controller without knobs.
        OSError: the program cannot be read.
    """
    foreign = None if controller in library.NAMES else load_foreign(controller)
    if foreign is None:
        return parse_rheo_plan(controller, beta, settings, rules)
    if settings:
        raise InputError(f"--set {settings[0]}: {controller} has no knobs to set")
    return ForeignPlan(foreign, _one(beta), rules)


def parse_rheo_plan(
    controller: str, beta: str, settings: Sequence[str], rules: EpisodeRules
) -> RheoPlan:
    """Reads what was typed.

    Args:
        controller: a file or a name of the library.
        beta: one number from 0 to 1; a program that does not follow β takes no notice of it.
        settings: what was given to each ``--set``.
        rules: budget and price of a probe.

    Raises:
        InputError: the program is not sound, β is no such number, or a setting does not go with the
            program or has several values.
        OSError: the program cannot be read.
    """
    program = load_program(controller)
    value = _one(beta)
    chosen = resolve_assignments(program, settings)
    at = value if program.checked.scheduled else None
    knobs = evaluate(program.checked, at or 0.0, chosen)
    return RheoPlan(program, at, knobs, chosen, rules)


def _one(beta: str) -> float:
    values = parse_betas(beta)
    if len(values) > 1:
        raise InputError(f"--beta {beta}: one value is wanted here")
    return values[0]


def describe_plan_origin(plan: Plan, recordings: Sequence[NamedRecording]) -> dict[str, object]:
    """What results come from, by content, for the document that holds them."""
    program, rules = plan.program, plan.rules
    return {
        "controller": program.label,
        "origin": program.origin,
        "digest": program.digest,
        "beta": plan.beta,
        "settings": dict(plan.chosen),
        "knobs": dict(plan.knobs),
        "budget": rules.budget,
        "kappa": rules.probe_cost,
        "recordings": [
            {"recording": label, "path": str(recording.path), "digest": recording.digest}
            for label, recording in recordings
        ],
    }
