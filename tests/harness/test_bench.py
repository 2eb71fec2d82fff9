"""The benchmark compares what its contenders computed; nothing here minds how fast they were."""

import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dsl import library
from dsl.program import load_checked_program
from harness.bench import CONTENDER_NAMES, CellResult, ContenderMeasurement, ContenderTask
from harness.bench.contenders import measure_contender, peak_memory
from harness.bench.plain import PlainCmc, PlainKnobs, beta_cdf
from harness.bench.report import build_report, find_differing_cells
from harness.engines import ControllerSetting
from harness.engines.interpreter import InterpreterEngine
from harness.errors import ExternalError
from harness.mdp.environment import load_replay_environment
from store.environment import save
from store.reader import open_recording
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "small.recording"
    save(simulate(SimulatedReasoner("m", 0.5, 1.0, 0.1, 0.1), Benchmark("b", 3, 16)), path)
    return path


def measured(recording: Path, contender: str) -> ContenderMeasurement:
    task = msgspec.convert(
        {
            "contender": contender, "recordings": [str(recording)], "betas": [0.0, 1.0],
            "seeds": 2, "compared": 2, "repeats": 2,
        },
        ContenderTask,
        dec_hook=lambda kind, value: kind(value),
    )  # fmt: skip
    return measure_contender(task)


def test_all_deciding_contenders_play_the_same_episodes(recording: Path) -> None:
    result = [measured(recording, name) for name in CONTENDER_NAMES if name != "foreign"]
    assert find_differing_cells([measurement for measurement in result if measurement.cells]) == []
    assert [len(measurement.cells) for measurement in result] == [0, 2, 2, 2]
    assert {measurement.episodes for measurement in result} == {12}
    assert len({measurement.reads for measurement in result}) == 1
    assert all(len(measurement.seconds) == 2 for measurement in result)


def test_a_difference_is_reported_with_its_location() -> None:
    def one(contender: str, digest: str) -> ContenderMeasurement:
        cell = CellResult(recording="ab" * 32, beta=0.5, accuracy=50.0, cost=7, digest=digest)
        return msgspec.convert(
            {
                "contender": contender, "episodes": 1, "reads": 1, "seconds": [1.0], "peak": 1,
                "cells": [msgspec.to_builtins(cell)],
            },
            ContenderMeasurement,
        )  # fmt: skip

    both = {"compiled": one("compiled", "x"), "plain": one("plain", "y")}
    [difference] = build_report(both).differing  # type: ignore[arg-type]
    assert difference == (
        "plain differs from compiled on recording abababababab at beta 0.5: 50.0 % at 7 tokens"
        " instead of 50.0 % at 7"
    )


@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_plain_python_plays_as_rheo_does(recording: Path, beta: float) -> None:
    replay_environment, cdf = load_replay_environment(open_recording(recording)), beta_cdf()
    program = load_checked_program(library.load_source("cmc"))
    expected = InterpreterEngine().play(
        program, ControllerSetting(beta), replay_environment, range(3)
    )
    for question, branch_pool in enumerate(replay_environment.branch_pools):
        for seed in range(3):
            ended = PlainCmc(branch_pool, seed, PlainKnobs.at(beta), cdf).play()
            assert ended.tokens == expected.tokens[question, seed]
            assert (
                replay_environment.word(question, ended.answer) == expected.answer[question, seed]
            )


def test_missing_scipy_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ExternalError, match="needs scipy, which is not installed") as error:
        beta_cdf()
    assert error.value.hint == "install it with `pip install scipy`, or give --skip plain"


def test_peak_memory_includes_allocated_memory() -> None:
    before = peak_memory()
    held = np.ones(before // 8 + 4_000_000)
    assert peak_memory() >= held.nbytes


@pytest.mark.slow
def test_the_command_compares_the_contenders(recording: Path, cli: CommandLine) -> None:
    result = cli("bench", "--on", str(recording), "--beta", "0,1", "--seeds", "3", "--json")
    assert result.status == 0
    document = msgspec.json.decode(result.out)
    assert [row["contender"] for row in document["standings"]] == list(CONTENDER_NAMES[:-1])
    assert document["differing"] == []
    assert document["compile_ms"] > 0


def test_a_missing_recording_is_reported(cli: CommandLine) -> None:
    result = cli("bench", "--on", "nowhere.recording")
    assert result.status == 2
    assert "nowhere.recording" in result.err
