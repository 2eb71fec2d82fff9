"""A run of three rounds over a small search set whose questions and answers are marked.

Every answer contains a word that occurs nowhere else, and so does the text of every question.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec
import pytest

from agents.run.directory import RunDirectory, create_run, open_run
from agents.run.records import (
    BaselineRef,
    Decision,
    Draft,
    Proposal,
    RecordingRef,
    Request,
    ResourceUsage,
    ReviewVerdict,
    RoundSummary,
)
from agents.search.arena import Arena, open_arena
from agents.search.programs import compute_source_digest
from agents.search.review import Incumbent, review_candidate
from dsl.diagnostics import render_all
from dsl.program import analyse_program
from dsl.source import Source
from harness.request.recordings import open_recordings
from store.environment import Environment, Item, save
from store.records import Branch
from store.simulated_chains import FAILED, SimulatedReasoner
from store.simulation import Benchmark, simulate

SECRET = "quagga"
"""Marker in every answer and every question."""

BASELINES = [
    BaselineRef(controller="sc", settings=[{"n": n} for n in (1, 2, 4, 8)]),
    BaselineRef(controller="asc", settings=[{"n": n} for n in (2, 8)]),
]
REASONERS = (
    SimulatedReasoner("weak", skill=0.3, verbosity=1.1, noise=0.1, drift=0.05),
    SimulatedReasoner("able", skill=0.6, verbosity=1.0, noise=0.07, drift=0.05),
    SimulatedReasoner("strong", skill=0.8, verbosity=0.9, noise=0.05, drift=0.05),
)

STOPPER = """\
controller stopper "Stops when those that are done agree" {
  schedule {
    rising n     = round(2 * pow(6, beta))
    rising level = 0.6 + 0.3 * beta
  }

  start { open n }

  step {
    advance active
    if count(finished) > 20 { stop }
    if confidence(finished) > level { answer winner(finished) because "they agree" }
    prune first 1 of (active where .streak >= 6 and .answer != winner(finished))
  }

  finally { answer winner(finished) else winner(alive) }
}
"""
WIDER = STOPPER.replace("2 * pow(6, beta)", "3 * pow(5, beta)")
BACKWARDS = (
    'controller back "Turns the wrong way" {\n'
    "  schedule { falling n = round(8 - 7 * beta) }\n"
    "  start { sample n }\n"
    "  finally { answer winner(finished) }\n"
    "}\n"
)
BROKEN = STOPPER.replace("advance active", "advance activ").replace("winner(alive)", "winer(alive)")

ROUNDS = {
    1: [
        Proposal(source=STOPPER, words="Stop once the finished agree.", parents=["asc"]),
        Proposal(source=BACKWARDS, words="Fewer and fewer."),
    ],
    2: [
        Proposal(source=WIDER, words="Begin wider.", parents=["r001-1"]),
        Proposal(source=BROKEN, words="Prune sooner.", parents=["r001-1"]),
        Proposal(source=STOPPER, words="As it was.", parents=["r001-1"]),
    ],
    3: [Proposal(source=WIDER.replace("0.6 +", "0.5 +"), words="Looser.", parents=["r002-1"])],
}

Opened = Callable[..., AbstractContextManager[Arena]]


def spelt(environment: Environment) -> Environment:
    """A simulated environment with marked answers and questions."""

    def word(answer: str) -> str:
        return answer if answer == FAILED else f"{SECRET} {answer}"

    def branch(recorded: Branch) -> Branch:
        answers = [word(answer) for answer in recorded.answers]
        return msgspec.structs.replace(recorded, answers=answers, final=word(recorded.final))

    items = [
        Item(
            msgspec.structs.replace(
                item.question,
                gold=word(item.question.gold),
                text=f"Which {SECRET} is it?",
                greedy=None,
            ),
            [branch(recorded) for recorded in item.branches],
        )
        for item in environment.items
    ]
    return Environment(environment.provenance, items)


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run after three rounds: a best, a kept, a refused, an unsound and a repeated candidate."""
    folder = tmp_path_factory.mktemp("feedback")
    paths = []
    for reasoner in REASONERS:
        paths.append(folder / f"{reasoner.name}.recording")
        save(spelt(simulate(reasoner, Benchmark("small", questions=12, branches=16))), paths[-1])
    refs = [
        RecordingRef(label=label, path=recording.path, digest=recording.digest)
        for label, recording in open_recordings(paths)
    ]
    run_request = Request(
        search=refs, seeds=6, screening=3, betas=[0.0, 0.25, 0.5, 0.75, 1.0], baselines=BASELINES
    )
    run = create_run(folder / "run", run_request)
    _play(run)
    run.decide(Decision(candidate="r001-2", approved=False, note="It\nfalls.", by="ann"))
    run.decide(Decision(candidate="r001-1", approved=True, note="Go on from here.", by="ann"))
    return run


def _play(run: RunDirectory) -> None:
    reviews, earlier = [], dict[str, str]()
    best: Incumbent | None = None
    with open_arena(run, workers=1) as arena:
        for number, proposals in ROUNDS.items():
            names = []
            for position, proposal in enumerate(proposals, start=1):
                draft = _draft(f"r{number:03d}-{position}", proposal)
                review = review_candidate(arena, draft, number, best, earlier)
                if draft.candidate == "r001-1":
                    review = msgspec.structs.replace(review, verdict=ReviewVerdict.BEST, reasons=[])
                run.store_draft(draft)
                run.store_review(review)
                reviews.append(review)
                names.append(draft.candidate)
                earlier.setdefault(compute_source_digest(proposal.source), draft.candidate)
            best = Incumbent("r001-1", STOPPER)
            summary = RoundSummary(
                round=number,
                candidates=names,
                best=best.name,
                objective=50.0,
                usage=ResourceUsage(),
            )
            run.write(f"rounds/{number:03d}/summary.json", summary)
    run.write("archive.json", reviews)


def _draft(name: str, proposal: Proposal) -> Draft:
    diagnosis = analyse_program(Source(proposal.source))
    text = "" if diagnosis.checked else render_all(diagnosis.source, diagnosis.diagnostics)
    return Draft(
        candidate=name,
        proposer="hand",
        proposal=proposal,
        diagnostics=text,
        tries=3 if text else 1,
    )


@pytest.fixture
def opened(searched: RunDirectory) -> Opened:
    """Open the arena of that run, with changes to its request."""

    @contextmanager
    def open_searched(**run_request: object) -> Iterator[Arena]:
        with open_arena(open_run(searched.path), workers=1) as arena:
            arena.request = msgspec.structs.replace(arena.request, **run_request)
            yield arena

    return open_searched


@pytest.fixture(scope="session")
def folder(searched: RunDirectory) -> Path:
    """Directory of its recordings."""
    return searched.path.parent
