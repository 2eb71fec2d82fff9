"""``rheostat config``: what is set, and where."""

from collections.abc import Mapping
from pathlib import Path

from harness.cli.declare import group, output_options, setting_option
from harness.cli.output import Output


@group("config", examples=[("rheostat config show", "Prints every setting and its origin.")])
def config() -> None:
    """Shows settings."""


@config.command(
    "show",
    examples=[
        ("rheostat config show", "Prints every setting and its origin."),
        ("rheostat config show --json", "The same for a program."),
        ("rheostat config show --threads 4", "Shows what the flag would override."),
    ],
)
@setting_option("threads")
@setting_option("cache_dir")
@output_options
def show(out: Output, threads: int | None, cache_dir: Path | None) -> None:
    """Prints each setting, its value, and where the value comes from.

    A flag beats the environment (RHEOSTAT_THREADS), which beats the project's rheostat.toml or
    the table [tool.rheostat] of its pyproject.toml, which beats the user's
    ~/.config/rheostat/config.toml, which beats the default.
    """
    from harness.cli.settings import Settings, resolve, sections
    from harness.cli.table import Column, Table

    found = resolve(Settings, flags={"threads": threads, "cache_dir": cache_dir})
    for name, shape in sections().items():
        found += resolve(shape, name)
    columns = [Column("setting"), Column("value"), Column("origin", "from")]
    rows = [
        (name, value, each.origin) for each in found for name, value in _rows(each.name, each.value)
    ]
    out.table(Table(columns, rows))


def _rows(name: str, value: object) -> list[tuple[str, str | int | float | bool | None]]:
    """A setting, or each entry of one that is a table."""
    if isinstance(value, Mapping) and value:
        return [(f"{name}.{key}", _shown(entry)) for key, entry in value.items()]
    return [(name, _shown(value))]


def _shown(value: object) -> str | int | float | bool | None:
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(map(str, value)) or "none"
    plain = isinstance(value, str | int | float | bool) or value is None
    return value if plain else str(value)  # type: ignore[return-value]
