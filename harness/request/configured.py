"""One controller at one setting, as commands that explain a controller take it.

What a sweep crosses is here one value each: a β, a value for a knob.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dsl.schedule import evaluate
from harness.engines import Rules, Setting
from harness.errors import InputError
from harness.request.assignments import Knobs, combination
from harness.request.controllers import Program, load_program
from harness.request.ranges import betas
from harness.request.recordings import Named


class Configured(NamedTuple):
    """A program, at what it is played and by which rules."""

    program: Program
    beta: float | None
    """``None`` for a program that does not follow β."""
    knobs: Knobs
    """The value of every knob, free and scheduled."""
    chosen: Knobs
    """The free knobs that were set."""
    rules: Rules

    @property
    def setting(self) -> Setting:
        """As engines take it."""
        return Setting(self.beta, self.chosen)


def configured(controller: str, beta: str, settings: Sequence[str], rules: Rules) -> Configured:
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
    values = betas(beta)
    if len(values) > 1:
        raise InputError(f"--beta {beta}: one value is wanted here")
    chosen = combination(program, settings)
    at = values[0] if program.checked.scheduled else None
    knobs = evaluate(program.checked, at or 0.0, chosen)
    return Configured(program, at, knobs, chosen, rules)


def origin(plan: Configured, recordings: Sequence[Named]) -> dict[str, object]:
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
