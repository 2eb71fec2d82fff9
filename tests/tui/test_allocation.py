"""An allocation in the app: its stages, the trials around it, and what is not shown."""

import json

import pytest
from msgspec.structs import replace

from agents.run.directory import RunDirectory
from agents.run.records import ApprovalMode
from harness.cli.main import main
from store.pipelines.schema import (
    Pipeline,
    PipelineModel,
    QuestionResult,
    Stage,
    StageChoice,
    Trial,
)
from tests.agents.report.conftest import log
from tests.tui.conftest import WIDE, press, settled, shown
from tui.app import RheostatApp
from tui.model.trials import list_stages, load_trials
from tui.screens.allocation import AllocationScreen
from tui.screens.dialogs import DecideScreen
from tui.screens.run import RunScreen
from tui.widgets.row_table import RowTable


def trial(*choices: StageChoice, cost: float) -> Trial:
    return Trial(choices=choices, cost=cost, answered=[QuestionResult(question="a", score=1.0)])


def cells(app: RheostatApp) -> list[list[str]]:
    table = app.screen.query_one("#stages", RowTable)
    return [table.row_texts(index) for index in range(table.row_count)]


async def test_enter_opens_an_allocation_and_brackets_go_from_trial_to_trial(
    trials: RunDirectory,
) -> None:
    trials_ = load_trials(trials).trials
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+home", "enter")
        assert isinstance(pilot.app.screen, AllocationScreen)
        assert f"trial 1 of {len(trials_)}" in shown(pilot, "#header")
        await press(pilot, "left_square_bracket")
        assert f"trial 1 of {len(trials_)}" in shown(pilot, "#header")
        await press(pilot, "right_square_bracket")
        assert f"{trials_[1].candidate}  " in shown(pilot, "#header")
        assert [row[0] for row in cells(pilot.app)] == ["retrieve", "answer"]  # type: ignore[arg-type]
        costs = [f"{stage.cost:.4g}" for stage in trials_[1].stages]
        assert [row[2] for row in cells(pilot.app)] == costs  # type: ignore[arg-type]
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, RunScreen)
        await press(pilot, "w")
        assert isinstance(pilot.app.screen, RunScreen)  # the workbench writes controllers


@pytest.mark.slow
async def test_held_out_results_are_hidden_even_after_a_report(
    trials: RunDirectory,
) -> None:
    assert main(["report", str(trials.path), "--open-held-out"]) == 0
    document = json.loads((trials.path / "report.json").read_text())["held_out"]["unseen"]
    gain = 100 * document["gain"]["value"]
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        for keys in (("enter",), ("2",), ("3",), ("4",)):
            await press(pilot, *keys)
            strips = pilot.app.screen._compositor.render_strips()
            whole = "".join(segment.text for strip in strips for segment in strip)
            assert "held out" not in whole.casefold()
            assert f"{gain:+.2f}" not in whole


async def test_the_candidate_that_waits_is_approved_here_and_no_other(
    trials: RunDirectory,
) -> None:
    last = load_trials(trials).trials[-1].candidate
    trials.write("request.json", replace(trials.request, approve=ApprovalMode.EACH))
    (trials.path / "ending.json").unlink()
    log(trials, "waiting", candidate=last)
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+home", "enter", "a")
        assert isinstance(pilot.app.screen, AllocationScreen)  # it does not wait
        await press(pilot, "escape", "ctrl+end", "enter", "a")
        assert isinstance(pilot.app.screen, DecideScreen)
        await press(pilot, "enter", "enter")
    decision = trials.decision(last)
    assert decision is not None
    assert decision.approved


async def test_a_trial_whose_round_goes_on_has_no_figures_yet(trials: RunDirectory) -> None:
    last = load_trials(trials).trials[-1]
    for name in (f"rounds/{int(last.candidate[1:4]):03d}/summary.json", "ending.json"):
        (trials.path / name).unlink()
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+end", "enter")
        assert last.candidate in shown(pilot, "#header")
        assert "Its figures are available when its round is complete." in shown(pilot, "#header")
        assert cells(pilot.app) == []  # type: ignore[arg-type]


PIPELINE = Pipeline(
    name="p",
    models=[PipelineModel(name="small", parameters=3.0)],
    stages=[Stage(name=name, prompt_tokens=128, output_tokens=64) for name in ("one", "two")],
)


def test_a_controllers_cost_is_what_the_other_stages_leave() -> None:
    governed = StageChoice("small", 0, "cmc", 0.5)
    one, two = list_stages(PIPELINE, trial(StageChoice("small", 2), governed, cost=9.5))
    assert (one.cost, two.cost) == (2.0, 7.5)
    both = list_stages(PIPELINE, trial(governed, governed, cost=9.5))
    assert all(recording.cost != recording.cost for recording in both)  # no number is known


@pytest.mark.slow
async def test_trials_that_cost_nothing_are_drawn(trials: RunDirectory) -> None:
    for trial in load_trials(trials).trials:
        place = f"candidates/{trial.candidate}/trial.json"
        trials.write(place, replace(trials.read(place, Trial), cost=0.0))
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "enter", "3")
        assert "for 0" in shown(pilot, "#header")


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 1])
async def test_a_run_without_trials_or_with_one_is_shown(trials: RunDirectory, left: int) -> None:
    for trial in load_trials(trials).trials[left:]:
        for file in ("trial.json", "review.json"):
            (trials.path / "candidates" / trial.candidate / file).unlink()
    async with RheostatApp(trials.path).run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+home", "enter", "2", "3")
        assert isinstance(pilot.app.screen, AllocationScreen)
