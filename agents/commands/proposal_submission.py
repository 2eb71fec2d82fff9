"""Submission of users' proposals to a run; they are checked before they are added."""

from pathlib import Path

from agents.allocation.choices import format_allocation, parse_choices
from agents.allocation.run_trials import open_run_environment, read_run_trials
from agents.loop.round_files import submit_proposal
from agents.run.directory import RunDirectory
from agents.run.records import AllocationRequest, ControllerLanguage
from dsl.allocation import is_allocation
from harness.allocation.budget import require_fit
from harness.allocation.space import AllocationSpace
from harness.cli import console
from harness.cli.program_check import read_program
from harness.errors import InputError
from harness.request.controllers import load_playable
from sandbox.registration import require_container_isolation


def submit_controller(run: RunDirectory, file: Path, description: str) -> None:
    """Submit a controller, in Rheo or Python, to a run that searches for controllers.

    Args:
        run: Run directory.
        file: File of the controller.
        description: What is new about it; may be empty.

    Raises:
        InputError: The file cannot be used, or the run has ended.
        DslError: The controller does not check.
    """
    python = file.suffix == ControllerLanguage.PYTHON.suffix
    if not python and file.is_file() and is_allocation(read_program(file)):
        raise InputError(f"{file}: is an allocation, but {run.path} searches for controllers")
    program = load_playable(str(file) if python or file.suffix == ".rheo" else f"./{file}")
    _require_open_run(run)
    if python:
        require_container_isolation()
    language = ControllerLanguage.PYTHON if python else ControllerLanguage.RHEO
    _submit(run, file, program.label, program.source.text, description, language)


def submit_allocation(
    run: RunDirectory,
    allocation: AllocationRequest,
    file: Path,
    description: str,
    beta: float | None,
) -> None:
    """Submit an allocation to a run of trials, if it fits the pipeline and the budget.

    Args:
        run: Run directory.
        allocation: Pipeline and budget of the run.
        file: File of the allocation.
        description: What is new about it; may be empty.
        beta: β at which it is evaluated; ``None`` if it does not follow β.

    Raises:
        InputError: It exceeds the budget, ``beta`` is missing, or the run has ended.
        DslError: It does not check, or does not fit the pipeline.
    """
    source = read_program(file)
    if not is_allocation(source):
        raise InputError(f"{file}: is a controller, but {run.path} searches for allocations")
    checked = require_fit(source, allocation.pipeline)
    if checked.scheduled and beta is None:
        raise InputError(
            f"{file}: depends on beta, but a run has one budget", hint="give a value with --beta B"
        )
    environment = open_run_environment(allocation, run)
    pipeline = environment.pipeline
    choices = parse_choices(pipeline, source.text, source.name, beta or 0.0)
    space = AllocationSpace(
        pipeline, allocation.budget, governed=environment.governed, recorded=environment.recorded
    )
    space.require_feasible(choices, str(file))
    _require_open_run(run)
    duplicate = next(
        (name for name, trial in read_run_trials(run).items() if trial.choices == choices), None
    )
    if duplicate is not None:
        console.info(f"{file}: is the allocation of {duplicate}, which the run has already tried")
        return
    text = source.text
    if checked.scheduled:
        text = format_allocation(pipeline, allocation.budget, choices, checked.name)
    _submit(run, file, checked.name, text, description, ControllerLanguage.RHEO)


def _require_open_run(run: RunDirectory) -> None:
    ending = run.ending
    if ending is not None:
        raise InputError(
            f"{run.path}: has ended: {ending.reason}",
            hint=f"resume it with a higher limit: {_resume_hint(run)}; then propose again",
        )


def _submit(
    run: RunDirectory,
    file: Path,
    name: str,
    text: str,
    description: str,
    language: ControllerLanguage,
) -> None:
    """Add the proposal to the inbox, and report when it is evaluated."""
    if not submit_proposal(run, text, description, language):
        console.info(f"{file}: is already in the run")
        return
    rounds = run.request.caps.rounds
    begun_rounds = sum(event.kind == "round" for event in run.events())
    if begun_rounds >= rounds:
        console.info(f"{name}: was added, but the last round of the run has already started")
        console.hint(
            f"when the run has ended, {_resume_hint(run)} --rounds {rounds + 1} evaluates it"
        )
        return
    advice = "" if run.is_held else f", after you resume the run with {_resume_hint(run)}"
    console.info(f"{name}: the next round evaluates it, unless a limit ends the run first{advice}")


def _resume_hint(run: RunDirectory) -> str:
    return f"rheostat {run.request.command} --run {run.path} --resume"
