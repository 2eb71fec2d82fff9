"""Text from outside that tries everything, and what nothing that is shown may hold."""

from pathlib import Path

import msgspec

from agents.run.directory import RunDirectory, create_run
from agents.run.records import BaselineRef, Proposal
from harness.escaping import is_visible
from store.environment import save
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.agents.conftest import request
from tests.agents.report.conftest import LOST, STOPPER, end, log, play

NAME = "a\x1b[31mb\x1b]0;title\x07[red]x[/red][/] <b>&|`*_$x\x9b2J\u202e\u200b\nerror: forged"
"""Sequences of a terminal, markup of every kind, direction, invisible characters, a line."""

FILE = NAME.replace("/", "")
"""The same as a file's name."""

TITLE = "says \x1b[2J[/] \u202e <b>"

PROGRAM = STOPPER.replace("Stops when <b>those</b> that are done & agree", TITLE)
PROGRAM = PROGRAM.replace("they agree", f"{TITLE} [blink]")


def unsafe(text: str) -> list[str]:
    """The lines that hold a control or an invisible character, or were forged."""
    # Split at line feeds alone: other separators of lines must not be there.
    return [
        line
        for line in text.split("\n")
        if line.startswith("error: forged") or not all(is_visible(character) for character in line)
    ]


def recordings(folder: Path) -> list[Path]:
    """Two recordings of hostile names: of their files, models, benchmark and questions."""
    paths = []
    for number, skill in enumerate((0.3, 0.7)):
        reasoner = SimulatedReasoner(
            f"m{number}{NAME}", skill=skill, verbosity=1.0, noise=0.1, drift=0.05
        )
        paths.append(folder / f"{number}{FILE}.recording")
        save(simulate(reasoner, Benchmark(NAME, questions=4, branches=8)), paths[-1])
    return paths


def run_of(folder: Path, on: list[Path]) -> RunDirectory:
    """A run of hostile words: its directory, recordings, baselines, proposers and programs."""
    rival = folder / f"{FILE}.rheo"
    rival.write_text(PROGRAM)
    baselines = [
        BaselineRef(controller="sc", settings=[{"n": n} for n in (1, 4)]),
        BaselineRef(controller=str(rival)),
    ]
    run = create_run(folder / f"run{FILE}", request(on, baselines=baselines))
    wider = PROGRAM.replace("2 * pow(8, beta)", "1 * pow(16, beta)")
    rounds = {
        1: [Proposal(source=PROGRAM, words=NAME, parents=["asc"])],
        2: [
            Proposal(source=wider, words=NAME, parents=["r001-1", NAME]),
            Proposal(source=LOST, words=NAME, parents=[NAME]),
        ],
    }
    play(run, rounds)
    for name in ("r001-1", "r002-1", "r002-2"):
        draft = msgspec.structs.replace(run.draft(name), proposer=NAME, tuned=[NAME])
        if draft.diagnostics:
            draft = msgspec.structs.replace(draft, diagnostics=NAME)
        run.write(f"candidates/{name}/draft.json", draft)
        review = run.review(name)
        run.write(
            f"candidates/{name}/review.json",
            msgspec.structs.replace(review, reasons=[*review.reasons, NAME]),
        )
    summary = run.summaries()[-1]
    result = {NAME: {"guidelines": [NAME], "tried": 1, "fates": {NAME: 1}}}
    run.write("rounds/002/summary.json", msgspec.structs.replace(summary, search=result))
    log(run, "started", "round", "archived", "round", "archived")
    end(run, "r001-1")
    ending = run.ending
    assert ending is not None
    run.write("ending.json", msgspec.structs.replace(ending, reason=NAME))
    return run
