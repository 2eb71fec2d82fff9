"""``rheostat check`` on controllers in Python, beside programs of Rheo."""

import json
from pathlib import Path

from sandbox.script import Script, diagnose_script
from tests.command_lines import CommandLine

WRONG = "import os\ndef controller(episode, beta):\n\tx = episode._secret\n\treturn x\n"
TOLD = """\
error: import of 'os' is not allowed; collections, math, statistics are
 --> wrong.py:1:1
  |
1 | import os
  | ^

error: "_secret" is an invalid attribute name because it starts with "_"
 --> wrong.py:3:6
  |
3 |     x = episode._secret
  |         ^"""


def test_every_finding_is_shown_in_its_line() -> None:
    assert diagnose_script(Script("wrong.py", WRONG)) == TOLD


def test_programs_in_both_languages_are_checked_together(
    cli: CommandLine, python_home: Path
) -> None:
    result = cli("check", "mine.py", "cmc")
    assert (result.status, result.err) == (0, "2 programs checked: no problems found\n")


def test_code_that_the_policy_refuses_fails_the_check(cli: CommandLine, python_home: Path) -> None:
    (python_home / "wrong.py").write_text(WRONG)
    result = cli("check", "wrong.py", "cmc")
    assert result.status == 1
    assert result.out.strip() == TOLD
    assert "2 programs checked: 2 errors" in result.err
    assert "rheostat explain python-controllers" in result.err


def test_findings_are_records_too(cli: CommandLine, python_home: Path) -> None:
    (python_home / "wrong.py").write_text(WRONG)
    [result] = json.loads(cli("check", "wrong.py", "--json").out)
    assert (result["file"], result["sound"]) == ("wrong.py", False)
    places = [
        (diagnostic["start"]["line"], diagnostic["start"]["column"])
        for diagnostic in result["diagnostics"]
    ]
    assert places == [(1, 1), (3, 6)]
    assert {diagnostic["code"] for diagnostic in result["diagnostics"]} == {"policy"}
