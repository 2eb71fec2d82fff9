"""The root command: what it lists, what it refuses, what it costs to ask."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from tests.command_lines import CommandLine, FreshCommandLine

HEAVY = {
    "docker", "langgraph", "lark", "msgspec", "numpy", "pyarrow", "rich", "scipy", "textual",
    "importlib.metadata",
}  # fmt: skip


def distribution(folder: Path, name: str, entries: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(f"[rheostat.commands]\n{entries}\n")


def test_help_loads_nothing_heavy(home: Path) -> None:
    script = (
        "import sys; from harness.cli.main import main; status = main(['--help']);"
        "import json; sys.stderr.write(json.dumps([status, *sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(harness.__file__).parents[1],
        timeout=60,
    )
    status, *modules = json.loads(done.stderr)
    assert status == 0
    assert "harness.cli.commands.setup" in modules, "the commands' short helps were listed"
    assert not HEAVY & set(modules)


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_help_goes_to_stdout(cli: CommandLine, asked: str) -> None:
    result = cli(asked)
    assert result.status == 0
    assert result.out.startswith("Usage: rheostat [OPTIONS] COMMAND")
    assert "Examples:" in result.out
    assert result.err == ""


def test_help_is_rendered_by_rich_with_colour(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = cli("config", "show", "--help")
    assert result.status == 0
    assert "\x1b[" in result.out
    assert "rheostat config show --json" in result.out
    assert max(map(len, result.out.splitlines())) < 200


def test_calling_without_a_command_prints_the_help(cli: CommandLine) -> None:
    result = cli()
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Usage: rheostat")


def test_help_without_a_command_keeps_its_colours(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = cli("config")
    assert result.status == 2
    assert "\x1b[" in result.err
    assert "\\x1b" not in result.err


def test_the_version_is_the_distributions(cli: CommandLine) -> None:
    from importlib.metadata import version

    assert cli("--version") == (0, f"rheostat {version('rheostat')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["confg"],
            (
                "error: rheostat: no such command 'confg'; did you mean config?\n"
                "hint: see rheostat --help\n"
            ),
        ),
        (
            ["config", "show", "--cache"],
            (
                "error: rheostat config show: no such option '--cache'; "
                "did you mean --cache-dir?\n"
                "hint: see rheostat config show --help\n"
            ),
        ),
        (
            ["config", "show", "--threads", "0"],
            (
                "error: rheostat config show: invalid value for '--threads': "
                "0 is not in the range x>=1\nhint: see rheostat config show --help\n"
            ),
        ),
        (
            ["config", "show", "extra"],
            (
                "error: rheostat config show: got unexpected extra argument (extra)\n"
                "hint: see rheostat config show --help\n"
            ),
        ),
        (
            ["completion"],
            (
                "error: rheostat completion: missing argument 'SHELL'. "
                "Choose from: bash, fish, zsh\nhint: see rheostat completion --help\n"
            ),
        ),
        (
            ["config", "show", "--json", "--csv"],
            (
                "error: rheostat config show: --json and --csv are mutually exclusive\n"
                "hint: see rheostat config show --help\n"
            ),
        ),
    ],
)
def test_a_usage_error_is_one_sentence_and_a_hint(
    cli: CommandLine, arguments: list[str], message: str
) -> None:
    assert cli(*arguments) == (2, "", message)


def test_an_installed_distribution_adds_a_command(
    fresh_cli: FreshCommandLine, tmp_path: Path
) -> None:
    (tmp_path / "guest.py").write_text(
        "import click\n\n@click.command('greet')\ndef greet():\n    '''Greets.'''\n"
        "    click.echo('hello')\n"
    )
    distribution(tmp_path, "guest", "greet = guest:greet")
    assert fresh_cli("greet", path=tmp_path) == (0, "hello\n", "")
    assert "greet       Greets." in fresh_cli("--help", path=tmp_path).out


def test_the_command_in_the_docs_works(
    fresh_cli: FreshCommandLine, docs: Path, tmp_path: Path
) -> None:
    page = (docs / "command-line.md").read_text()
    (tmp_path / "guest").mkdir()
    source = page.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "guest" / "greet.py").write_text(source)
    distribution(tmp_path, "guest", "greet = guest.greet:greet")
    assert fresh_cli("greet", path=tmp_path) == (0, "word   share\nhello   0.50\n", "")
    assert fresh_cli("greet", "--csv", path=tmp_path).out == "word,share\nhello,0.5\n"


@pytest.mark.parametrize(
    ("entry", "source", "reason"),
    [
        ("guest:greet", "raise RuntimeError('no luck')", "fails with RuntimeError: no luck"),
        ("guest:greet", "import absent_module", "No module named 'absent_module'"),
        ("guest:greet", "", "has no attribute 'greet'"),
        ("guest:greet", "greet = 3", "guest:greet of guest is not a click command"),
        ("absent_guest:greet", "", "No module named 'absent_guest'"),
    ],
)
def test_a_broken_registration_costs_only_its_command(
    fresh_cli: FreshCommandLine, tmp_path: Path, entry: str, source: str, reason: str
) -> None:
    (tmp_path / "guest.py").write_text(source)
    distribution(tmp_path, "guest", f"greet = {entry}")
    result = fresh_cli("greet", "--loudly", "someone", path=tmp_path)
    assert (result.status, result.out) == (3, "")
    assert result.err.startswith("error: the command greet cannot be used: ")
    assert reason in result.err
    assert "Traceback" not in result.err
    listed = fresh_cli("--help", path=tmp_path)
    assert listed.status == 0
    assert "greet       (unavailable)" in listed.out
    assert fresh_cli("config", "show", path=tmp_path).status == 0


def test_a_name_that_two_distributions_register_is_refused(
    fresh_cli: FreshCommandLine, tmp_path: Path
) -> None:
    (tmp_path / "guest.py").write_text("import click\ngreet = click.Command('greet')\n")
    distribution(tmp_path, "guest", "greet = guest:greet")
    distribution(tmp_path, "other", "greet = guest:greet")
    result = fresh_cli("greet", path=tmp_path)
    assert result == (
        3,
        "",
        (
            "error: the command greet cannot be used: it is registered by guest and other; "
            "uninstall all but one\n"
        ),
    )
    assert fresh_cli("config", "show", path=tmp_path).status == 0


def test_libraries_log_nothing_unless_asked(fresh_cli: FreshCommandLine, tmp_path: Path) -> None:
    (tmp_path / "guest.py").write_text(
        "import click, logging\n\n@click.command('chat')\ndef chat():\n"
        "    logging.getLogger('chatty').warning('so much to tell')\n"
    )
    distribution(tmp_path, "guest", "chat = guest:chat")
    assert fresh_cli("chat", path=tmp_path).err == ""
    assert fresh_cli("-v", "chat", path=tmp_path).err == "WARNING chatty: so much to tell\n"


def test_a_closed_pipe_is_not_an_error(home: Path) -> None:
    script = "import sys; from harness.cli.main import main; sys.stdin.read(); sys.exit(main())"
    command = subprocess.Popen(
        [sys.executable, "-c", script, "completion", "bash"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(harness.__file__).parents[1],
    )
    assert command.stdin is not None
    assert command.stdout is not None
    assert command.stderr is not None
    with command:
        command.stdout.close()
        command.stdin.close()
        talk = command.stderr.read()
    assert (command.returncode, talk) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["config", "show"], ["config", "show", "--json"]]
)
def test_a_full_disk_under_stdout_is_reported(home: Path, arguments: list[str]) -> None:
    script = "import sys; from harness.cli.main import main; sys.exit(main())"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=Path(harness.__file__).parents[1],
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (
        3,
        "error: standard output: no space left on device\n",
    )


def test_ctrl_c_in_the_first_moments_ends_without_a_traceback(home: Path) -> None:
    script = (
        "import sys\n"
        "from harness.cli.entry import run\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "sys.exit(run())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
