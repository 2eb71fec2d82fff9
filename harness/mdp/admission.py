"""Check whether the MDP admits a verb, before anything changes and from the ledger's state alone.

Verbs are untrusted input. Their fields must have exactly the declared types, because a subclass may
return one value when it is checked and another when it is used: an answer of a `str` subclass could
compare equal to any gold answer, and so learn it.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import is_

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Episode,
    Inadmissible,
    Open,
    Origin,
    Probe,
    Prune,
    Sample,
    Status,
)
from harness.errors import InputError

ACTIONS: dict[type, str] = {
    Open: "BRANCH",
    Advance: "CONTINUE",
    Probe: "PROBE",
    Sample: "READ",
    Prune: "PRUNE",
    Answer: "ANSWER",
}
"""The action of the MDP that each verb is made of."""


class NotProbed(InputError):
    """A controller looks inside branches of which only the ends were recorded."""

    def __init__(self) -> None:
        super().__init__(
            "this recording has no probes, so only whole reads (`sample`) can be replayed on it;"
            " use a controller that does not open, advance or probe branches"
        )


def admit(verb: AnyVerb, state: Episode, *, ended: bool) -> None:
    """Check that a verb is admissible. The budget is checked for each action, not here.

    Args:
        verb: What a controller yielded, of any type at all.
        state: The authoritative state, not the view that the controller can write to.
        ended: Whether the episode has been answered.

    Raises:
        Inadmissible: The verb is refused. The error holds the action, the reason, and the branch if
            there is one.
    """
    action = ACTIONS.get(type(verb))
    if action is None:
        known = ", ".join(kind.__name__ for kind in ACTIONS)
        raise Inadmissible(type(verb).__name__, None, f"a controller yields one of {known}")
    if ended:
        raise Inadmissible(action, None, "the episode has been answered")
    _admit_remarks(action, verb)
    match verb:
        case Open() | Sample():
            _admit_count(action, verb.count, state.limit - len(state.branches))
        case Advance():
            _admit_active(action, verb.branches, state)
            _admit_bursts(action, verb)
        case Probe():
            _admit_active(action, verb.branches, state)
            _admit_unrevealed(action, verb.branches, state)
        case Prune():
            _admit_active(action, verb.branches, state)
        case Answer():
            if verb.answer is not None and type(verb.answer) is not str:
                raise Inadmissible(action, None, "an answer is a string or None")


def _admit_remarks(action: str, verb: AnyVerb) -> None:
    if verb.because is not None and type(verb.because) is not str:
        raise Inadmissible(action, None, "its reason is not a string")
    if verb.origin is not None and type(verb.origin) is not Origin:
        raise Inadmissible(action, None, "its origin is not an Origin")
    if isinstance(verb, Open | Advance) and type(verb.look) is not bool:
        raise Inadmissible(action, None, "`look` is not a bool")


def _admit_count(action: str, count: int, available: int) -> None:
    if type(count) is not int:
        raise Inadmissible(action, None, "its count is not an integer")
    if count < 0:
        raise Inadmissible(action, None, f"its count is {count}")
    if count > available:
        raise Inadmissible(action, None, f"{count} branches are requested, {available} are left")


def _admit_active(action: str, branches: Sequence[int], state: Episode) -> None:
    if type(branches) is not tuple or not _all_integers(branches):
        raise Inadmissible(action, None, "its branches are not a tuple of integers")
    opened, active = state.branches, Status.ACTIVE
    most = len(opened)
    for branch in branches:
        if not 0 <= branch < most:
            raise Inadmissible(action, branch, "it has not been opened")
        status = opened[branch].status
        if status is not active:
            raise Inadmissible(action, branch, f"it is {status.value}")
    if len(set(branches)) != len(branches):
        twice = next(branch for branch in branches if branches.count(branch) > 1)
        raise Inadmissible(action, twice, "it is named twice")


def _all_integers(values: tuple[object, ...]) -> bool:
    # Compare by identity: a controller's own type may define `__eq__` to equal any other.
    return all(map(is_, map(type, values), repeat(int)))


def _admit_bursts(action: str, verb: Advance) -> None:
    bursts = verb.bursts
    if type(bursts) is not tuple or not _all_integers(bursts):
        raise Inadmissible(action, None, "its bursts are not a tuple of integers")
    if len(bursts) != len(verb.branches):
        raise Inadmissible(action, None, "there must be one burst for each branch")
    if min(bursts, default=1) < 1:
        for branch in (b for b, burst in zip(verb.branches, bursts, strict=True) if burst < 1):
            raise Inadmissible(action, branch, "a burst is at least one interval")


def _admit_unrevealed(action: str, branches: Sequence[int], state: Episode) -> None:
    for branch in branches:
        view = state.branches[branch]
        if view.revealed == view.depth:
            raise Inadmissible(action, branch, "the answer at this depth is already revealed")
