"""Commands for setting rheostat up: ``rheostat completion`` and ``config``."""

from collections.abc import Mapping
from pathlib import Path

import click

from harness.cli.declarations import command, group, output_options, setting_option
from harness.cli.output import Output, emit_text

_INSTALL = {
    "bash": "rheostat completion bash > ~/.local/share/bash-completion/completions/rheostat",
    "zsh": "rheostat completion zsh > ~/.zfunc/_rheostat\n"
    "# with these two lines in ~/.zshrc:  fpath+=~/.zfunc;  autoload -Uz compinit && compinit",
    "fish": "rheostat completion fish > ~/.config/fish/completions/rheostat.fish",
}


@command(
    "completion",
    examples=[
        ('eval "$(rheostat completion bash)"', "Enable completion in this shell only."),
        (
            "rheostat completion fish > ~/.config/fish/completions/rheostat.fish",
            "Enable completion in every new fish shell.",
        ),
    ],
)
@click.argument(
    "shell",
    type=click.Choice(sorted(_INSTALL)),
    metavar="SHELL",
    help="The shell: bash, fish or zsh.",
)
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a shell's completion script.

    The first lines of the script say how to install it.
    """
    from click.shell_completion import get_completion_class

    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"click has no completion for {shell}", ctx)
    root = ctx.find_root()
    script = completion_class(root.command, {}, "rheostat", "_RHEOSTAT_COMPLETE").source()
    # zsh reads what a script completes off its very first line, so that one stays in front.
    first, _, body = script.partition("\n")
    note = f"# To install:\n# {_INSTALL[shell]}"
    lines = [first, note, body] if first.startswith("#compdef") else [note, script]
    emit_text("\n".join(lines))


@group("config", examples=[("rheostat config show", "Print every setting and its source.")])
def config() -> None:
    """Show settings."""


@config.command(
    "show",
    examples=[
        ("rheostat config show", "Print every setting and its source."),
        ("rheostat config show --json", "Print them as JSON."),
        ("rheostat config show --threads 4", "Show what the option would override."),
    ],
)
@setting_option("threads")
@setting_option("cache_dir")
@output_options
def show(out: Output, threads: int | None, cache_dir: Path | None) -> None:
    """Print each setting, its value, and where the value comes from.

    A command-line option overrides the environment (RHEOSTAT_THREADS), which overrides the
    project's rheostat.toml or the table [tool.rheostat] of its pyproject.toml, which overrides the
    user's ~/.config/rheostat/config.toml, which overrides the default.

    Args:
        out: Where to write the result, and in which format.
        threads: The value of ``--threads``; ``None`` if it was not typed.
        cache_dir: The value of ``--cache-dir``; ``None`` if it was not typed.
    """
    from harness.presentation.table import Column, Table
    from harness.settings import GeneralSettings, resolve, sections

    resolved = resolve(GeneralSettings, flags={"threads": threads, "cache_dir": cache_dir})
    for name, shape in sections().items():
        resolved += resolve(shape, name)
    columns = [Column("setting"), Column("value"), Column("origin", "from")]
    rows = [
        (name, value, setting.origin)
        for setting in resolved
        for name, value in _rows(setting.name, setting.value)
    ]
    out.table(Table(columns, rows))


def _rows(name: str, value: object) -> list[tuple[str, str | int | float | bool | None]]:
    """Return a setting, or each entry of one that is a table."""
    if isinstance(value, Mapping) and value:
        return [(f"{name}.{key}", _displayed(entry)) for key, entry in value.items()]
    return [(name, _displayed(value))]


def _displayed(value: object) -> str | int | float | bool | None:
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "none"
    plain = isinstance(value, str | int | float | bool) or value is None
    return value if plain else str(value)  # type: ignore[return-value]
