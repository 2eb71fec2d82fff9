"""The root command ``rheostat``.

Commands are entry points of the group ``rheostat.commands``; their names are listed without
importing them, and one is imported when it is called. A registration that cannot be used costs
that one command, which then says why.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from harness.cli import console, output
from harness.cli.declarations import RheostatCommand, RheostatGroup
from harness.cli.error_reporter import ErrorReporter
from harness.errors import ExitCode, ExternalError
from harness.registry import COMMANDS, Registration, registered

PROGRAM = "rheostat"
COMPLETION_VARIABLE = "_RHEOSTAT_COMPLETE"
"""The variable of shell completion, as click defines it."""


class RootGroup(RheostatGroup):
    """The group of all registered commands."""

    def __init__(self, *args: Any, **attrs: Any):  # noqa: ANN401
        super().__init__(*args, **attrs)
        self._registered: dict[str, list[Registration]] | None = None

    @property
    def registrations(self) -> dict[str, list[Registration]]:
        """Everything registered, looked up once."""
        if self._registered is None:
            self._registered = registered(COMMANDS)
        return self._registered

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*self.registrations, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, once; ``None`` if no command has that name."""
        if cmd_name not in self.commands and cmd_name in self.registrations:
            self.add_command(_loaded(self.registrations[cmd_name]), cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or suggest the nearest of all registered names."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as problem:
            names = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(
                problem.command_name, possibilities=names, ctx=ctx
            ) from None


def _loaded(registrations: list[Registration]) -> click.Command:
    """Return the registered command, or a replacement that reports why it is missing."""
    first = registrations[0]
    if len(registrations) > 1:
        owners = " and ".join(sorted(registration.distribution for registration in registrations))
        return _unusable(first.name, f"it is registered by {owners}; uninstall all but one")
    try:
        loaded = first.load()
    except Exception as problem:  # noqa: BLE001 - a foreign module may raise anything
        reason = f"{first.target} of {first.distribution} fails with"
        return _unusable(first.name, f"{reason} {type(problem).__name__}: {problem}", problem)
    if not isinstance(loaded, click.Command):
        return _unusable(
            first.name, f"{first.target} of {first.distribution} is not a click command"
        )
    return loaded


def _unusable(name: str, reason: str, cause: Exception | None = None) -> RheostatCommand:
    """Return a replacement for a command that cannot be loaded."""

    def refuse() -> None:
        raise ExternalError(f"the command {name} cannot be used: {reason}") from cause

    return RheostatCommand(
        name,
        callback=refuse,
        help=f"Unavailable: {reason}.",
        short_help="(unavailable)",
        examples=[(f"{PROGRAM} {name}", "Show why it is unavailable.")],
        context_settings={"ignore_unknown_options": True},
        params=[click.Argument(["arguments"], nargs=-1, expose_value=False, help="Ignored.")],
    )


def _show_version(ctx: click.Context, param: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        from importlib.metadata import version

        output.emit_text(f"{PROGRAM} {version(PROGRAM)}")
        ctx.exit()


def _show_tracebacks(ctx: click.Context, param: click.Parameter, requested: bool) -> None:
    edge = ctx.find_object(ErrorReporter)
    if requested and edge is not None:
        edge.traceback = True


@click.group(
    cls=RootGroup,
    name=PROGRAM,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=[
        (f"{PROGRAM} sample", "Create sample recordings to try the commands on."),
        (
            f"{PROGRAM} sweep sc asc cmc --on sample/search/*.recording --seeds 5",
            "Replay controllers over them, at every value of beta.",
        ),
        (f"{PROGRAM} new mine -o mine.rheo", "Start a controller of your own."),
    ],
)
@click.option("-v", "--verbose", is_flag=True, help="Show log messages on stderr.")
@click.option(
    "--traceback", is_flag=True, is_eager=True, expose_value=False, callback=_show_tracebacks,
    help="Show the traceback of an error.",
)  # fmt: skip
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
    help="Show the version and exit.",
)  # fmt: skip
def root(verbose: bool) -> None:
    """Discover, check, explain and run controllers for test-time scaling.

    Results go to stdout, everything else to stderr. The exit status is 0 on success, 1 for a
    negative result (such as failed checks), 2 for invalid input and 3 when an external dependency
    fails.
    """
    if verbose:
        console.log_everything()
    else:
        console.log_nothing()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status.

    Args:
        arguments: The arguments; `sys.argv` by default.
    """
    output.tolerate_narrow_encodings()
    edge = ErrorReporter()
    argv = sys.argv[1:] if arguments is None else list(arguments)
    return edge.run(lambda: _invoke(argv, edge))


def _invoke(arguments: list[str], edge: ErrorReporter) -> object:
    """Do what `click.Command.main` does, but leave every exception to the reporter."""
    instruction = os.environ.get(COMPLETION_VARIABLE)
    if instruction:
        from click.shell_completion import shell_complete

        try:
            return shell_complete(root, {}, PROGRAM, COMPLETION_VARIABLE, instruction)
        except click.ClickException:
            # stderr output would appear in the middle of the line that is being typed.
            return ExitCode.DONE
    try:
        with root.make_context(PROGRAM, arguments, obj=edge) as ctx:
            outcome: object = root.invoke(ctx)
    except click.exceptions.Exit as end:
        return end.exit_code
    return outcome
