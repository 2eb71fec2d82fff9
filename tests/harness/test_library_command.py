import json
import re
from pathlib import Path

import pytest

from dsl.library import NAMES, load_source
from dsl.program import analyse_program
from dsl.source import Source
from tests.command_lines import CommandLine


def test_every_controller_is_listed_with_its_title_and_source(cli: CommandLine) -> None:
    result = cli("library", "--json")
    listed = json.loads(result.out)
    assert [row["name"] for row in listed] == list(NAMES)
    assert all(row["title"] and row["source"] for row in listed)
    needs = {row["name"]: row["needs"] for row in listed}
    assert (needs["entropy_gate"], needs["cmc"]) == ("entropy", "")


def test_the_list_has_one_line_per_controller(cli: CommandLine) -> None:
    heading, *lines = cli("library").out.splitlines()
    assert heading.split() == ["name", "title", "needs", "source"]
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert not any("\\n" in line for line in lines)


def test_the_list_has_complete_sources_in_a_pipe_on_one_line_each(cli: CommandLine) -> None:
    sources = {row["name"]: row["source"] for row in json.loads(cli("library", "--json").out)}
    assert sources["answer_convergence"].startswith("answer convergence, Liu and Wang, arXiv")
    assert sources["early_votes"].endswith("AIME24 recordings of AutoTTS, arXiv 2605.08083")
    _, *lines = cli("library").out.splitlines()
    assert [line.rpartition("  ")[2] for line in lines] == list(sources.values())


@pytest.mark.parametrize("columns", [80, 102])
def test_the_list_has_short_sources_on_a_terminal_within_its_width(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in cli("library").out.splitlines()]
    assert max(map(len, lines)) <= columns
    assert any("rheostat discover" in line for line in lines)
    assert not any("AIME24 recordings" in line for line in lines)
    one_each = len(lines) == len(NAMES) + 2  # with a heading and a rule
    assert one_each is (columns == 102)


@pytest.mark.parametrize("name", NAMES)
def test_library_prints_the_program_itself(cli: CommandLine, name: str) -> None:
    result = cli("library", name)
    assert result.out == load_source(name).text
    assert analyse_program(Source(result.out, f"{name}.rheo")).checked is not None


def test_library_prints_a_program_with_metadata_as_json(cli: CommandLine) -> None:
    result = json.loads(cli("library", "asc", "--json").out)
    assert result["name"] == "asc"
    assert result["title"] == "Adaptive self-consistency"
    assert result["about"].startswith("Whole reads one at a time")
    assert "arXiv 2305.11860" in result["source"]
    assert result["program"] == load_source("asc").text


def test_a_program_can_be_written_to_a_file(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("library", "esc.rheo", "-o", "mine.rheo").status == 0
    assert (tmp_path / "mine.rheo").read_text(encoding="utf-8") == load_source("esc").text


@pytest.mark.parametrize(
    ("name", "meant"), [("ascc", "did you mean asc?"), ("zzz", "choose from sc, asc,")]
)
def test_an_unknown_controller_lists_the_known_ones(
    cli: CommandLine, name: str, meant: str
) -> None:
    result = cli("library", name)
    assert (result.status, result.out) == (2, "")
    assert f"the library has no controller {name}; {meant}" in result.err
