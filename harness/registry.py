"""Find what installed distributions register, by reading their ``entry_points.txt``.

The standard library's ``importlib.metadata`` gives the same result, but importing it takes half of
the time budget of ``--help``, so the files are read directly.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

COMMANDS = "rheostat.commands"
"""The entry-point group of commands: ``name = "module:command"``."""
PLAYING = "rheostat.playing"
"""The entry-point group of options that languages add to commands that play controllers: ``name =
"module:option"``, a `click.Option` that passes nothing to the command.
"""
SETTINGS = "rheostat.settings"
"""The entry-point group of settings sections: ``name = "module:Struct"``."""


class Registration(NamedTuple):
    """One entry point."""

    name: str
    target: str
    """``module:attribute``."""
    distribution: str

    def load(self) -> object:
        """Import the target.

        Raises:
            Exception: Whatever the import raises; `AttributeError` if the attribute is absent.
        """
        module, _, attribute = self.target.partition(":")
        loaded: object = import_module(module)
        for part in filter(None, attribute.split(".")):
            loaded = getattr(loaded, part)
        return loaded


def registered(group: str, path: Sequence[str] | None = None) -> dict[str, list[Registration]]:
    """Return all entry points of a group by name; more than one for a name is a conflict.

    Args:
        group: The group's name.
        path: The directories to search, `sys.path` by default. Of two distributions with the same
            name the first on the path counts, as for imports.
    """
    registrations: dict[str, list[Registration]] = {}
    for distribution, text in _entry_point_files(sys.path if path is None else path):
        for name, target in _entries(text, group):
            registrations.setdefault(name, []).append(Registration(name, target, distribution))
    return dict(sorted(registrations.items()))


def _entry_point_files(path: Sequence[str]) -> Iterator[tuple[str, str]]:
    seen = set()
    for folder in dict.fromkeys(path):
        try:
            described = sorted(
                entry
                for entry in Path(folder or ".").iterdir()
                if entry.suffix in (".dist-info", ".egg-info")
            )
        except OSError:  # some items of sys.path are not readable directories
            continue
        for entry in described:
            distribution = entry.stem.partition("-")[0].lower().replace("_", "-").replace(".", "-")
            if distribution in seen:
                continue
            seen.add(distribution)
            try:
                yield distribution, (entry / "entry_points.txt").read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):  # most distributions register nothing
                continue


def _entries(text: str, group: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and line and not line.startswith(("#", ";")):
            name, _, target = line.partition("=")
            # Extras in brackets after the target have no use at run time.
            yield name.strip(), target.partition("[")[0].strip()
