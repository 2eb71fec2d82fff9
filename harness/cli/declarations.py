"""Declare commands: the classes, decorators and options that all commands share.

Command modules import this and nothing expensive at the top; imports for the work are inside the
command's function, so that ``rheostat --help`` can list every command at once.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from harness.cli.output import Output, OutputFormat, emit_text
from harness.cli.parameter_types import FilePath, WholeNumber
from harness.presentation import terminal
from harness.registry import PLAYING, registered

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harness.cli.field_help import FieldSection

F = TypeVar("F", bound=Callable[..., Any])


class Example(NamedTuple):
    """One working command line, and its effect."""

    line: str
    does: str


class RheostatCommand(click.Command):
    """A command whose help ends with examples.

    Args:
        examples: Pairs of a command line and its effect.
        fields: Returns the sections of fields for the help page; called for that page only.
        plays: Whether it plays controllers, and so has the options that other languages add.
    """

    panels: Sequence[object] = ()
    """rich-click reads a command's own panels from here; rheostat's commands have none."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401
        examples: Sequence[tuple[str, str]] = (),
        fields: "Callable[[], Sequence[FieldSection]] | None" = None,
        plays: bool = False,
        **attrs: Any,  # noqa: ANN401
    ):
        super().__init__(*args, **attrs)
        if self.help is not None:
            # Arguments are documented for programmers; the help describes options in their place.
            self.help = cleandoc(self.help).partition("\n\nArgs:\n")[0]
        self.fields = fields
        self.examples = tuple(Example(*example) for example in examples)
        self.plays = plays

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, including those that other languages add."""
        params, own = super().get_params(ctx), len(self.params)
        return [*params[:own], *(_added() if self.plays else ()), *params[own:]]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, after expanding the values of spreading options."""
        spreading = {
            flag: param
            for param in self.params
            if isinstance(param, SpreadingOption)
            for flag in param.opts
        }
        if ctx.resilient_parsing:
            # Report no error during shell completion: the command line is incomplete.
            ctx.meta[_TAKING] = _taking(args, spreading)
            return super().parse_args(ctx, _spread(args, set(spreading)))
        for word, after in pairwise([*args, "--"]):
            if word == "--":
                break
            if word in spreading and after.startswith("-") and after != "-":
                raise click.UsageError(f"option '{word}' requires an argument", ctx)
        try:
            return super().parse_args(ctx, _spread(args, set(spreading)))
        except click.MissingParameter as problem:
            taker = next((word for word in args if word in spreading), None)
            if taker is None or not isinstance(problem.param, click.Argument):
                raise
            name = problem.param.make_metavar(ctx)
            raise click.UsageError(
                f"missing argument '{name}': put it before {taker}, which takes all arguments"
                " that follow it",
                ctx,
            ) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """Return completions: values for a spreading option, or click's own."""
        option = find_open_option(ctx)
        if option is not None and not incomplete.startswith("-"):
            return option.shell_complete(ctx, incomplete)
        return super().shell_complete(ctx, incomplete)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page as stdout can show it."""
        return self.help_page(ctx, coloured=terminal.is_coloured(sys.stdout))

    def help_page(self, ctx: click.Context, *, coloured: bool) -> str:
        """Return the help page: rendered by rich in colour, by click without."""
        if coloured:
            from harness.cli.rich_help import render

            sections = () if self.fields is None else self.fields()
            return render(self, ctx, self.examples, sections)
        return super().get_help(ctx)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own option, writing through the owner of stdout."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples after everything else."""
        super().format_epilog(ctx, formatter)
        for section in () if self.fields is None else self.fields():
            with formatter.section(section.title):
                formatter.write_dl(section.fields)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example.line}\n")
                    with formatter.indentation():
                        formatter.write_text(example.does)


@cache
def _added() -> list[click.Option]:
    """Return the options that registered languages add to commands that play controllers."""
    options = [entry.load() for entries in registered(PLAYING).values() for entry in entries]
    return [option for option in options if isinstance(option, click.Option)]


class SpreadingOption(click.Option):
    """An option that takes every word up to the next option, as shells expand ``--on *.recording``.

    Declare it with ``multiple=True``.
    """


def find_open_option(ctx: click.Context) -> SpreadingOption | None:
    """Return the spreading option that would take the next word, for shell completion."""
    option = ctx.meta.get(_TAKING)
    return option if isinstance(option, SpreadingOption) else None


class RheostatGroup(RheostatCommand, click.Group):
    """A group of commands with the same conventions."""

    command_class = RheostatCommand
    group_class = type


