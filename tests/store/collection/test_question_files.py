"""The forms in which benchmarks are passed around, and what becomes of each."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from store.collection.converters import Conversion, convert_benchmark
from store.errors import SourceError
from tests.command_lines import CommandLine

ROWS = [
    {"problem_id": "spring-1", "problem": "p", "answer": "1"},
    {"problem_id": "spring-2", "problem": "q", "answer": "2"},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
TABLE = [["problem_id", "problem", "answer"], *(list(row.values()) for row in ROWS)]


def delimited(separator: str) -> str:
    return "".join(separator.join(record) + "\n" for record in TABLE)


def read(benchmark: str, path: Path) -> list[tuple[str, str, str, list[str] | None]]:
    found = convert_benchmark(benchmark, path)
    assert found.bad == []
    return [
        (question.id, question.question, question.answer, question.choices)
        for question in found.questions
    ]


def one(tmp_path: Path, benchmark: str, row: dict[str, Any]) -> Conversion:
    path = tmp_path / "one.json"
    path.write_text(json.dumps([row]))
    return convert_benchmark(benchmark, path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.json", LINES),
        ("b.jsonl", json.dumps(ROWS)),
        ("b.jsonl", LINES.replace("\n", "\r\n")),
        ("b.jsonl", "\ufeff" + LINES),
        ("b.json", json.dumps({"data": ROWS})),
        ("b.json", json.dumps({"dataset": {"test": ROWS, "name": "spring"}})),
        ("b.json", json.dumps({"version": 2, "questions": ROWS})),
        ("b.json", json.dumps({"rows": [{"row_idx": 0, "row": row} for row in ROWS]})),
        ("b.json", json.dumps({row.pop("problem_id"): row for row in map(dict, ROWS)})),
        ("b.json", json.dumps({key: [row[key] for row in ROWS] for key in ROWS[0]})),
        ("b.json", json.dumps({k: {str(n): r[k] for n, r in enumerate(ROWS)} for k in ROWS[0]})),
        ("b.json", json.dumps({"columns": TABLE[0], "data": TABLE[1:]})),
        ("b.csv", delimited(",")),
        ("b.csv", delimited(",").replace("\n", "\r\n")),
        ("b.csv", "\ufeff" + delimited(";")),
        ("b.csv", delimited("\t")),
        ("b.csv", "sep=;\r\n" + delimited(";")),
        ("b.json", json.dumps({"features": [{"name": "problem"}], "rows": ROWS})),
        ("b.tsv", delimited("\t")),
        ("b", LINES),
    ],
)  # fmt: skip
def test_file_format_is_detected_from_content(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_bytes(content.encode())
    assert read("hmmt", tmp_path / name) == [
        ("spring-1", "p", "1", None),
        ("spring-2", "q", "2", None),
    ]


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress),
        (".zst", zstd.compress),
    ],
)  # fmt: skip
def test_compressed_files_are_read_and_damaged_ones_named(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"b.csv{suffix}"
    path.write_bytes(compress(delimited(",").encode()))
    assert len(read("hmmt", path)) == 2
    path.write_bytes(compress(delimited(",").encode())[:-7])
    with pytest.raises(SourceError, match="damaged or cut off"):
        convert_benchmark("hmmt", path)


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0c", "\x1c", "\x0b", "\r", "\n"])
@pytest.mark.parametrize("name", ["b.csv", "b.jsonl"])
def test_unusual_line_separators_inside_a_field_do_not_split_rows(
    tmp_path: Path, odd: str, name: str
) -> None:
    path = tmp_path / name
    asked = f"first{odd}second"
    line = json.dumps({"problem": asked, "answer": "3"}, ensure_ascii=False)
    path.write_bytes((f'problem,answer\n"{asked}",3\n' if name == "b.csv" else line).encode())
    assert read("hmmt", path) == [("hmmt-00", asked, "3", None)]


def test_a_directory_has_a_question_for_each_file(tmp_path: Path) -> None:
    for name, answer in (("algebra/10", "4"), ("algebra/9", "3"), ("geometry/1", "5")):
        file = tmp_path / f"MATH/{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        solution = f"So it is $\\boxed{{{answer}}}$."
        file.write_text(json.dumps({"problem": name, "level": "Level 1", "solution": solution}))
    (tmp_path / "MATH/README.md").write_text("not a problem")
    assert read("math", tmp_path / "MATH") == [
        ("algebra/9", "algebra/9", "3", None),
        ("algebra/10", "algebra/10", "4", None),
        ("geometry/1", "geometry/1", "5", None),
    ]


@pytest.mark.parametrize(
    "key", ["unique_id", "id", "ID", "problem_id", "question_id", "task_id", "idx"]
)
def test_id_from_the_file_is_kept(tmp_path: Path, key: str) -> None:
    (found,) = one(tmp_path, "hmmt", {key: "train/7.json", "problem": "p", "answer": "1"}).questions
    assert found.id == "train/7.json"


def test_repeated_ids_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps([{"id": 1, "problem": "p", "answer": "1"}] * 2))
    found = convert_benchmark("hmmt", path)
    assert [question.id for question in found.questions] == ["hmmt-00", "hmmt-01"]
    assert "`id` repeats values" in found.notes[0]


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        (r"336^\circ", "336"), (r"$336^{\circ}$", "336"), ("336°", "336"), (r"\boxed{104}", "104"),
        (r"\boxed{\text{104}}.", "104"), ("007", "7"), ("204.0", "204"), (204.0, "204"), (70, "70"),
        (["033"], "33"), (r"\(204\)", "204"), ("0", "0"), ("336 degrees", "336"),
        (r"\ang{336}", "336"), ("\uff13\uff13\uff16", "336"),
    ],
)  # fmt: skip
def test_an_answer_of_aime_is_read_however_it_is_typeset(
    tmp_path: Path, written: object, answer: str
) -> None:
    (found,) = one(tmp_path, "aime", {"problem": "p", "answer": written}).questions
    assert found.answer == answer


def test_aime_answer_may_be_only_in_the_solution(tmp_path: Path) -> None:
    (found,) = one(tmp_path, "aime", {"problem": "p", "solution": r"\boxed{025}"}).questions
    assert found.answer == "25"


MC = {"question": "p", "choices": ["x", "y", "z"]}


@pytest.mark.parametrize(
    ("benchmark", "row", "choices", "letter"),
    [
        ("mmlu", {**MC, "answer": 2}, ["x", "y", "z"], "C"),
        ("mmlu", {**MC, "answer": "B"}, ["x", "y", "z"], "B"),
        ("mmlu", {**MC, "answer": "(b)"}, ["x", "y", "z"], "B"),
        ("mmlu", {**MC, "answer": "0"}, ["x", "y", "z"], "A"),
        ("mmlu", {**MC, "answer": "y"}, ["x", "y", "z"], "B"),
        ("mmlu", {"question": "p", "options": ["x", "y"], "answer_index": 1}, ["x", "y"], "B"),
        ("mmlu", {"Question": "p", "A": "x", "B": "y", "Answer": "B"}, ["x", "y"], "B"),
        ("mmlu", {"question": "p", "choices": '["x", "y"]', "answer": "1"}, ["x", "y"], "B"),
        (
            "arc",
            {"question": "p", "answerKey": "2",
             "choices": {"text": ["x", "y"], "label": ["1", "2"]}},
            ["x", "y"], "B",
        ),
        (
            "arc",
            {"question": {"stem": "p", "choices": [{"text": "x", "label": "A"},
                                                   {"text": "y", "label": "B"}]},
             "answerKey": "B"},
            ["x", "y"], "B",
        ),
        (
            "aqua",
            {"question": "p", "options": ["A)21", "B)21.5", "C) 22"], "correct": "C"},
            ["21", "21.5", "22"], "C",
        ),
        ("aqua", {"question": "p", "options": ["x", "A) y"], "correct": "A"}, ["x", "A) y"], "A"),
    ],
)  # fmt: skip
def test_choices_become_a_list_and_a_letter(
    tmp_path: Path, benchmark: str, row: dict[str, Any], choices: list[str], letter: str
) -> None:
    (found,) = one(tmp_path, benchmark, row).questions
    assert (found.question, found.choices, found.answer) == ("p", choices, letter)


def test_mmlu_without_a_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "abstract_algebra_test.csv"
    path.write_text('p,0,1,2,3,B\n"q, r",4,5,6,7,D\n')
    assert read("mmlu", path) == [
        ("mmlu-00", "p", "B", ["0", "1", "2", "3"]),
        ("mmlu-01", "q, r", "D", ["4", "5", "6", "7"]),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"answer": ["1", "2"]}, "column `answer` contains a list of 2"),
        ({"answer": {"value": 1}}, "column `answer` contains an object"),
        ({"answer": True}, "column `answer` contains the truth value true"),
        ({"answer": float("nan")}, "has no answer: column `answer` is NaN"),
        ({"answer": float("inf")}, "column `answer` contains the number inf"),
        ({"answer": [[]]}, "column `answer` contains a list of 0"),
        ({"problem": ["a", "b"]}, "column `problem` contains a list of 2"),
        ({"problem": False}, "column `problem` contains the truth value false"),
        ({"answer": "\ud835"}, "half of a surrogate pair"),
    ],
)
def test_non_text_value_error_names_row_and_column(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps([ROWS[0], {**ROWS[1], **row}]))
    (bad,) = convert_benchmark("hmmt", path).bad
    assert bad.location == "row 2"
    assert reason in bad.reason


def test_parquet_bytes_are_rejected_and_single_item_lists_accepted(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(pa.Table.from_pylist([{"problem": "p", "answer": b"1"}]), path)
    with pytest.raises(SourceError, match="row 1: column `answer` contains bytes"):
        convert_benchmark("hmmt", path)
    pq.write_table(pa.Table.from_pylist([{"problem": "p", "final_answer": ["2"]}]), path)
    assert read("hmmt", path) == [("hmmt-00", "p", "2", None)]


def test_chat_messages_become_the_user_text(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}]
    row = {"prompt": chat, "reward_model": {"ground_truth": "2", "style": "rule"}}
    found = one(tmp_path, "hmmt", row)
    assert (found.questions[0].question, found.questions[0].answer) == ("1+1?", "2")
    assert found.notes[0].startswith("dropped the system message 'Be brief.'; add it with")
    parts = [{"role": "user", "content": [{"type": "text", "text": "2+2?"}]}]
    assert one(tmp_path, "hmmt", {**row, "prompt": parts}).questions[0].question == "2+2?"
    turns = [*chat, {"role": "assistant", "content": "2"}]
    with pytest.raises(SourceError, match="column `prompt` is a conversation"):
        one(tmp_path, "hmmt", {**row, "prompt": turns})


def test_bad_row_is_reported_and_can_be_skipped(cli: CommandLine, home: Path) -> None:
    (home / "b.csv").write_text("problem,answer\np,1\nq,1001\nr,none\ns,\n")
    refused = cli("questions", "aime", "b.csv")
    assert refused.status == 2
    assert refused.err == (
        "error: b.csv, row 2: has the answer '1001', but AIME answers are whole numbers up to 999"
        " (also row 3, row 4)\n"
        "hint: use --skip-bad-rows to skip 3 of 4 rows and report them\n"
    )
    skipped = cli("questions", "aime", "b.csv", "--skip-bad-rows")
    assert skipped.status == 0
    assert json.loads(skipped.out) == {"id": "aime-00", "question": "p", "answer": "1"}
    assert skipped.err.count("skipped") == 3


def test_a_broken_line_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(LINES + "\n{oops\n")
    (bad,) = convert_benchmark("hmmt", path).bad
    assert bad.location == "row 3 (line 4)"
    assert "is not JSON" in bad.reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("b.json", json.dumps({"train": ROWS, "test": ROWS}), "`train`, `test`"),
        ("b.json", json.dumps({"problem": ["p", "q"], "answer": ["1", "2", "3"]}), "lengths"),
        ("b.json", "[" * 100_000, "nested too deeply"),
        ("b.csv", "problem,answer\np,1,2\n", "row 1: has 3 fields for 2 columns"),
        ("b.json", "3", "does not have a row"),
        ("b.xlsx", "PK", "save the sheet as CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_rejected_with_the_reason(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=reason):
        convert_benchmark("hmmt", tmp_path / name)


def test_tabs_with_stray_quotes_keep_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "b.tsv"
    path.write_text('problem\tanswer\n"Half a quote\t1\nplain\t2\n')
    assert [row[1] for row in read("hmmt", path)] == ['"Half a quote', "plain"]


def test_a_field_may_be_longer_than_csv_allows_by_default(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(f"problem,answer,solution\np,1,{'x' * 200_000}\n")
    assert read("hmmt", path) == [("hmmt-00", "p", "1", None)]


def test_printed_numpy_array_is_not_read_as_one_text(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("question,choices,answer\np,\"['x' 'y']\",0\n")
    with pytest.raises(SourceError, match="not a JSON list of choices"):
        convert_benchmark("mmlu", path)
