"""Recordings that do not fit in memory: questions are read as needed, and nothing else changes."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from dsl import library
from dsl.program import load_checked_program
from harness.engines import ControllerSetting
from harness.engines.compiled import CompiledEngine
from harness.engines.dense import DenseQuestions
from harness.engines.interpreter import InterpreterEngine
from harness.mdp import recorded_pools
from harness.mdp.environment import ReplayEnvironment, load_replay_environment
from harness.mdp.recorded_pools import number_answers, pool_columns, pool_signals
from harness.mdp.replay import BranchPool
from store.environment import Environment, Item, save
from store.errors import DamagedRecording
from store.reader import Recording, open_recording
from store.records import Branch, Core
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate

REASONER = SimulatedReasoner("sim", skill=0.5, verbosity=0.6, noise=0.1, drift=0.1)
SIGNALS = ("entropy", "logprob", "top_logprob")
SEEDS = range(3)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "r.recording"
    save(simulate(REASONER, Benchmark("b", 7, 16)), path)
    return path


@pytest.fixture
def recording(path: Path) -> Recording:
    return open_recording(path)


def in_memory(recording: Recording) -> ReplayEnvironment:
    """The same recording with all branch pools built."""
    environment = load_replay_environment(recording)
    return ReplayEnvironment(list(environment.branch_pools), environment.gold)


def test_columns_of_a_recording_are_those_of_its_pools(recording: Recording) -> None:
    read, held = load_replay_environment(recording), in_memory(recording)
    assert read.probed == held.probed
    assert read.signals == held.signals == set(SIGNALS)
    for question in range(len(held.branch_pools)):
        assert read.interval(question) == held.interval(question)
        assert read.words(question) == held.words(question)
        one, other = read.columns(question), held.columns(question)
        assert one.answers == other.answers
        for name in ("counts", "probes", "tokens", "final"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        signals, others = (each.signal_columns(question, SIGNALS) for each in (read, held))
        for name in SIGNALS:
            np.testing.assert_array_equal(signals[name].counts, others[name].counts)
            np.testing.assert_array_equal(signals[name].values, others[name].values)


@pytest.mark.parametrize("program", ["cmc", "entropy_gate"])
@pytest.mark.parametrize("kept", [0, 3_000, 1 << 20], ids=["none", "some", "all"])
@pytest.mark.parametrize("threads", [1, 2])
def test_results_do_not_depend_on_what_is_kept(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, program: str, kept: int, threads: int
) -> None:
    original = DenseQuestions.__init__
    monkeypatch.setattr(
        DenseQuestions,
        "__init__",
        lambda self, environment, signals=(): original(self, environment, signals, kept),
    )
    checked = load_checked_program(library.load_source(program))
    setting = ControllerSetting(0.5 if checked.scheduled else None)
    expected = InterpreterEngine().play(checked, setting, in_memory(recording), SEEDS)
    engine, environment = CompiledEngine(threads=threads), load_replay_environment(recording)
    for _ in range(2):
        played = engine.play(checked, setting, environment, SEEDS)
        for name, values in expected._asdict().items():
            np.testing.assert_array_equal(getattr(played, name), values)


def test_kept_arrays_stay_below_the_limit(recording: Recording) -> None:
    environment = load_replay_environment(recording)
    whole = DenseQuestions(environment, SIGNALS)
    dense = DenseQuestions(environment, SIGNALS, 20_000)
    for _ in range(2):
        for question in range(len(dense.branches)):
            arrays = dense.question(environment, question, SIGNALS)
            expected = whole.question(environment, question, SIGNALS)
            np.testing.assert_array_equal(arrays.answers, expected.answers)
            for name in SIGNALS:
                np.testing.assert_array_equal(
                    arrays.signals[name].values, expected.signals[name].values
                )
        kept = [*dense._answers.values(), *dense._signals.values()]
        sizes = [part.nbytes for each in kept for part in each if isinstance(part, np.ndarray)]
        assert 0 < sum(sizes) <= 20_000


def test_signals_are_read_only_for_programs_that_need_them(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    original = Recording.signal_columns

    def counting(self: Recording, question: int, names: list[str]) -> object:
        read.append(question)
        return original(self, question, names)

    monkeypatch.setattr(Recording, "signal_columns", counting)
    environment = load_replay_environment(recording)
    for program, expected in (("sc", 0), ("entropy_gate", 7)):
        checked = load_checked_program(library.load_source(program))
        CompiledEngine(threads=1).play(checked, ControllerSetting(), environment, SEEDS)
        assert len(read) == expected


def test_only_the_last_pools_and_columns_are_kept(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_pools, "KEPT_POOLS", 2)
    monkeypatch.setattr("store.reader.KEPT_CORES", 2)
    pools = load_replay_environment(recording).branch_pools
    first = pools[0]
    assert pools[0] is first
    assert [len(pool.chains) for pool in pools] == [16] * 7
    assert pools[0] is not first
    assert pools[0] == first
    assert len(recording._cores) == 2
    assert recording.branch_count(0) == recording.branch_count(6) == 16


def test_pools_are_a_sequence(recording: Recording) -> None:
    pools = load_replay_environment(recording).branch_pools
    assert pools[-1] == pools[6]
    assert list(pools[2:4]) == [pools[2], pools[3]]
    with pytest.raises(IndexError):
        pools[7]


def test_damage_is_reported_when_its_question_is_read(path: Path, tmp_path: Path) -> None:
    content = bytearray(path.read_bytes())
    entry = open_recording(path)._index.blocks[-3]  # the columns of the last question
    content[entry.offset + 40] ^= 1
    damaged = tmp_path / "damaged.recording"
    damaged.write_bytes(content)
    environment = load_replay_environment(open_recording(damaged))
    assert environment.words(0)
    checked = load_checked_program(library.load_source("sc"))
    for engine in (CompiledEngine(threads=1), CompiledEngine(threads=2), InterpreterEngine()):
        with pytest.raises(DamagedRecording):
            engine.play(checked, ControllerSetting(), environment, SEEDS)


def test_answers_in_another_order_are_numbered_as_they_appear() -> None:
    def array(*numbers: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        return np.array(numbers, np.int32)

    core = Core(
        answers=("unused", "a", "b", "c"),
        counts=array(2, 0),
        probes=array(3, 1),
        tokens=np.array([1000, 400]),
        final=array(3, 2),
    )
    numbered = number_answers(core)
    assert numbered.answers == ("c", "a", "b")
    assert numbered.probes.tolist() == [0, 1]
    assert numbered.final.tolist() == [0, 2]
    again = number_answers(numbered)
    assert again is numbered


def test_pools_without_chains_have_columns() -> None:
    pool = BranchPool([], 500)
    assert pool_columns(pool).answers == ()
    assert pool_signals(pool, SIGNALS) == {}


def test_recording_with_few_signals_offers_those(tmp_path: Path, recording: Recording) -> None:
    question = recording.questions[0]
    branches = [
        replace(branch, logprob=None if index else branch.logprob, top_logprob=None)
        for index, branch in enumerate(recording.branches(0))
    ]
    assert all(isinstance(branch, Branch) for branch in branches)
    save(Environment(recording.provenance, [Item(question, branches)]), tmp_path / "few.recording")
    environment = load_replay_environment(open_recording(tmp_path / "few.recording"))
    assert environment.signals == {"entropy"}
    assert environment.branch_pools[0].chains[0].logprob is None
