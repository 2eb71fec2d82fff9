"""Who is shown: the winner and those behind it, the baselines, the published reference."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from agents.evolution.starting import Seed, seeds
from agents.report.records import Role, Shown
from agents.run.directory import RunDirectory
from agents.run.programs import program_of
from agents.run.records import Request, Review, Verdict
from agents.search.points import points
from dsl.program import load
from dsl.source import Source
from harness.request.assignments import Knobs
from harness.request.controllers import Playable, Program, load_program
from harness.request.foreign import Foreign

PUBLISHED = "cmc"
"""The published discovered controller, which the search never meets."""

RUNNERS_UP = 5
"""Candidates that are shown beside the winner, at most."""


class Entrant(NamedTuple):
    """A controller that is shown, ready to be played."""

    role: Role
    program: Playable
    """Its label is what the report calls it."""
    settings: Sequence[Knobs]
    """Of its free knobs; one without any where there is nothing to set."""

    @property
    def shown(self) -> Shown:
        """The entrant as a record."""
        program = self.program
        return Shown(
            label=self.program.label,
            role=self.role,
            name=program.label if isinstance(program, Foreign) else program.checked.name,
            title=program.title,
            digest=self.program.digest,
        )


def entrants(run: RunDirectory, request: Request, winner: str | None) -> list[Entrant]:
    """Everyone who is shown, in the order in which tables have them.

    Args:
        run: the run.
        request: what it was asked for.
        winner: the candidate that was selected, or the best so far; ``None`` where there is none.

    Raises:
        InputError: a file of the run is missing or damaged, or a baseline cannot be read.
    """
    found = [] if winner is None else [_candidate(run, request, winner, Role.WINNER)]
    found += [
        _candidate(run, request, each.candidate, Role.RUNNER_UP)
        for each in runners_up(run.reviews(), rejected(run), winner)
    ]
    seed = None if winner is None else seed_of(run, winner)
    if seed is not None:
        found.append(Entrant(Role.SEED, _seed(seed), [{}]))
    for each in request.baselines:
        program = load_program(each.controller)._replace(label=each.label)
        found.append(Entrant(Role.BASELINE, program, each.settings or [{}]))
    if PUBLISHED not in [each.program.label for each in found]:
        found.append(Entrant(Role.PUBLISHED, load_program(PUBLISHED), [{}]))
    return found


def runners_up(reviews: Sequence[Review], refused: set[str], winner: str | None) -> list[Review]:
    """The candidates behind the winner, those first of whose gain most counts."""
    standing = [
        each
        for each in reviews
        if each.verdict in (Verdict.BEST, Verdict.KEPT)
        and each.candidate != winner
        and each.candidate not in refused
        and each.baseline_gain is not None
    ]
    ranked = sorted(
        standing, key=lambda each: -(each.baseline_gain.low if each.baseline_gain else 0.0)
    )
    return ranked[:RUNNERS_UP]


def seed_of(run: RunDirectory, candidate: str) -> Seed | None:
    """The program of evolution's that a candidate was made from, by way of its main parents.

    Raises:
        InputError: a file of the run is damaged.
    """
    known = {each.name: each for each in seeds()}
    met: set[str] = set()
    name = candidate
    while name not in met and run.has(f"candidates/{name}/draft.json"):
        met.add(name)
        parents = run.draft(name).proposal.parents
        if not parents:
            return None
        name = parents[0]
    return known.get(name)


def rejected(run: RunDirectory) -> set[str]:
    """The candidates that people rejected."""
    return {each.candidate for each in run.decisions() if not each.approved}


def settings_of(program: Playable, betas: Sequence[float]) -> list[Knobs]:
    """At which free knobs a candidate is played: spread ones where it does not follow β."""
    if program.scheduled:
        return [{}]
    return [each.knobs for each in points(program, betas)]


def _seed(seed: Seed) -> Program:
    label = f"{seed.name} (seed)"
    checked = load(Source(seed.source, f"{seed.name}.rheo"))
    return Program(label, checked, sha256(seed.source.encode()).hexdigest(), seed.name)


def _candidate(run: RunDirectory, request: Request, candidate: str, role: Role) -> Entrant:
    program = program_of(run, candidate)
    return Entrant(role, program, settings_of(program, request.betas))
