"""Settings that a user sets once and that apply to every command.

Each setting is looked up in turn: the command's flag, the environment (``RHEOSTAT_THREADS``), the
project's file, the user's file, the default. The project's file is the nearest ``rheostat.toml``,
or ``pyproject.toml`` with a table ``[tool.rheostat]``, from the working directory upward; the
user's is ``~/.config/rheostat/config.toml``. Files are checked strictly: an unknown key is an
error, and so is a value of the wrong type.

A later package adds a section, the table of that name in a file, by registering a `msgspec.Struct`
whose fields all have defaults under the entry-point group ``rheostat.settings``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from harness import settings_files
from harness.errors import ExternalError, InputError
from harness.registry import SETTINGS, registered
from harness.settings_files import SettingsFile
from store.messages import lower_first

S = TypeVar("S", bound=msgspec.Struct)


def _user_cache() -> Path:
    folder = settings_files.xdg_folder(os.environ, "XDG_CACHE_HOME", ".cache")
    if folder is None:
        raise ExternalError("there is no home directory for the cache", hint="use --cache-dir")
    return folder / "rheostat"


def _available_threads() -> int:
    return len(os.sched_getaffinity(0))


class GeneralSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings outside any section."""

    cache_dir: Path = msgspec.field(default_factory=_user_cache)
    """The cache directory; everything in it can be computed again."""
    threads: Annotated[int, msgspec.Meta(ge=1)] = msgspec.field(default_factory=_available_threads)
    """The most threads that one command uses; by default, the CPUs that it may run on."""


class ResolvedSetting(NamedTuple):
    """One setting and where its value comes from."""

    name: str
    """The name with its section: ``threads``, ``agents.model``."""
    value: Any
    origin: str
    """A description of where the value comes from."""


class _SettingsLayer(NamedTuple):
    """One source of settings, already checked."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


def load(shape: type[S], section: str = "", *, flags: Mapping[str, object] | None = None) -> S:
    """Return the settings of a section, resolved.

    Args:
        shape: The section's Struct: `GeneralSettings` for settings outside any section.
        section: Its name.
        flags: Values from the command line by field; ``None`` is a flag that was not used.

    Raises:
        InputError: A file or a variable holds an invalid setting.
    """
    values = {
        setting.name.rpartition(".")[2]: setting.value for setting in resolve(shape, section, flags)
    }
    return shape(**values)


def resolve(
    shape: type[msgspec.Struct],
    section: str = "",
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> list[ResolvedSetting]:
    """Resolve the settings of a section, each with its origin, in the order of the fields.

    Args:
        shape: The section's Struct.
        section: Its name; empty for settings outside any section.
        flags: Values from the command line by field; ``None`` is a flag that was not used.
        environ: The environment variables.

    Raises:
        InputError: A file or a variable holds an invalid setting.
    """
    environ = os.environ if environ is None else environ
    layers = [_flag_layer(flags or {}), _environment_layer(shape, section, environ)]
    layers += [
        _file_layer(file, shape, section) for file in settings_files.find_settings_files(environ)
    ]
    resolved = []
    for field in msgspec.structs.fields(shape):
        name = field.name
        layer = next((layer for layer in layers if name in layer.values), None)
        value = _default(field) if layer is None else layer.values[name]
        origin = "default" if layer is None else layer.origins[name]
        resolved.append(ResolvedSetting(f"{section}.{name}" if section else name, value, origin))
    return resolved


def sections() -> dict[str, type[msgspec.Struct]]:
    """Return the registered sections by name, imported.

    Raises:
        ExternalError: A registration cannot be used.
    """
    shapes = {}
    for name, registrations in registered(SETTINGS).items():
        entry = registrations[0]
        if len(registrations) > 1:
            owners = " and ".join(
                sorted(registration.distribution for registration in registrations)
            )
            raise ExternalError(f"the settings [{name}] are registered by {owners}")
        try:
            shape = entry.load()
        except (ImportError, AttributeError) as problem:
            raise ExternalError(
                f"the settings [{name}] cannot be loaded from {entry.target}: {problem}"
            ) from problem
        if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
            raise ExternalError(f"the settings [{name}]: {entry.target} is not a msgspec Struct")
        shapes[name] = shape
    return shapes


def _default(field: msgspec.structs.FieldInfo) -> object:
    """Return a field's default, computed only if it is needed: computing it may fail."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _flag_layer(flags: Mapping[str, object]) -> _SettingsLayer:
    values = {name: value for name, value in flags.items() if value is not None}
    return _SettingsLayer(values, {name: f"option --{name.replace('_', '-')}" for name in values})


def _environment_layer(
    shape: type[msgspec.Struct], section: str, environ: Mapping[str, str]
) -> _SettingsLayer:
    values, origins, base = {}, {}, settings_files.working_directory()
    for field in msgspec.structs.fields(shape):
        words = (part for part in ("rheostat", section, field.name) if part)
        variable = "_".join(words).upper()
        # An empty variable is how shells say "not set" for one command.
        if environ.get(variable):
            location = f"environment variable {variable}={environ[variable]}"
            values[field.name] = _converted(environ[variable], field.type, base, location)
            origins[field.name] = f"environment {variable}"
    return _SettingsLayer(values, origins)


def _file_layer(file: SettingsFile, shape: type[msgspec.Struct], section: str) -> _SettingsLayer:
    table = file.table
    if not set(table) <= set(GeneralSettings.__struct_fields__):
        file.refuse_unknown(table, "", [*GeneralSettings.__struct_fields__, *registered(SETTINGS)])
    if section:
        table = table.get(section, {})
        if not isinstance(table, dict):
            raise InputError(
                f"{file.location(section)}: {section} must be a table; write [{section}]"
            )
        file.refuse_unknown(table, section, shape.__struct_fields__)
    values, origins = {}, {}
    for field in msgspec.structs.fields(shape):
        if field.name in table:
            location = file.location(section, field.name) if section else file.location(field.name)
            dotted = f"{section}.{field.name}" if section else field.name
            values[field.name] = _converted(
                table[field.name],
                field.type,
                file.path.parent,
                f"{location}, {dotted}",
                strict=True,
            )
            origins[field.name] = location
    return _SettingsLayer(values, origins)


def _converted(
    raw: object, kind: object, base: Path, location: str, *, strict: bool = False
) -> object:
    """Convert a value to its field's type; relative paths are relative to ``base``."""

    def as_path(wanted: type, value: object) -> object:
        if wanted is not Path:
            raise NotImplementedError(f"settings of type {wanted.__name__}")
        if not isinstance(value, str) or not value:
            raise ValueError(f"Expected a path, got `{value!r}`")
        return base / Path(value).expanduser()

    try:
        return msgspec.convert(raw, type=kind, strict=strict, dec_hook=as_path)
    except msgspec.ValidationError as problem:
        raise InputError(f"{location}: {lower_first(str(problem))}") from problem
