import json
from pathlib import Path

import pytest

from store.reader import open_recording
from tests.command_lines import CommandLine

QUESTION = {
    "question": "1 + 1?",
    "gold_answer": "2",
    "probe_freq": 500,
    "final_answers_trace": ["2"],
    "each_branch": [[["2"], 900, "2"]],
}
LINE = {"question": "?", "answer": "1", "branches": [{"tokens": 9, "final": "1"}]}
JSONL = ("import", "jsonl", "mine.jsonl", "--model", "m", "--benchmark", "b", "-o", "out.recording")


@pytest.fixture
def source(home: Path) -> Path:
    path = home / "sums" / "tiny.json"
    path.parent.mkdir()
    path.write_text(json.dumps([QUESTION]))
    return path


def test_a_recording_is_named_after_its_file(cli: CommandLine, source: Path, home: Path) -> None:
    result = cli("import", "autotts", "sums/tiny.json", "--model", "tiny", "--benchmark", "sums",
               "-o", "made/here")  # fmt: skip
    assert result == (0, "made/here/tiny.recording\n", "")
    provenance = open_recording(home / "made/here/tiny.recording").provenance
    assert (provenance.model, provenance.benchmark) == ("tiny", "sums")


def test_one_invalid_file_of_several_prevents_all_imports(
    cli: CommandLine, source: Path, home: Path
) -> None:
    (home / "sums" / "bad.json").write_text("[]")
    result = cli("import", "autotts", "sums/tiny.json", "sums/bad.json", "-o", "made")
    assert result == (2, "", "error: sums/bad.json, $: the file contains no questions\n")
    assert not (home / "made").exists()


def test_one_model_name_for_several_files_is_refused(cli: CommandLine, source: Path) -> None:
    result = cli("import", "autotts", "sums/tiny.json", "x.json", "--model", "m", "-o", "made")
    assert result.status == 2
    assert result.err.startswith("error: --model gives one model, but there are 2 files\nhint: ")


def test_two_files_of_one_name_are_refused(cli: CommandLine, source: Path, home: Path) -> None:
    other = home / "others" / "tiny.json"
    other.parent.mkdir()
    other.write_text(source.read_text())
    result = cli("import", "autotts", "sums/tiny.json", "others/tiny.json", "-o", "made")
    assert result.status == 2
    assert "would be written to made/tiny.recording, as would sums/tiny.json" in result.err
    assert not (home / "made").exists()


def test_a_missing_file_is_reported(cli: CommandLine, home: Path) -> None:
    result = cli("import", "autotts", "gone.json", "-o", "made")
    assert result == (2, "", "error: gone.json: no such file or directory\n")


def test_json_lines_become_a_recording(cli: CommandLine, home: Path) -> None:
    (home / "mine.jsonl").write_text(json.dumps(LINE))
    assert cli(*JSONL, "--interval", "500") == (0, "out.recording\n", "")
    provenance = open_recording(home / "out.recording").provenance
    assert (provenance.model, provenance.interval, provenance.probed) == ("m", 500, False)
    again = cli(*JSONL, "--interval", "500")
    assert again.status == 2
    assert again.err.startswith("error: out.recording: already exists")


def test_an_interval_must_be_a_number_of_tokens(cli: CommandLine, home: Path) -> None:
    (home / "mine.jsonl").write_text(json.dumps(LINE))
    result = cli(*JSONL, "--interval", "0")
    assert result.status == 2
    assert "--interval" in result.err
    assert not (home / "out.recording").exists()
