"""A program described in a brief, with its low-cost and high-cost points."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agents.feedback.history import SearchHistory
from agents.run.records import ControllerLanguage
from agents.search.arena import Arena
from agents.search.measurements import ProgramMeasurement, ProgramScore, SearchSubset
from agents.search.programs import choose_points
from harness.engines import ControllerSetting, EpisodeRules
from harness.request.controllers import Playable, load_program, parse_playable
from harness.request.plan import Plan, make_plan

QUARTER = 4
"""With points sorted by cost, the low-cost point is at one quarter and the high-cost point at three
quarters.
"""


class MeasuredProgram(NamedTuple):
    """A program and its measurements."""

    name: str
    """Name of a candidate or a baseline."""
    program: Playable
    measured: Sequence[ProgramMeasurement]
    """Measurements on each recording of the search set."""
    settings: Sequence[Mapping[str, int | float]] = ()
    """Settings for free knobs; by default they are spread over their ranges."""


class EndPlans(NamedTuple):
    """The low-cost and the high-cost point of a program."""

    low_cost: Plan
    high_cost: Plan

    @property
    def both(self) -> list[Plan]:
        """Return both points, or the only one."""
        return [self.low_cost] if self.low_cost.setting == self.high_cost.setting else list(self)


def measure_candidate(
    arena: Arena, name: str, source: str, language: ControllerLanguage = ControllerLanguage.RHEO
) -> MeasuredProgram | None:
    """Measure a candidate; return ``None`` if it cannot be played.

    Args:
        arena: Search set of the run.
        name: Name of the candidate.
        source: Source text of the program.
        language: Language of the program.

    Raises:
        DslError: The program does not check.
    """
    measured = arena.play(source, language)
    if isinstance(measured, str):
        return None
    return MeasuredProgram(name, parse_playable(source, f"{name}{language.suffix}"), measured)


def select_best_baseline(arena: Arena) -> MeasuredProgram:
    """Return the baseline with the highest objective."""
    name = arena.best_baseline
    baseline = next(baseline for baseline in arena.request.baselines if baseline.label == name)
    program = load_program(baseline.controller)
    return MeasuredProgram(name, program, arena.baselines[name], baseline.settings)


def select_best(arena: Arena, history: SearchHistory) -> MeasuredProgram:
    """Return the best candidate, or the best baseline if there is none."""
    leader = history.best
    measured = None
    if leader is not None:
        proposal = leader.draft.proposal
        measured = measure_candidate(arena, leader.name, proposal.source, proposal.language)
    return measured or select_best_baseline(arena)


def score_program(arena: Arena, subject: MeasuredProgram, subset: SearchSubset) -> ProgramScore:
    """Score a program on a part of the search set.

    Args:
        arena: Search set of the run.
        subject: Program and its measurements on the whole search set.
        subset: Recordings and questions to score on.
    """
    return arena.scorer.score_program(
        [subject.measured[index] for index in subset.recordings], subset
    )


def select_end_plans(arena: Arena, subject: MeasuredProgram, subset: SearchSubset) -> EndPlans:
    """Select the low-cost and the high-cost point of a program on a part of the search set.

    Args:
        arena: Search set of the run.
        subject: Program and its measurements on the whole search set.
        subset: Recordings and questions whose costs order the points.
    """
    settings = choose_points(subject.program, arena.request.betas, subject.settings)
    curves = score_program(arena, subject, subset).curves
    costs = np.mean([np.log(np.maximum(curve.cost, 1.0)) for curve in curves], axis=0)
    order = np.argsort(costs, kind="stable")
    from_end = len(order) // QUARTER
    low, high = (int(order[index]) for index in (from_end, len(order) - 1 - from_end))
    return EndPlans(*(_make_plan(arena, subject.program, settings[index]) for index in (low, high)))


def _make_plan(arena: Arena, program: Playable, setting: ControllerSetting) -> Plan:
    return make_plan(program, setting, EpisodeRules(arena.request.budget, arena.request.kappa))


def describe_plan(plan: Plan) -> str:
    """Format a setting: ``beta 0.2``, ``n 16``."""
    parts = [] if plan.beta is None else [f"beta {plan.beta:g}"]
    parts += [f"{name} {value:g}" for name, value in plan.chosen.items()]
    return ", ".join(parts) or "its only setting"