def command(
    name: str,
    *,
    examples: Sequence[tuple[str, str]],
    **attrs: Any,  # noqa: ANN401
) -> Callable[[F], RheostatCommand]:
    """Declare a command; its docstring up to ``Args:`` is its help.

    Args:
        name: The name as typed.
        examples: Pairs of a command line and its effect, at least one.
        attrs: Arguments of `click.command`.
    """
    return click.command(name, cls=RheostatCommand, examples=examples, **attrs)


def group(
    name: str,
    *,
    examples: Sequence[tuple[str, str]],
    **attrs: Any,  # noqa: ANN401 - whatever click takes
) -> Callable[[F], RheostatGroup]:
    """Declare a group of commands, like `command`."""
    return click.group(name, cls=RheostatGroup, examples=examples, **attrs)


def output_options(function: F) -> F:
    """Add ``--json``, ``--csv`` and ``-o FILE`` to a command, passed as ``out: Output``."""
    csv = click.option(
        "--csv", "as_csv", is_flag=True, expose_value=False, is_eager=True,
        callback=_form(OutputFormat.CSV), help="Write the table as CSV.",
    )  # fmt: skip
    return csv(_document_options(function, ".json and .csv set"))


def document_options(function: F) -> F:
    """Add ``--json`` and ``-o FILE`` to a command without a table, as ``out: Output``."""
    return _document_options(function, ".json sets")


def _document_options(function: F, suffixes: str) -> F:
    for option in (
        click.option(
            "-o", "--output", "out", metavar="FILE", callback=_output, is_eager=False,
            type=FilePath(dir_okay=False),
            help=f"Write to FILE atomically; {suffixes} the format.",
        ),
        click.option("--json", "as_json", is_flag=True, expose_value=False, is_eager=True,
                     callback=_form(OutputFormat.JSON), help="Write a single JSON document."),
    ):  # fmt: skip
        function = option(function)
    return function


def setting_option(name: str, *flags: str) -> Callable[[F], F]:
    """Add a flag for a setting to a command; the default ``None`` overrides nothing.

    Pass the value to `harness.settings.load` in ``flags``. A package with its own section declares
    plain click options without a default, and passes them in the same way.

    Args:
        name: The setting's field in `harness.settings.GeneralSettings`.
        flags: The flags; ``--name`` by default.
    """
    about = SETTING_FLAGS[name]

    def decorate(function: F) -> F:
        typed = flags or (f"--{name.replace('_', '-')}",)
        return click.option(*typed, name, type=about.kind, metavar=about.metavar, help=about.help)(
            function
        )

    return decorate


class SettingFlag(NamedTuple):
    """The flag of a setting; declared here because importing settings imports msgspec."""

    kind: click.ParamType[Any]
    metavar: str
    help: str


SETTING_FLAGS = {
    "cache_dir": SettingFlag(FilePath(file_okay=False), "DIR", "Cache results in DIR."),
    "threads": SettingFlag(WholeNumber(min=1), "N", "Use at most N threads."),
}

_FORM = "harness.cli.form"
_TAKING = "harness.cli.taking"


def _taking(
    args: Sequence[str], spreading: Mapping[str, SpreadingOption]
) -> SpreadingOption | None:
    """Return the spreading option that still takes words at the end of the line, if any."""
    if "--" in args:
        return None
    last = next((word for word in reversed(args) if word.startswith("-") and word != "-"), "")
    return spreading.get(last)


def _spread(args: Sequence[str], flags: set[str]) -> list[str]:
    """Repeat a spreading option before each of its values, so that click can parse it."""
    spread: list[str] = []
    taking: str | None = None
    fresh = False
    for index, word in enumerate(args):
        if word == "--":
            return [*spread, *args[index:]]
        if word.startswith("-") and word != "-":
            taking, fresh = (word, True) if word in flags else (None, False)
        elif taking is not None:
            spread.extend([] if fresh else [taking])
            fresh = False
        spread.append(word)
    return spread


def _show_help(ctx: click.Context, param: click.Parameter, requested: bool) -> None:
    if requested and not ctx.resilient_parsing:
        emit_text(ctx.get_help(), styled=True)
        ctx.exit()


def _form(form: OutputFormat) -> Callable[[click.Context, click.Parameter, bool], None]:
    def remember(ctx: click.Context, param: click.Parameter, chosen: bool) -> None:
        if chosen and not ctx.resilient_parsing and ctx.meta.setdefault(_FORM, form) is not form:
            raise click.UsageError("--json and --csv are mutually exclusive", ctx)

    return remember


def _output(ctx: click.Context, param: click.Parameter, path: Path | None) -> Output:
    path = None if path == Path("-") else path
    by_suffix = {".json": OutputFormat.JSON, ".csv": OutputFormat.CSV}
    implied = (
        OutputFormat.PEOPLE
        if path is None
        else by_suffix.get(path.suffix.lower(), OutputFormat.PEOPLE)
    )
    return Output(ctx.meta.get(_FORM, implied), path)
