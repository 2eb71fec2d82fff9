"""Whether the MDP admits a verb: judged before anything changes, by the books alone.

Verbs come from outside. Their fields must have exactly the declared types, because a subclass may
give one value when it is judged and another when it is used: an answer of a `str` subclass could
declare itself equal to any gold answer, and would be shown it.
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

ACTIONS: dict[type, str] = {
    Open: "BRANCH",
    Advance: "CONTINUE",
    Probe: "PROBE",
    Sample: "READ",
    Prune: "PRUNE",
    Answer: "ANSWER",
}
"""The action of the MDP that each verb consists of."""


def admit(verb: AnyVerb, books: Episode, *, ended: bool) -> None:
    """Lets an admissible verb pass. The budget is judged action by action, not here.

    Args:
        verb: what a controller yielded, of any type at all.
        books: the reasoner's own state, not the picture that the controller can write to.
        ended: the episode has been answered.

    Raises:
        Inadmissible: with the action, the branch if it is about one, and the reason.
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
            _admit_count(action, verb.count, books.limit - len(books.branches))
        case Advance():
            _admit_active(action, verb.branches, books)
            _admit_bursts(action, verb)
        case Probe():
            _admit_active(action, verb.branches, books)
            _admit_unrevealed(action, verb.branches, books)
        case Prune():
            _admit_active(action, verb.branches, books)
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


def _admit_count(action: str, count: int, left: int) -> None:
    if type(count) is not int:
        raise Inadmissible(action, None, "its count is not an integer")
    if count < 0:
        raise Inadmissible(action, None, f"its count is {count}")
    if count > left:
        raise Inadmissible(action, None, f"{count} branches are asked for, {left} are left")


def _admit_active(action: str, branches: Sequence[int], books: Episode) -> None:
    if type(branches) is not tuple or not _all_integers(branches):
        raise Inadmissible(action, None, "its branches are not a tuple of integers")
    opened, active = books.branches, Status.ACTIVE
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
    # By identity: a type of a controller's own may call itself equal to any other.
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


def _admit_unrevealed(action: str, branches: Sequence[int], books: Episode) -> None:
    for branch in branches:
        view = books.branches[branch]
        if view.revealed == view.depth:
            raise Inadmissible(action, branch, "the answer at this depth is already revealed")
