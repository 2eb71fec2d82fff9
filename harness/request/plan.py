"""One controller at one setting, for commands that explain a controller.

Unlike a sweep, these commands take one β and one value for each knob.
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
from harness.request.ranges import single_beta
from harness.request.recordings import NamedRecording


class RheoPlan(NamedTuple):
    """A Rheo program with its setting and rules."""

    program: RheoController
    beta: float | None
    """``None`` for a program that does not follow β."""
    knobs: KnobValues
    """The value of every knob, free and scheduled."""
    chosen: KnobValues
    """The free knobs that were set."""
    rules: EpisodeRules

    @property
    def reads_endings(self) -> bool:
        """Whether the program reads how branches ended."""
        return self.program.checked.needs.endings

    @property
    def setting(self) -> ControllerSetting:
        """The setting for an engine."""
        return ControllerSetting(self.beta, self.chosen)


class ForeignPlan(NamedTuple):
    """A controller in another language with its setting and rules."""

    program: ForeignController
    beta: float
    rules: EpisodeRules

    @property
    def reads_endings(self) -> bool:
        """Whether the controller may read how branches ended: always true."""
        return True

    @property
    def knobs(self) -> KnobValues:
        """The knobs: always empty."""
        return {}

    @property
    def chosen(self) -> KnobValues:
        """The knobs that were set: always empty."""
        return {}

    @property
    def setting(self) -> ControllerSetting:
        """The setting for an engine."""
        return ControllerSetting(self.beta)


Plan = RheoPlan | ForeignPlan


def make_plan(program: Playable, setting: ControllerSetting, rules: EpisodeRules) -> Plan:
    """Combine a controller in any language with a setting.

    Args:
        program: The controller.
        setting: β and the free knobs that are set.
        rules: Budget and cost of a probe.

    Raises:
        SettingsError: The setting does not fit the program.
    """
    if isinstance(program, ForeignController):
        return ForeignPlan(program, setting.beta or 0.0, rules)
    knobs = evaluate(program.checked, setting.beta or 0.0, setting.knobs)
    return RheoPlan(program, setting.beta, knobs, setting.knobs, rules)


def parse_plan(controller: str, beta: str, settings: Sequence[str], rules: EpisodeRules) -> Plan:
    """Parse command-line arguments for a controller in any language; see `parse_rheo_plan`.

    Args:
        controller: A file or a name of the library.
        beta: One number from 0 to 1.
        settings: The value of each ``--set``.
        rules: Budget and cost of a probe.

    Raises:
        InputError: From `parse_rheo_plan`, or a setting is given to a controller without knobs.
        OSError: The program cannot be read.
    """
    foreign = None if controller in library.NAMES else load_foreign(controller)
    if foreign is None:
        return parse_rheo_plan(controller, beta, settings, rules)
    if settings:
        raise InputError(f"--set {settings[0]}: {controller} has no knobs to set")
    return ForeignPlan(foreign, single_beta(beta), rules)


def parse_rheo_plan(
    controller: str, beta: str, settings: Sequence[str], rules: EpisodeRules
) -> RheoPlan:
    """Parse command-line arguments for a Rheo program.

    Args:
        controller: A file or a name of the library.
        beta: One number from 0 to 1; a program that does not follow β ignores it.
        settings: The value of each ``--set``.
        rules: Budget and cost of a probe.

    Raises:
        InputError: The program has errors, β is out of range, or a setting does not fit the program
            or has several values.
        OSError: The program cannot be read.
    """
    program = load_program(controller)
    value = single_beta(beta)
    chosen = resolve_assignments(program, settings)
    setting = value if program.checked.scheduled else None
    knobs = evaluate(program.checked, setting or 0.0, chosen)
    return RheoPlan(program, setting, knobs, chosen, rules)


def describe_plan_origin(plan: Plan, recordings: Sequence[NamedRecording]) -> dict[str, object]:
    """Describe the inputs of results, by content, for the document that holds the results."""
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
