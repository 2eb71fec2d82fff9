"""What people put into a run: checked at once, taken up by the next round."""

from pathlib import Path

from agents.allocation.means import environment_of
from agents.allocation.reading import choices_of, refuse_unaffordable, text_of
from agents.allocation.trials import tried
from agents.loop.inbox import put
from agents.run.directory import RunDirectory
from agents.run.records import AllocationAsked, Language
from dsl.allocation import is_allocation
from harness.allocation.fitting import fitting
from harness.allocation.space import Space
from harness.cli import console
from harness.cli.checking import read_program
from harness.errors import InputError
from harness.request.controllers import load_playable
from sandbox.registered import refuse_unwalled


def put_controller(run: RunDirectory, file: Path, words: str) -> None:
    """Puts a controller, in Rheo or Python, into a run that looks for some.

    Raises:
        InputError: it cannot be used, or the run has ended.
        DslError: it is not sound.
    """
    python = file.suffix == Language.PYTHON.suffix
    if not python and file.is_file() and is_allocation(read_program(file)):
        raise InputError(f"{file}: is an allocation, and {run.path} looks for controllers")
    program = load_playable(str(file) if python or file.suffix == ".rheo" else f"./{file}")
    _refuse_ended(run)
    if python:
        refuse_unwalled()
    language = Language.PYTHON if python else Language.RHEO
    _put(run, file, program.label, program.source.text, words, language)


def put_allocation(
    run: RunDirectory, asked: AllocationAsked, file: Path, words: str, beta: float | None
) -> None:
    """Puts an allocation into a run that looks for some, once it fits pipeline and budget.

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
        raise InputError(f"{file}: is a controller, and {run.path} looks for allocations")
    checked = fitting(source, asked.pipeline)
    if checked.scheduled and beta is None:
        raise InputError(
            f"{file}: follows beta, and a run has one budget", hint="--beta B says where to take it"
        )
    where = environment_of(asked, run)
    pipeline = where.pipeline
    choices = choices_of(pipeline, source.text, source.name, beta or 0.0)
    space = Space(pipeline, asked.budget, governed=where.governed, recorded=where.recorded)
    refuse_unaffordable(space, choices, str(file))
    _refuse_ended(run)
    twin = next((name for name, each in tried(run).items() if each.choices == choices), None)
    if twin is not None:
        console.say(f"{file}: is the allocation of {twin}, which the run has tried")
        return
    text = source.text
    if checked.scheduled:
        text = text_of(pipeline, asked.budget, choices, checked.name)
    _put(run, file, checked.name, text, words, Language.RHEO)


def _refuse_ended(run: RunDirectory) -> None:
    ending = run.ending
    if ending is not None:
        raise InputError(
            f"{run.path}: has ended: {ending.reason}",
            hint=f"{_resume(run)}, with a cap raised, goes on; propose it then",
        )


def _put(
    run: RunDirectory, file: Path, name: str, text: str, words: str, language: Language
) -> None:
    """Puts it into the inbox, and says when it is taken up."""
    if not put(run, text, words, language):
        console.say(f"{file}: is in the run already")
        return
    rounds = run.request.caps.rounds
    begun = sum(each.kind == "round" for each in run.events())
    if begun >= rounds:
        console.say(f"{name}: is in the run, whose last round has begun")
        console.hint(f"{_resume(run)} --rounds {rounds + 1} takes it up, once the run is over")
        return
    after = "" if run.is_held else f", once {_resume(run)} goes on"
    console.say(f"{name}: the next round takes it up, if no cap ends the run{after}")


def _resume(run: RunDirectory) -> str:
    return f"rheostat {run.request.command} --run {run.path} --resume"
