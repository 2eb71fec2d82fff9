"""Commands for writing programs: ``rheostat new``, ``fmt``, ``check`` and ``lsp``."""

import sys
from pathlib import Path

import click

from harness.cli import shell_completion
from harness.cli.declarations import FilePath, command, document_options
from harness.cli.output import Output


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
    from harness.cli.output import emit_text, emit_utf8
    from harness.cli.program_format import STDIN, format_file
    from harness.errors import InputError, NegativeResult

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
            raise NegativeResult(f"{len(changed)} of {len(found)} would change: {names}")
        return
    for each in found:
        if each.path == STDIN:
            emit_utf8(each.after)
        elif each.changed:
            each.write()
            console.info(f"formatted {each.name}")


@command(
    "check",
    examples=[
        ("rheostat check controller.rheo", "Checks a program."),
        ("rheostat check --strict *.rheo", "Counts warnings as errors, as CI should."),
        ("rheostat check --json - < controller.rheo", "Reads stdin; gives the findings as JSON."),
        ("rheostat check mine.py", "Holds a controller in Python to what it may say."),
        ("rheostat check cmc", "Checks a controller of the library."),
        ("rheostat check lean.rheo --on digits.toml", "Holds an allocation to a pipeline."),
    ],
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=FilePath(allow_dash=True),
    help="Programs (*.rheo, *.py), names of the library, or - for stdin.",
    shell_complete=shell_completion.complete_controllers,
)
@click.option(
    "--on",
    "pipeline",
    metavar="PIPELINE",
    type=FilePath(dir_okay=False),
    help="Hold allocations to this pipeline file: their stages, models, and cost at every beta.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@document_options
def check(out: Output, files: tuple[Path, ...], pipeline: Path | None, strict: bool) -> None:
    """Checks programs before anything runs.

    Names, types, flow, usage and the directions of schedules; of an allocation its budget, its
    stages and their ranges, and with --on whether it fits a pipeline. The messages are the result
    and go to stdout; each has a code that `rheostat explain` describes. The exit status is 1 if a
    program has errors.
    """
    from harness.cli import console
    from harness.cli.output import OutputFormat
    from harness.cli.program_check import (
        as_findings,
        check_against_pipeline,
        check_source,
        format_messages,
        is_accepted,
        read_program,
        suggest_reading,
        summarise,
    )
    from harness.errors import NegativeResult
    from harness.presentation import terminal

    found = [check_source(read_program(path)) for path in dict.fromkeys(files)]
    if pipeline is not None:
        found = check_against_pipeline(found, pipeline)
    if out.form is OutputFormat.PEOPLE:
        colour = out.path is None and terminal.is_coloured(sys.stdout)
        out.text(format_messages(found, colour=colour), styled=True)
    else:
        out.document([as_findings(one) for one in found], "")
    if not all(is_accepted(one, strict=strict) for one in found):
        raise NegativeResult(summarise(found), hint=suggest_reading(found))
    console.info(summarise(found))


@command("lsp", examples=[("rheostat lsp", "Serves an editor, which starts it by itself.")])
def lsp() -> None:
    """Serves an editor over stdin and stdout, as `rheostat explain editors` sets it up.

    It speaks the Language Server Protocol: errors as you type with their repairs, what a word
    means, completion, declarations, formatting and the outline.
    """
    from harness.errors import ExternalError
    from store.extras import install_command

    try:
        from harness.lsp.server import serve
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        if package not in {"pygls", "lsprotocol"}:
            raise
        raise ExternalError(
            f"the language server needs {package}, which is not installed",
            hint=f"install rheostat with its extra: {install_command('lsp')}",
        ) from missing
    serve()
