"""An episode from Python, action by action."""

import pytest

from harness.api import InputError, Recording, trace
from tests.command_lines import CommandLine
from tests.harness.small_recordings import MINE


def test_a_trace_is_the_document_of_the_command(recording: Recording, cli: CommandLine) -> None:
    traced = trace("cmc", recording, question="bench-01", seed=3, beta=0.3)
    arguments = (
        "trace", "cmc", "--on", "one.recording", "--question", "1", "--seed", "3", "--beta", "0.3",
    )  # fmt: skip
    assert traced.to_json() == cli(*arguments, "--json").out
    assert repr(traced) + "\n" == cli(*arguments).out


def test_the_steps_of_a_trace_add_up_to_its_tokens(recording: Recording) -> None:
    traced = trace(MINE, recording, question=2, beta=1)
    steps = traced.steps()
    assert steps["charged"].sum() == traced.tokens
    assert steps["tokens"][-1] == traced.tokens
    assert steps["verb"][0] == "open"
    assert steps["verb"][-1] == "answer"
    assert list(steps["branches"][0]) == [0, 1, 2, 3]
    assert (traced.answer == traced.gold) == traced.is_right
    assert sum(row["alive"] + row["pruned"] for row in traced.votes()) == len(traced.branches())


def test_a_controller_without_a_schedule_ignores_beta(recording: Recording) -> None:
    assert trace("sc", recording, knobs={"n": 2}, beta=0.1).about["controller"] == "sc (library)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"knobs": {"n": [1, 2]}}, "knobs: give one value of each knob here"),
        ({"question": "bench-7"}, "there is no question 'bench-7'"),
        ({"seed": -1}, "seed: must be 0 or more; got -1"),
        ({"budget": -1}, "budget: must be 0 or more; got -1"),
    ],
)
def test_an_unfit_argument_is_refused(
    recording: Recording, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        trace("sc", recording, **arguments)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_a_trace_is_shown_as_tables_in_a_notebook(recording: Recording) -> None:
    shown = trace(MINE, recording)._repr_html_()
    assert shown.count("<table>") == 2
    assert "open n because" in shown
