"""Select the controllers of a report: winner, runners-up, baselines, references."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from agents.evolution.starting_programs import follows_beta, load_seeds
from agents.report.records import ControllerRole, ReportedController
from agents.run.directory import RunDirectory
from agents.run.records import Request, Review, ReviewVerdict, StartingProgram
from agents.search.objective import TokensAtObjective, parse_objective
from agents.search.programs import choose_points, load_candidate
from dsl.program import load_checked_program
from dsl.source import Source
from harness.request.assignments import KnobValues
from harness.request.controllers import Playable, RheoController, load_program
from harness.request.foreign import ForeignController

REFERENCES = ("cmc", "early_votes")
"""Discovered controllers of the library that every winner is compared with."""

RUNNERS_UP = 5
"""Maximum number of runners-up."""


class Entrant(NamedTuple):
    """A reported controller, ready to play."""

    role: ControllerRole
    program: Playable
    """The controller; its label is its name in the report."""
    settings: Sequence[KnobValues]
    """Settings of its free knobs; a single empty one if there are none."""

    @property
    def record(self) -> ReportedController:
        """Convert to a report record."""
        program = self.program
        return ReportedController(
            label=self.program.label,
            role=self.role,
            name=program.label if isinstance(program, ForeignController) else program.checked.name,
            title=program.title,
            digest=self.program.digest,
        )


def list_entrants(run: RunDirectory, request: Request, winner: str | None) -> list[Entrant]:
    """List the reported controllers in table order.

    Args:
        run: Run directory.
        request: Request of the run.
        winner: The selected candidate, or the best so far; ``None`` if there is none.

    Raises:
        InputError: A file of the run is missing or damaged, or a baseline cannot be read.
    """
    entrants = [] if winner is None else [_candidate(run, request, winner, ControllerRole.WINNER)]
    entrants += [
        _candidate(run, request, candidate.candidate, ControllerRole.RUNNER_UP)
        for candidate in select_runners_up(run.reviews(), list_rejected(run), winner)
    ]
    seed = None if winner is None else find_seed(run, winner)
    if seed is not None:
        entrants.append(Entrant(ControllerRole.SEED, _seed(seed), [{}]))
    for baseline in request.baselines:
        program = load_program(baseline.controller)._replace(label=baseline.label)
        entrants.append(Entrant(ControllerRole.BASELINE, program, baseline.settings or [{}]))
    objective = parse_objective(request.objective, request.profiles)
    target = [objective.controller] if isinstance(objective, TokensAtObjective) else []
    for name in (*REFERENCES, *target):
        program = load_program(name)
        if program.label not in [entrant.program.label for entrant in entrants]:
            entrants.append(Entrant(ControllerRole.REFERENCE, program, [{}]))
    return entrants


def select_runners_up(
    reviews: Sequence[Review], rejected: set[str], winner: str | None
) -> list[Review]:
    """Select the runners-up, largest significant gain first.

    Args:
        reviews: Reviews of the run.
        rejected: Names of the candidates that a reviewer rejected.
        winner: Name of the winner; ``None`` if there is none.
    """
    eligible = [
        review
        for review in reviews
        if review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
        and review.candidate != winner
        and review.candidate not in rejected
        and review.baseline_gain is not None
    ]
    ranked = sorted(
        eligible, key=lambda review: -(review.baseline_gain.low if review.baseline_gain else 0.0)
    )
    return ranked[:RUNNERS_UP]


def find_seed(run: RunDirectory, candidate: str) -> StartingProgram | None:
    """Find the starting program with a schedule that a candidate descends from.

    Raises:
        InputError: a file of the run is damaged.
    """
    starting = run.request.starting_programs or load_seeds()
    programs = {program.name: program for program in starting}
    visited: set[str] = set()
    name = candidate
    while name not in visited and run.has(f"candidates/{name}/draft.json"):
        visited.add(name)
        parents = run.draft(name).proposal.parents
        if not parents:
            return None
        name = parents[0]
    seed = programs.get(name)
    return seed if seed is not None and follows_beta(seed) else None


def list_rejected(run: RunDirectory) -> set[str]:
    """List the rejected candidates."""
    return {decision.candidate for decision in run.decisions() if not decision.approved}


def choose_settings(program: Playable, betas: Sequence[float]) -> list[KnobValues]:
    """Choose the free-knob settings of a candidate; spread ones if it does not follow β."""
    if program.scheduled:
        return [{}]
    return [point.knobs for point in choose_points(program, betas)]


def _seed(seed: StartingProgram) -> RheoController:
    label = f"{seed.name} (seed)"
    checked = load_checked_program(Source(seed.source, f"{seed.name}.rheo"))
    return RheoController(label, checked, sha256(seed.source.encode()).hexdigest(), seed.name)


def _candidate(
    run: RunDirectory, request: Request, candidate: str, role: ControllerRole
) -> Entrant:
    program = load_candidate(run, candidate)
    return Entrant(role, program, choose_settings(program, request.betas))
