"""The episode as a Python controller sees it: Rheo's sets, values and verbs.

A verb sends a `dsl.episode.Verb` and returns when it has been performed. As in Rheo, verbs skip
branches that they cannot act on, open no more than are available, and do nothing if nothing is left
to do. At the end of the budget they raise `Exhausted`, which corresponds to Rheo's jump to
``finally``.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from types import FunctionType
from typing import NamedTuple, NoReturn, Protocol, TypeAlias, final

from dsl import numeric
from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Open,
    Origin,
    Outcome,
    Probe,
    Prune,
    Sample,
)
from sandbox.faults import Exhausted
from sandbox.python.arguments import check_text, read_burst, read_bursts, saturate_integer
from sandbox.python.branches import (
    Branch,
    Branches,
    BranchState,
    list_active,
    show_states,
)
from sandbox.python.columns import RevealedColumns, show_advanced, show_opened
from sandbox.python.expressions import BranchExpression

Burst: TypeAlias = int | Callable[[Branch], int] | BranchExpression
Send: TypeAlias = Callable[[AnyVerb], Outcome | RevealedColumns]
Where: TypeAlias = Callable[[], Origin | None]

MOST_STEPS = 500
"""Maximum steps of a loop without a bound, as in Rheo."""


class EpisodeState(Protocol):
    """What an episode shows; the fields are those of `dsl.episode.Episode`.

    Lists of branches are replaced when they change, and never mutated.
    """

    @property
    def branches(self) -> Sequence[BranchState]: ...  # noqa: D102
    @property
    def active(self) -> list[int]: ...  # noqa: D102
    @property
    def finished(self) -> list[int]: ...  # noqa: D102
    @property
    def pruned(self) -> list[int]: ...  # noqa: D102
    @property
    def interval(self) -> int: ...  # noqa: D102
    @property
    def budget(self) -> int | None: ...  # noqa: D102
    @property
    def signals(self) -> Collection[str]: ...  # noqa: D102
    @property
    def spent(self) -> int: ...  # noqa: D102
    @property
    def available(self) -> int: ...  # noqa: D102


class _SetOfList(NamedTuple):
    """A set of branches, as long as the state has the same list of them."""

    indices: list[int]
    branches: Branches


@final
class ShownEpisode:
    """One episode from the controller's side.

    Args:
        episode: State of the episode, which changes when a verb is performed.
        send: Function that performs a verb.
        where: Function that returns the running location in the controller's code.
    """

    __slots__ = (
        "_active",
        "_branches",
        "_episode",
        "_finished",
        "_pruned",
        "_send",
        "_steps",
        "_stopped",
        "_where",
    )  # fmt: skip

    def __init__(self, episode: EpisodeState, send: Send, where: Where):
        self._episode = episode
        self._send = send
        self._where = where
        self._branches: list[Branch] = []
        self._active = self._finished = self._pruned = _SetOfList([], Branches())
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
        indices = self._episode.active
        if indices is not self._active.indices:
            members = [self._branches[index] for index in indices]
            self._active = _SetOfList(indices, Branches(members, active=indices))
        return self._active.branches

    @property
    def alive(self) -> Branches:
        """Branches that are not pruned, including finished ones, in opening order."""
        gone = frozenset(self._episode.pruned)
        return Branches([branch for branch in self._branches if branch.index not in gone])

    @property
    def finished(self) -> Branches:
        """Branches that finished, in order of finishing."""
        indices = self._episode.finished
        if indices is not self._finished.indices:
            self._finished = self._settle(indices)
        return self._finished.branches

    @property
    def pruned(self) -> Branches:
        """Branches that were pruned, in opening order."""
        indices = self._episode.pruned
        if indices is not self._pruned.indices:
            self._pruned = self._settle(indices)
        return self._pruned.branches

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
        most = min(saturate_integer(count, "open"), self.available)
        if most <= 0:
            return Branches()
        origin = self._where()
        verb = Open(
            count=most, look=bool(look), because=check_text(because, "a reason"), origin=origin
        )
        revealed = self._send(verb)
        if isinstance(revealed, Outcome):
            return self._show(revealed, origin)
        opened = self._add_branches(most)
        show_opened(opened, revealed)
        return Branches(opened)

    def sample(self, count: int, *, because: str | None = None) -> Branches:
        """Open branches and run each to its end without revealing answers; return the new ones."""
        most = min(saturate_integer(count, "sample"), self.available)
        if most <= 0:
            return Branches()
        origin = self._where()
        verb = Sample(count=most, because=check_text(because, "a reason"), origin=origin)
        return self._show(self._send(verb), origin)

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
        unseen = [branch for branch in self._list_acting(branches) if not branch.seen]
        if not unseen:
            return Branches()
        origin, indices = self._where(), _list_indices(unseen)
        verb = Probe(branches=indices, because=check_text(because, "a reason"), origin=origin)
        return self._show(self._send(verb), origin)

    def prune(self, branches: Iterable[Branch], *, because: str | None = None) -> Branches:
        """Prune active branches."""
        acting = self._list_acting(branches)
        if not acting:
            return Branches()
        origin, indices = self._where(), _list_indices(acting)
        verb = Prune(branches=indices, because=check_text(because, "a reason"), origin=origin)
        revealed = self._send(verb)
        if isinstance(revealed, Outcome):
            return self._show(revealed, origin)
        for branch in acting:
            branch.pruned = True
        return Branches(acting)

    def answer(self, *choices: str | None, because: str | None = None) -> NoReturn:
        """End the episode with the first choice that is not ``None``. This does not return."""
        if not choices:
            raise TypeError("`answer` needs at least one choice")
        texts = [check_text(choice, "an answer") for choice in choices]
        chosen = next((choice for choice in texts if choice is not None), None)
        self._send(
            Answer(
                answer=chosen,
                because=check_text(because, "a reason"),
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
        for done in range(saturate_integer(at_most, "step")):
            self._steps = done
            before = len(self._branches)
            yield done
            self._steps = done + 1
            if not self._episode.active and len(self._branches) == before:
                return

    # How they are done

    def _settle(self, indices: list[int]) -> "_SetOfList":
        """Return the set of a list of branches that have ended."""
        members = [self._branches[index] for index in indices]
        return _SetOfList(indices, Branches(members, is_settled=True))

    def _move(
        self, branches: Iterable[Branch], burst: Burst, *, look: bool, because: str | None
    ) -> Branches:
        moving = self._list_acting(branches)
        if isinstance(burst, BranchExpression):
            wanted = read_bursts(burst.evaluate(moving))
        elif callable(burst):
            wanted = [read_burst(burst(branch)) for branch in moving]
        else:
            wanted = [read_burst(burst)] * len(moving)
        if min(wanted, default=1) < 1:
            moving = [branch for branch, most in zip(moving, wanted, strict=True) if most > 0]
            wanted = [most for most in wanted if most > 0]
        if not moving:
            return Branches()
        origin = self._where()
        verb = Advance(
            branches=_list_indices(moving),
            bursts=tuple(wanted),
            look=look,
            because=check_text(because, "a reason"),
            origin=origin,
        )
        revealed = self._send(verb)
        if isinstance(revealed, Outcome):
            return self._show(revealed, origin)
        show_advanced(moving, wanted, revealed)
        return Branches(moving)

    def _list_acting(self, branches: Iterable[Branch]) -> Sequence[Branch]:
        return list_active(branches, self._episode.active)

    def _show(self, outcome: Outcome | RevealedColumns, origin: Origin | None) -> Branches:
        """Show what a verb has done to its branches, and return them.

        Args:
            outcome: Its outcome.
            origin: Where it comes from.

        Raises:
            Exhausted: The budget has ended in the verb.
        """
        assert isinstance(outcome, Outcome)
        mine, states = self._branches, self._episode.branches
        self._add_branches(len(states) - len(mine))
        show_states(mine, outcome.branches, states)
        if outcome.exhausted:
            self._stopped = origin
            raise Exhausted("the budget is spent")
        return Branches([mine[index] for index in outcome.branches])

    def _add_branches(self, count: int) -> list[Branch]:
        """Return new branches, which are opened now."""
        first, signals = len(self._branches), self._episode.signals
        steps, interval = self._count_steps, self._episode.interval
        opened = [
            Branch(index, self._steps, steps, signals, interval)
            for index in range(first, first + count)
        ]
        self._branches += opened
        return opened

    def _count_steps(self) -> int:
        return self._steps


def _list_indices(branches: Iterable[Branch]) -> tuple[int, ...]:
    return tuple([branch.index for branch in branches])


for _name, _value in vars(ShownEpisode).items():
    if isinstance(_value, FunctionType) and not _name.startswith("_"):
        _value.__qualname__ = f"episode.{_name}"  # messages about arguments name it so
