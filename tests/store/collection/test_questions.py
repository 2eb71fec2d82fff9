"""Files of questions, and local copies of benchmarks turned into them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store.collection.chains import read_chains
from store.collection.converters import BENCHMARKS, convert_benchmark
from store.collection.questions import CollectionQuestion, read_questions, write_lines
from store.errors import SourceError


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_questions_are_read_as_they_were_written(tmp_path: Path) -> None:
    asked = [
        CollectionQuestion("a", "1+1?", "2"),
        CollectionQuestion("b", "which?", "B", ["one", "two"]),
    ]
    path = tmp_path / "q.jsonl"
    path.write_text(write_lines(asked) + "\n")
    assert read_questions(path).questions == asked


GOOD = {"id": "a", "question": "1+1?", "answer": "2"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "", "question": "?", "answer": "2"}, r"line 2, \$\.id: the id is empty"),
        (GOOD, r"line 2, \$\.id: the id 'a' is used by an earlier line"),
        ({"id": "b", "question": " ", "answer": "2"}, r"line 2, \$\.question"),
        ({"id": "b", "question": "?"}, "line 2, .*answer"),
        ({"id": "b", "question": "?", "answer": "2", "choices": ["x", "y"]}, "from A to B"),
        ({"id": "b", "question": "?", "answer": "A", "choices": ["x"]}, "1 choices"),
        ({"id": "b", "question": "?", "answer": "A", "chioces": []}, "chioces"),
    ],
)
def test_invalid_line_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_questions(lines(tmp_path / "q.jsonl", GOOD, row))


def test_an_empty_file_holds_no_questions(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no questions"):
        read_questions(lines(tmp_path / "q.jsonl"))


@pytest.mark.parametrize(
    ("chains", "message"),
    [([], "no chains"), ([{"finish": "stop"}], "needs token_ids or text"), ([{"txt": ""}], "txt")],
)
def test_unprobeable_chains_are_named(tmp_path: Path, chains: list[Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_chains(lines(tmp_path / "c.jsonl", {**GOOD, "chains": chains}))


GPQA = {
    "Question": "Which?", "Correct Answer": "right", "Incorrect Answer 1": "w1",
    "Incorrect Answer 2": "w2", "Incorrect Answer 3": "w3",
}  # fmt: skip


@pytest.mark.parametrize(
    ("benchmark", "row", "answer"),
    [
        ("aime", {"ID": "2024-I-1", "Problem": "p", "Answer": "073"}, "73"),
        ("aime", {"problem": "p", "answer": 204}, "204"),
        ("hmmt", {"problem_idx": 1, "problem": "p", "answer": "\\frac{1}{2}"}, "\\frac{1}{2}"),
        ("math", {"problem": "p", "solution": "so \\boxed{\\sqrt{2}}"}, "\\sqrt{2}"),
        ("math", {"problem": "p", "solution": "?", "answer": "3"}, "3"),
        ("math", {"problem": "p", "answer": "$\\boxed{x}$"}, "x"),
        ("gsm8k", {"question": "p", "answer": "1,200"}, "1200"),
        ("gsm8k", {"question": "p", "answer": "He has 1,200.\n#### 1,200"}, "1200"),
    ],
)
def test_each_benchmark_finds_its_columns(
    tmp_path: Path, benchmark: str, row: dict[str, Any], answer: str
) -> None:
    (asked,) = convert_benchmark(benchmark, lines(tmp_path / "b.jsonl", row)).questions
    assert (asked.question, asked.answer, asked.choices) == ("p", answer, None)


def test_choice_order_is_deterministic(tmp_path: Path) -> None:
    rows = [{**GPQA, "Question": f"Which {k}?"} for k in range(40)]
    asked = convert_benchmark("gpqa", lines(tmp_path / "b.jsonl", *rows)).questions
    for question in asked:
        assert question.choices is not None
        assert question.choices["ABCD".index(question.answer)] == "right"
    assert {question.answer for question in asked} == set("ABCD")
    assert asked == convert_benchmark("gpqa", lines(tmp_path / "b.jsonl", *rows)).questions


def test_every_usual_kind_of_file_is_read(tmp_path: Path) -> None:
    rows = [{"problem": "p", "answer": "1"}, {"problem": "q", "answer": "2"}]
    (tmp_path / "b.json").write_text(json.dumps(rows))
    (tmp_path / "b.csv").write_text('problem,answer\np,1\n"q",2\n')
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    lines(tmp_path / "b.jsonl", *rows)
    read = [
        convert_benchmark("hmmt", tmp_path / f"b.{kind}").questions
        for kind in ("json", "csv", "parquet", "jsonl")
    ]
    assert all(question == read[0] for question in read)
    assert [question.question for question in read[0]] == ["p", "q"]


@pytest.mark.parametrize(
    ("benchmark", "row", "message"),
    [
        ("aime", {"problem": "p", "answer": "1000"}, "row 1: has the answer '1000'"),
        ("hmmt", {"problem": "p"}, "row 1: has no answer"),
        ("hmmt", {"answer": "1"}, "row 1: has no question"),
        ("gsm8k", {"question": "p", "answer": "He has many."}, "no answer after ####"),
        ("math", {"problem": "p", "solution": "no box"}, "no box in its solution"),
        ("gpqa", {"Question": "?"}, "has no `correct answer`"),
    ],
)
def test_missing_column_is_named(
    tmp_path: Path, benchmark: str, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        convert_benchmark(benchmark, lines(tmp_path / "b.jsonl", row))


@pytest.mark.parametrize("name", ["b.json", "b.jsonl", "b.parquet"])
def test_mismatched_file_extension_is_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{nothing")
    with pytest.raises(SourceError, match=name):
        convert_benchmark("hmmt", tmp_path / name)


def test_the_command_offers_every_benchmark() -> None:
    from harness.cli.commands.datasets import BENCHMARKS as OFFERED

    assert tuple(sorted(BENCHMARKS)) == OFFERED
