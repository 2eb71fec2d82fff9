"""A trace of a controller in Python: the same barriers as its Rheo twin's, with its own lines."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines.choose import foreign_engine
from sandbox.library import text
from store.environment import save
from store.simulate import Benchmark, Reasoner, simulate
from tests.command_lines import CommandLine

ON = ("--on", "one.recording", "--question", "1", "--seed", "2", "--beta", "0.5")


@pytest.fixture
def traced(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a recording and a controller, where workers are plain processes."""
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")
    reasoner = Reasoner("one", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, 8)), home / "one.recording")
    (home / "mine.py").write_text(text("cmc"))
    yield home
    if foreign_engine.cache_info().currsize:
        foreign_engine("sandbox").close()
        foreign_engine.cache_clear()


def test_it_goes_through_the_same_barriers_as_the_program_of_rheo(
    cli: CommandLine, traced: Path
) -> None:
    python, rheo = (
        json.loads(cli("trace", name, *ON, "--json").out)["episode"] for name in ("mine.py", "cmc")
    )
    for name in ("answer", "right", "tokens", "sequential", "votes", "branches"):
        assert python[name] == rheo[name]
    assert len(python["barriers"]) == len(rheo["barriers"])
    for one, other in zip(python["barriers"], rheo["barriers"], strict=True):
        assert one["actions"] == other["actions"]
        assert one["spent"] == other["spent"]


def test_each_verb_is_told_with_the_line_that_sent_it(cli: CommandLine, traced: Path) -> None:
    said = cli("trace", "mine.py", *ON)
    assert said.status == 0, said.err
    lines = (traced / "mine.py").read_text().splitlines()
    heads = [line for line in said.out.splitlines() if line[:1].isdigit()]
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
def test_what_goes_wrong_in_it_is_told_with_its_place(
    cli: CommandLine, traced: Path, code: str, words: str
) -> None:
    (traced / "mine.py").write_text(code)
    said = cli("trace", "mine.py", *ON)
    assert (said.status, words in said.err) == (2, True), said.err


def test_it_has_no_knobs_to_set(cli: CommandLine, traced: Path) -> None:
    said = cli("trace", "mine.py", *ON, "--set", "n=3")
    assert "mine.py has no knobs to set" in said.err
