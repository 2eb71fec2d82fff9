"""Benchmark figure: mean curves over seeds, by trials and by cost."""

from pathlib import Path

import msgspec
import pytest

from agents.allocation.benchmark.figure import curve_by_cost, curve_by_trials, main
from tests.agents.allocation.benchmark.runs import run


def test_mean_curve_has_the_interval_of_its_standard_error() -> None:
    curve = curve_by_trials([run(0, 0.5, 0.9), run(1, 0.7, 0.8), run(2, 0.6, 1.0)])
    assert list(curve.x) == [1, 2]
    assert curve.mean == pytest.approx([60, 90])
    assert curve.error == pytest.approx([1.96 * 10 / 3**0.5] * 2)


def test_exhausted_space_keeps_its_last_value() -> None:
    assert curve_by_trials([run(0, 0.5), run(1, 0.5, 0.7, 0.9)]).mean == pytest.approx([50, 60, 70])


def test_cost_curve_counts_a_trial_once_it_is_paid() -> None:
    cheap_run = run(0, 0.5, 0.9)  # half a budget for each trial
    other = run(1, 0.6, 0.8)
    assert curve_by_cost([cheap_run]).x == [0.5, 0.75, 1.0]
    assert curve_by_cost([cheap_run]).mean == pytest.approx([50, 50, 90])
    assert curve_by_cost([cheap_run, other]).mean == pytest.approx([55, 55, 85])
    assert list(curve_by_cost([cheap_run]).error) == [0, 0, 0]


def test_figure_is_reproducible_and_has_a_panel_per_setting(tmp_path: Path) -> None:
    lines = [run(0, 0.9, 0.95), run(0, 0.8, 0.9, without="sizes")]
    lines.append(run(0, 0.8, 0.9, proposer="random", without="sizes"))
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    for name in ("one.svg", "other.svg"):
        main([str(file), "-o", str(tmp_path / name)])
    picture = (tmp_path / "one.svg").read_text()
    assert picture == (tmp_path / "other.svg").read_text()
    for words in ("all observations", "without sizes", "agent", "random"):
        assert f"<!-- {words} -->" in picture
    assert "without coupling" not in picture
