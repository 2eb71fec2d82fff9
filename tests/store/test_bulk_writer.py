"""A recording written at once has the bytes of one that was collected, and the same faults."""

import math
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from store.columns import ColumnBranches, collect_columns
from store.environment import Environment, Item, save
from store.errors import StoreError
from store.reader import open_recording
from store.records import Branch, Question
from tests.store.recordings import PROVENANCE, Content, contents, write

QUESTION = Question(id="q", gold="7")
BRANCH = Branch(answers=["7", "8"], tokens=1200, final="8", entropy=[0.5, 0.25])


def environment(content: Content, *, columns: bool = False) -> Environment:
    items = [
        Item(question, ColumnBranches(collect_columns(branches)) if columns else branches)
        for question, branches in zip(content.questions, content.branches, strict=True)
    ]
    return Environment(content.provenance, items)


@given(content=contents())
def test_bytes_are_those_of_a_collected_recording(
    tmp_path_factory: pytest.TempPathFactory, content: Content
) -> None:
    folder = tmp_path_factory.mktemp("both")
    digests = {
        write(folder / "collected", content),
        save(environment(content), folder / "at-once"),
        save(environment(content, columns=True), folder / "columns"),
    }
    assert len(digests) == 1
    written = {path.read_bytes() for path in folder.iterdir()}
    assert len(written) == 1
    open_recording(folder / "columns").verify()


def test_written_recording_is_read_only(tmp_path: Path) -> None:
    path = tmp_path / "r.recording"
    save(Environment(PROVENANCE, [Item(QUESTION, [BRANCH])]), path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o222 == 0
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_questions_are_consumed_one_at_a_time(tmp_path: Path) -> None:
    alive = 0

    class Counted(list[Branch]):
        def __init__(self) -> None:
            nonlocal alive
            super().__init__([BRANCH] * 3)
            alive += 1

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    most = 0

    def items() -> Iterator[Item]:
        nonlocal most
        for number in range(5):
            yield Item(replace(QUESTION, id=str(number)), Counted())
            most = max(most, alive)

    save(Environment(PROVENANCE, items()), tmp_path / "r.recording")
    assert most <= 2


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"tokens": -1}, "tokens is -1; it must be from 0 to 2\\*\\*48"),
    ({"tokens": (1 << 48) + 1}, "tokens is 281474976710657"),
    ({"tokens": (1 << 64) - 1}, "tokens is 18446744073709551615"),
    ({"tokens": 1 << 70}, "cannot be recorded: "),
    ({"tokens": "many"}, r"cannot be recorded: Expected `int`, got `str` - at `\$\.tokens`"),
    ({"entropy": [0.5]}, "entropy has 1 items for 2 answers"),
    ({"entropy": [0.5, math.nan]}, "entropy contains a NaN"),
    ({"logprob": [0.5] * 4}, "logprob has 4 items for 2 answers"),
    ({"probe_tokens": [1, -1]}, "probe_tokens contains a number below 0"),
    ({"probe_tokens": [1, (1 << 64) - 1]}, "probe_tokens contains a number below 0 or above"),
    ({"raw": ["a"]}, "raw has 1 items for 2 answers"),
    ({"token_ids": [-1]}, "token_ids contains a number below 0"),
    ({"sentences": [1]}, "sentences is given without the text"),
    ({"text": "ab", "paragraphs": [3]}, "paragraphs must rise from 0"),
    ({"final": "\ud800"}, "cannot be recorded: "),
]


@pytest.mark.parametrize(("change", "message"), FAULTS)
def test_fault_names_its_branch_and_leaves_nothing(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    branches = [BRANCH, replace(BRANCH, **change)]
    with pytest.raises(StoreError, match=f"question 'q', branch 1: {message}"):
        save(Environment(PROVENANCE, [Item(QUESTION, branches)]), tmp_path / "r.recording")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"), [fault for fault in FAULTS if "cannot" not in fault[1]]
)
def test_columns_have_the_same_faults(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    try:
        branches = ColumnBranches(collect_columns([BRANCH, replace(BRANCH, **change)]))
    except OverflowError:
        pytest.skip("no column holds this number")
    with pytest.raises(StoreError, match=f"question 'q', branch 1: {message}"):
        save(Environment(PROVENANCE, [Item(QUESTION, branches)]), tmp_path / "r.recording")


def test_probes_are_refused_where_the_provenance_has_none(tmp_path: Path) -> None:
    unprobed = replace(PROVENANCE, probed=False)
    with pytest.raises(StoreError, match="branch 0: it has answers at probes"):
        save(Environment(unprobed, [Item(QUESTION, [BRANCH])]), tmp_path / "r.recording")


def test_question_without_branches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="question 'q': it has no branches"):
        save(Environment(PROVENANCE, [Item(QUESTION, [])]), tmp_path / "r.recording")


def test_recording_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="contains no questions"):
        save(Environment(PROVENANCE, []), tmp_path / "r.recording")


def test_two_questions_of_one_id_are_refused(tmp_path: Path) -> None:
    items = [Item(QUESTION, [BRANCH])] * 2
    with pytest.raises(StoreError, match="question 'q': a question with this id"):
        save(Environment(PROVENANCE, items), tmp_path / "r.recording")


@given(content=contents())
def test_columns_read_as_the_branches_that_they_hold(content: Content) -> None:
    for branches in content.branches:
        columns = ColumnBranches(collect_columns(branches))
        assert len(columns) == len(branches)
        assert list(columns) == list(branches)
        assert columns[-1] == branches[-1]
        assert columns[:2] == list(branches[:2])
