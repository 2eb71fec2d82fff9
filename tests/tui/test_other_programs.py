"""A candidate is compared with programs that can be played, wherever it comes from."""

import pytest
from msgspec.structs import replace

from agents.run.directory import RunDirectory
from agents.run.records import StartingProgram
from tests.agents.report.conftest import FREE, LOOSER, Copied
from tests.tui.conftest import WIDE, press, settled, shown
from tui.app import RheostatApp
from tui.model.other_programs import list_other_programs, load_other_program

OTHERS = ["sc", "asc", "r001-1"]
"""What the second candidate is compared with if its parent cannot be played."""


def started_from(run: RunDirectory, **programs: str) -> RunDirectory:
    """The run, as if it had started from these programs."""
    starting = [StartingProgram(name=name, source=text) for name, text in programs.items()]
    run.write("request.json", replace(run.request, starting_programs=starting))
    return run


@pytest.mark.parametrize("parent", ["finishers", "mine"])
async def test_a_child_of_a_template_is_compared_with_a_baseline(
    copied: Copied, parent: str
) -> None:
    run = started_from(copied(), mine=FREE)
    draft = run.draft("r002-1")
    run.store_draft(replace(draft, proposal=replace(draft.proposal, parents=[parent])))
    app = RheostatApp(run.path)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "down", "enter")
        assert "compared with sc" in shown(pilot, "#comparison")
        assert "from sc to r002-1" in shown(pilot, "#difference")
        assert not list(app._notifications)


@pytest.mark.parametrize(
    ("parent", "others"),
    [
        ("", OTHERS), ("finishers", OTHERS), ("gone", OTHERS), ("free", OTHERS),
        ("mine", ["mine", *OTHERS]), ("short", ["short", *OTHERS]), ("cmc", ["cmc", *OTHERS]),
        ("asc", ["asc", "sc", "r001-1"]), ("r001-1", ["r001-1", "sc", "asc"]),
    ],
)  # fmt: skip
def test_a_parent_that_follows_beta_comes_first(
    copied: Copied, parent: str, others: list[str]
) -> None:
    run = started_from(copied(), mine=LOOSER, free=FREE)
    assert list_other_programs(run, parent, ["r001-1"]) == others
    for name in others:
        assert load_other_program(run, name).source.text


def test_a_starting_program_is_the_one_of_the_run(copied: Copied) -> None:
    run = started_from(copied(), cmc=LOOSER)
    assert load_other_program(run, "cmc").source.text == LOOSER
