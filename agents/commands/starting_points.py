"""The programs that a search starts from, as ``--start-from`` names them."""

from collections.abc import Sequence
from pathlib import Path

from agents.evolution.starting_programs import (
    HANDMADE,
    LIBRARY,
    load_library_programs,
    load_seeds,
)
from agents.run.directory import RunDirectory, open_run
from agents.run.records import ControllerLanguage, ReviewVerdict, StartingProgram
from dsl import library
from harness.errors import InputError
from harness.request.controllers import RheoController, load_program

START_FROM = (HANDMADE, LIBRARY)
"""What a search starts from by default."""

FROM_RUN = 5
"""Maximum number of candidates taken from an earlier run."""


def load_starting_programs(names: Sequence[str]) -> list[StartingProgram]:
    """Load the programs that ``--start-from`` names.

    Args:
        names: Groups, library controllers, files of programs, or directories of runs.

    Raises:
        InputError: A name cannot be used.
        DslError: A program does not check.
    """
    programs: dict[str, StartingProgram] = {}
    for name in names:
        for each in _load(name):
            programs.setdefault(each.source, each)
    return list(programs.values())


def _load(name: str) -> list[StartingProgram]:
    if name == HANDMADE:
        return load_seeds()
    if name == LIBRARY:
        return load_library_programs()
    if name not in library.NAMES and Path(name).is_dir():
        return _load_candidates(open_run(Path(name)))
    program = load_program(name)
    if not isinstance(program, RheoController) or not program.scheduled:
        raise InputError(
            f"--start-from {name}: a search starts from Rheo programs that follow beta",
            hint="give it a schedule, or use it as a --baseline",
        )
    return [StartingProgram(name=program.label, source=program.checked.source.text)]


def _load_candidates(run: RunDirectory) -> list[StartingProgram]:
    """Load the candidates of a run with the highest objective.

    Raises:
        InputError: The run has none.
    """
    reviews = [
        each
        for each in run.reviews()
        if each.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT)
        and each.objective is not None
        and run.language(each.candidate) is ControllerLanguage.RHEO
    ]
    if not reviews:
        raise InputError(f"--start-from {run.path}: the run has no candidates yet")
    ranked = sorted(reviews, key=lambda each: -(each.objective or 0.0))[:FROM_RUN]
    return [
        StartingProgram(name=f"{run.path.name}/{each.candidate}", source=run.source(each.candidate))
        for each in ranked
    ]
