"""Files of a round: the results of each proposer, the outcome of tuning, and the inbox of users.

Results are written before they are used, so no work is repeated or paid for twice.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from agents.run.directory import RunDirectory
from agents.run.records import (
    START_PROPOSER,
    ControllerLanguage,
    Proposal,
    ResourceUsage,
    StartingProgram,
)


class SlotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one call of a proposer in a round."""

    proposer: str
    proposals: list[Proposal]
    usage: ResourceUsage
    search: dict[str, Any] = {}
    """Diagnostics of its search."""
    played: list[str] = []
    """Marks (`source_mark`) of the programs that it played for the first time."""
    taken: list[str] = []
    """Files of the inbox that it contains."""
    withheld: str = ""
    """Why a model call was not made; empty if all were."""
    caps: tuple[int | None, float | None] = (None, None)
    """Limits on tokens and dollars at that time."""


class TuningRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of tuning in a round."""

    candidate: str
    """Candidate whose constants were fitted."""
    source: str | None
    """The fitted program; ``None`` if the fit found no improvement."""
    knobs: list[str]
    evaluations: int
    """Number of programs that were played."""
    says: str
    """Summary of the fit."""


def source_mark(source: str) -> str:
    """Return a short digest that identifies a program by its source."""
    return sha256(source.encode()).hexdigest()[:16]


def slot_path(number: int, slot: str) -> str:
    """Return the path of a slot's proposals in the run directory."""
    return f"rounds/{number:03d}/proposals/{slot}.json"


def state_path(number: int, slot: str) -> str:
    """Return the path of the state that a slot's proposer stores for its next round."""
    return f"rounds/{number:03d}/proposals/{slot}.state"


def read_state(run: RunDirectory, number: int, slot: str) -> bytes | None:
    """Read the state that a slot's proposer stored in its latest earlier round.

    Args:
        run: Run directory.
        number: Round number; only rounds before it count.
        slot: Name of the slot.

    Returns:
        The state; ``None`` if there is none.
    """
    for before in range(number - 1, 0, -1):
        path = run.path / state_path(before, slot)
        if path.is_file():
            return path.read_bytes()
    return None


def read_slot(run: RunDirectory, number: int, slot: str) -> SlotRecord | None:
    """Read the result of a slot in a round.

    Args:
        run: Run directory.
        number: Round number, from 1.
        slot: Name of the slot.

    Returns:
        The result; ``None`` if the slot is not done.
    """
    path = slot_path(number, slot)
    return run.read(path, SlotRecord) if run.has(path) else None


def read_slots(run: RunDirectory, number: int) -> list[SlotRecord]:
    """Read all results of a round, including repairs, ordered by slot name."""
    folder = run.round_path(number) / "proposals"
    names = sorted(path.stem for path in folder.glob("*.json"))
    return [run.read(slot_path(number, name), SlotRecord) for name in names]


def tuning_path(number: int) -> str:
    """Return the path of a round's tuning outcome in the run directory."""
    return f"rounds/{number:03d}/tuned.json"


def read_tuning(run: RunDirectory, number: int) -> TuningRecord | None:
    """Read the outcome of a round's tuning; ``None`` if it is not done."""
    path = tuning_path(number)
    return run.read(path, TuningRecord) if run.has(path) else None


def sum_usage(run: RunDirectory, number: int, reviewed: Sequence[str] = ()) -> ResourceUsage:
    """Return the cost of a round so far, without time; each program that was played counts once.

    Args:
        run: Run directory.
        number: Round number, from 1.
        reviewed: Candidates of the round that were played for their review.
    """
    total = ResourceUsage(evaluations=len(reviewed))
    for slot in read_slots(run, number):
        total += slot.usage + ResourceUsage(evaluations=len(slot.played))
    tuned = read_tuning(run, number)
    return total if tuned is None else total + ResourceUsage(evaluations=tuned.evaluations)


def list_candidates_before(run: RunDirectory, number: int) -> list[str]:
    """Return the candidates of all rounds before this one, in order."""
    return [
        candidate for summary in run.summaries() if summary.round < number
        for candidate in summary.candidates
    ]  # fmt: skip


HUMAN_PROPOSER = "hand"
"""Proposer name of users, who submit programs through the inbox."""


def collect_starting_programs(programs: Sequence[StartingProgram]) -> SlotRecord:
    """Return starting programs as proposals, to be reviewed as they are."""
    proposals = [
        Proposal(source=program.source, words=f"{program.name}, unchanged", parents=[program.name])
        for program in programs
    ]
    return SlotRecord(proposer=START_PROPOSER, proposals=proposals, usage=ResourceUsage())


def submit_proposal(
    run: RunDirectory,
    source: str,
    description: str,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> bool:
    """Write a program to the inbox of a run; any process may do so.

    Args:
        run: Run directory.
        source: Source text of the program.
        description: What is new about it, in the words of its author.
        language: Language of the program.

    Returns:
        ``False`` if the inbox has the program already, with any description.
    """
    path = f"inbox/{source_mark(source)}.json"
    if run.has(path):
        return False
    run.write(path, Proposal(source=source, language=language, words=description))
    return True


def collect_inbox(run: RunDirectory, number: int) -> SlotRecord:
    """Return the programs in the inbox that no earlier round collected."""
    collected = {
        name
        for earlier in range(1, number)
        for slot in read_slots(run, earlier)
        for name in slot.taken
    }
    files = sorted(path.name for path in (run.path / "inbox").glob("*.json"))
    new_files = [name for name in files if name not in collected]
    return SlotRecord(
        proposer=HUMAN_PROPOSER,
        proposals=[run.read(f"inbox/{name}", Proposal) for name in new_files],
        usage=ResourceUsage(),
        taken=new_files,
    )
