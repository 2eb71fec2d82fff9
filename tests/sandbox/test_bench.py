"""The benchmark with a controller in Python among its contenders."""

from pathlib import Path

import pytest

from harness.bench import ContenderMeasurement, ContenderName, ContenderTask
from harness.bench.contenders import measure_contender
from harness.bench.report import find_differing_cells
from harness.errors import InputError
from tests.command_lines import CommandLine


def measured(name: ContenderName, foreign: str) -> ContenderMeasurement:
    return measure_contender(
        ContenderTask(
            contender=name,
            recordings=(Path("one.recording"),),
            betas=(0.0, 1.0),
            seeds=2,
            compared=2,
            foreign=Path(foreign),
            repeats=1,
        )
    )


def test_a_controller_in_python_is_measured_and_compared(python_home: Path) -> None:
    result = [measured("plain", "mine.py"), measured("foreign", "mine.py")]
    assert find_differing_cells(result) == []
    assert result[1].reads == result[0].reads
    assert result[1].elapsed[0] > 0


def test_a_contender_that_plays_differently_is_reported(python_home: Path) -> None:
    (python_home / "other.py").write_text("def controller(episode, beta):\n    return None\n")
    told = find_differing_cells([measured("plain", "other.py"), measured("foreign", "other.py")])
    assert told[0].startswith("foreign differs from plain")


def test_an_unknown_language_is_reported(python_home: Path) -> None:
    with pytest.raises(InputError, match="in a language that is not registered"):
        measured("foreign", "one.recording")


@pytest.mark.slow
def test_the_command_sets_it_beside_the_others(cli: CommandLine, python_home: Path) -> None:
    result = cli(
        "bench", "--on", "one.recording", "--beta", "0,1", "--seeds", "2", "--foreign", "mine.py"
    )
    assert result.status == 0, result.err
    assert "Equal, episode by episode: compiled, interpreter, plain, foreign." in result.out
