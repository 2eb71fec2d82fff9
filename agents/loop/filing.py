"""What proposers gave, on disk before anything is made of it: nothing is done or paid twice."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from agents.run.directory import RunDirectory
from agents.run.records import Proposal, Usage


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What one proposer gave at one time in a round."""

    proposer: str
    proposals: list[Proposal]
    usage: Usage
    search: dict[str, Any] = {}
    """What it says of its own search."""
    played: list[str] = []
    """The programs that it played for the first time, as `mark` names them."""
    taken: list[str] = []
    """The files of the inbox that it took."""
    withheld: str = ""
    """Why a call of a language model was not made; empty where all were."""
    caps: tuple[int | None, float | None] = (None, None)
    """The caps on tokens and dollars under which that was so."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """What tuning came to in a round."""

    candidate: str
    """The candidate whose constants were fitted."""
    source: str | None
    """The fitted program, ``None`` where nothing better was found."""
    knobs: list[str]
    evaluations: int
    says: str


def mark(source: str) -> str:
    """A short name of a program by content."""
    return sha256(source.encode()).hexdigest()[:16]


def file_place(number: int, slot: str) -> str:
    """Where the proposals of a slot stand."""
    return f"rounds/{number:03d}/proposals/{slot}.json"


def state_place(number: int, slot: str) -> str:
    """Where a slot's proposer leaves what it wants to find again."""
    return f"rounds/{number:03d}/proposals/{slot}.state"


def state_left(run: RunDirectory, number: int, slot: str) -> bytes | None:
    """What a slot's proposer left when it last had a round."""
    for before in range(number - 1, 0, -1):
        path = run.path / state_place(before, slot)
        if path.is_file():
            return path.read_bytes()
    return None


def filed(run: RunDirectory, number: int, slot: str) -> Filed | None:
    """What a slot gave in a round, if it is done."""
    place = file_place(number, slot)
    return run.read(place, Filed) if run.has(place) else None


def all_filed(run: RunDirectory, number: int) -> list[Filed]:
    """All that was given in a round, repairs among them, by the name of the slot."""
    folder = run.round_path(number) / "proposals"
    names = sorted(each.stem for each in folder.glob("*.json"))
    return [run.read(file_place(number, name), Filed) for name in names]


def fitted_place(number: int) -> str:
    """Where the outcome of a round's tuning stands."""
    return f"rounds/{number:03d}/tuned.json"


def fitted(run: RunDirectory, number: int) -> Fitted | None:
    """What tuning came to in a round, if it is done."""
    place = fitted_place(number)
    return run.read(place, Fitted) if run.has(place) else None


def usage(run: RunDirectory, number: int, reviewed: Sequence[str] = ()) -> Usage:
    """What a round cost so far, beside time: every program that was played counts once.

    Args:
        run: the run.
        number: the round.
        reviewed: its candidates that were played for their review.
    """
    total = Usage(evaluations=len(reviewed))
    for each in all_filed(run, number):
        total += each.usage + Usage(evaluations=len(each.played))
    tuned = fitted(run, number)
    return total if tuned is None else total + Usage(evaluations=tuned.evaluations)


def candidates_before(run: RunDirectory, number: int) -> list[str]:
    """The candidates of all rounds before this one, in order."""
    return [
        each for summary in run.summaries() if summary.round < number
        for each in summary.candidates
    ]  # fmt: skip
