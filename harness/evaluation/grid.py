"""The grid of a sweep: controllers at settings over recordings, under seeds and rules."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from dsl.checker.symbols import free_knobs
from dsl.schedule import evaluate
from harness.engines import EpisodeRules
from harness.engines.catalog import get_engine
from harness.errors import InputError
from harness.evaluation.jobs import Job, JobRequest
from harness.mdp.admission import NotProbed
from harness.mdp.environment import load_replay_environment, refuse_unmet_needs
from harness.request.assignments import KnobValues
from harness.request.controllers import Playable, RheoController
from harness.request.foreign import ForeignController
from harness.request.recordings import NamedRecording, branch_counts
from harness.request.widths import RequestedWidth, default_widths, requested_width


class GridPoint(NamedTuple):
    """One controller at one setting: a point of its curve on every recording."""

    program: Playable
    beta: float | None
    """``None`` for a controller without a schedule."""
    knobs: KnobValues
    """The value of every free knob, set or default."""
    chosen: KnobValues
    """The knobs that were set."""


class GridCell(NamedTuple):
    """One point on one recording, both by their index in the grid."""

    point: int
    recording: int


class Shortage(NamedTuple):
    """A point that requests more branches than a recording has."""

    point: GridPoint
    recording: str
    requested: RequestedWidth
    fewest: int
    """The fewest branches of a question."""
    most: int


class Grid:
    """The cross product, in the order of its rows: controller, setting, β, then recording.

    Args:
        programs: The controllers; the first is the one that others are compared with.
        settings: The settings of each program's free knobs.
        betas: The values of β, for programs that follow it.
        recordings: The recordings to play over.
        seeds: The number of seeds, from 0.
        rules: Budget and cost of a probe.
        engine_name: A name in `harness.engines.catalog`.
    """

    def __init__(
        self,
        programs: Sequence[Playable],
        settings: Sequence[Sequence[KnobValues]],
        betas: Sequence[float],
        recordings: Sequence[NamedRecording],
        *,
        seeds: int,
        rules: EpisodeRules,
        engine_name: str,
    ):
        self.programs = programs
        self.recordings = recordings
        self.seeds = range(seeds)
        self.rules = rules
        self._version = get_engine(engine_name).name
        self._engine_name = engine_name
        self.points = [
            GridPoint(program, beta, _free(program, chosen), chosen)
            for program, choices in zip(programs, settings, strict=True)
            for chosen in choices
            for beta in (betas if program.scheduled else [None])
        ]

    @cached_property
    def engine(self) -> str:
        """The names and versions of the engines that play."""
        return " and ".join(sorted({self._plays(program) for program in self.programs}))

    def _plays(self, program: Playable) -> str:
        return program.version if isinstance(program, ForeignController) else self._version

    @cached_property
    def cells(self) -> list[GridCell]:
        """Every point on every recording."""
        return [
            GridCell(point, recording)
            for point in range(len(self.points))
            for recording in range(len(self.recordings))
        ]

    @cached_property
    def branches(self) -> list[tuple[int, int]]:
        """For each recording, the branches of its questions with the fewest and the most."""
        return [branch_counts(recording.recording) for recording in self.recordings]

    @cached_property
    def widths(self) -> list[RequestedWidth | None]:
        """For each point, the branches that its knobs ask for; ``None`` where none decides that."""
        return [
            requested_width(
                point.program.checked,
                evaluate(point.program.checked, point.beta or 0.0, point.chosen),
            )
            if isinstance(point.program, RheoController)
            else None
            for point in self.points
        ]

    def opened(self, point: int, recordings: Sequence[int]) -> int | None:
        """Return the most branches that a point opens: those it requests, as far as recorded.

        Args:
            point: Index of the point in the grid.
            recordings: Indexes of the recordings that it is played over.

        Returns:
            The number, or ``None`` if no knob determines it or recordings differ in it.
        """
        requested = self.widths[point]
        if requested is None or not (requested.exact or self._short(requested, recordings)):
            return None
        widths = {min(requested.branches, self.branches[recording][1]) for recording in recordings}
        return widths.pop() if len(widths) == 1 else None

    def _short(self, requested: RequestedWidth, recordings: Sequence[int]) -> bool:
        return all(requested.branches > self.branches[recording][1] for recording in recordings)

    def shortages(self) -> list[Shortage]:
        """Where a point asks for more branches than every question has, in the grid's order."""
        return [
            Shortage(point, recording.label, requested, fewest, most)
            for point, requested in zip(self.points, self.widths, strict=True)
            for recording, (fewest, most) in zip(self.recordings, self.branches, strict=True)
            if requested is not None and requested.branches > fewest
        ]

    def job_request(self, cell: GridCell) -> JobRequest:
        """Return the job of a cell, with the file and the program that it names."""
        point = self.points[cell.point]
        recording = self.recordings[cell.recording].recording
        job = Job(
            recording=recording.digest,
            program=point.program.digest,
            knobs=dict(point.knobs),
            beta=point.beta,
            seeds=tuple(self.seeds),
            budget=self.rules.budget,
            probe_cost=self.rules.probe_cost,
            engine=self._plays(point.program),
        )
        program = point.program
        player = program.engine if isinstance(program, ForeignController) else self._engine_name
        return JobRequest(job, recording.path, program.source, player)

    def refuse_unmet_needs(self) -> None:
        """Raise, before anything is played, if a recording lacks what a controller needs.

        Raises:
            InputError: A recording lacks something. The message names both.
            StoreError: A recording cannot be read.
        """
        rheo = [program for program in self.programs if isinstance(program, RheoController)]
        needy = [program for program in rheo if any(program.checked.needs)]
        for label, recording in self.recordings if needy else ():
            replay_environment = load_replay_environment(recording)
            for program in needy:
                try:
                    refuse_unmet_needs(program.checked, replay_environment)
                except NotProbed as problem:
                    raise InputError(f"{label}, for {program.label}: {problem}") from None


