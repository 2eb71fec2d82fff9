"""Commands for writing programs: ``rheostat new``, ``fmt``, ``check`` and ``lsp``."""

import sys
from pathlib import Path

import click

from harness.cli import shell_completion
from harness.cli.declarations import command, document_options
from harness.cli.output import Output
from harness.cli.parameter_types import FilePath


@command(
    "new",
    examples=[
        ("rheostat new mine", "Write mine.rheo, a commented controller."),
        ("rheostat new mine -o controllers/first.rheo", "Write it to another file."),
        ("rheostat new mine -o -", "Print it."),
    ],
)
@click.argument("name", metavar="NAME", help="Name of the controller.")
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    type=FilePath(allow_dash=True),
    help="Write to FILE, or to stdout if it is -. [default: NAME.rheo]",
)
def new(name: str, path: Path | None) -> None:
    """Write a commented controller to start from.

    The new program passes all checks. An existing file is never overwritten.
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
        raise InputError(f"{path}: already exists", hint="choose another file with -o")
    with atomic_file(path) as file:
        file.write(program.encode("utf-8"))
    emit_paths([path])


@command(
    "fmt",
    examples=[
        ("rheostat fmt controller.rheo", "Format a program in place."),
        (
            "rheostat fmt --check *.rheo",
            "Show what would change, with exit status 1 if anything would.",
        ),
        ("rheostat fmt - < controller.rheo", "Read a program from stdin and write it to stdout."),
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
@click.option("--check", is_flag=True, help="Write no files; print the differences.")
def fmt(files: tuple[Path, ...], check: bool) -> None:
    """Format programs in place.

    Comments are kept, and so are single blank lines between statements. A file that is already
    formatted is not touched. If any file cannot be formatted, its errors are shown and no file is
    written.
    """
    from harness.cli import console
    from harness.cli.output import emit_text, emit_utf8
    from harness.cli.program_format import STDIN, format_file
    from harness.errors import InputError, NegativeResult

    results = [format_file(path) for path in dict.fromkeys(files)]
    broken = [result for result in results if result.problems]
    if broken:
        for result in broken:
            console.say_block(f"{result.problems}\n")
        names = ", ".join(result.name for result in broken)
        raise InputError(f"{names}: cannot be formatted, so nothing was written")
    changed = [result for result in results if result.changed]
    if check:
        emit_text("".join(result.difference() for result in changed))
        if changed:
            names = ", ".join(result.name for result in changed)
            raise NegativeResult(f"{len(changed)} of {len(results)} would change: {names}")
        return
    for result in results:
        if result.path == STDIN:
            emit_utf8(result.after)
        elif result.changed:
            result.write()
            console.info(f"formatted {result.name}")


@command(
    "check",
    examples=[
        ("rheostat check controller.rheo", "Check a program."),
        ("rheostat check --strict *.rheo", "Treat warnings as errors, for CI."),
        (
            "rheostat check --json - < controller.rheo",
            "Read stdin, and write the messages as JSON.",
        ),
        ("rheostat check mine.py", "Check that a controller in Python uses only allowed features."),
        ("rheostat check cmc", "Check a controller of the library."),
        ("rheostat check lean.rheo --on digits.toml", "Check an allocation against a pipeline."),
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
    help="Check allocations against this pipeline file: their stages, models, and cost at every"
    " beta.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@document_options
def check(out: Output, files: tuple[Path, ...], pipeline: Path | None, strict: bool) -> None:
    """Check programs without running them.

    Names, types, control flow, usage and the directions of schedules are checked; for an
    allocation, its budget, its stages and their ranges, and with --on whether it fits a pipeline.
    Diagnostics go to stdout; `rheostat explain CODE` describes each. The exit status is 1 if a
    program has errors.

    Args:
        out: Where to write the result, and in which format.
        files: Programs, names of the library, or ``-`` for stdin.
        pipeline: Pipeline file that allocations are checked against; ``None`` for none.
        strict: Whether warnings fail the check.
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

    checks = [check_source(read_program(path)) for path in dict.fromkeys(files)]
    if pipeline is not None:
        checks = check_against_pipeline(checks, pipeline)
    if out.form is OutputFormat.PEOPLE:
        colour = out.path is None and terminal.is_coloured(sys.stdout)
        out.text(format_messages(checks, colour=colour), styled=True)
    else:
        out.document([as_findings(one) for one in checks], "")
    if not all(is_accepted(one, strict=strict) for one in checks):
        raise NegativeResult(summarise(checks), hint=suggest_reading(checks))
    console.info(summarise(checks))


@command("lsp", examples=[("rheostat lsp", "Start the server, as an editor does.")])
def lsp() -> None:
    """Run the language server for editors on stdin and stdout.

    It offers errors as you type with quick fixes, hover, completion, go to definition, formatting
    and the outline. See `rheostat explain editors` for the setup.
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
