"""The page of the library lists every program, with the figures that the sample gives."""

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from dsl.library import NAMES, load_entry
from store.environment import save
from store.simulation import BENCHMARKS, REASONERS, simulate
from tests.command_lines import CommandLine

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
HEADING = "| name | method | needs | accuracy | tokens | sequential |"


class LibraryRow(NamedTuple):
    """A row of the table of methods."""

    name: str
    method: str
    needs: str
    accuracy: str
    tokens: str
    sequential: str


def table() -> list[LibraryRow]:
    lines = PAGE[PAGE.index(HEADING) :].partition("\n\n")[0].splitlines()[2:]
    return [LibraryRow(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def command() -> list[str]:
    """The arguments of the command that the page gives for its figures."""
    match = re.search(r"```sh\nrheostat (sweep [^`]+--seeds[^`]+)```", PAGE)
    assert match is not None
    return shlex.split(match[1].replace("\\\n", " "))


@pytest.fixture
def sample(home: Path) -> Path:
    """The recordings of the built-in sample that the command reads, where it expects them."""
    for reasoner in REASONERS:
        path = Path("sample") / BENCHMARKS[0].name / f"{reasoner.name}.recording"
        if str(path) in command():
            path.parent.mkdir(parents=True, exist_ok=True)
            save(simulate(reasoner, BENCHMARKS[0]), path)
    return home


def test_the_page_lists_every_program_once_in_the_order_of_the_list() -> None:
    assert [row.name for row in table()] == [f"`{name}`" for name in NAMES]


def test_the_page_names_what_each_program_needs_and_its_source() -> None:
    for row, name in zip(table(), NAMES, strict=True):
        entry = load_entry(name)
        assert row.needs == (", ".join(f"`{need}`" for need in entry.needs) or "–")
        for paper in re.findall(r"arXiv (\d{4}\.\d{5})", entry.about):
            assert paper in row.method or paper == "2605.08083"


@pytest.mark.usefixtures("sample")
def test_the_figures_of_the_page_are_those_of_the_sample(cli: CommandLine) -> None:
    result = cli(*command(), "--json")
    assert result.status == 0
    played = json.loads(result.out)["rows"]
    figures = {
        f"`{row['controller']}`": (
            f"{row['accuracy']:.2f}", f"{row['cost']:,}", f"{row['sequential']:,}"
        )
        for row in played
    }  # fmt: skip
    stated = {
        row.name: (row.accuracy, row.tokens, row.sequential)
        for row in table()
        if row.accuracy != "–"
    }
    assert stated == figures