def build_grid(
    programs: Sequence[Playable],
    settings: Sequence[Sequence[KnobValues]],
    betas: Sequence[float],
    recordings: Sequence[NamedRecording],
    *,
    seeds: int,
    rules: EpisodeRules,
    engine_name: str,
    curves: bool = False,
) -> Grid:
    """Build a grid that can be played: every recording has what the controllers need.

    Args:
        programs: The controllers; the first is the one that others are compared with.
        settings: The settings of each program's free knobs.
        betas: The values of β, for programs that follow it.
        recordings: The recordings to play over.
        seeds: The number of seeds, from 0.
        rules: Budget and cost of a probe.
        engine_name: A name in `harness.engines.catalog`.
        curves: Whether to play a program without a schedule, whose width is not set, at several
            widths.

    Raises:
        InputError: A recording lacks what a controller needs.
        StoreError: A recording cannot be read.
    """
    if curves:
        settings = _with_widths(programs, settings, recordings)
    grid = Grid(
        programs, settings, betas, recordings, seeds=seeds, rules=rules, engine_name=engine_name
    )
    grid.refuse_unmet_needs()
    return grid


def _with_widths(
    programs: Sequence[Playable],
    choices: Sequence[Sequence[KnobValues]],
    recordings: Sequence[NamedRecording],
) -> list[list[KnobValues]]:
    """Return the settings, at several widths if a program would have a single point."""
    most = min(branch_counts(recording.recording)[0] for recording in recordings)
    return [
        [setting for assignment in chosen for setting in default_widths(program, assignment, most)]
        if isinstance(program, RheoController)
        else list(chosen)
        for program, chosen in zip(programs, choices, strict=True)
    ]


def format_knobs(knobs: Mapping[str, int | float]) -> str:
    """Format knobs as on a command line: ``n=16 size=4``."""
    return " ".join(f"{name}={value!r}" for name, value in knobs.items())


def _free(program: Playable, chosen: KnobValues) -> KnobValues:
    if isinstance(program, ForeignController):
        return {}
    values = evaluate(program.checked, 0.0, chosen)
    return {name: values[name] for name in free_knobs(program.checked.program)}
