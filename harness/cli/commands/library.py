"""``rheostat library``: the controllers that come with rheostat."""

import click

from harness.cli import completing
from harness.cli.declare import command, output_options
from harness.cli.output import Output


@command(
    "library",
    examples=[
        ("rheostat library", "Lists the controllers."),
        ("rheostat library cmc > mine.rheo", "Takes one as a starting point."),
        ("rheostat library --json", "Lists them for a program."),
    ],
)
@click.argument(
    "name",
    required=False,
    metavar="[NAME]",
    help="A controller to print.",
    shell_complete=completing.library_names,
)
@output_options
def library(out: Output, name: str | None) -> None:
    """Lists the controllers of the library, or prints the program of one.

    They are those of the literature and a few of our own, written in Rheo. A recording must hold
    the signals that a controller needs. The list is a table, so --csv goes with it; a program is
    none.
    """
    from dsl.library import NAMES, entry, source
    from dsl.spelling import nearest
    from harness.cli.table import Column, Table
    from harness.errors import InputError

    if name is None:
        rows = [
            (one, entry(one).title, _needs(one), _about(entry(one).about)["source"])
            for one in NAMES
        ]
        columns = [Column("name"), Column("title"), Column("needs"), Column("source")]
        out.table(Table(columns, rows))
        return
    name = name.removesuffix(".rheo")
    if name not in NAMES:
        near = nearest(name, NAMES)
        meant = f"did you mean {near}?" if near else f"it has {', '.join(NAMES)}"
        raise InputError(f"the library has no controller {name}; {meant}")
    found, text = entry(name), source(name).text
    about = {"name": name, "title": found.title, **_about(found.about)}
    out.document({**about, "program": text}, text)


def _needs(name: str) -> str:
    """The signals that a recording must hold for a controller."""
    from dsl.library import source
    from dsl.parser import parse

    program = parse(source(name)).program
    return ", ".join(sorted(word.text for word in program.needs)) if program is not None else ""


def _about(comment: str) -> dict[str, str]:
    """The two parts of an opening comment: what the controller does, and where it comes from."""
    does, _, source = comment.partition("\nSource: ")
    return {"about": " ".join(does.split()), "source": source.rstrip(".")}
