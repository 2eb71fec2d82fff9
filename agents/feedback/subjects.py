"""A program that a brief speaks of, and two of its points: one that is cheap, one that is dear."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.feedback.history import History
from agents.run.records import Language
from agents.search.arena import Arena
from agents.search.measures import Measured, Shown, Worth
from agents.search.points import points
from harness.engines import Rules, Setting
from harness.request.configured import Plan, planned
from harness.request.controllers import Playable, load_program, playable_of

QUARTER = 4
"""Of a program's points in the order of their costs, the cheap one is a quarter from the cheap end,
the dear one a quarter from the other."""


class Subject(NamedTuple):
    """A program with what was measured of it."""

    name: str
    """A candidate, or a baseline."""
    program: Playable
    measured: Sequence[Measured]
    """On each recording of the search set."""
    given: Sequence[Mapping[str, int | float]] = ()
    """Settings for its free knobs, in place of spread ones."""


class Ends(NamedTuple):
    """The two points of a program that are looked at closely."""

    cheap: Plan
    dear: Plan

    @property
    def both(self) -> list[Plan]:
        """The two, or the one where a program has one point."""
        return [self.cheap] if self.cheap.setting == self.dear.setting else list(self)


def candidate(
    arena: Arena, name: str, source: str, language: Language = Language.RHEO
) -> Subject | None:
    """A candidate; ``None`` where it cannot be played.

    Raises:
        DslError: it does not check.
    """
    measured = arena.play(source, language)
    if isinstance(measured, str):
        return None
    return Subject(name, playable_of(source, f"{name}{language.suffix}"), measured)


def best_baseline(arena: Arena) -> Subject:
    """The baseline that is worth most."""
    name = arena.best_baseline
    given = next(each for each in arena.request.baselines if each.label == name)
    program = load_program(given.controller)
    return Subject(name, program, arena.baselines[name], given.settings)


def best(arena: Arena, past: History) -> Subject:
    """The best candidate; the best baseline while there is none."""
    leader = past.best
    found = None
    if leader is not None:
        proposal = leader.draft.proposal
        found = candidate(arena, leader.name, proposal.source, proposal.language)
    return found or best_baseline(arena)


def worth(arena: Arena, subject: Subject, shown: Shown) -> Worth:
    """What a program is worth on a part of the search set."""
    return arena.scorer.worth([subject.measured[place] for place in shown.recordings], shown)


def ends(arena: Arena, subject: Subject, shown: Shown) -> Ends:
    """The cheap and the dear point of a program, by its costs on a part of the search set."""
    settings = points(subject.program, arena.request.betas, subject.given)
    curves = worth(arena, subject, shown).curves
    costs = np.mean([np.log(np.maximum(curve.cost, 1.0)) for curve in curves], axis=0)
    order = np.argsort(costs, kind="stable")
    from_end = len(order) // QUARTER
    low, high = (int(order[place]) for place in (from_end, len(order) - 1 - from_end))
    return Ends(*(_configured(arena, subject.program, settings[place]) for place in (low, high)))


def _configured(arena: Arena, program: Playable, setting: Setting) -> Plan:
    return planned(program, setting, Rules(arena.request.budget, arena.request.kappa))


def at(plan: Plan) -> str:
    """The setting in words: ``beta 0.2``, ``n 16``."""
    parts = [] if plan.beta is None else [f"beta {plan.beta:g}"]
    parts += [f"{name} {value:g}" for name, value in plan.chosen.items()]
    return ", ".join(parts) or "its one setting"
