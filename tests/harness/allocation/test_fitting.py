"""``rheostat check --on``: allocations held to a pipeline file."""

import json
from pathlib import Path

import pytest

from tests.command_lines import CommandLine

PIPELINE = """
name = "digits"
[[model]]
name = "3B"
parameters = 3.0
[[stage]]
name = "extract"
prompt_tokens = 128
output_tokens = 64
[[stage]]
name = "answer"
prompt_tokens = 128
output_tokens = 64
[simulation]
seed = 1
"""
LEAN = """allocation lean {
  budget 1 + 2 * beta

  stage extract {
    model   = "3B"
    samples = 1 + round(beta)
  }

  stage answer {
    model   = "3B"
    samples = 1
  }
}
"""


@pytest.fixture
def folder(home: Path) -> Path:
    (home / "digits.toml").write_text(PIPELINE)
    (home / "lean.rheo").write_text(LEAN)
    return home


def test_a_cost_is_that_of_the_pipeline_at_every_beta(cli: CommandLine, folder: Path) -> None:
    assert cli("check", "lean.rheo").status == 0
    result = cli("check", "lean.rheo", "--on", "digits.toml")
    assert result.status == 1
    assert "at beta = 0 `lean` costs 2 on digits, but its budget is 1" in result.out
    assert "lean.rheo:2:10" in result.out
    (folder / "lean.rheo").write_text(LEAN.replace("1 + 2", "2 + 2"))
    assert cli("check", "lean.rheo", "--on", "digits.toml").status == 0
    # Above beta = 0.5 there are two samples of `extract`, so that both cost 3.
    (folder / "lean.rheo").write_text(LEAN.replace("1 + 2 * beta", "2 + 1 * pow(beta, 3)"))
    result = cli("check", "lean.rheo", "--on", "digits.toml")
    assert "at beta = 0.6 `lean` costs 3 on digits" in result.out


def test_misfits_are_findings_in_json_too(cli: CommandLine, folder: Path) -> None:
    (folder / "lean.rheo").write_text(LEAN.replace("stage answer", "stage anwser"))
    result = cli("check", "lean.rheo", "--on", "digits.toml", "--json")
    [found] = json.loads(result.out)
    assert (result.status, found["sound"]) == (1, False)
    [finding] = found["diagnostics"]
    assert (finding["code"], finding["edit"]["text"]) == ("RH806", "answer")


@pytest.mark.parametrize("program", ["cmc", "mine.py"])
def test_a_controller_is_refused(cli: CommandLine, folder: Path, program: str) -> None:
    (folder / "mine.py").write_text("def controller(): pass\n")
    result = cli("check", program, "--on", "digits.toml")
    assert (result.status, result.out) == (2, "")
    assert "is a controller, but --on checks allocations against a pipeline" in result.err


def test_an_unreadable_pipeline_is_reported(cli: CommandLine, folder: Path) -> None:
    result = cli("check", "lean.rheo", "--on", "nowhere.toml")
    assert result.status == 2
    assert "nowhere.toml: no such pipeline file" in result.err


def test_messages_of_the_checker_itself_come_first(cli: CommandLine, folder: Path) -> None:
    (folder / "lean.rheo").write_text(LEAN.replace('"3B"', "3", 1))
    result = cli("check", "lean.rheo", "--on", "digits.toml")
    assert "RH301" in result.out
    assert "RH806" not in result.out
