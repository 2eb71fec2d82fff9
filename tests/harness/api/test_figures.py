"""Figures from Python equal those of the command line, byte for byte."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from harness.api import Controller, InputError, Recording, RheostatWarning, compare, play, sweep
from harness.api.inline_figure import InlineFigure
from harness.api.progress import track_progress
from harness.presentation.progress_bar import Advance
from tests.command_lines import CommandLine
from tests.harness.small_recordings import MINE


def test_a_sweep_is_the_document_of_the_command(
    recordings: list[Recording], cli: CommandLine
) -> None:
    swept = sweep(["sc", "cmc"], recordings, beta=[0, 1], knobs={"n": [1, 4]}, seeds=3, threads=1)
    result = cli(
        "sweep", "sc", "cmc", "--on", "one.recording", "two.recording", "--set", "n=1,4",
        "--beta", "0,1", "--seeds", "3", "--threads", "1", "--json",
    )  # fmt: skip
    assert result.status == 0
    assert swept.to_json() == result.out


def test_a_comparison_is_the_document_of_the_command(
    recording: Recording, cli: CommandLine
) -> None:
    compared = compare("cmc", "asc", recording, beta="0:1:0.5", seeds=3, threads=1)
    result = cli(
        "compare", "cmc", "asc", "--on", "one.recording", "--beta", "0:1:0.5", "--seeds", "3",
        "--threads", "1", "--json",
    )  # fmt: skip
    assert result.status == 0
    assert compared.to_json() == result.out
    assert compared.overall == compared["one/bench"]
    assert len(compared.points()) == 3
    assert set(compared.questions()["question"]) <= set(recording.question_ids)
    with pytest.raises(InputError, match="did you mean one/bench"):
        compared["one/bensh"]


def test_budget_and_price_of_a_probe_are_those_of_the_command(
    recording: Recording, cli: CommandLine
) -> None:
    swept = sweep("cmc", recording, beta=0.5, seeds=2, budget=9000, kappa=20, threads=1)
    result = cli(
        "sweep", "cmc", "--on", "one.recording", "--beta", "0.5", "--seeds", "2", "--budget",
        "9000", "--kappa", "20", "--threads", "1", "--json",
    )  # fmt: skip
    assert swept.to_json() == result.out


def test_a_program_of_ones_own_is_played_from_text(recording: Recording) -> None:
    swept = sweep([Controller(MINE), "sc"], recording, beta=[0, 1], knobs={"sc.n": 2}, seeds=2)
    assert [(row.controller, row.beta, row.settings) for row in swept.rows] == [
        ("mine", 0.0, {}), ("mine", 1.0, {}), ("sc", None, {"n": 2}),
    ]  # fmt: skip
    table = swept.table()
    assert table["settings.n"].tolist()[-1] == 2
    assert table["accuracy"].tolist() == [row.accuracy for row in swept.rows]
    assert swept.to_pandas()["cost"].tolist() == table["cost"].tolist()


def test_controllers_of_one_name_are_numbered(recording: Recording) -> None:
    swept = sweep([MINE, MINE.replace("2 * beta", "3 * beta")], recording, beta=1, seeds=1)
    assert swept.controllers == ("mine", "mine (2)")


def test_the_frontier_has_no_point_that_a_cheaper_one_matches(recording: Recording) -> None:
    swept = sweep(["sc", "cmc"], recording, beta="0:1:0.25", knobs={"n": [1, 2, 4, 8]}, seeds=2)
    points = swept.frontier().points
    for row in swept.rows:
        dominated = any(
            other.accuracy >= row.accuracy and other.cost <= row.cost
            for other in swept.rows
            if other is not row
        )
        assert (row in points) != dominated
    sequential = swept.frontier(sequential=True).points
    costs = [row.sequential for row in sequential]
    assert costs == sorted(costs)
    assert swept.frontier().table()["cost"].tolist() == [row.cost for row in points]
    with pytest.raises(InputError, match="recording: there is no"):
        swept.frontier("elsewhere")


def test_plots_are_figures_of_matplotlib(recordings: list[Recording]) -> None:
    swept = sweep(["sc", "cmc"], recordings, beta=[0, 1], knobs={"n": [2, 4, 8]}, seeds=1)
    figure = swept.plot()
    assert isinstance(figure, InlineFigure)
    titles = [panel.get_title() for panel in figure.axes if panel.get_visible()]
    assert titles == ["one/bench", "two/bench", "mean"]
    assert figure._repr_png_().startswith(b"\x89PNG")
    [panel] = swept.frontier(sequential=True).plot().axes
    assert panel.get_xlabel() == "sequential tokens for each question"


def test_episodes_are_arrays_whose_means_are_the_figures(recording: Recording) -> None:
    episodes = play("cmc", recording, beta=0.5, seeds=4)
    [row] = sweep("cmc", recording, beta=0.5, seeds=4).rows
    assert episodes.right.shape == (3, 4)
    assert (episodes.accuracy, episodes.cost) == (row.accuracy, row.cost)
    np.testing.assert_allclose(episodes.right.mean() * 100, row.accuracy, atol=0.005)
    gold = np.array([question.gold for question in recording], object)[:, None]
    np.testing.assert_array_equal(episodes.answers == gold, episodes.right)
    assert len(episodes.table()) == 12
    assert episodes.to_pandas()["tokens"].sum() == episodes.tokens.sum()
    with pytest.raises(ValueError, match="read-only"):
        episodes.tokens[0] = 0


def test_several_settings_of_one_play_are_refused(recording: Recording) -> None:
    with pytest.raises(InputError, match="knobs: give one value of each knob here") as caught:
        play("sc", recording, knobs={"n": [1, 2]}, seeds=1)
    assert caught.value.hint == "use `sweep` for several"


def test_a_table_without_rows_has_its_columns(recording: Recording) -> None:
    same = MINE.replace("A small one", "The same under another title")
    differing = compare(MINE, same, recording, beta=1, seeds=1).questions()
    assert len(differing) == 0
    assert {"question", "difference"} <= set(differing.columns)


def test_shortages_are_warnings_at_the_callers_line(recording: Recording) -> None:
    with pytest.warns(RheostatWarning, match="requests 64 branches") as caught:
        sweep("sc", recording, knobs={"n": 64}, seeds=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": 2}, "beta: must be from 0 to 1; got 2.0"),
        ({"beta": []}, "beta: give at least one value"),
        ({"beta": [0.5, 0.5]}, "beta: contains 0.5 twice; give each value once"),
        ({"beta": "0:1:0.3"}, "beta='0:1:0.3': the steps of 0:1:0.3 do not reach its end"),
        ({"knobs": {"m": 1}}, "knobs['m']: none of the controllers has a free knob m"),
        ({"knobs": {"n": "4"}}, "knobs['n']: '4' is not a number"),
        ({"knobs": {"n": []}}, "knobs['n']: give at least one value"),
        ({"knobs": {"esc.n": 1}}, "knobs['esc.n']: there is no controller esc here"),
        ({"knobs": {"n": -1}}, "knobs['n']: `n` takes an integer from 1 to"),
        ({"seeds": 0}, "seeds: must be from 1 to 100,000; got 0"),
        ({"kappa": -1}, "kappa: must be 0 or more; got -1"),
        ({"threads": 0}, "threads: must be 1 or more; got 0"),
    ],
)
def test_an_unfit_argument_is_refused_by_name(
    recording: Recording, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        sweep(["sc", "cmc"], recording, **({"seeds": 1} | arguments))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_controller_or_a_recording_is_given_once(recording: Recording) -> None:
    with pytest.raises(InputError, match="the controller sc is given twice"):
        sweep(["sc", Controller("sc")], recording)
    with pytest.raises(InputError, match="give it once"):
        sweep("sc", [recording, "one.recording"])
    with pytest.raises(InputError, match="on: give at least one recording"):
        sweep("sc", [])


def test_results_are_shown_in_a_notebook(recording: Recording, home: Path) -> None:
    swept = sweep(["sc", "cmc"], recording, beta=[0, 1], knobs={"n": [2, 4, 8]}, seeds=1)
    assert "vs sc" in swept._repr_html_()
    assert swept.frontier()._repr_html_().startswith("<svg")
    assert "cmc against sc" in compare("cmc", "sc", recording, seeds=1)._repr_html_()
    assert "one/bench" in play("cmc", recording, seeds=1)._repr_html_()


def test_a_bar_is_shown_if_requested_and_not_in_a_pipe(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with track_progress("working", 2, shown=None) as advance:
        advance(1)
    assert capfd.readouterr().err == ""
    with track_progress("working", 2, shown=True) as advance:
        advance(2)
    assert capfd.readouterr().err != ""


@pytest.mark.parametrize("options", [{"seeds": 2.5}, {"budget": 1e4}, {"kappa": True}])
def test_a_number_that_is_not_whole_is_refused(
    recording: Recording, options: dict[str, float]
) -> None:
    (name, value) = next(iter(options.items()))
    with pytest.raises(InputError, match=f"{name}: must be a whole number; got {value}"):
        sweep("cmc", recording, **options)  # type: ignore[arg-type]


def test_an_interrupted_sweep_keeps_what_was_played_and_says_how_to_resume(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[int] = []

    @contextmanager
    def interrupt_third(*_: object, **__: object) -> Iterator[Advance]:
        def advance(count: int) -> None:
            played.append(count)
            if len(played) == 3:
                signal.raise_signal(signal.SIGINT)

        yield advance

    with monkeypatch.context() as patched:
        patched.setattr("harness.api.grid_play.track_progress", interrupt_third)
        with pytest.raises(KeyboardInterrupt) as caught:
            sweep("cmc", recording, beta="0:1:0.1", seeds=2, threads=1)
    [note] = caught.value.__notes__
    assert "of 11 settings were done and are cached; call again to resume" in note
    resumed = sweep("cmc", recording, beta="0:1:0.1", seeds=2)
    assert resumed.rows == sweep("cmc", recording, beta="0:1:0.1", seeds=2, cache=False).rows
