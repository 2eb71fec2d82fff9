"""The programs that a candidate is compared with: its parent, the baselines, other candidates."""

from collections.abc import Sequence

from agents.evolution.starting_programs import follows_beta, load_seeds
from agents.run.directory import RunDirectory
from agents.run.records import StartingProgram
from agents.search.programs import load_candidate
from dsl import library
from harness.errors import InputError
from harness.request.controllers import Playable, load_program, parse_playable


def list_other_programs(run: RunDirectory, parent: str, candidates: Sequence[str]) -> list[str]:
    """List what a candidate can be compared with: its parent first, then baselines, then the rest.

    A parent that is a template is left out, since it cannot be played without values of its knobs.

    Args:
        run: Run of the candidate.
        parent: Name of its parent; empty if it has none.
        candidates: Names of the run's other candidates.
    """
    try:
        baselines = [baseline.label for baseline in run.request.baselines]
        names = [parent] if parent in candidates or _is_controller(run, parent) else []
    except (InputError, OSError):  # a damaged run is shown as far as it can be read
        baselines, names = [], []
    return list(dict.fromkeys([*names, *baselines, *candidates]))


def load_other_program(run: RunDirectory, name: str) -> Playable:
    """Load a program by the name that a run has for it.

    Raises:
        RheostatError: There is no such program, or its file cannot be read.
        DslError: It does not check.
    """
    if run.source_path(name) is not None:
        return load_candidate(run, name)
    baselines = {baseline.label: baseline.controller for baseline in run.request.baselines}
    if name in baselines:
        return load_program(baselines[name])
    for program in _starting_programs(run):
        if program.name == name:
            return parse_playable(program.source, f"{name}.rheo")
    return load_program(name)


def _is_controller(run: RunDirectory, name: str) -> bool:
    """Return whether a name is that of a baseline, a starting program or one of the library."""
    if any(baseline.label == name for baseline in run.request.baselines):
        return True
    for program in _starting_programs(run):
        if program.name == name:
            return follows_beta(program)
    return name in library.NAMES


def _starting_programs(run: RunDirectory) -> list[StartingProgram]:
    return [*run.request.starting_programs, *load_seeds()]
