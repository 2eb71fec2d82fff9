import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.environment import Environment, save
from store.errors import SourceError
from store.jsonl import read_jsonl
from store.reader import open_recording
from store.records import Branch, Greedy, Question


def branch(**changed: object) -> dict[str, Any]:
    return {"tokens": 1200, "final": "2", "probes": ["ERR", "2"], **changed}


def line(**changed: object) -> dict[str, Any]:
    return {"question": "1 + 1?", "answer": "2", "branches": [branch()], **changed}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "mine.jsonl"


def read(source: Path, *lines: object) -> Environment:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    source.write_text(text, encoding="utf-8")
    return read_jsonl(source, model="m", benchmark="b", interval=500)


def refusal(source: Path, *lines: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(source, *lines)
    assert caught.value.path == source
    return caught.value


def test_every_field_is_imported(source: Path) -> None:
    signals: dict[str, Any] = {
        "finish": "stop",
        "seed": 7,
        "raw": ["?", "so 2"],
        "final_raw": "it is 2",
        "probe_tokens": [4, 5],
        "entropy": [1.5, 0.25],
        "logprob": [-0.5, -0.25, -0.125],
        "top_logprob": [-9.0, -9.5],
        "text": "one and one. two",
        "token_ids": [1, 2, 3],
        "sentences": [12, 16],
        "paragraphs": [16],
    }
    given = line(
        id="q",
        choices=["2", "3"],
        greedy={"answer": "2", "tokens": 900},
        difficulty=0,
        branches=[branch(**signals)],
    )
    environment = read(source, given)
    [item] = environment.items
    assert item.question == Question(
        id="q",
        gold="2",
        text="1 + 1?",
        choices=["2", "3"],
        greedy=Greedy(answer="2", tokens=900),
        difficulty=0,
    )
    assert item.branches == [Branch(answers=["ERR", "2"], tokens=1200, final="2", **signals)]
    assert environment.provenance.probed


@pytest.mark.parametrize("name", ["logprob", "top_logprob"])
def test_log_probability_above_0_is_refused_with_its_place(source: Path, name: str) -> None:
    error = refusal(source, line(), line(branches=[branch(), branch(**{name: [-0.5, 0.25]})]))
    assert error.location == f"line 2, $.branches[1].{name}[1]"
    assert "a log-probability is at most 0, and this is 0.25" in str(error)


def test_log_probability_of_0_is_imported(source: Path) -> None:
    environment = read(source, line(branches=[branch(logprob=[0.0, -0.0])]))
    [item] = environment.items
    assert item.branches[0].logprob == [0.0, -0.0]


def test_missing_ids_are_generated(source: Path) -> None:
    environment = read(source, line(), line(id="mine"), line())
    assert [item.question.id for item in environment.items] == ["b-00", "mine", "b-02"]


def test_recording_without_probes_is_marked(source: Path, tmp_path: Path) -> None:
    environment = read(source, line(branches=[{"tokens": 700, "final": "2"}] * 2))
    assert not environment.provenance.probed
    save(environment, tmp_path / "r.recording")
    recording = open_recording(tmp_path / "r.recording")
    assert not recording.provenance.probed
    assert recording.core(0).counts.tolist() == [0, 0]


def test_a_short_chain_may_have_an_empty_list_of_probes(source: Path) -> None:
    assert read(source, line(branches=[branch(probes=[]), branch()])).provenance.probed


def test_probes_are_required_for_all_branches_or_none(source: Path) -> None:
    error = refusal(source, line(), line(branches=[{"tokens": 700, "final": "2"}]))
    assert error.location == "line 2, $.branches[0]"
    assert "no probes, unlike the first" in error.problem


@pytest.mark.parametrize(
    ("changed", "place", "problem"),
    [
        ({"tokens": "1"}, "$.branches[0].tokens", "expected `int`"),
        ({"tokens": -1}, "$.branches[0].tokens", ">= 0"),
        ({"final": None}, "$.branches[0].final", "expected `str`"),
        ({"entropi": [1.0]}, "$.branches[0]", "`entropi`"),
        ({"entropy": [1.0]}, "$.branches[0]", "entropy has 1 items for 2"),
        ({"logprob": [1.0] * 4}, "$.branches[0]", "logprob has 4 items for 2"),
        ({"raw": []}, "$.branches[0]", "raw has 0 items for 2"),
        ({"sentences": [3]}, "$.branches[0]", "sentences is given without the text"),
        ({"text": "abc", "sentences": [4]}, "$.branches[0]", "sentences must rise"),
        ({"token_ids": [-5]}, "$.branches[0].token_ids[0]", ">= 0"),
    ],
)
def test_a_malformed_branch_is_named_by_line_and_path(
    source: Path, changed: dict[str, Any], place: str, problem: str
) -> None:
    error = refusal(source, line(), line(branches=[branch(**changed)]))
    assert error.location == f"line 2, {place}"
    assert problem in error.problem


@pytest.mark.parametrize(
    ("given_line", "place", "problem"),
    [
        (line(branches=[]), "$.branches", "no branches"),
        (line(id=""), "$.id", "empty"),
        (line(answer=2), "$.answer", "expected `str`"),
        (line(gold="2"), "$", "`gold`"),
        ([1], "$", "expected `object`"),
    ],
)
def test_a_malformed_question_is_named_by_line_and_path(
    source: Path, given_line: object, place: str, problem: str
) -> None:
    error = refusal(source, line(), given_line)
    assert error.location == f"line 2, {place}"
    assert problem in error.problem


def test_duplicate_ids_are_rejected(source: Path) -> None:
    error = refusal(source, line(id="q"), line(), line(id="q"))
    assert error.location == "line 3, $.id"
    assert "line 1" in error.problem


def test_generated_id_may_not_clash_with_an_explicit_one(source: Path) -> None:
    assert refusal(source, line(id="b-01"), line()).location == "line 2, $.id"


def test_empty_lines_are_skipped_but_counted(source: Path) -> None:
    source.write_text(f"\n  \n{json.dumps(line())}\n\n{{oops\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"line 5, byte 1: not JSON"):
        read_jsonl(source, model="m", benchmark="b", interval=500)


def test_an_empty_file_is_rejected(source: Path) -> None:
    source.write_text("\n", encoding="utf-8")
    with pytest.raises(SourceError, match="no questions"):
        read_jsonl(source, model="m", benchmark="b", interval=500)


@given(text=st.text(), answers=st.lists(st.text(), max_size=5), tokens=st.integers(0, 2**48))
def test_any_text_is_preserved(
    tmp_path_factory: pytest.TempPathFactory, text: str, answers: list[str], tokens: int
) -> None:
    directory = tmp_path_factory.mktemp("jsonl")
    given_branch = {"tokens": tokens, "final": text, "probes": answers}
    environment = read(directory / "x.jsonl", line(answer=text, branches=[given_branch]))
    save(environment, directory / "x.recording")
    recording = open_recording(directory / "x.recording")
    assert recording.questions[0].gold == text
    assert recording.branches(0) == [Branch(answers=answers, tokens=tokens, final=text)]
