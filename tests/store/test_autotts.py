import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.autotts import read_autotts
from store.environment import Environment, save
from store.errors import SourceError, StoreError
from store.reader import open_recording
from store.records import Branch, Question


def question(**changed: object) -> dict[str, Any]:
    return {
        "question": "What is 1 + 1?",
        "gold_answer": "2",
        "probe_freq": 500,
        "final_answers_trace": ["2", "3"],
        "each_branch": [[["ERR", "2"], 1200, "2"], [[], 300, "3"]],
        **changed,
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "sums" / "tiny.json"
    path.parent.mkdir()
    return path


def read(source: Path, *questions: object) -> Environment:
    source.write_text(json.dumps(questions), encoding="utf-8")
    return read_autotts(source)


def refusal(source: Path, *questions: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(source, *questions)
    assert caught.value.path == source
    return caught.value


def test_a_file_becomes_questions_and_branches(source: Path) -> None:
    environment = read(source, question(), question(question="And 2 + 2?", gold_answer="4"))
    first, second = environment.items
    assert first.question == Question(id="sums-00", gold="2", text="What is 1 + 1?")
    assert second.question.id == "sums-01"
    assert first.branches == [
        Branch(answers=["ERR", "2"], tokens=1200, final="2"),
        Branch(answers=[], tokens=300, final="3"),
    ]


def test_names_default_to_those_of_the_file_and_its_directory(source: Path) -> None:
    provenance = read(source, question()).provenance
    assert (provenance.model, provenance.benchmark) == ("tiny", "sums")
    assert provenance.interval == 500
    assert provenance.source == "tiny.json"
    assert provenance.licence is not None


def test_names_can_be_overridden(source: Path) -> None:
    source.write_text(json.dumps([question()]), encoding="utf-8")
    environment = read_autotts(source, model="m", benchmark="b")
    assert (environment.provenance.model, environment.provenance.benchmark) == ("m", "b")
    assert [item.question.id for item in environment.items] == ["b-00"]


@pytest.mark.parametrize(
    ("changed", "place", "problem"),
    [
        ({"each_branch": [[["2"], "9", "2"]]}, "$[0].each_branch[0][1]", "expected `int`"),
        ({"each_branch": [[["2"], 9.5, "2"]]}, "$[0].each_branch[0][1]", "expected `int`"),
        ({"each_branch": [[["2"], -1, "2"]]}, "$[0].each_branch[0][1]", ">= 0"),
        ({"each_branch": [[["2"], 10**30, "2"]]}, "$[0].each_branch[0][1]", "<="),
        ({"each_branch": [[["2", 3], 9, "2"]]}, "$[0].each_branch[0][0][1]", "expected `str`"),
        ({"each_branch": [[["2"], 9]]}, "$[0].each_branch[0]", "length 3"),
        ({"each_branch": []}, "$[0].each_branch", "no branches"),
        ({"probe_freq": 0}, "$[0].probe_freq", ">= 1"),
        ({"probe_freq": True}, "$[0].probe_freq", "expected `int`"),
        ({"gold_answer": 2}, "$[0].gold_answer", "expected `str`"),
        ({"final_answers_trace": ["2"]}, "$[0].final_answers_trace", "1 final answers for 2"),
        ({"final_answers_trace": ["2", "4"]}, "$[0].final_answers_trace[1]", "ends with '3'"),
    ],
)
def test_a_malformed_field_is_named_by_its_path(
    source: Path, changed: dict[str, Any], place: str, problem: str
) -> None:
    error = refusal(source, question(**changed))
    assert error.location == place
    assert problem in error.problem


@pytest.mark.parametrize(
    "field", ["question", "gold_answer", "probe_freq", "final_answers_trace", "each_branch"]
)
def test_a_missing_field_is_named(source: Path, field: str) -> None:
    broken = question()
    del broken[field]
    error = refusal(source, question(question="another"), broken)
    assert error.location == "$[1]"
    assert f"`{field}`" in error.problem


def test_mixed_intervals_are_rejected(source: Path) -> None:
    error = refusal(source, question(), question(question="another", probe_freq=250))
    assert error.location == "$[1].probe_freq"
    assert "250, but 500" in error.problem


def test_duplicate_question_is_rejected(source: Path) -> None:
    error = refusal(source, question(), question())
    assert error.location == "$[1].question"
    assert "$[0]" in error.problem


def test_an_empty_list_is_rejected(source: Path) -> None:
    assert "no questions" in refusal(source).problem


def test_unknown_fields_are_ignored(source: Path) -> None:
    assert read(source, question(note={"deep": [1, 2]})).provenance.model == "tiny"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"", None),
        (b'[{"question": "cut o', None),
        (b'{"a": 1}', "$"),
        (b"[] []", "byte 4"),
        (b"\xff\xfe", "byte 0"),
        (b'[{"note": ' + b"[" * 100_000, None),
    ],
)
def test_unrelated_json_is_rejected(source: Path, text: bytes, place: str | None) -> None:
    source.write_bytes(text)
    with pytest.raises(SourceError) as caught:
        read_autotts(source)
    assert caught.value.location == place


def test_recording_is_written_atomically(source: Path, tmp_path: Path) -> None:
    environment = read(source, question())
    broken = Environment(environment.provenance, [*environment.items, *environment.items])
    target = tmp_path / "out" / "tiny.recording"
    with pytest.raises(StoreError, match="sums-00"):
        save(broken, target)
    assert list(target.parent.iterdir()) == []
    digest = save(environment, target)
    assert open_recording(target).digest == digest
    assert [path.name for path in target.parent.iterdir()] == ["tiny.recording"]


def test_existing_recording_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    environment = read(source, question())
    target = tmp_path / "tiny.recording"
    target.write_text("precious", encoding="utf-8")
    with pytest.raises(StoreError, match="already exists"):
        save(environment, target)
    assert target.read_text(encoding="utf-8") == "precious"


def test_released_data_is_imported_unchanged(released: Path, tmp_path: Path) -> None:
    source = released / "aime24" / "Qwen3-4B.json"
    save(read_autotts(source), tmp_path / "r.recording")
    recording = open_recording(tmp_path / "r.recording")
    recording.verify()
    for index, whole in enumerate(json.loads(source.read_bytes())):
        taken = recording.branches(index)
        assert recording.questions[index].gold == whole["gold_answer"]
        assert recording.questions[index].text == whole["question"]
        assert [[b.answers, b.tokens, b.final] for b in taken] == whole["each_branch"]


def outcome(path: Path) -> int | SourceError:
    try:
        return len(list(read_autotts(path).items))
    except SourceError as error:
        return error


@given(cut=st.integers(0), put=st.binary(max_size=4), skipped=st.integers(0, 4))
def test_corrupted_file_is_read_or_rejected_with_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, cut: int, put: bytes, skipped: int
) -> None:
    whole = json.dumps([question(), question(question="And 2 + 2?")]).encode()
    cut %= len(whole)
    path = tmp_path_factory.getbasetemp() / "mangled.json"
    path.write_bytes(whole[:cut] + put + whole[cut + skipped :])
    match outcome(path):
        case SourceError() as error:
            assert error.path == path
            assert "\n" not in str(error)
        case questions:
            assert questions == 2
