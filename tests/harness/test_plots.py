"""Pictures: what they depend on, that no data ends a command, that curves can be told apart."""

import itertools
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from harness.evaluation.cost_axis import CostAxis
from harness.evaluation.curve_styles import COLOURS, VERMILION, curve_style
from harness.evaluation.sweep import SweepRow
from harness.pages.sweep_plots import draw_figure, plot_in_terminal, render_svg
from tests.command_lines import CommandLine
from tests.harness.small_recordings import tiny


def row(controller: str = "sc", cost: int = 1000, accuracy: float = 50.0) -> SweepRow:
    """A row of a sweep."""
    return SweepRow(
        controller=controller, recording="m/b", beta=None, settings={}, accuracy=accuracy,
        cost=cost, sequential=cost, episodes=1, accuracy_low=accuracy, accuracy_high=accuracy,
        difference=None, difference_low=None, difference_high=None,
    )  # fmt: skip


ROWS = [row(cost=1000), row(cost=9000, accuracy=70.0), row("cmc", 4000, 65.0)]


# In characters


def test_a_plot_in_a_pipe_ignores_the_terminal_size(
    cli: CommandLine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny(home / "r.recording")
    seen = set()
    for columns, lines in (("20", "3"), ("80", "24"), ("300", "100")):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("LINES", lines)
        result = cli("sweep", "sc", "asc", "--on", "r.recording", "--set", "n=1,2,4",
                     "--frontier")  # fmt: skip
        assert result.status == 0
        assert "●" in result.out
        seen.add(result.out)
    assert len(seen) == 1


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_points_that_are_not_finite_are_skipped(bad: float) -> None:
    with_gap = [*ROWS[:1], row(cost=3000, accuracy=bad), *ROWS[1:], row("esc", 5000, bad)]
    assert plot_in_terminal(with_gap, "m/b") == plot_in_terminal(ROWS, "m/b")


@pytest.mark.parametrize("rows", [[], [row(accuracy=float("nan"))]])
def test_a_plot_without_points_is_replaced_by_a_message(rows: list[SweepRow]) -> None:
    assert plot_in_terminal(rows, "m/b").splitlines()[1:] == ["(no points to plot)"]


def test_a_curve_of_one_point_is_drawn() -> None:
    assert "●" in plot_in_terminal([row(), row()], "m/b")
    assert "●" in plot_in_terminal([row(cost=0, accuracy=0.0)], "m/b")


def test_a_crash_of_the_plot_process_does_not_end_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plotext 6.1 aborts on a line with a gap, and no exception can be caught."""
    monkeypatch.setattr("harness.pages.sweep_plots.finite", list)
    monkeypatch.setattr("harness.pages.sweep_plots._range", lambda values: (0.0, 100.0))
    drawn = plot_in_terminal([row(), row(cost=2000, accuracy=float("nan")), row(cost=3000)], "m/b")
    assert "(the plot could not be drawn: plotext ended with status" in drawn
    assert drawn.splitlines()[-1] == "● sc"


def test_a_plot_does_not_import_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plotext.py").write_text("raise SystemExit(9)\n")
    assert "●" in plot_in_terminal(ROWS, "m/b")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "(the plot could not be drawn:" in plot_in_terminal(ROWS, "m/b")


# As SVG


@pytest.mark.parametrize("name", ["_mine", "a$b$c", "a$\\frac$", "中文模型", "\x1b[31m", "<b>&"])
def test_a_plot_names_every_controller_by_its_label(name: str) -> None:
    """Warnings are errors here: a script that a font lacks is none."""
    picture = ET.fromstring(render_svg([*ROWS, row(name)]))
    assert name.replace("\x1b", r"\x1b") in list(picture.itertext())


# Colours

_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Matrices over linear RGB, of Machado, Oliveira and Fernandes (2009), at full severity."""


def linear(colour: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """A colour as linear RGB."""
    parts = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
    """Linear RGB as CIE L*a*b*."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


@pytest.mark.parametrize("blindness", _BLINDNESS)
def test_every_two_colours_differ_with_any_colour_blindness(blindness: str) -> None:
    matrix = np.array(_BLINDNESS[blindness])
    for one, other in itertools.combinations((VERMILION, *COLOURS), 2):
        apart = np.subtract(lab(matrix @ linear(one)), lab(matrix @ linear(other)))
        assert np.linalg.norm(apart) > 15, (one, other)


@pytest.mark.parametrize("page", ["#ffffff", "#0d1117"])
def test_every_colour_shows_on_light_and_dark_pages(page: str) -> None:
    weights = [0.2126, 0.7152, 0.0722]
    ground = float(linear(page) @ weights)
    for colour in (VERMILION, *COLOURS):
        low, high = sorted((float(linear(colour) @ weights), ground))
        assert (high + 0.05) / (low + 0.05) > 2


def test_curves_differ_without_colour_as_well() -> None:
    styles = [curve_style(index) for index in range(30)]
    assert len(set(styles)) == 30
    assert len({(style.marker, style.dash) for style in styles}) == 30


@pytest.mark.parametrize(("controllers", "is_inside"), [(2, True), (6, True), (7, False)])
def test_a_legend_of_many_names_is_beside_the_curves(controllers: int, is_inside: bool) -> None:
    rows = [row(f"c{index}", 1000 * (index + 1)) for index in range(controllers)]
    figure = draw_figure(Figure(layout="constrained"), rows, CostAxis.TOKENS)
    figure.draw_without_rendering()
    panel = figure.axes[0]
    legend = panel.get_legend()
    assert legend is not None
    assert bool(legend.get_window_extent().x0 < panel.bbox.x1) is is_inside
    assert legend.get_window_extent().x1 <= figure.bbox.x1
