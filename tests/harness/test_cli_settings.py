"""Settings: who wins, where a value comes from, and how a wrong one is refused."""

import json
import os
import re
from pathlib import Path
from typing import Annotated

import click
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cli.declarations import SETTING_FLAGS
from harness.errors import ExternalError, InputError
from harness.settings import GeneralSettings, load, resolve
from tests.command_lines import CommandLine, FreshCommandLine


class GuestSettings(msgspec.Struct, frozen=True):
    """A section as a later room would have it."""

    model: str = "none"
    rounds: Annotated[int, msgspec.Meta(ge=1)] = 3
    keep: bool = True


def user_file(home: Path) -> Path:
    path = home / ".config" / "rheostat" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def guest_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``[guest]`` a registered section."""
    from harness import settings as module
    from harness.registry import Registration

    entry = Registration("guest", "guest:GuestSettings", "guest")
    monkeypatch.setattr(module, "registered", lambda group: {"guest": [entry]})


@pytest.mark.usefixtures("home")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(present=st.sets(st.sampled_from(["flag", "environment", "project", "user"])))
def test_the_nearest_source_wins(present: set[str]) -> None:
    home = Path.cwd()
    for path in (home / "rheostat.toml", user_file(home)):
        path.unlink(missing_ok=True)
    environ = {"XDG_CONFIG_HOME": str(home / ".config")}
    if "user" in present:
        user_file(home).write_text("threads = 1001\n")
    if "project" in present:
        (home / "rheostat.toml").write_text("# ours\nthreads = 1002\n")
    if "environment" in present:
        environ["RHEOSTAT_THREADS"] = "1003"
    flags = {"threads": 1004 if "flag" in present else None}
    (result,) = [
        s for s in resolve(GeneralSettings, flags=flags, environ=environ) if s.name == "threads"
    ]
    order = ["flag", "environment", "project", "user"]
    expected = next((source for source in order if source in present), "default")
    values = {"flag": 1004, "environment": 1003, "project": 1002, "user": 1001}
    origins = {
        "flag": "option --threads",
        "environment": "environment RHEOSTAT_THREADS",
        "project": f"{home / 'rheostat.toml'}, line 2",
        "user": f"{user_file(home)}, line 1",
        "default": "default",
    }
    assert result.value == values.get(expected, GeneralSettings().threads)
    assert result.origin == origins[expected]


def test_settings_are_loaded_with_their_types(home: Path) -> None:
    (home / "rheostat.toml").write_text("threads = 3\ncache_dir = 'kept'\n")
    assert load(GeneralSettings) == GeneralSettings(threads=3, cache_dir=home / "kept")
    assert load(GeneralSettings, flags={"threads": 5, "cache_dir": None}).threads == 5


def test_the_default_cache_follows_the_xdg_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(GeneralSettings).cache_dir == home / ".cache" / "rheostat"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "else"))
    assert load(GeneralSettings).cache_dir == home / "else" / "rheostat"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert load(GeneralSettings).cache_dir == home / ".cache" / "rheostat"


def test_a_project_file_is_found_from_a_subdirectory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "rheostat.toml").write_text("cache_dir = 'kept'\n")
    (home / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(home / "a" / "b")
    assert load(GeneralSettings).cache_dir == home / "kept", (
        "relative to the file, not to where one is"
    )


def test_a_pyproject_with_our_table_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "rheostat.toml").write_text("threads = 3\n")
    (home / "a").mkdir()
    pyproject = home / "a" / "pyproject.toml"
    monkeypatch.chdir(home / "a")
    pyproject.write_text("[tool.other]\nrheostat = 'mentioned'\n")
    assert load(GeneralSettings).threads == 3
    pyproject.write_text("[project]\nthreads = 9\n\n[tool.rheostat]\nthreads = 4\n")
    (threads,) = [s for s in resolve(GeneralSettings) if s.name == "threads"]
    assert (threads.value, threads.origin) == (4, f"{pyproject}, line 5")


def test_a_broken_pyproject_without_our_table_is_ignored(home: Path) -> None:
    (home / "pyproject.toml").write_text("[[[")
    assert load(GeneralSettings).threads == GeneralSettings().threads


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ntheads = 3\n", "{path}, line 2: unknown setting theads"),
        ("[threads]\nn = 1\n", "{path}, line 1, threads: expected `int`, got `object`"),
        ("threads = '3'\n", "{path}, line 1, threads: expected `int`, got `str`"),
        ("threads = 0\n", "{path}, line 1, threads: expected `int` >= 1"),
        ("threads = true\n", "{path}, line 1, threads: expected `int`, got `bool`"),
        ("cache_dir = 3\n", "{path}, line 1, cache_dir: expected a path, got `3`"),
        ("cache_dir = ''\n", "{path}, line 1, cache_dir: expected a path, got `''`"),
        ("threads = = 3\n", "{path}: not valid TOML: Invalid value (at line 1, column 11)"),
        ("[other]\nthreads = 3\n", "{path}, line 1: unknown setting other"),
        ("[guest]\nmodl = 'x'\n", "{path}, line 2: unknown setting guest.modl"),
        ("guest = 3\n", "{path}, line 1: guest must be a table; write [guest]"),
        ("[guest]\nrounds = 'x'", "{path}, line 2, guest.rounds: expected `int`, got `str`"),
        ("guest.rounds = 'x'", "{path}, line 1, guest.rounds: expected `int`, got `str`"),
        ("guest = {rounds = 'x'}", "{path}, line 1, guest.rounds: expected `int`, got `str`"),
    ],
)
def test_an_invalid_file_is_refused_with_its_location(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    guest_section(monkeypatch)
    path = home / "rheostat.toml"
    path.write_text(text)

    def read_all() -> None:
        load(GeneralSettings)
        load(GuestSettings, "guest")

    with pytest.raises(InputError) as refused:
        read_all()
    assert str(refused.value) == message.format(path=path)


def test_a_binary_file_is_refused(home: Path) -> None:
    (home / "rheostat.toml").write_bytes(b"threads = 3 # \xff")
    with pytest.raises(InputError, match=r"rheostat.toml, byte 14: not UTF-8"):
        load(GeneralSettings)


def test_a_misspelt_setting_suggests_the_nearest(cli: CommandLine, home: Path) -> None:
    (home / "rheostat.toml").write_text("cache-dir = 'x'\n")
    path = home / "rheostat.toml"
    assert cli("config", "show") == (
        2,
        "",
        f"error: {path}, line 1: unknown setting cache-dir\nhint: did you mean cache_dir?\n",
    )


@pytest.mark.parametrize(
    ("value", "words"), [("many", "expected `int`, got `str`"), ("0", "expected `int` >= 1")]
)
def test_an_invalid_variable_is_refused(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv("RHEOSTAT_THREADS", value)
    assert cli("config", "show") == (
        2,
        "",
        f"error: environment variable RHEOSTAT_THREADS={value}: {words}\n",
    )


def test_an_empty_variable_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHEOSTAT_THREADS", "")
    assert load(GeneralSettings) == GeneralSettings()


def test_a_section_is_a_table_and_a_prefix(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guest_section(monkeypatch)
    (home / "rheostat.toml").write_text("threads = 2\n[guest]\nmodel = 'm'\n")
    monkeypatch.setenv("RHEOSTAT_GUEST_KEEP", "false")
    assert load(GuestSettings, "guest") == GuestSettings(model="m", keep=False)
    assert [s.name for s in resolve(GuestSettings, "guest")] == [
        "guest.model",
        "guest.rounds",
        "guest.keep",
    ]
    assert load(GeneralSettings).threads == 2


def test_config_show_lists_every_section(fresh_cli: FreshCommandLine, home: Path) -> None:
    info = home / "guest-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[rheostat.settings]\nguest = guest:GuestSettings\n")
    (home / "guest.py").write_text(
        "import msgspec\nclass GuestSettings(msgspec.Struct):\n    model: str = 'none'\n"
    )
    (home / "rheostat.toml").write_text("[guest]\nmodel = 'm'\n")
    shown = json.loads(fresh_cli("config", "show", "--json", path=home).out)
    assert {row["setting"]: row for row in shown}["guest.model"] == {
        "setting": "guest.model",
        "value": "m",
        "origin": f"{home / 'rheostat.toml'}, line 2",
    }
    (home / "guest.py").write_text("")
    result = fresh_cli("config", "show", path=home)
    assert result.status == 3
    assert result.err.startswith("error: the settings [guest] cannot be loaded from guest:Guest")


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["a:A", "b:B"], "the settings [guest] are registered by a and b"),
        (["absent_guest:A"], "No module named 'absent_guest'"),
        (["sys:absent"], "has no attribute 'absent'"),
        (["sys:path"], "sys:path is not a msgspec Struct"),
        (["builtins:int"], "builtins:int is not a msgspec Struct"),
    ],
)
def test_a_broken_section_is_refused(
    monkeypatch: pytest.MonkeyPatch, targets: list[str], words: str
) -> None:
    from harness import settings as module
    from harness.registry import Registration

    entries = [Registration("guest", target, target.partition(":")[0]) for target in targets]
    monkeypatch.setattr(module, "registered", lambda group: {"guest": entries})
    with pytest.raises(ExternalError, match=re.escape(words)):
        module.sections()


def test_config_show_gives_values_and_origins(
    cli: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHEOSTAT_CACHE_DIR", "/kept")
    assert cli("config", "show", "--threads", "7") == (
        0,
        (
            "setting           value                    from\n"
            "cache_dir         /kept                    environment RHEOSTAT_CACHE_DIR\n"
            "threads           7                        option --threads\n"
            "agent.image       -                        default\n"
            "agent.network     none                     default\n"
            "agent.env         none                     default\n"
            "agent.runtime     -                        default\n"
            "agent.memory      2048                     default\n"
            "agent.scratch     256                      default\n"
            "agent.processes   512                      default\n"
            "agent.processors  1.0                      default\n"
            "chat.timeout      600.0                    default\n"
            "chat.retries      4                        default\n"
            "chat.prices       none                     default\n"
            "sandbox.wall      docker                   default\n"
            "sandbox.image     rheostat-sandbox:latest  default\n"
            "sandbox.workers   1                        default\n"
            "sandbox.runtime   -                        default\n"
            "sandbox.memory    256                      default\n"
            "sandbox.seconds   1.0                      default\n"
        ),
        "",
    )


def test_config_show_gives_a_table_entry_by_entry(cli: CommandLine, home: Path) -> None:
    Path("rheostat.toml").write_text('[chat.prices]\n"openai:mine" = [0.5, 2]\n')
    result = cli("config", "show")
    assert "chat.prices.openai:mine  0.5, 2.0" in result.out
    Path("rheostat.toml").write_text('[chat.prices]\n"openai:mine" = [0.5, -2]\n')
    assert "chat.prices" in cli("config", "show").err


def test_every_setting_has_a_flag_and_a_line_in_the_docs(docs: Path) -> None:
    page = (docs / "command-line.md").read_text()
    for name in GeneralSettings.__struct_fields__:
        flag = f"--{name.replace('_', '-')}"
        assert name in SETTING_FLAGS
        assert f"| `{name}` | `{flag}` | `RHEOSTAT_{name.upper()}` |" in page
    assert set(SETTING_FLAGS) == set(GeneralSettings.__struct_fields__)


def test_the_file_in_the_docs_is_accepted(docs: Path, home: Path) -> None:
    example = (docs / "command-line.md").read_text().partition("```toml\n")[2].partition("```")[0]
    (home / "rheostat.toml").write_text(example)
    assert load(GeneralSettings) == GeneralSettings(threads=4, cache_dir=home / "build" / "cache")


def test_a_removed_working_directory_is_reported(cli: CommandLine, home: Path) -> None:
    (home / "gone").mkdir()
    os.chdir(home / "gone")
    (home / "gone").rmdir()
    assert cli("config", "show") == (
        2,
        "",
        "error: the working directory no longer exists\nhint: change to an existing one\n",
    )


def test_a_user_without_a_home_needs_a_cache_dir(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home(cls: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(no_home))
    assert cli("config", "show") == (
        3,
        "",
        "error: there is no home directory for the cache\nhint: use --cache-dir\n",
    )
    assert cli("config", "show", "--cache-dir", "x").status == 0


def test_an_absent_flag_is_none() -> None:
    from harness.cli.commands.setup import show

    context = show.make_context("show", [])
    assert isinstance(context, click.Context)
    assert context.params["threads"] is None
    assert context.params["cache_dir"] is None
