"""A recording from Python: arrays of a question, tables of all questions, statistics."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from harness.api import DataTable, InputError, Recording, SampleRecordings, load_sample
from harness.errors import ExternalError
from store.reader import open_recording
from tests.command_lines import CommandLine
from tests.harness.small_recordings import tiny


def test_the_arrays_of_a_question_are_padded_after_the_end_of_each_branch(home: Path) -> None:
    tiny(home / "tiny.recording")
    easy = Recording("tiny.recording")["easy"]
    assert (easy.answers, easy.gold) == (("7", "9", "8"), "7")
    np.testing.assert_array_equal(easy.probes, [[0, 0, -1], [0, 1, -1], [2, 0, 0], [0, 0, -1]])
    np.testing.assert_array_equal(easy.final, [0, 1, 0, 0])
    np.testing.assert_array_equal(easy.tokens, [24, 24, 34, 24])
    np.testing.assert_array_equal(easy.lengths, [2, 2, 3, 2])
    np.testing.assert_array_equal(easy.right, [True, False, True, True])
    assert easy.signals == {}


def test_signals_are_padded_with_nan(recording: Recording) -> None:
    question = recording[1]
    stored = open_recording(recording.path)
    entropy = stored.signal(1, "entropy")
    assert set(question.signals) == set(recording.signals) >= {"entropy", "logprob"}
    padded = question.signals["entropy"]
    assert padded.shape == question.probes.shape
    np.testing.assert_array_equal(padded[~np.isnan(padded)], entropy.values)
    assert question.signals["logprob"].shape[1] == question.probes.shape[1] + 1


def test_no_array_of_a_question_can_be_written_to(recording: Recording) -> None:
    question = recording[0]
    for values in (question.probes, question.final, question.tokens, question.right):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def test_questions_are_found_by_position_and_by_id(recording: Recording) -> None:
    ids = recording.question_ids
    assert [question.id for question in recording] == list(ids)
    assert recording[-1].id == recording[ids[-1]].id == ids[-1]
    with pytest.raises(IndexError, match="there is no question 3; the recording has 3"):
        recording[3]
    with pytest.raises(InputError, match="did you mean bench-00"):
        recording["bench-0"]


def test_tables_are_those_of_the_export(recording: Recording, cli: CommandLine) -> None:
    assert cli("export", "one.recording", "--to", "tables").status == 0
    for name, table in (
        ("questions", recording.questions()),
        ("branches", recording.branches(texts=True)),
        ("probes", recording.probes(texts=True)),
    ):
        exported = pq.read_table(f"tables/{name}.parquet").replace_schema_metadata(None)
        assert table.to_arrow().equals(exported)


def test_texts_are_left_out_unless_requested(recording: Recording) -> None:
    assert "text" not in recording.branches().columns
    assert "raw" not in recording.probes().columns
    assert set(recording.branches(texts=True).columns) > set(recording.branches().columns)


def test_a_table_becomes_arrays_and_data_frames(recording: Recording) -> None:
    table = recording.branches()
    tokens = table["tokens"]
    with pytest.raises(ValueError, match="read-only"):
        tokens[0] = 0
    with pytest.raises(KeyError, match="the columns are question, branch"):
        table["token"]
    assert isinstance(table.to_pandas(), pd.DataFrame)
    assert table.to_pandas()["tokens"].tolist() == tokens.tolist()
    assert table.to_polars()["tokens"].to_list() == tokens.tolist()
    assert pl.DataFrame(table).equals(table.to_polars())
    assert [row["tokens"] for row in table] == tokens.tolist()


def test_a_missing_library_of_data_frames_is_named(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExternalError, match="polars is not installed") as caught:
        recording.questions().to_polars()
    assert caught.value.hint is not None
    assert '".[polars]"' in caught.value.hint


def test_statistics_are_those_of_inspect(recording: Recording, cli: CommandLine) -> None:
    shown = json.loads(cli("inspect", "one.recording", "--questions", "--json").out)[0]
    [row] = recording.describe()
    assert (row["pass_at_1"], row["mean_tokens"]) == (shown["pass_at_1"], shown["tokens"]["mean"])
    by_question = list(recording.describe(by_question=True))
    assert [row["question"] for row in by_question] == list(recording.question_ids)


def test_a_recording_is_shown_as_a_table_in_a_notebook(recording: Recording) -> None:
    assert "<th" in recording._repr_html_()
    assert "pass@1" in recording._repr_html_()


def test_a_sample_is_shown_with_a_row_for_each_recording(recordings: list[Recording]) -> None:
    first, second = recordings
    shown = SampleRecordings(search=(first,), held_out=(second,))._repr_html_()
    assert shown.index(">one<") < shown.index(">two<")
    assert shown.count("<tr>") == 3


def test_names_in_a_table_are_kept_on_one_line_in_a_notebook() -> None:
    rows = [{"question": "search-00", "text": "a long text " * 9}]
    shown = DataTable.from_records(rows, ["question", "text"])._repr_html_()
    assert 'white-space: nowrap">search-00<' in shown
    assert 'left">a long text' in shown


def test_names_in_a_table_cannot_become_markup(home: Path) -> None:
    tiny(home / "tiny.recording", ids=("<script>", "b"))
    shown = Recording("tiny.recording").questions()._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such recording"), (b"not a recording", "bad.recording")],
)
def test_an_unusable_file_is_refused_in_a_sentence(
    home: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (home / "bad.recording").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        Recording("bad.recording")
    assert "\n" not in str(caught.value)


def test_damage_found_by_verify_is_an_input_error(home: Path) -> None:
    tiny(home / "tiny.recording")
    recording = Recording("tiny.recording")
    recording.verify()
    tiny(home / "other.recording", golds=("9", "2"))
    (home / "other.recording").replace("tiny.recording")
    with pytest.raises(InputError, match=r"tiny\.recording"):
        recording.verify()


@pytest.mark.slow
def test_the_sample_is_written_and_opened(home: Path) -> None:
    sample = load_sample(progress=False)
    assert [recording.model for recording in sample.search] == [
        "sim-small", "sim-medium", "sim-large",
    ]  # fmt: skip
    assert {recording.benchmark for recording in sample.held_out} == {"heldout"}
    assert load_sample(progress=False) == sample


def test_the_interface_loads_no_command_and_no_data_frames(home: Path) -> None:
    import subprocess

    code = "import sys, harness.api; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(found.stdout.split())
    assert "harness.api.recording" in loaded
    assert not loaded & {"click", "pandas", "polars", "matplotlib", "harness.cli", "IPython"}


def test_the_last_row_that_is_left_out_is_counted_as_one(home: Path) -> None:
    table = DataTable.from_records([{"number": number} for number in range(11)], ["number"])
    assert repr(table).endswith("and 1 more row")
