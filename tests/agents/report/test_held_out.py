"""Held-out recordings: only the report opens them, and logs it."""

import msgspec
import pytest

from agents.report.body import build_blocks
from agents.report.card import export_controller
from agents.report.computation import compute_report
from agents.report.evaluation import ReportServices
from agents.report.markdown import render_markdown
from agents.report.terminal import format_terminal_summary
from agents.report.writer import write_report
from agents.run.directory import RunDirectory
from agents.run.events import count_minutes
from harness.errors import InputError
from store.environment import save
from store.errors import StoreError
from store.simulation import Benchmark, simulate
from tests.agents.conftest import REASONERS
from tests.agents.report.conftest import SEEDS, Copied, end


def openings(run: RunDirectory) -> list[list[str]]:
    return [event.data["programs"] for event in run.events() if event.kind == "opened"]


@pytest.mark.slow
def test_only_a_report_that_opens_held_out_data_needs_the_file(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    run.request.held_out[0].path.unlink()
    export_controller(run, "r001-1", None)
    assert "r001-1" in format_terminal_summary(run, 80, services=services)
    assert write_report(run, seeds=SEEDS, held_out=False, services=services).unseen is None
    assert openings(run) == []
    with pytest.raises(StoreError):
        compute_report(run, seeds=SEEDS, services=services)


def test_replaced_held_out_recording_is_refused_and_nothing_is_written(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    [held_out] = run.request.held_out
    held_out.path.unlink()
    save(simulate(REASONERS[0], Benchmark("small", questions=12, branches=16)), held_out.path)
    with pytest.raises(InputError) as caught:
        write_report(run, seeds=SEEDS, services=services)
    sentence = str(caught.value)
    assert sentence.startswith(f"{held_out.path}: is not the recording that was held")
    assert held_out.digest in (caught.value.hint or "")
    assert openings(run) == []
    assert not run.has("report.md")


def test_held_out_data_is_opened_after_a_run_with_a_winner(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    report = compute_report(run, seeds=SEEDS, services=services)
    assert report.unseen is not None
    assert [recording.label for recording in report.unseen.recordings] == ["strong/small"]
    assert openings(run) == [["r001-1", "r002-1", "r002-2"]]
    assert "Opened once, by the report, at" in render_markdown(build_blocks(report))


@pytest.mark.parametrize("ended", [True, False])
def test_held_out_data_stays_closed_without_a_winner(
    copied: Copied, services: ReportServices, ended: bool
) -> None:
    run = copied(None, ended=ended)
    assert compute_report(run, seeds=SEEDS, thorough=False, services=services).unseen is None
    assert openings(run) == []
    run_request = compute_report(run, seeds=SEEDS, held_out=True, thorough=False, services=services)
    assert run_request.unseen is not None


@pytest.mark.slow
def test_opening_is_logged_again_only_for_new_programs(
    copied: Copied, services: ReportServices
) -> None:
    run = copied()
    for _ in range(2):
        compute_report(run, seeds=SEEDS, thorough=False, services=services)
    assert len(openings(run)) == 1
    source = run.source("r001-1").replace("0.3 * beta", "0.35 * beta")
    run.write_text("candidates/r001-1/source.rheo", source)
    end(run, "r001-1")
    report = compute_report(run, seeds=SEEDS, thorough=False, services=services)
    assert openings(run) == [["r001-1", "r002-1", "r002-2"], ["r001-1"]]
    assert "Opened by the report, 2 times" in render_markdown(build_blocks(report))


def test_opening_does_not_count_as_work(copied: Copied, services: ReportServices) -> None:
    run = copied()
    before = count_minutes(run.events())
    report = compute_report(run, seeds=SEEDS, thorough=False, services=services)
    assert len(run.events()) == 8
    assert count_minutes(run.events()) == before == report.cost.minutes == 6.0


def test_report_states_that_nothing_was_held_out(copied: Copied, services: ReportServices) -> None:
    run = copied()
    run.write("request.json", msgspec.structs.replace(run.request, held_out=[]))
    report = compute_report(run, seeds=SEEDS, thorough=False, services=services)
    assert report.unseen is None
    assert "Nothing was held out." in render_markdown(build_blocks(report))
    with pytest.raises(InputError, match="this run has no held-out data"):
        compute_report(run, seeds=SEEDS, held_out=True, services=services)
