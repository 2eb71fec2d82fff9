from fractions import Fraction
from itertools import combinations
from pathlib import Path
from statistics import fmean

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.explanation.inspection import (
    RecordingInspection,
    ValueDistribution,
    inspect_recording,
    majority_accuracy,
    pass_at,
)
from harness.mdp.replay import permute_branches
from harness.pages.inspect_page import format_inspection, overview_table, questions_table
from store.autotts import read_autotts
from store.environment import Environment, Item, save
from store.reader import Recording, open_recording
from store.records import Branch, Provenance, Question
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.harness.published_figures import PUBLISHED


def recorded(path: Path, *finals: list[str], interval: int = 500) -> Recording:
    """A recording whose gold answer is always ``a``; chain i has i probes and i + 1 intervals."""
    provenance = Provenance(model="m", benchmark="b", interval=interval, collector="test")
    items = [
        Item(
            Question(id=f"q{index}", gold="a"),
            [
                Branch(answers=["x"] * (nth - 1) + [final] * bool(nth), tokens=500 * nth + 1,
                       final=final)
                for nth, final in enumerate(answers)
            ],
        )
        for index, answers in enumerate(finals)
    ]  # fmt: skip
    save(Environment(provenance, items), path / "r.recording")
    return open_recording(path / "r.recording")


def test_shares_are_means_over_questions(tmp_path: Path) -> None:
    result = inspect_recording(recorded(tmp_path, ["a", "b", "b"], ["a", "a", "a", "b"]))
    assert (result.questions, result.branches, result.branches_per_question) == (2, 7, (3, 4))
    assert result.pass_at_1 == float(Fraction(100 * (4 + 9), 24))  # in full
    assert result.k == 3
    assert result.pass_at_k == 100.0
    # Of the first three of (a, a, a, b) two are right at least; b is two of the other three.
    assert result.majority_at_k == 50.0


def test_a_tie_goes_to_the_first_seen(tmp_path: Path) -> None:
    recording = recorded(tmp_path, ["a", "b"])
    first_dealt = [permute_branches(2, seed)[0] for seed in range(100)]
    assert majority_accuracy(recording.core(0), "a", 2) == Fraction(first_dealt.count(0), 100)
    assert 0 < first_dealt.count(0) < 100


def test_lengths_are_spread_by_the_nearest_rank(tmp_path: Path) -> None:
    result = inspect_recording(recorded(tmp_path, ["a"] * 21))
    assert result.tokens == ValueDistribution(5001.0, 1, 501, 2501, 5001, 7501, 9501, 10001)
    assert result.probes == ValueDistribution(10.0, 0, 1, 5, 10, 15, 19, 20)
    assert result.overrun == 0.0


def test_chains_shorter_than_their_probes_are_counted(tmp_path: Path) -> None:
    # With Δ = 501, chain i has 501 i tokens to its last probe and 500 i + 1 in all.
    result = inspect_recording(recorded(tmp_path, ["a", "a", "a", "a"], interval=501))
    assert result.overrun == 50.0


def test_the_last_probe_is_in_the_last_slice(tmp_path: Path) -> None:
    result = inspect_recording(recorded(tmp_path, ["b", "b", "a"]))
    assert [depth.probes for depth in result.depths] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 2]
    assert (result.depths[4].agreeing, result.depths[4].right) == (0.0, 0.0)
    assert (result.depths[9].agreeing, result.depths[9].right) == (100.0, 50.0)
    assert result.depths[0].agreeing is None


def test_each_question_names_its_most_frequent_wrong_answer(tmp_path: Path) -> None:
    result = inspect_recording(recorded(tmp_path, ["a", "b", "c", "c"], ["a", "a"]), questions=True)
    assert result.per_question is not None
    first, second = result.per_question
    assert (first.id, first.wrong_answer, first.wrong_share, first.answers) == ("q0", "c", 50.0, 3)
    assert (second.wrong_answer, second.wrong_share) == (None, 0.0)


