"""Files of a round: what each proposer returned, the tuning outcome, and the inbox of people.

Everything is on disk before it is used, so nothing is done or paid for twice.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from agents.run.directory import RunDirectory
from agents.run.records import ControllerLanguage, Proposal, ResourceUsage


class SlotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one proposer gave at one time in a round."""

    proposer: str
    proposals: list[Proposal]
    usage: ResourceUsage
    search: dict[str, Any] = {}
    """What it says of its own search."""
    played: list[str] = []
    """The programs that it played for the first time, as `source_mark` names them."""
    taken: list[str] = []
    """The files of the inbox that it took."""
    withheld: str = ""
    """Why a call of a language model was not made; empty where all were."""
    caps: tuple[int | None, float | None] = (None, None)
    """The caps on tokens and dollars under which that was so."""


class TuningRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What tuning came to in a round."""

    candidate: str
    """The candidate whose constants were fitted."""
    source: str | None
    """The fitted program, ``None`` where nothing better was found."""
    knobs: list[str]
    evaluations: int
    says: str


def source_mark(source: str) -> str:
    """Return a short name of a program by content."""
    return sha256(source.encode()).hexdigest()[:16]


def slot_path(number: int, slot: str) -> str:
    """Where the proposals of a slot stand."""
    return f"rounds/{number:03d}/proposals/{slot}.json"


def state_path(number: int, slot: str) -> str:
    """Where a slot's proposer leaves what it wants to find again."""
    return f"rounds/{number:03d}/proposals/{slot}.state"


def read_state(run: RunDirectory, number: int, slot: str) -> bytes | None:
    """Return what a slot's proposer left when it last had a round."""
    for before in range(number - 1, 0, -1):
        path = run.path / state_path(before, slot)
        if path.is_file():
            return path.read_bytes()
    return None


def read_slot(run: RunDirectory, number: int, slot: str) -> SlotRecord | None:
    """Return what a slot gave in a round, if it is done."""
    place = slot_path(number, slot)
    return run.read(place, SlotRecord) if run.has(place) else None


def read_slots(run: RunDirectory, number: int) -> list[SlotRecord]:
    """All that was given in a round, repairs among them, by the name of the slot."""
    folder = run.round_path(number) / "proposals"
    names = sorted(each.stem for each in folder.glob("*.json"))
    return [run.read(slot_path(number, name), SlotRecord) for name in names]


def tuning_path(number: int) -> str:
    """Where the outcome of a round's tuning stands."""
    return f"rounds/{number:03d}/tuned.json"


def read_tuning(run: RunDirectory, number: int) -> TuningRecord | None:
    """Return what tuning came to in a round, if it is done."""
    place = tuning_path(number)
    return run.read(place, TuningRecord) if run.has(place) else None


def sum_usage(run: RunDirectory, number: int, reviewed: Sequence[str] = ()) -> ResourceUsage:
    """Return what a round cost so far, beside time: every program that was played counts once.

    Args:
        run: the run.
        number: the round.
        reviewed: its candidates that were played for their review.
    """
    total = ResourceUsage(evaluations=len(reviewed))
    for each in read_slots(run, number):
        total += each.usage + ResourceUsage(evaluations=len(each.played))
    tuned = read_tuning(run, number)
    return total if tuned is None else total + ResourceUsage(evaluations=tuned.evaluations)


def list_candidates_before(run: RunDirectory, number: int) -> list[str]:
    """Return the candidates of all rounds before this one, in order."""
    return [
        each for summary in run.summaries() if summary.round < number
        for each in summary.candidates
    ]  # fmt: skip


HUMAN_PROPOSER = "hand"
"""The name of the proposer that a person is."""


def submit_proposal(
    run: RunDirectory,
    source: str,
    words: str,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> bool:
    """Put a program into the inbox; ``False`` where it is there already, whatever was said of it.

    It may be called from any process.
    """
    place = f"inbox/{source_mark(source)}.json"
    if run.has(place):
        return False
    run.write(place, Proposal(source=source, language=language, words=words))
    return True


def collect_inbox(run: RunDirectory, number: int) -> SlotRecord:
    """Return what is in the inbox and was not taken in an earlier round."""
    before = {
        name for each in range(1, number) for one in read_slots(run, each) for name in one.taken
    }
    names = sorted(each.name for each in (run.path / "inbox").glob("*.json"))
    fresh = [name for name in names if name not in before]
    return SlotRecord(
        proposer=HUMAN_PROPOSER,
        proposals=[run.read(f"inbox/{name}", Proposal) for name in fresh],
        usage=ResourceUsage(),
        taken=fresh,
    )
