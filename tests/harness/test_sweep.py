"""Sweeps from the inside: the grid, the rows, what is kept and what is played."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from harness.engines import ControllerSetting, EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from harness.errors import InputError
from harness.evaluation.bootstrap import Stratum, interval, resample
from harness.evaluation.grid import Grid, GridCell
from harness.evaluation.jobs import ExecutionOptions
from harness.evaluation.result_cache import ResultCache
from harness.evaluation.sweep import (
    SweepRow,
    build_rows,
    describe_sweep_origin,
    find_nearest_cost,
    play_grid,
)
from harness.mdp.environment import load_replay_environment
from harness.mdp.episodes import EpisodeArrays, compute_figures
from harness.request.assignments import expand_assignments
from harness.request.controllers import load_program, load_programs
from harness.request.ranges import parse_betas
from harness.request.recordings import open_recordings
from store.environment import save
from store.jsonl import read_jsonl
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models over one benchmark, and one over another."""
    directory = tmp_path_factory.mktemp("recordings")
    paths = []
    for model, benchmark, questions in (("one", "a", 6), ("two", "a", 6), ("one", "b", 4)):
        reasoner = SimulatedReasoner(model, skill=0.4, verbosity=1.0, noise=0.1, drift=0.1)
        path = directory / f"{model}-{benchmark}.recording"
        save(simulate(reasoner, Benchmark(benchmark, questions, 12)), path)
        paths.append(path)
    return paths


def a_grid(
    controllers: Sequence[str],
    recordings: Sequence[Path],
    settings: Sequence[str] = (),
    beta: str = "0,1",
    seeds: int = 4,
    rules: EpisodeRules = EpisodeRules(),  # noqa: B008
) -> Grid:
    programs = load_programs(controllers)
    return Grid(
        programs,
        expand_assignments(programs, settings),
        parse_betas(beta),
        open_recordings(recordings),
        seeds=seeds,
        rules=rules,
        engine_name="interpreter",
    )


def swept(grid: Grid, workers: int = 1) -> list[SweepRow]:
    return build_rows(grid, play_grid(grid, None, options=ExecutionOptions(workers)).played)


def by_hand(
    name: str, beta: float | None, path: Path, knobs: dict[str, int | float]
) -> EpisodeArrays:
    program = load_program(name)
    replay_environment = load_replay_environment(open_recordings([path])[0].recording)
    return InterpreterEngine().play(
        program.checked, ControllerSetting(beta, knobs), replay_environment, range(4)
    )


def test_rows_are_sorted_by_controller_recording_setting_and_beta(recordings: list[Path]) -> None:
    grid = a_grid(["sc", "cmc"], recordings[:2], ["n=1,4"])
    assert [(r.controller, r.recording, r.settings, r.beta) for r in swept(grid)] == [
        *(("sc", where, {"n": n}, None) for where in ("one/a", "two/a", "mean") for n in (1, 4)),
        *(("cmc", where, {}, b) for where in ("one/a", "two/a", "mean") for b in (0.0, 1.0)),
    ]


def test_figures_are_computed_as_published(recordings: list[Path]) -> None:
    one, two = swept(a_grid(["cmc"], recordings[:1]))
    for row, beta in ((one, 0.0), (two, 1.0)):
        expected = compute_figures(by_hand("cmc", beta, recordings[0], {}))
        assert (row.accuracy, row.cost, row.sequential, row.episodes) == tuple(expected)


def test_the_mean_weighs_every_recording_equally(recordings: list[Path]) -> None:
    result = swept(a_grid(["sc"], recordings, ["n=4"]))
    parts = [by_hand("sc", None, path, {"n": 4}) for path in recordings]
    accuracy = sum(Fraction(int(p.right.sum()), p.right.size) for p in parts) / 3
    cost = sum(Fraction(int(p.tokens.sum()), p.tokens.size) for p in parts) / 3
    assert [row.recording for row in result] == ["one/a", "two/a", "one/b", "mean"]
    assert result[-1].accuracy == round(float(accuracy * 100), 2)
    assert result[-1].cost == int(cost)
    assert result[-1].episodes == sum(row.episodes for row in result[:-1])


def test_intervals_are_by_bootstrap_over_questions(recordings: list[Path]) -> None:
    [row] = swept(a_grid(["sc"], recordings[:1], ["n=1"]))
    right = by_hand("sc", None, recordings[0], {"n": 1}).right
    low, high = interval(resample([Stratum(right.sum(axis=1)[:, None] * 1.0, 4.0)])[:, 0])
    assert (row.accuracy_low, row.accuracy_high) == (round(low * 100, 2), round(high * 100, 2))
    assert row.accuracy_low < row.accuracy < row.accuracy_high


def test_a_resampled_question_includes_its_branches_of_every_model(recordings: list[Path]) -> None:
    mean = swept(a_grid(["sc"], recordings, ["n=1"]))[-1]
    counts = [
        by_hand("sc", None, path, {"n": 1}).right.sum(axis=1).astype(float) for path in recordings
    ]
    shared = Stratum((counts[0] + counts[1])[:, None], 12.0)
    low, high = interval(resample([shared, Stratum(counts[2][:, None], 12.0)])[:, 0])
    assert (mean.accuracy_low, mean.accuracy_high) == (round(low * 100, 2), round(high * 100, 2))


