"""A handmade run of two rounds over two small recordings, with a third one held out."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agents.report.computation import compute_report
from agents.report.evaluation import ReportServices
from agents.report.records import RunReport
from agents.run.directory import RunDirectory, create_run
from agents.run.events import Event
from agents.run.records import (
    BaselineRef,
    Draft,
    Ending,
    Proposal,
    Request,
    ResourceUsage,
    RoundSummary,
)
from agents.search.arena import open_arena
from agents.search.programs import compute_source_digest
from agents.search.review import Incumbent, review_candidate
from harness.evaluation.result_cache import ResultCache
from tests.agents.conftest import request

GOLDEN = Path(__file__).parent / "golden"
SEEDS = 6
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script> & `b` | *c* [d](e) _f_'

STOPPER = """\
controller stopper "Stops when <b>those</b> that are done & agree" {
  schedule {
    rising n     = round(2 * pow(8, beta))
    rising level = 0.6 + 0.3 * beta
  }

  start { open n }

  step {
    advance active
    if confidence(finished) > level { answer winner(finished) because "they agree" }
  }

  finally { answer winner(finished) else winner(alive) }
}
"""
WIDER = STOPPER.replace("2 * pow(8, beta)", "1 * pow(16, beta)")
LOOSER = STOPPER.replace("0.6 +", "0.5 +")
LOST = STOPPER.replace("advance active", "advance activ")
FREE = STOPPER.replace("  schedule {", "  knobs {")
FREE = FREE.replace("rising n     = round(2 * pow(8, beta))", "n     = 4 in 1..16")
FREE = FREE.replace("rising level = 0.6 + 0.3 * beta", "level = 0.8 in 0.5..0.95")

ROUNDS = {
    1: [Proposal(source=STOPPER, words="Stop once they agree.", parents=["asc"])],
    2: [
        Proposal(source=WIDER, words=HOSTILE, parents=["r001-1"]),
        Proposal(source=LOOSER, words="Looser.", parents=["r001-1", "asc"]),
        Proposal(source=LOST, words="Lost.", parents=["r001-1"]),
    ],
}
SAID = {"tried": 7, "fates": {"kept": 3, "worse": 4}, "islands": [{"fit": "whole", "programs": 2}]}

Copied = Callable[..., RunDirectory]


@pytest.fixture(scope="session")
def template(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """The run after its rounds, without an ending."""
    run_request = asked_for(recordings)
    run = create_run(tmp_path_factory.mktemp("report") / "run", run_request)
    play(run)
    log(run, "started", "round", "archived", "round", "archived", "capped")
    return run


def asked_for(recordings: list[Path], **more: object) -> Request:
    """Request of the run: two recordings to search on, one held out."""
    baselines = [
        BaselineRef(controller="sc", settings=[{"n": n} for n in (1, 2, 4, 8)]),
        BaselineRef(controller="asc", settings=[{"n": n} for n in (2, 8)]),
    ]
    held_out = request(recordings[2:]).search
    return request(recordings[:2], seeds=SEEDS, baselines=baselines, held_out=held_out, **more)


def play(run: RunDirectory, rounds: dict[int, list[Proposal]] = ROUNDS) -> None:
    """Review the proposals of the rounds; the first candidate becomes the best."""
    reviews, earlier = [], dict[str, str]()
    best: Incumbent | None = None
    with open_arena(run, workers=1) as arena:
        for number, proposals in rounds.items():
            names = []
            for index, proposal in enumerate(proposals, start=1):
                text = "error[RH201]: no" if proposal.source == LOST else ""
                draft = Draft(
                    candidate=f"r{number:03d}-{index}", proposer="hand", proposal=proposal,
                    diagnostics=text,
                )  # fmt: skip
                review = review_candidate(arena, draft, number, best, earlier)
                run.store_draft(draft)
                run.store_review(review)
                reviews.append(review)
                names.append(draft.candidate)
                earlier.setdefault(compute_source_digest(proposal.source), draft.candidate)
            best = Incumbent("r001-1", proposals[0].source) if best is None else best
            run.write(
                f"rounds/{number:03d}/summary.json",
                RoundSummary(
                    round=number, candidates=names, best=best.name,
                    objective=reviews[0].objective or 0.0,
                    usage=ResourceUsage(evaluations=10 * number), search={"hand": SAID},
                ),
            )  # fmt: skip
    run.write("archive.json", reviews)


def log(run: RunDirectory, *kinds: str, candidate: str | None = None) -> None:
    """Write events to the log, a minute apart."""
    before = len(run.events())
    with run.events_path.open("ab") as file:
        for position, kind in enumerate(kinds, start=before):
            time = START + timedelta(minutes=position)
            event = Event(at=time, kind=kind, session=1, candidate=candidate)  # type: ignore[arg-type]
            file.write(msgspec.json.encode(event) + b"\n")


def end(run: RunDirectory, selected: str | None) -> None:
    """End a run."""
    usage = ResourceUsage(evaluations=30)
    ending = Ending(reason="2 rounds were played", selected=selected, rounds=2, usage=usage)
    run.write("ending.json", ending)
    log(run, "ended", candidate=selected)


@pytest.fixture
def copied(template: RunDirectory, tmp_path: Path) -> Copied:
    """Copy the run and its held-out recording; it has an ending, or continues."""

    def copy(selected: str | None = "r001-1", *, ended: bool = True) -> RunDirectory:
        run = RunDirectory(tmp_path / "run")
        shutil.copytree(template.path, run.path)
        [held_out] = template.request.held_out
        path = tmp_path / held_out.path.name
        shutil.copy(held_out.path, path)
        moved = msgspec.structs.replace(held_out, path=path)
        run.write("request.json", msgspec.structs.replace(template.request, held_out=[moved]))
        if ended:
            end(run, selected)
        return run

    return copy


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> ReportServices:
    """Services whose cached results are shared by all tests."""
    return ReportServices(results=ResultCache(tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="session")
def reported(
    template: RunDirectory, services: ReportServices, tmp_path_factory: pytest.TempPathFactory
) -> RunReport:
    """Figures of the ended run, including those on held-out data."""
    run = RunDirectory(tmp_path_factory.mktemp("reported") / "run")
    shutil.copytree(template.path, run.path)
    end(run, "r001-1")
    return compute_report(run, seeds=SEEDS, held_out=True, services=services)


def golden(name: str, text: str) -> None:
    """Compare a text with a golden file; ``RHEOSTAT_UPDATE_GOLDEN=1`` updates the file."""
    path = GOLDEN / name
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