def test_an_unprobed_recording_has_no_depths(tmp_path: Path) -> None:
    provenance = Provenance(model="m", benchmark="b", interval=500, collector="test", probed=False)
    items = [Item(Question(id="q", gold="a"), [Branch(answers=[], tokens=9, final="a")])]
    save(Environment(provenance, items), tmp_path / "r.recording")
    result = inspect_recording(open_recording(tmp_path / "r.recording"))
    assert {depth.probes for depth in result.depths} == {0}
    assert "depth" not in format_inspection(result)
    assert "only with whole reads" in format_inspection(result)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(
    rights: list[bool], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(rights)))
    subsets = [any(subset) for subset in combinations(rights, k)]
    assert pass_at(k, sum(rights), len(rights)) == Fraction(sum(subsets), len(subsets))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("inspection") / "sim.recording"
    reasoner = SimulatedReasoner("sim", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("search", 4, 100)), path)
    return open_recording(path)


def test_figures_agree_with_a_plain_count(simulated: Recording) -> None:
    result = inspect_recording(simulated, questions=True)
    branches = [simulated.branches(index) for index in range(4)]
    shares = [
        fmean(branch.final == question.gold for branch in drawn)
        for question, drawn in zip(simulated.questions, branches, strict=True)
    ]
    assert result.pass_at_1 == pytest.approx(100 * fmean(shares), abs=0.006)
    assert result.k == 64
    flat = [branch for drawn in branches for branch in drawn]
    assert sum(branch.probes for branch in result.depths) == sum(
        len(branch.answers) for branch in flat
    )
    last = [
        (answer == branch.final)
        for branch in flat
        for nth, answer in enumerate(branch.answers, start=1)
        if nth / len(branch.answers) > 0.9
    ]
    assert result.depths[9].probes == len(last)
    assert result.depths[9].agreeing == pytest.approx(100 * fmean(last), abs=0.006)


def widest(text: str) -> int:
    return max(len(line) for line in text.splitlines())


def test_pages_fit_80_columns(simulated: Recording) -> None:
    result = inspect_recording(simulated, questions=True)
    assert widest(format_inspection(result).replace(str(simulated.path), "sim.recording")) <= 80
    provenance = msgspec.structs.replace(result.provenance, model="sim-medium", benchmark="heldout")
    result = msgspec.structs.replace(result, provenance=provenance)
    for table in overview_table([result, result]), questions_table([result, result]):
        assert widest(table.text()) <= 80
        assert Console(width=200).measure(table.rich(80)).maximum <= 80


@pytest.fixture(scope="module")
def released_figures(
    released: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Recording, RecordingInspection]]:
    directory = tmp_path_factory.mktemp("released")
    result = {}
    for model in PUBLISHED:
        path = directory / f"{model}.recording"
        save(read_autotts(released / "aime24" / f"{model}.json"), path)
        recording = open_recording(path)
        result[model] = recording, inspect_recording(recording)
    return result


def test_the_first_of_each_shuffle_gives_the_published_accuracy(
    released_figures: dict[str, tuple[Recording, RecordingInspection]],
) -> None:
    for model, (recording, _) in released_figures.items():
        one_read = next(row for row in PUBLISHED[model] if row.setting == 1)
        shares = [
            majority_accuracy(recording.core(index), question.gold, 1)
            for index, question in enumerate(recording.questions)
        ]
        assert round(float(100 * sum(shares) / len(shares)), 2) == one_read.accuracy


def test_released_recordings_have_the_known_traits(
    released_figures: dict[str, tuple[Recording, RecordingInspection]],
) -> None:
    for _, result in released_figures.values():
        assert (result.questions, result.branches_per_question) == (30, (128, 128))
        assert 14 < result.overrun < 22
        assert result.pass_at_1 < result.majority_at_k < result.pass_at_k
