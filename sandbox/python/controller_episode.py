"""The episode as a controller in Python holds it: Rheo's sets, values and verbs, as attributes.

A verb sends a `dsl.episode.Verb` and comes back when it has been performed. As in Rheo, verbs pass
over branches that they cannot act on, open no more than there are, and do nothing where nothing is
left to do. Where the budget ends they raise `Exhausted`, which takes the place of Rheo's way to
``finally``.
"""

from collections.abc import Callable, Generator, Iterable
from operator import attrgetter
from types import FunctionType
from typing import NoReturn, TypeAlias

from dsl import numeric
from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Episode,
    Open,
    Origin,
    Outcome,
    Probe,
    Prune,
    Sample,
    Status,
)
from sandbox.faults import Exhausted
from sandbox.python.branches import Branch, Branches, check_integer, list_members

Burst: TypeAlias = int | Callable[[Branch], int]
Send: TypeAlias = Callable[[AnyVerb], Outcome]
Where: TypeAlias = Callable[[], Origin | None]

MOST_STEPS = 500
"""The most steps of a loop that names no bound, as in Rheo."""

_INDEX = attrgetter("_index")

MOST_ANSWER = 10_000
"""Characters of an answer or a reason."""


class ShownEpisode:
    """One episode from the controller's side.

    Args:
        episode: the picture.
        send: performs a verb.
        where: the place in the controller's code that is running.
    """

    __slots__ = (
        "_branches", "_episode", "_kept", "_send", "_steps", "_stopped", "_where",
    )  # fmt: skip

    def __init__(self, episode: Episode, send: Send, where: Where):
        self._episode = episode
        self._send = send
        self._where = where
        self._branches: list[Branch] = []
        self._kept: dict[str, tuple[list[int], Branches]] = {}
        self._steps = 0
        self._stopped: Origin | None = None

    def __repr__(self) -> str:
        return "<episode>"

    # Sets

    @property
    def opened(self) -> Branches:
        """Every branch opened so far, in opening order."""
        return Branches(self._branches)

    @property
    def active(self) -> Branches:
        """Branches that can be advanced, in opening order."""
        return self._same("active", self._episode.active)

    @property
    def alive(self) -> Branches:
        """Branches that are not pruned, finished ones included, in opening order."""
        gone = frozenset(self._episode.pruned)
        return Branches([branch for branch in self._branches if branch.index not in gone])

    @property
    def finished(self) -> Branches:
        """Branches that came to their end, in the order in which they did."""
        return self._same("finished", self._episode.finished)

    @property
    def pruned(self) -> Branches:
        """Branches that were pruned, in opening order."""
        return self._same("pruned", self._episode.pruned)

    # Values

    @property
    def steps(self) -> int:
        """Steps completed so far."""
        return self._steps

    @property
    def spent(self) -> int:
        """Tokens charged so far."""
        return self._episode.spent

    @property
    def budget(self) -> int:
        """The most tokens that may be spent; the largest integer where there is no bound."""
        budget = self._episode.budget
        return numeric.MAX_INT if budget is None else budget

    @property
    def interval(self) -> int:
        """Tokens of one advance."""
        return self._episode.interval

    @property
    def available(self) -> int:
        """Branches left to open."""
        return self._episode.available

    # Verbs

    def open(self, count: int, *, look: bool = True, because: str | None = None) -> Branches:
        """Opens branches and takes each through its first interval; gives the new ones."""
        most = min(_whole(count, "open"), self.available)
        return self._do(most > 0, Open, count=most, look=bool(look), because=because)

    def sample(self, count: int, *, because: str | None = None) -> Branches:
        """Opens branches and takes each to its end without looking inside; gives the new ones."""
        most = min(_whole(count, "sample"), self.available)
        return self._do(most > 0, Sample, count=most, because=because)

    def advance(
        self, branches: Iterable[Branch], burst: Burst = 1, *, because: str | None = None
    ) -> Branches:
        """Takes active branches on by ``burst`` intervals each, and looks after each of them.

        Args:
            branches: in their order.
            burst: a number, or a function of a branch that gives one; below 1 the branch stays.
            because: the reason, for people.
        """
        return self._move(branches, burst, look=True, because=because)

    def extend(
        self, branches: Iterable[Branch], burst: Burst = 1, *, because: str | None = None
    ) -> Branches:
        """The same without looking."""
        return self._move(branches, burst, look=False, because=because)

    def probe(self, branches: Iterable[Branch], *, because: str | None = None) -> Branches:
        """Looks at active branches whose answer at the present depth is not revealed."""
        views = self._episode.branches
        unseen = [b for b in self._acting(branches) if views[b].revealed != views[b].depth]
        return self._do(bool(unseen), Probe, branches=tuple(unseen), because=because)

    def prune(self, branches: Iterable[Branch], *, because: str | None = None) -> Branches:
        """Gives active branches up."""
        found = self._acting(branches)
        return self._do(bool(found), Prune, branches=found, because=because)

    def answer(self, *choices: str | None, because: str | None = None) -> NoReturn:
        """Ends the episode with the first choice that is not ``None``. It does not come back."""
        if not choices:
            raise TypeError("`answer` wants at least one choice")
        given = [_text(choice, "an answer") for choice in choices]
        chosen = next((choice for choice in given if choice is not None), None)
        self._send(
            Answer(
                answer=chosen,
                because=_text(because, "a reason"),
                origin=self._where(),
                stopped=self._stopped,
            )
        )
        raise AssertionError("an answer ends the episode")

    def step(self, at_most: int = MOST_STEPS) -> Generator[int, None, None]:
        """The numbers of steps, as in Rheo's ``step``.

        They end after ``at_most``, or after a step that leaves nothing active and opened nothing.
        """
        for done in range(_whole(at_most, "step")):
            self._steps = done
            before = len(self._branches)
            yield done
            self._steps = done + 1
            if not self._episode.active and len(self._branches) == before:
                return

    # How they are done

    def _set(self, indices: Iterable[int]) -> Branches:
        return Branches([self._branches[index] for index in indices])

    def _same(self, name: str, indices: list[int]) -> Branches:
        """The set of a list of the picture: made anew where that is another list.

        The picture's lists are replaced where something moves, and never changed.
        """
        kept = self._kept.get(name)
        if kept is None or kept[0] is not indices:
            self._kept[name] = kept = indices, self._set(indices)
        return kept[1]

    def _acting(self, branches: Iterable[Branch]) -> tuple[int, ...]:
        """The members that a verb can act on."""
        views, active = self._episode.branches, Status.ACTIVE
        found = tuple(
            [
                index
                for index in map(_INDEX, list_members(branches))
                if views[index].status is active
            ]
        )
        if len(set(found)) != len(found):
            raise ValueError("a branch is named twice")
        return found

    def _move(
        self, branches: Iterable[Branch], burst: Burst, *, look: bool, because: str | None
    ) -> Branches:
        moving = self._acting(branches)
        if callable(burst):
            wanted = tuple([_whole(burst(self._branches[index]), "burst") for index in moving])
        else:
            wanted = (_whole(burst, "burst"),) * len(moving)
        if min(wanted, default=1) < 1:
            pairs = [pair for pair in zip(moving, wanted, strict=True) if pair[1] > 0]
            moving = tuple([branch for branch, _ in pairs])
            wanted = tuple([intervals for _, intervals in pairs])
        return self._do(
            bool(moving),
            Advance,
            branches=moving,
            bursts=wanted,
            look=look,
            because=because,
        )

    def _do(
        self, worth: bool, verb: Callable[..., AnyVerb], *, because: str | None, **fields: object
    ) -> Branches:
        """Sends a verb that does something, and gives the branches that it touched."""
        if not worth:
            return Branches()
        origin = self._where()
        outcome = self._send(verb(because=_text(because, "a reason"), origin=origin, **fields))
        for view in self._episode.branches[len(self._branches) :]:
            self._branches.append(Branch(view, self._steps, lambda: self._steps))
        if outcome.exhausted:
            self._stopped = origin
            raise Exhausted("the budget is spent")
        return self._set(outcome.branches)


def checked_answer(value: object) -> str | None:
    """The value that a controller returns, which is its answer.

    Raises:
        TypeError: it is no text.
        ValueError: it is too long, or holds half of a character.
    """
    return _text(value, "an answer")


def _text(value: object, what: str) -> str | None:
    if value is None:
        return None
    if type(value) is not str:
        raise TypeError(f"{what} is a text or None, not a value of type {type(value).__name__}")
    if len(value) > MOST_ANSWER:
        raise ValueError(f"{what} has at most {MOST_ANSWER} characters")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} holds a surrogate, which is no character") from None
    return value


def _whole(value: object, of: str) -> int:
    """An integer that a verb can carry; beyond the largest one it is the same as that."""
    return numeric.saturate(check_integer(value, of))


for _name, _value in vars(ShownEpisode).items():
    if isinstance(_value, FunctionType) and not _name.startswith("_"):
        _value.__qualname__ = f"episode.{_name}"  # messages about arguments name it so
