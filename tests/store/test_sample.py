from hashlib import blake2b
from itertools import chain
from pathlib import Path
from statistics import fmean

import msgspec
import pytest

from store.environment import Item
from store.errors import StoreError
from store.reader import open_recording
from store.simulated_chains import INTERVAL, MAX_TOKENS, SimulatedReasoner
from store.simulation import (
    BENCHMARKS,
    REASONERS,
    Benchmark,
    make_puzzles,
    simulate,
    write_sample,
)
from store.validation import branch_fault

SEARCH, HELDOUT = BENCHMARKS
CONTENT = "4e36f61c55360bc10a65aa81d329249c"
"""Of every record of the sample, apart from the file format."""


@pytest.fixture(scope="module")
def worlds() -> dict[tuple[str, str], list[Item]]:
    return {
        (reasoner.name, benchmark.name): list(simulate(reasoner, benchmark).items)
        for reasoner in REASONERS
        for benchmark in BENCHMARKS
    }


def shares_of_right(items: list[Item]) -> list[float]:
    return [
        fmean(branch.final == question.gold for branch in branches) for question, branches in items
    ]


def test_the_sample_is_the_same_everywhere(worlds: dict[tuple[str, str], list[Item]]) -> None:
    digest = blake2b(digest_size=16)
    for key, items in worlds.items():
        plain = [(item.question, list(item.branches)) for item in items]
        digest.update(msgspec.msgpack.encode((key, plain)))
    assert digest.hexdigest() == CONTENT


def test_one_branch_does_not_depend_on_how_many_there_are() -> None:
    few = list(simulate(REASONERS[0], Benchmark("search", branches=3)).items)
    many = list(simulate(REASONERS[0], Benchmark("search", branches=5)).items)
    assert [item.question for item in few] == [item.question for item in many]
    assert [list(item.branches) for item in few] == [item.branches[:3] for item in many]


def test_benchmarks_share_no_questions() -> None:
    search, heldout = make_puzzles(SEARCH), make_puzzles(HELDOUT)
    assert not {puzzle.difficulty for puzzle in search} & {puzzle.difficulty for puzzle in heldout}
    assert sorted(puzzle.rank for puzzle in search) == list(range(SEARCH.questions))


def test_every_branch_is_a_valid_record(worlds: dict[tuple[str, str], list[Item]]) -> None:
    for items in worlds.values():
        for branch in chain.from_iterable(item.branches for item in items):
            assert branch_fault(branch, probed=True) is None
            assert len(branch.answers) == (branch.tokens - 1) // INTERVAL
            assert branch.tokens <= MAX_TOKENS


def test_larger_models_are_better(worlds: dict[tuple[str, str], list[Item]]) -> None:
    for benchmark in BENCHMARKS:
        small, medium, large = (
            fmean(shares_of_right(worlds[reasoner.name, benchmark.name])) for reasoner in REASONERS
        )
        assert 0.15 < small < 0.25
        assert 0.4 < medium < 0.55
        assert 0.7 < large < 0.82


def test_harder_questions_take_longer_chains(worlds: dict[tuple[str, str], list[Item]]) -> None:
    for items in worlds.values():
        by_rank = sorted(items, key=lambda item: item.question.difficulty or 0)
        lengths = [fmean(branch.tokens for branch in item.branches) for item in by_rank]
        assert fmean(lengths[:10]) * 2 < fmean(lengths[-10:])
        assert 2_000 < min(lengths) < max(lengths) < 30_000


def test_probe_answers_converge_to_the_final_answer(
    worlds: dict[tuple[str, str], list[Item]],
) -> None:
    for items in worlds.values():
        branches = list(chain.from_iterable(item.branches for item in items))
        early, late = (
            fmean(branch.answers[len(branch.answers) * tenth // 10] == branch.final
                  for branch in branches)
            for tenth in (1, 9)
        )  # fmt: skip
        assert early < 0.3
        assert 0.75 < late < 1.0


def test_signals_correlate_with_correctness(
    worlds: dict[tuple[str, str], list[Item]],
) -> None:
    for items in worlds.values():
        right: list[float] = []
        wrong: list[float] = []
        for question, branches in items:
            for branch in branches:
                assert branch.entropy is not None
                kept = right if branch.final == question.gold else wrong
                kept.append(branch.entropy[-1])
        assert fmean(right) < 0.8 * fmean(wrong)
        assert max(right) > fmean(wrong)


def test_some_branches_think_too_long_and_lose_the_right_answer(
    worlds: dict[tuple[str, str], list[Item]],
) -> None:
    for items in worlds.values():
        lost = [
            question.gold in branch.answers[-3:] and branch.final != question.gold
            for question, branches in items
            for branch in branches
        ]
        assert 0.005 < fmean(lost) < 0.1


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.simulation.BENCHMARKS", (Benchmark("search", 2, 4),))
    monkeypatch.setattr("store.simulation.REASONERS", REASONERS[:2])


@pytest.mark.usefixtures("small_sample")
def test_writing_the_sample_again_keeps_what_is_there(tmp_path: Path) -> None:
    first = list(write_sample(tmp_path))
    before = {written.path: written.path.stat().st_mtime_ns for written in first}
    second = list(write_sample(tmp_path))
    assert [written.kept for written in first] == [False, False]
    assert second == [written._replace(kept=True) for written in first]
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.usefixtures("small_sample")
def test_sample_is_marked_as_simulated(tmp_path: Path) -> None:
    for written in write_sample(tmp_path):
        recording = open_recording(written.path)
        recording.verify()
        assert recording.digest == written.digest
        assert recording.provenance.simulated
        assert recording.signals >= {"entropy", "logprob", "top_logprob"}


@pytest.mark.usefixtures("small_sample")
def test_another_recording_of_that_name_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = write_sample(tmp_path)
    other = SimulatedReasoner("sim-small", skill=0.9, verbosity=1.0, noise=0.0, drift=0.0)
    monkeypatch.setattr("store.simulation.REASONERS", (other,))
    with pytest.raises(StoreError, match="not the sample"):
        list(write_sample(tmp_path))
    assert open_recording(first.path).digest == first.digest
