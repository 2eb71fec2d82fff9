"""Programs that evolution starts from, with schedules or with free knobs.

The handwritten programs are files in the folder `seeds`: published controllers adapted to follow β,
and simple ones. The discovered controllers are in the library. `free_schedule_knobs` serves the
ablation in which each knob that followed β is free between its values at both ends, with the middle
as its default.
"""

from importlib.resources import files

from msgspec.structs import replace

from agents.run.records import ControllerLanguage, Request, StartingProgram
from dsl import library, tree
from dsl.checker.symbols import free_knobs, schedule_lines
from dsl.formatter import print_tree
from dsl.program import load_checked_program
from dsl.schedule import evaluate
from dsl.source import Source, Span

HANDMADE, LIBRARY = "handmade", "library"
"""Names of the two groups of programs."""


def load_seeds() -> list[StartingProgram]:
    """Load the handwritten programs by name."""
    folder = files(__package__) / "seeds"
    paths = [path for path in folder.iterdir() if path.name.endswith(".rheo")]
    return [
        StartingProgram(
            name=path.name.removesuffix(".rheo"), source=path.read_text(encoding="utf-8")
        )
        for path in sorted(paths, key=lambda path: path.name)
    ]


def load_library_programs() -> list[StartingProgram]:
    """Load every library controller that follows β and needs no optional signal."""
    programs = []
    for name in library.NAMES:
        source = library.load_source(name)
        checked = load_checked_program(source)
        if checked.scheduled and not checked.needs.signals:
            programs.append(StartingProgram(name=name, source=source.text))
    return programs


def follows_beta(program: StartingProgram) -> bool:
    """Return whether a program has a schedule; one without is a template."""
    return load_checked_program(Source(program.source)).scheduled


def list_reviewed_programs(request: Request) -> list[StartingProgram]:
    """List the starting programs that the first round reviews as they are.

    They are controllers of the library, of files and of earlier runs, so that they can win;
    hand-made programs are only varied.
    """
    if request.free_knobs or request.language is not ControllerLanguage.RHEO:
        return []
    handmade = {program.source for program in load_seeds()}
    return [
        program
        for program in request.starting_programs
        if program.source not in handmade and follows_beta(program)
    ]


_NOWHERE = Span(0, 0)


def free_schedule_knobs(source: str) -> str:
    """Replace a program's schedule by free knobs; return it unchanged if it has none.

    Args:
        source: Source text of a program that checks.
    """
    checked = load_checked_program(Source(source))
    names = schedule_lines(checked.program)
    if not names:
        return source
    ends = [evaluate(checked, beta) for beta in (0.0, 0.5, 1.0)]
    knobs = []
    for name, line in names.items():
        low, middle, high = sorted(values[name] for values in ends)
        knobs.append(tree.Knob(line.span, line.name, _number(middle), _number(low), _number(high)))
    declared = free_knobs(checked.program).values()
    sections = tuple(
        tree.Knobs(section.span, (*declared, *knobs))
        if isinstance(section, tree.Schedule)
        else section
        for section in checked.program.sections
        if not isinstance(section, tree.Knobs)
    )
    return print_tree(replace(checked.program, sections=sections))


def _number(value: float) -> tree.Expression:
    written = repr(abs(value))
    node = tree.Number(_NOWHERE, abs(value), written)
    return node if value >= 0 else tree.Unary(_NOWHERE, "-", node)
