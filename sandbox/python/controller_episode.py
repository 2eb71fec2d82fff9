"""The episode as a Python controller sees it: Rheo's sets, values and verbs.

A verb sends a `dsl.episode.Verb` and returns when it has been performed. As in Rheo, verbs skip
branches that they cannot act on, open no more than are available, and do nothing if nothing is left
to do. At the end of the budget they raise `Exhausted`, which corresponds to Rheo's jump to
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
"""Maximum steps of a loop without a bound, as in Rheo."""

_INDEX = attrgetter("_index")

MOST_ANSWER = 10_000
"""Maximum characters of an answer or a reason."""


class ShownEpisode:
    """One episode from the controller's side.

    Args:
        episode: View of the episode.
        send: Function that performs a verb.
        where: Function that returns the running location in the controller's code.
    """

    __slots__ = (
        "_branches",
        "_cached",
        "_episode",
        "_send",
        "_steps",
        "_stopped",
        "_where",
    )  # fmt: skip

    def __init__(self, episode: Episode, send: Send, where: Where):
        self._episode = episode
        self._send = send
        self._where = where
        self._branches: list[Branch] = []
        self._cached: dict[str, tuple[list[int], Branches]] = {}
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
        """Branches that are not pruned, including finished ones, in opening order."""
        gone = frozenset(self._episode.pruned)
        return Branches([branch for branch in self._branches if branch.index not in gone])

    @property
    def finished(self) -> Branches:
        """Branches that finished, in order of finishing."""
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
        """Token budget; the largest integer if there is no bound."""
        budget = self._episode.budget
        return numeric.MAX_INT if budget is None else budget

    @property
    def interval(self) -> int:
        """Tokens of one advance."""
        return self._episode.interval

    @property
    def available(self) -> int:
        """Branches that can still be opened."""
        return self._episode.available

    # Verbs

    def open(self, count: int, *, look: bool = True, because: str | None = None) -> Branches:
        """Open branches and advance each through its first interval; return the new ones.

        Args:
            count: Number of branches; no more than are available are opened.
            look: Whether to reveal the first answer of each.
            because: Reason, for traces.
        """
        most = min(_saturated(count, "open"), self.available)
        return self._do(most > 0, Open, count=most, look=bool(look), because=because)

    def sample(self, count: int, *, because: str | None = None) -> Branches:
        """Open branches and run each to its end without revealing answers; return the new ones."""
        most = min(_saturated(count, "sample"), self.available)
        return self._do(most > 0, Sample, count=most, because=because)

    def advance(
        self, branches: Iterable[Branch], burst: Burst = 1, *, because: str | None = None
    ) -> Branches:
        """Advance active branches by ``burst`` intervals each, and reveal after each of them.

        Args:
            branches: Branches in order.
            burst: A number, or a function from a branch to a number; below 1 the branch is skipped.
            because: Reason, for traces.
        """
        return self._move(branches, burst, look=True, because=because)

    def extend(
        self, branches: Iterable[Branch], burst: Burst = 1, *, because: str | None = None
    ) -> Branches:
        """Advance active branches without revealing answers.

        Args:
            branches: Branches in order.
            burst: A number, or a function from a branch to a number; below 1 the branch is skipped.
            because: Reason, for traces.
        """
        return self._move(branches, burst, look=False, because=because)

    def probe(self, branches: Iterable[Branch], *, because: str | None = None) -> Branches:
        """Reveal the answer of active branches whose present depth is not revealed."""
        views = self._episode.branches
        unseen = [b for b in self._acting(branches) if views[b].revealed != views[b].depth]
        return self._do(bool(unseen), Probe, branches=tuple(unseen), because=because)

    def prune(self, branches: Iterable[Branch], *, because: str | None = None) -> Branches:
        """Prune active branches."""
        indices = self._acting(branches)
        return self._do(bool(indices), Prune, branches=indices, because=because)

    def answer(self, *choices: str | None, because: str | None = None) -> NoReturn:
        """End the episode with the first choice that is not ``None``. This does not return."""
        if not choices:
            raise TypeError("`answer` needs at least one choice")
        texts = [_text(choice, "an answer") for choice in choices]
        chosen = next((choice for choice in texts if choice is not None), None)
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
        """Iterate over step numbers, as in Rheo's ``step``.

        Iteration ends after ``at_most`` steps, or after a step that leaves nothing active and
        opened nothing.
        """
        for done in range(_saturated(at_most, "step")):
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
        """Return the set of a list of the view, created again if the list was replaced.

        The view's lists are replaced when they change, and never mutated.
        """
        cached = self._cached.get(name)
        if cached is None or cached[0] is not indices:
            self._cached[name] = cached = indices, self._set(indices)
        return cached[1]

    def _acting(self, branches: Iterable[Branch]) -> tuple[int, ...]:
        """Return the members that a verb can act on."""
        views, active = self._episode.branches, Status.ACTIVE
        indices = tuple(
            [
                index
                for index in map(_INDEX, list_members(branches))
                if views[index].status is active
            ]
        )
        if len(set(indices)) != len(indices):
            raise ValueError("a branch is named twice")
        return indices

    def _move(
        self, branches: Iterable[Branch], burst: Burst, *, look: bool, because: str | None
    ) -> Branches:
        moving = self._acting(branches)
        if callable(burst):
            wanted = tuple([_saturated(burst(self._branches[index]), "burst") for index in moving])
        else:
            wanted = (_saturated(burst, "burst"),) * len(moving)
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
        """Send a verb that has an effect, and return the affected branches."""
        if not worth:
            return Branches()
        origin = self._where()
        outcome = self._send(verb(because=_text(because, "a reason"), origin=origin, **fields))
        for view in self._episode.branches[len(self._branches) :]:
            names = self._episode.signals
            self._branches.append(Branch(view, self._steps, lambda: self._steps, names))
        if outcome.exhausted:
            self._stopped = origin
            raise Exhausted("the budget is spent")
        return self._set(outcome.branches)


def checked_answer(value: object) -> str | None:
    """Validate the value that a controller returns as its answer.

    Raises:
        TypeError: It is not a text.
        ValueError: It is too long, or contains a surrogate.
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
            raise ValueError(f"{what} contains a surrogate, which is not a character") from None
    return value


def _saturated(value: object, of: str) -> int:
    """Return an integer that a verb can carry, clipped to the largest one."""
    return numeric.saturate(check_integer(value, of))


for _name, _value in vars(ShownEpisode).items():
    if isinstance(_value, FunctionType) and not _name.startswith("_"):
        _value.__qualname__ = f"episode.{_name}"  # messages about arguments name it so
