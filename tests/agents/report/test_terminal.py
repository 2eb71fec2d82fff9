"""The terminal summary of a run."""

import re

import pytest

from agents.report.computation import compute_report
from agents.report.evaluation import ReportServices
from agents.report.terminal import format_terminal_summary
from tests.agents.report.conftest import SEEDS, Copied, log


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(
    copied: Copied, services: ReportServices, width: int
) -> None:
    run = copied()
    report = compute_report(run, seeds=SEEDS, thorough=False, services=services)
    text = format_terminal_summary(run, width, report=report)
    # Paths are never broken, so long paths give long lines.
    lines = [line for line in text.splitlines() if "/" not in line or "stopper" in line]
    assert [line for line in lines if len(line) > min(width, 100)] == []


def test_summary_has_tables_frontier_course_and_next_steps(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    text = format_terminal_summary(run, 80, services=services)
    for content in (
        "Selected is r001-1, the controller\nstopper, “Stops when",
        "the search set, over 2 recordings",
        "● r001-1",
        "objective over rounds:",
        "cost: 2 rounds, 4 candidates, 30 programs played, 6.0 minutes of work",
        "rheostat profile ",
        "--open-held-out",
    ):
        assert content in text
    assert re.search(r"^controller +weak/small +able/small$", text, re.MULTILINE)
    assert "what was held out, over" not in text


def test_printed_commands_can_be_run_unchanged(copied: Copied, services: ReportServices) -> None:
    run = copied()
    text = format_terminal_summary(run, 80, services=services)
    todo = text.partition("\nnext\n")[2]
    assert all(len(line) <= 80 or len(line.split()) <= 2 for line in todo.splitlines())
    joined = re.sub(r" \\\n +", " ", todo)
    commands = [line.strip() for line in joined.splitlines() if line.startswith("  ")][::2]
    assert [command.split()[:2] for command in commands] == [
        ["cat", str(run.candidate_path("r001-1") / "source.rheo")],
        ["rheostat", "profile"],
        ["rheostat", "report"],
    ]
    on = commands[1].partition("--on ")[2].split()
    assert on == [str(recording.path) for recording in run.request.search]


def test_summary_of_a_waiting_run_shows_the_decision_commands(
    copied: Copied, services: ReportServices
) -> None:
    run = copied(ended=False)
    log(run, "waiting", candidate="r001-1")
    text = format_terminal_summary(run, 80, services=services)
    assert re.search(r"rheostat approve .*r001-1", re.sub(r" \\\n +", " ", text))
    assert re.search(r"rheostat reject .*r001-1", re.sub(r" \\\n +", " ", text))
    assert "--open-held-out" not in text


def test_summary_of_a_stopped_run_shows_the_resume_command(
    copied: Copied, services: ReportServices
) -> None:
    assert "--resume" in format_terminal_summary(copied(ended=False), 80, services=services)
