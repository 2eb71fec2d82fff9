"""``rheostat new``: a program to start from."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


@command(
    "new",
    examples=[
        ("rheostat new mine", "Writes mine.rheo, a commented controller."),
        ("rheostat new mine -o controllers/first.rheo", "Writes it elsewhere."),
        ("rheostat new mine -o -", "Prints it."),
    ],
)
@click.argument("name", metavar="NAME", help="The controller's name.")
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=FilePath(allow_dash=True),
    help="Write to FILE instead of NAME.rheo; - is stdout.",
)
def new(name: str, path: Path | None) -> None:
    """Writes a commented controller to start from.

    It passes the checks as it is. A file that exists is never overwritten.
    """
    from dsl.template import UnusableName, new_program
    from harness.cli.output import atomic_file, emit_paths, emit_utf8
    from harness.errors import InputError

    try:
        program = new_program(name)
    except UnusableName as problem:
        raise InputError(str(problem)) from None
    if path == Path("-"):
        emit_utf8(program)
        return
    path = Path(f"{name}.rheo") if path is None else path
    if path.exists():
        raise InputError(f"{path}: exists already", hint="name another file with -o")
    with atomic_file(path) as file:
        file.write(program.encode("utf-8"))
    emit_paths([path])
