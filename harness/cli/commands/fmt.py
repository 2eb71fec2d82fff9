"""``rheostat fmt``: programs in their one canonical layout."""

from pathlib import Path

import click

from harness.cli.declare import FilePath, command


@command(
    "fmt",
    examples=[
        ("rheostat fmt controller.rheo", "Formats a program in place."),
        ("rheostat fmt --check *.rheo", "Shows what would change; exit status 1 if anything."),
        ("rheostat fmt - < controller.rheo", "Reads a program from stdin, writes it to stdout."),
    ],
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=FilePath(allow_dash=True),
    help="Programs (*.rheo), or - for stdin.",
)
@click.option("--check", is_flag=True, help="Write no file; print the differences.")
def fmt(files: tuple[Path, ...], check: bool) -> None:
    """Formats programs in place.

    Comments, and one blank line between statements, are kept. A file that is formatted already is
    not touched. If any file cannot be formatted, its errors are shown and none is written.
    """
    from harness.cli import console
    from harness.cli.formatting import STDIN, format_file
    from harness.cli.output import emit_text, emit_utf8
    from harness.errors import AnswerIsNo, InputError

    found = [format_file(path) for path in dict.fromkeys(files)]
    broken = [each for each in found if each.problems]
    if broken:
        for each in broken:
            console.say_block(f"{each.problems}\n")
        names = ", ".join(each.name for each in broken)
        raise InputError(f"{names}: cannot be formatted, so nothing was written")
    changed = [each for each in found if each.changed]
    if check:
        emit_text("".join(each.difference() for each in changed))
        if changed:
            names = ", ".join(each.name for each in changed)
            raise AnswerIsNo(f"{len(changed)} of {len(found)} would change: {names}")
        return
    for each in found:
        if each.path == STDIN:
            emit_utf8(each.after)
        elif each.changed:
            each.write()
            console.say(f"formatted {each.name}")
