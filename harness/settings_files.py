"""The files that hold settings: their locations, contents and line numbers."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import InputError
from harness.messages import suggest
from store.decode_errors import DECODE_ERRORS, describe_decode_error

_HEADER = re.compile(r"\s*\[+\s*(?P<table>[^\[\]]+?)\s*\]+")
_KEY = re.compile(r"\s*(?P<key>[A-Za-z0-9_.\"'\- ]+?)\s*=")


class SettingsFile(NamedTuple):
    """One parsed file; its values are not checked yet."""

    path: Path
    root: tuple[str, ...]
    """The path of rheostat's table: ``("tool", "rheostat")`` in a pyproject.toml."""
    table: Mapping[str, Any]
    text: str

    def location(self, *keys: str) -> str:
        """Describe the location of a key: the file, and the line if it is known."""
        line = self._line((*self.root, *keys))
        return str(self.path) if line is None else f"{self.path}, line {line}"

    def refuse_unknown(self, table: Mapping[str, Any], section: str, known: Iterable[str]) -> None:
        """Check the keys of a table.

        Args:
            table: The table.
            section: Its section; empty for settings outside any section.
            known: The valid keys.

        Raises:
            InputError: A key is not in ``known``; the message has the nearest one.
        """
        known = list(known)
        for key in table:
            if key not in known:
                keys = (section, key) if section else (key,)
                raise InputError(
                    f"{self.location(*keys)}: unknown setting {'.'.join(keys)}",
                    hint=suggest(key, known, f"choose from {', '.join(sorted(known))}"),
                )

    def _line(self, keys: tuple[str, ...]) -> int | None:
        """Return the line of a key, or of the nearest enclosing table that has one."""
        inside: tuple[str, ...] = ()
        best: tuple[int, int] | None = None
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := _HEADER.match(line):
                inside = table = _parts(header["table"])
            elif key := _KEY.match(line):
                table = inside + _parts(key["key"])
            else:
                continue
            if table == keys[: len(table)] and (best is None or len(table) > best[0]):
                best = (len(table), number)
        return None if best is None else best[1]


def find_settings_files(environ: Mapping[str, str]) -> list[SettingsFile]:
    """Return the project's file and the user's, if they exist, the nearer first.

    Raises:
        InputError: One of them is not TOML.
    """
    folder = xdg_folder(environ, "XDG_CONFIG_HOME", ".config")
    user = None if folder is None else _read(folder / "rheostat" / "config.toml", ())
    return [file for file in (_project(working_directory()), user) if file is not None]


def working_directory() -> Path:
    """Return the directory in which the command was started.

    Raises:
        InputError: The directory has been removed.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as problem:
        raise InputError(
            "the working directory no longer exists", hint="change to an existing one"
        ) from problem


def xdg_folder(environ: Mapping[str, str], variable: str, fallback: str) -> Path | None:
    """Return a base directory of the XDG specification; a relative one is ignored.

    Args:
        environ: The environment variables.
        variable: The variable that names the directory.
        fallback: The default, relative to the home directory.

    Returns:
        The directory, or ``None`` if the user has no home directory, as in some containers.
    """
    named = Path(environ.get(variable, ""))
    if named.is_absolute():
        return named
    try:
        return Path.home() / fallback
    except RuntimeError:
        return None


def _project(start: Path) -> SettingsFile | None:
    for folder in (start, *start.parents):
        # Ignore files in a directory without access: they belong to another user.
        if not os.access(folder, os.X_OK):
            continue
        own = _read(folder / "rheostat.toml", ())
        if own is not None:
            return own
        shared = _read(folder / "pyproject.toml", ("tool", "rheostat"))
        if shared is not None:
            return shared
    return None


def _read(path: Path, root: tuple[str, ...]) -> SettingsFile | None:
    """Return the file, or ``None`` if it does not exist or has no table for rheostat."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as problem:
        raise InputError(f"{path}, byte {problem.start}: not UTF-8") from problem
    # Ignore a pyproject.toml that does not mention rheostat, even if it is broken.
    if not all(part in text for part in root):
        return None
    try:
        table: Any = tomllib.loads(text)
    except DECODE_ERRORS as problem:
        reason = describe_decode_error(problem)
        raise InputError(f"{path}: not valid TOML: {reason}") from problem
    for part in root:
        table = table.get(part) if isinstance(table, dict) else None
    return SettingsFile(path, root, table, text) if isinstance(table, dict) else None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
