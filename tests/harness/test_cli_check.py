"""``rheostat check``, ``explain`` and ``new``: messages as data, statuses as answers."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from dsl import library
from dsl.codes import explanations
from dsl.formatter import format_source
from dsl.source import Source
from tests.command_lines import CommandLine

SOUND = "controller c {\n  start { open 4 }\n  finally { answer winner(alive) }\n}\n"
WARNED = "controller c {\n  start { open 4 }\n  finally { answer winner(finished) }\n}\n"
WRONG = "controller c {\n  start { opne 4 }\n  finally { answer winner(alive) }\n}\n"


@pytest.fixture
def programs(home: Path) -> Path:
    for name, text in (("sound", SOUND), ("warned", WARNED), ("wrong", WRONG)):
        (home / f"{name}.rheo").write_text(text, encoding="utf-8")
    return home


def test_a_sound_program_passes(cli: CommandLine, programs: Path) -> None:
    assert cli("check", "sound.rheo") == (0, "", "1 program checked: no problems found\n")


def test_messages_go_to_stdout_and_the_count_to_stderr(cli: CommandLine, programs: Path) -> None:
    result = cli("check", "sound.rheo", "wrong.rheo", "warned.rheo")
    assert result.status == 1
    assert result.out.startswith(
        "error[RH107]: `opne` does not start a statement\n --> wrong.rheo:2:11\n  |\n"
        "2 |   start { opne 4 }\n  |           ^^^^\n  = help: did you mean `open`?\n\n"
        "warning[RH506]"
    )
    assert result.err == (
        "3 programs checked: 1 error and 1 warning\nhint: see rheostat explain RH107 for details\n"
    )


def test_warnings_fail_with_strict(cli: CommandLine, programs: Path) -> None:
    assert cli("check", "warned.rheo").status == 0
    assert cli("check", "--strict", "warned.rheo").status == 1
    assert cli("check", "--strict", "sound.rheo").status == 0


def test_json_has_positions_edits_and_requirements(cli: CommandLine, programs: Path) -> None:
    result = cli("check", "--json", "wrong.rheo", "cmc", "asc", "entropy_gate")
    assert result.status == 1
    wrong, cmc, asc, gate = json.loads(result.out)
    (found,) = wrong["diagnostics"]
    assert (wrong["file"], wrong["sound"], wrong["controller"]) == ("wrong.rheo", False, None)
    assert (found["code"], found["severity"]) == ("RH107", "error")
    assert found["start"] == {"line": 2, "column": 11, "offset": WRONG.index("opne")}
    assert found["end"]["column"] == 15
    assert found["edit"]["text"] == "open"
    assert (cmc["sound"], cmc["controller"], cmc["knobs"]) == (True, "cmc", [])
    assert {"name": "n_init", "kind": "integer", "direction": "rising", "outcome": "proved",
            "low": 2, "high": 8} in cmc["schedule"]  # fmt: skip
    assert asc["knobs"][0] == {"name": "n", "kind": "integer", "default": 64, "low": 1,
                               "high": 1024}  # fmt: skip
    assert (asc["signals"], asc["probes"]) == ([], False)
    assert (gate["signals"], gate["probes"]) == (["entropy"], True)


def test_stdin_is_read(cli: CommandLine, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(WRONG.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    result = cli("check", "-")
    assert result.status == 1
    assert " --> <stdin>:2:11\n" in result.out


def test_a_file_takes_precedence_over_the_library(cli: CommandLine, programs: Path) -> None:
    assert cli("check", "asc").status == 0
    (programs / "asc").write_text(WRONG, encoding="utf-8")
    assert " --> asc:2:11\n" in cli("check", "asc").out


@pytest.mark.parametrize("name", library.NAMES)
def test_the_library_passes_strictly(cli: CommandLine, name: str) -> None:
    assert cli("check", "--strict", name).status == 0


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (
            "absent.rheo",
            "error: absent.rheo: no such program; check the path; the library has no controller",
        ),
        ("cmd.rheo", "hint: did you mean the library's cmc?"),
        ("folder", "error: folder: is a directory"),
        ("binary.rheo", "error: binary.rheo, byte 1: not valid UTF-8; a program is UTF-8 text"),
    ],
)
def test_unreadable_files_are_reported(
    cli: CommandLine, programs: Path, argument: str, sentence: str
) -> None:
    (programs / "folder").mkdir()
    (programs / "binary.rheo").write_bytes(b"a\xff")
    result = cli("check", "wrong.rheo", argument)
    assert (result.status, result.out) == (2, "")
    assert sentence in result.err


def test_messages_are_coloured_for_terminals_only(
    cli: CommandLine, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = cli("check", "wrong.rheo").out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = cli("check", "wrong.rheo").out
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    cli("check", "wrong.rheo", "-o", "report.txt")
    assert (programs / "report.txt").read_text(encoding="utf-8") == plain


def test_messages_beyond_the_limit_are_counted(cli: CommandLine, programs: Path) -> None:
    lines = "\n".join(f"  open a{number}q" for number in range(80))
    (programs / "many.rheo").write_text(
        f"controller c {{ start {{\n{lines}\n}} finally {{ answer winner(alive) }} }}"
    )
    result = cli("check", "many.rheo")
    assert result.out.count("error[RH201]") == 50
    assert result.out.endswith("many.rheo: 30 more; fix these first\n")
    assert result.err.startswith("1 program checked: 80 errors\n")


def test_a_code_is_explained(cli: CommandLine) -> None:
    result = cli("explain", "rh301")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("RH301: A value of the wrong type\n\n")
    assert "\nWrong:\n" in result.out
    assert "\nRight:\n" in result.out
    assert max(map(len, result.out.splitlines())) <= 100
    explained = json.loads(cli("explain", "RH301", "--json").out)
    assert explained["code"] == "RH301"
    assert explained["severity"] == "error"
    assert explained["wrong"] == explanations()["RH301"].wrong


@pytest.mark.parametrize("code", explanations())
def test_every_code_can_be_explained(cli: CommandLine, code: str) -> None:
    assert cli("explain", code).out.startswith(f"{code}: ")


def test_all_codes_are_listed(cli: CommandLine) -> None:
    listed = cli("explain").out
    assert all(f"\n{code} " in listed for code in explanations())


@pytest.mark.parametrize(
    ("code", "hint"),
    [("RH310", "did you mean RH"), ("E301", "did you mean RH301?"), ("zorp", "lists all of them")],
)
def test_an_unknown_code_suggests_the_nearest(cli: CommandLine, code: str, hint: str) -> None:
    result = cli("explain", code)
    assert (result.status, result.out) == (2, "")
    assert hint in result.err


def test_a_new_program_passes_and_is_formatted(cli: CommandLine, home: Path) -> None:
    assert cli("new", "mine") == (0, "mine.rheo\n", "")
    assert cli("check", "--strict", "mine.rheo").status == 0
    text = (home / "mine.rheo").read_text(encoding="utf-8")
    assert "controller mine " in text
    assert format_source(Source(text)) == text
    assert cli("new", "mine", "-o", "-").out == text


def test_a_new_program_does_not_overwrite_a_file(cli: CommandLine, home: Path) -> None:
    (home / "mine.rheo").write_text("precious")
    result = cli("new", "mine")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: mine.rheo: already exists\n")
    assert (home / "mine.rheo").read_text() == "precious"
    assert cli("new", "mine", "-o", "other.rheo").status == 0


@pytest.mark.parametrize("name", ["step", "winner", "3x", "my-own", "größe", ""])
def test_an_invalid_controller_name_is_refused(cli: CommandLine, home: Path, name: str) -> None:
    result = cli("new", name)
    assert result.status == 2
    assert not list(home.iterdir())
