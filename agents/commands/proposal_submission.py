"""What people put into a run: checked at once, taken up by the next round."""

from pathlib import Path

from agents.allocation.choices import format_allocation, parse_choices, require_affordable
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


def submit_controller(run: RunDirectory, file: Path, words: str) -> None:
    """Put a controller, in Rheo or Python, into a run that looks for some.

    Raises:
        InputError: it cannot be used, or the run has ended.
        DslError: it is not sound.
    """
    python = file.suffix == ControllerLanguage.PYTHON.suffix
    if not python and file.is_file() and is_allocation(read_program(file)):
        raise InputError(f"{file}: is an allocation, but {run.path} searches for controllers")
    program = load_playable(str(file) if python or file.suffix == ".rheo" else f"./{file}")
    _require_open_run(run)
    if python:
        require_container_isolation()
    language = ControllerLanguage.PYTHON if python else ControllerLanguage.RHEO
    _submit(run, file, program.label, program.source.text, words, language)


def submit_allocation(
    run: RunDirectory, asked: AllocationRequest, file: Path, words: str, beta: float | None
) -> None:
    """Put an allocation into a run that looks for some, once it fits pipeline and budget.

    Args:
        run: the run.
        asked: what its request says of allocations.
        file: with the allocation.
        words: what is new about it.
        beta: where it is taken, if it follows β.

    Raises:
        InputError: it does not fit, or the run has ended.
        DslError: it is not sound, or does not fit the pipeline.
    """
    source = read_program(file)
    if not is_allocation(source):
        raise InputError(f"{file}: is a controller, but {run.path} searches for allocations")
    checked = require_fit(source, asked.pipeline)
    if checked.scheduled and beta is None:
        raise InputError(
            f"{file}: depends on beta, but a run has one budget", hint="give a value with --beta B"
        )
    where = open_run_environment(asked, run)
    pipeline = where.pipeline
    choices = parse_choices(pipeline, source.text, source.name, beta or 0.0)
    space = AllocationSpace(
        pipeline, asked.budget, governed=where.governed, recorded=where.recorded
    )
    require_affordable(space, choices, str(file))
    _require_open_run(run)
    twin = next(
        (name for name, each in read_run_trials(run).items() if each.choices == choices), None
    )
    if twin is not None:
        console.info(f"{file}: is the allocation of {twin}, which the run has already tried")
        return
    text = source.text
    if checked.scheduled:
        text = format_allocation(pipeline, asked.budget, choices, checked.name)
    _submit(run, file, checked.name, text, words, ControllerLanguage.RHEO)


def _require_open_run(run: RunDirectory) -> None:
    ending = run.ending
    if ending is not None:
        raise InputError(
            f"{run.path}: has ended: {ending.reason}",
            hint=f"resume it with a higher limit: {_resume_hint(run)}; then propose again",
        )


def _submit(
    run: RunDirectory, file: Path, name: str, text: str, words: str, language: ControllerLanguage
) -> None:
    """Add the proposal to the inbox, and report when it is evaluated."""
    if not submit_proposal(run, text, words, language):
        console.info(f"{file}: is already in the run")
        return
    rounds = run.request.caps.rounds
    begun = sum(each.kind == "round" for each in run.events())
    if begun >= rounds:
        console.info(f"{name}: was added, but the last round of the run has already started")
        console.hint(
            f"when the run has ended, {_resume_hint(run)} --rounds {rounds + 1} evaluates it"
        )
        return
    after = "" if run.is_held else f", after you resume the run with {_resume_hint(run)}"
    console.info(f"{name}: the next round evaluates it, unless a limit ends the run first{after}")


def _resume_hint(run: RunDirectory) -> str:
    return f"rheostat {run.request.command} --run {run.path} --resume"