def test_the_difference_is_paired_and_to_the_nearest_cost(recordings: list[Path]) -> None:
    result = swept(a_grid(["sc", "asc"], recordings[:1], ["sc.n=1,12", "asc.n=12"]))
    few, many, adaptive = result
    reference = min((few, many), key=lambda row: abs(np.log(row.cost / adaptive.cost)))
    assert adaptive.difference == pytest.approx(adaptive.accuracy - reference.accuracy, abs=0.011)
    a = by_hand("asc", None, recordings[0], {"n": 12}).right.sum(axis=1).astype(float)
    b = by_hand("sc", None, recordings[0], reference.settings).right.sum(axis=1).astype(float)
    low, high = interval(resample([Stratum((a - b)[:, None], 4.0)])[:, 0])
    assert adaptive.difference_low == pytest.approx(low * 100, abs=0.011)
    assert adaptive.difference_high == pytest.approx(high * 100, abs=0.011)


def test_the_first_controller_has_no_difference_to_itself(recordings: list[Path]) -> None:
    for row in swept(a_grid(["cmc"], recordings[:1])):
        assert (row.difference, row.difference_low, row.difference_high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("cost", "others", "nearest"),
    [(10, [1, 20, 4], 1), (10, [5, 20], 0), (10, [20, 5], 1), (7, [7, 7], 0), (0, [100, 2], 1)],
)
def test_the_nearest_cost_is_nearest_by_ratio(cost: int, others: list[int], nearest: int) -> None:
    assert find_nearest_cost(Fraction(cost), [Fraction(other) for other in others]) == nearest


def test_equal_rows_come_from_any_number_of_processes(recordings: list[Path]) -> None:
    grid = a_grid(["sc", "cmc"], recordings, ["n=1,4"], seeds=2)
    assert swept(grid, workers=2) == swept(grid)


def test_budget_and_price_of_probes_are_applied(recordings: list[Path]) -> None:
    free, priced, bound = (
        swept(a_grid(["cmc"], recordings[:1], beta="1", rules=rules))[0]
        for rules in (EpisodeRules(), EpisodeRules(probe_cost=100), EpisodeRules(budget=5000))
    )
    assert priced.cost > free.cost
    assert bound.cost <= 5000 < free.cost


def test_cached_cells_are_not_played_again(recordings: list[Path], tmp_path: Path) -> None:
    results = ResultCache(tmp_path)
    grid = a_grid(["cmc"], recordings[:2])
    first = play_grid(grid, results)
    wider = a_grid(["sc", "cmc"], recordings[:2], ["n=1"], beta="0,0.5,1")
    second = play_grid(wider, results)
    again = play_grid(wider, results)
    assert (first.reused, second.reused, again.reused) == (0, 4, 8)
    assert build_rows(wider, again.played) == swept(wider)


def test_a_knob_that_is_set_to_its_default_is_the_same_job(recordings: list[Path]) -> None:
    plain = a_grid(["esc"], recordings[:1])
    spelt = a_grid(["esc"], recordings[:1], ["n=64", "size=8"])
    job = plain.job_request(GridCell(0, 0)).job
    assert job == spelt.job_request(GridCell(0, 0)).job
    assert job != a_grid(["esc"], recordings[:1], ["size=4"]).job_request(GridCell(0, 0)).job


def test_an_unwritable_cache_loses_no_row(recordings: list[Path], tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way")
    done = play_grid(a_grid(["cmc"], recordings[:1]), ResultCache(tmp_path))
    assert done.complete
    assert len(done.played) == 2
    assert isinstance(done.cache_error, OSError)


def test_an_interruption_keeps_complete_rows(recordings: list[Path], tmp_path: Path) -> None:
    grid = a_grid(["sc", "cmc"], recordings[:2], ["n=1,2"])
    left = 3

    def stop(done: int) -> None:
        nonlocal left
        left -= done
        if left == 0:
            raise KeyboardInterrupt

    done = play_grid(grid, ResultCache(tmp_path), advance=stop)
    assert not done.complete
    result = build_rows(grid, done.played)
    # Of the second setting, one recording is missing, so its mean is too, and every difference.
    assert [(row.recording, row.settings["n"]) for row in result] == [
        ("one/a", 1), ("one/a", 2), ("two/a", 1), ("mean", 1),
    ]  # fmt: skip
    assert [row.difference for row in result] == [0.0, 0.0, None, None]
    assert play_grid(grid, ResultCache(tmp_path)).reused >= 2


def test_results_hold_their_origin(recordings: list[Path]) -> None:
    result = describe_sweep_origin(a_grid(["cmc"], recordings[:1], rules=EpisodeRules(9, 1)))
    [recording] = open_recordings(recordings[:1])
    [program] = load_programs(["cmc"])
    assert (result.engine, result.seeds, result.budget, result.kappa) == ("interpreter 1", 4, 9, 1)
    assert result.controllers[0]["digest"] == program.digest
    assert result.recordings[0]["digest"] == recording.recording.digest


def test_unmet_needs_are_reported_before_anything_is_played(tmp_path: Path) -> None:
    lines = '{"question": "q", "answer": "1", "branches": [{"tokens": 9, "final": "1"}]}\n'
    (tmp_path / "a.jsonl").write_text(lines)
    path = tmp_path / "a.recording"
    save(read_jsonl(tmp_path / "a.jsonl", model="m", benchmark="b", interval=500), path)
    with pytest.raises(InputError, match="m/b, for cmc: this recording has no probes"):
        a_grid(["sc", "cmc"], [path]).refuse_unmet_needs()
    a_grid(["sc"], [path]).refuse_unmet_needs()
