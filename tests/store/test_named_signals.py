"""Named signals: declared in the provenance, checked in every branch, imported from JSON Lines."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from store.environment import Environment, Item, save
from store.errors import DamagedRecording, MissingSignal, SourceError, StoreError
from store.importing.named_signals import SignalFault, StatedSignal, parse_statement
from store.jsonl import read_jsonl
from store.reader import open_recording
from store.records import Branch, Question, SignalDeclaration, SignalScope
from store.writer import RecordingWriter
from tests.store.recordings import PROVENANCE, Content, read_all, write

REWARD = SignalDeclaration(
    scope="branch", meaning="of a judge", unit="points", direction="higher", source="judge 1"
)
DECLARED = replace(
    PROVENANCE,
    signals={
        "reward": REWARD,
        "p_true": SignalDeclaration(scope="probe"),
        "certainty": SignalDeclaration(scope="interval"),
    },
)
FULL = Branch(
    answers=["1", "7"], tokens=1200, final="7",
    signals={"reward": [0.5], "p_true": [0.25, 0.75], "certainty": [1.0, 2.0, 3.0]},
)  # fmt: skip
QUESTION = Question(id="q", gold="7")


def test_named_signals_are_read_back_like_the_others(tmp_path: Path) -> None:
    other = replace(FULL, signals={"reward": [-1.5], "p_true": [0.5, 0.5], "certainty": [1.0, 2.0]})
    write(tmp_path / "x", Content(DECLARED, (QUESTION,), [[FULL, other]]))
    assert read_all(tmp_path / "x").branches == [[FULL, other]]
    recording = open_recording(tmp_path / "x")
    assert recording.signals == {"reward", "p_true", "certainty"}
    assert recording.provenance.signals["reward"] == REWARD
    certainty = recording.signal(0, "certainty")
    assert certainty.counts.tolist() == [3, 2]
    assert certainty.values.tolist() == [1.0, 2.0, 3.0, 1.0, 2.0]


def test_only_recordings_with_named_signals_are_of_version_2(tmp_path: Path) -> None:
    plain = Branch(answers=["7"], tokens=700, final="7")
    write(tmp_path / "plain", Content(PROVENANCE, (QUESTION,), [[plain]]))
    write(tmp_path / "named", Content(DECLARED, (QUESTION,), [[FULL]]))
    save(Environment(DECLARED, [Item(QUESTION, [FULL])]), tmp_path / "bulk")
    versions = [(tmp_path / name).read_bytes()[8] for name in ("plain", "named", "bulk")]
    assert versions == [1, 2, 2]
    assert (tmp_path / "bulk").read_bytes() == (tmp_path / "named").read_bytes()


def test_journal_with_named_signals_is_resumed(tmp_path: Path) -> None:
    with RecordingWriter.create(tmp_path / "x", DECLARED) as writer:
        writer.add_question(QUESTION)
        writer.add_branch("q", 0, FULL)
    assert (tmp_path / "x").read_bytes()[8] == 2
    with RecordingWriter.resume(tmp_path / "x") as writer:
        assert writer.provenance == DECLARED
        writer.add_branch("q", 1, FULL)
        writer.seal()
    assert read_all(tmp_path / "x").branches == [[FULL, FULL]]


def test_a_signal_that_one_branch_lacks_is_unavailable(tmp_path: Path) -> None:
    bare = replace(FULL, signals={"reward": [1.0]})
    write(tmp_path / "x", Content(DECLARED, (QUESTION,), [[FULL, bare]]))
    recording = open_recording(tmp_path / "x")
    recording.verify()
    assert recording.signals == {"reward"}
    with pytest.raises(MissingSignal, match="does not have p_true for every branch"):
        recording.signal(0, "p_true")


@pytest.mark.parametrize(
    ("signals", "problem"),
    [
        ({"mood": [1.0]}, "signal mood is not declared"),
        ({"reward": [1.0, 2.0]}, "signal reward is per branch and has 2 values; one is needed"),
        ({"p_true": [1.0]}, "signal p_true is per probe and has 1 values for 2 probes"),
        ({"certainty": [1.0]}, "signal certainty is per interval and has 1 values; 2 or 3 are"),
        ({"reward": [float("inf")]}, "signal reward contains a value that is not finite"),
        ({"reward": [float("nan")]}, "signal reward contains a value that is not finite"),
    ],
)
@pytest.mark.parametrize("journal", [False, True])
def test_wrong_values_are_refused_with_their_place(
    tmp_path: Path, signals: dict[str, list[float]], problem: str, journal: bool
) -> None:
    content = Content(DECLARED, (QUESTION,), [[FULL, replace(FULL, signals=signals)]])
    items = [Item(QUESTION, content.branches[0])]
    record = (
        partial(write, tmp_path / "x", content)
        if journal
        else partial(save, Environment(DECLARED, items), tmp_path / "x")
    )
    with pytest.raises(StoreError, match=problem) as caught:
        record()
    assert caught.value.location == "question 'q', branch 1"


def test_branch_of_one_interval_has_a_value_for_it(tmp_path: Path) -> None:
    short = Branch(answers=[], tokens=300, final="7", signals={"certainty": []})
    with pytest.raises(StoreError, match="per interval and has 0 values; 1 are needed"):
        save(Environment(DECLARED, [Item(QUESTION, [short])]), tmp_path / "x")


@pytest.mark.parametrize("name", ["", "9x", "a-b", "é", "x" * 65, "entropy", "tokens", "tail_x"])
def test_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str) -> None:
    provenance = replace(PROVENANCE, signals={name: REWARD})
    with pytest.raises(StoreError, match="cannot be the name of a signal"):
        RecordingWriter.create(tmp_path / "x", provenance)


def test_part_that_is_neither_of_the_format_nor_declared_is_damage(tmp_path: Path) -> None:
    write(tmp_path / "x", Content(DECLARED, (QUESTION,), [[FULL]]))
    content = (tmp_path / "x").read_bytes()
    (tmp_path / "y").write_bytes(content.replace(b"\xa6p_true", b"\xa6p_trux"))
    with pytest.raises(DamagedRecording):
        open_recording(tmp_path / "y").verify()


# From JSON Lines


def imported(folder: Path, *branches: dict[str, Any], **stated: StatedSignal) -> Environment:
    source = folder / "mine.jsonl"
    line = {"question": "1 + 1?", "answer": "2", "branches": list(branches)}
    source.write_text(json.dumps(line), encoding="utf-8")
    return read_jsonl(source, model="m", benchmark="b", interval=500, stated=stated)


def branch(probes: int, *values: float) -> dict[str, Any]:
    return {
        "tokens": 500 * probes + 1,
        "final": "2",
        "probes": ["2"] * probes,
        "signals": {"reward": list(values)},
    }


@pytest.mark.parametrize(
    ("branches", "scope"),
    [
        ([branch(2, 0.5), branch(3, 0.25)], "branch"),
        ([branch(0, 0.5), branch(0, 0.25)], "branch"),
        ([branch(2, 0.5, 0.25), branch(3, 1, 2, 3)], "probe"),
        ([branch(2, 0.5, 0.25), branch(3, 1, 2, 3, 4)], "interval"),
        ([branch(1, 0.5, 0.25), branch(0, 1)], "interval"),
    ],
)
def test_scope_follows_from_the_number_of_values(
    tmp_path: Path, branches: list[dict[str, Any]], scope: SignalScope
) -> None:
    environment = imported(tmp_path, *branches)
    assert environment.provenance.signals == {"reward": SignalDeclaration(scope=scope)}
    [item] = environment.items
    assert [one.signals["reward"] for one in item.branches] == [
        one["signals"]["reward"] for one in branches
    ]


@pytest.mark.parametrize("branches", [[branch(1, 0.5)], [branch(1, 0.5), branch(0, 0.5)]])
def test_scope_that_is_not_clear_must_be_stated(
    tmp_path: Path, branches: list[dict[str, Any]]
) -> None:
    with pytest.raises(SourceError, match="state it with --signal reward=branch or --signal"):
        imported(tmp_path, *branches)
    environment = imported(tmp_path, *branches, reward=StatedSignal(scope="interval"))
    assert environment.provenance.signals["reward"].scope == "interval"


def test_statement_that_the_values_contradict_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is per probe and has 1 values for 2 probes") as caught:
        imported(tmp_path, branch(2, 0.5), reward=StatedSignal(scope="probe"))
    assert caught.value.location == "line 1, $.branches[0].signals"


def test_numbers_of_no_scope_are_refused(tmp_path: Path) -> None:
    branches = branch(3, 1), branch(1, 1, 2)
    problem = "neither one value for each branch, nor one for each .*--signal reward=branch, to"
    with pytest.raises(SourceError, match=problem):
        imported(tmp_path, *branches)
    with pytest.raises(SourceError, match="is per branch and has 2 values") as caught:
        imported(tmp_path, *branches, reward=StatedSignal(scope="branch"))
    assert caught.value.location == "line 1, $.branches[1].signals"


@pytest.mark.parametrize(
    ("value", "location", "problem"),
    [
        ('["high"]', "[0]", "expected `float`, got `str`"),
        ("[1, null]", "[1]", "expected `float`, got `null`"),
        ('{"mean": 1}', "", "expected `float | array`, got `object`"),
        ("[1, 1e999]", "[1]", "number out of range"),
    ],
)
@pytest.mark.parametrize("later", ["", ', "tokens": "many"'], ids=["alone", "with a later error"])
def test_an_error_inside_of_signals_names_the_signal(
    tmp_path: Path, value: str, location: str, problem: str, later: str
) -> None:
    signals = f'{{"certainty": [0.5], "reward": {value}, "p_true": [0.25]}}'
    good = '{"tokens": 9, "final": "2"}'
    branches = f'[{good}, {{"signals": {signals}, "final": "2"{later}}}]'
    source = tmp_path / "mine.jsonl"
    source.write_text(f'{{"question": "?", "answer": "2", "branches": {branches}}}')
    with pytest.raises(SourceError, match=re.escape(problem)) as caught:
        read_jsonl(source, model="m", benchmark="b", interval=500)
    assert caught.value.location == f"line 1, $.branches[1].signals.reward{location}"


def test_every_scope_that_the_numbers_leave_open_can_be_stated(tmp_path: Path) -> None:
    stated = "--signal reward=branch or --signal reward=probe or --signal reward=interval"
    with pytest.raises(SourceError, match=stated):
        imported(tmp_path, branch(1, 0.5))


def test_single_number_is_the_value_of_the_branch(tmp_path: Path) -> None:
    one = branch(2, 0.5) | {"signals": {"reward": 0.5}}
    [item] = imported(tmp_path, one).items
    assert item.branches[0].signals == {"reward": [0.5]}


def test_statement_about_an_absent_signal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no branch has a signal rewrd; did you mean reward\?"):
        imported(tmp_path, branch(2, 0.5), rewrd=StatedSignal(scope="branch"))


def test_statement_names_scope_direction_unit_and_meaning() -> None:
    assert parse_statement("reward=branch") == ("reward", StatedSignal(scope="branch"))
    text = "reward=unit=points,higher,branch,meaning=of a judge, as it is"
    assert parse_statement(text) == (
        "reward",
        StatedSignal("branch", "higher", "points", "of a judge, as it is"),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("reward", "write NAME=branch, NAME=probe or NAME=interval"),
        ("reward=", "write NAME=branch"),
        ("reward=brunch", "'brunch' describes no signal; did you mean branch?"),
        ("reward=branch,probe", "states two values of scope"),
        ("9x=branch", "'9x' cannot be the name of a signal"),
    ],
)
def test_malformed_statement_is_refused(text: str, problem: str) -> None:
    with pytest.raises(SignalFault, match=problem.replace("?", "[?]")):
        parse_statement(text)


REPLACED = ['"branches": []', '"branches": 5', '"branches": [{"signals": [1]}]']


@pytest.mark.parametrize("rest", ["", ', "x": [', f', "x": {"[" * 5000}', *REPLACED])
def test_a_wrong_value_is_reported_whatever_follows_it(tmp_path: Path, rest: str) -> None:
    wrong = '{"final": "7", "tokens": 5, "signals": {"reward": "high"}}'
    text = f'{{"question": "?", "answer": "7", "branches": [{wrong}]'
    text += f", {rest}}}" if rest in REPLACED else rest
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(SourceError, match=r"expected `float \| array`, got `str`"):
        read_jsonl(tmp_path / "x.jsonl", model="m", benchmark="b", interval=500)
