"""A trace of a controller in Python: the same barriers as its Rheo twin's, with its own lines."""

import json
from pathlib import Path

import pytest

from tests.command_lines import CommandLine

ON = ("--on", "one.recording", "--question", "1", "--seed", "2", "--beta", "0.5")


def test_it_has_the_same_barriers_as_the_rheo_program(cli: CommandLine, python_home: Path) -> None:
    python, rheo = (
        json.loads(cli("trace", name, *ON, "--json").out)["episode"] for name in ("mine.py", "cmc")
    )
    for name in ("answer", "right", "tokens", "sequential", "votes", "branches"):
        assert python[name] == rheo[name]
    assert len(python["barriers"]) == len(rheo["barriers"])
    for one, other in zip(python["barriers"], rheo["barriers"], strict=True):
        assert one["actions"] == other["actions"]
        assert one["spent"] == other["spent"]


def test_a_trace_lists_each_verb_with_its_line(cli: CommandLine, python_home: Path) -> None:
    result = cli("trace", "mine.py", *ON)
    assert result.status == 0, result.err
    lines = (python_home / "mine.py").read_text().splitlines()
    heads = [line for line in result.out.splitlines() if line[:1].isdigit()]
    assert heads
    for head in heads[:-1]:
        place, _, source = head.partition("line ")[2].partition(": ")
        assert lines[int(place) - 1].strip().startswith(source.rstrip("…").strip())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\ndef controller(episode, beta):\n    return None\n", "import of 'os'"),
        ("def controller(episode, beta):\n    return 1 // 0\n", "mine.py:2"),
    ],
)
def test_a_failure_in_a_trace_is_reported_with_its_location(
    cli: CommandLine, python_home: Path, code: str, words: str
) -> None:
    (python_home / "mine.py").write_text(code)
    result = cli("trace", "mine.py", *ON)
    assert (result.status, words in result.err) == (2, True), result.err


def test_it_has_no_knobs_to_set(cli: CommandLine, python_home: Path) -> None:
    result = cli("trace", "mine.py", *ON, "--set", "n=3")
    assert "mine.py has no knobs to set" in result.err
