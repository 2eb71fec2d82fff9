"""Branches and sets of branches for Python controllers.

The names are those of Rheo. A set is a snapshot of its members and their order; a branch shows what
has been revealed at the time of access.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import lt
from typing import Protocol, TypeAlias, final

from dsl import aggregates
from dsl.episode import Status
from sandbox.python.arguments import check_integer, describe_type
from sandbox.python.expressions import BranchExpression

_OWN = ("entropy", "logprob", "top_logprob")
"""The signals of the format itself, which are attributes too. The image lacks `dsl.builtins`."""


Condition: TypeAlias = "Callable[[Branch], object] | BranchExpression"
Key: TypeAlias = "Callable[[Branch], int | float] | BranchExpression"


class BranchState(Protocol):
    """What one branch shows at one time; the fields are those of `dsl.episode.BranchView`."""

    @property
    def depth(self) -> int: ...  # noqa: D102
    @property
    def tokens(self) -> int: ...  # noqa: D102
    @property
    def answer(self) -> str | None: ...  # noqa: D102
    @property
    def streak(self) -> int: ...  # noqa: D102
    @property
    def changes(self) -> int: ...  # noqa: D102
    @property
    def revealed(self) -> int: ...  # noqa: D102
    @property
    def status(self) -> Status: ...  # noqa: D102
    @property
    def cut_off(self) -> bool: ...  # noqa: D102
    @property
    def entropy(self) -> float | None: ...  # noqa: D102
    @property
    def logprob(self) -> float | None: ...  # noqa: D102
    @property
    def top_logprob(self) -> float | None: ...  # noqa: D102
    @property
    def signals(self) -> Mapping[str, float]: ...  # noqa: D102


@final
class Branch:
    """One opened branch, as far as it has been revealed.

    The attributes that are read most are stored in it, and can be set: the policy refuses code of
    a controller that sets any attribute.

    Args:
        index: Index in opening order, from 0.
        born: Steps completed when it was opened.
        steps: Function that returns the steps completed so far.
        names: Named signals of the recording.
        interval: Δ in tokens.
    """

    __slots__ = (
        "_born", "_interval", "_names", "_state", "_steps", "_tokens", "answer", "changes",
        "cut_off", "depth", "finished", "index", "pruned", "seen", "streak",
    )  # fmt: skip

    answer: str | None
    """The latest revealed answer, or ``None``."""
    depth: int
    """Advances made, the finishing one included."""
    streak: int
    """Earlier reveals in a row that agree."""
    changes: int
    """How often its answer changed."""
    seen: bool
    """Whether the answer at its present depth has been revealed."""
    finished: bool
    """Whether it finished."""
    pruned: bool
    """Whether it was pruned."""
    cut_off: bool
    """Whether it ended at the bound on its tokens."""
    _tokens: int | None
    """Tokens generated on it, if they are not a whole interval for each advance."""
    _state: BranchState | None
    """The latest state that was shown as a whole; signals are read from it."""

    def __init__(
        self,
        index: int,
        born: int,
        steps: Callable[[], int],
        names: Collection[str] = (),
        interval: int = 0,
    ):
        self.index = index
        self._born = born
        self._steps = steps
        self._names = names
        self._interval = interval
        self._state = None
        self._tokens = None
        self.answer = None
        self.depth = self.streak = self.changes = 0
        self.seen = self.finished = self.pruned = self.cut_off = False

    def __repr__(self) -> str:
        return f"<branch {self.index}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        # So that Python's sets of branches have the same order in every process.
        return self.index

    @property
    def tokens(self) -> int:
        """Tokens generated on it, without probes."""
        return self.depth * self._interval if self._tokens is None else self._tokens

    @property
    def age(self) -> int:
        """Steps since it was opened."""
        return self._steps() - self._born

    @property
    def entropy(self) -> float:
        """Entropy in nats after the end of thinking at the latest probe, 0 before the first."""
        return self._signal("entropy") or 0.0

    @property
    def logprob(self) -> float:
        """Mean log-probability of the tokens of the latest interval."""
        return self._signal("logprob") or 0.0

    @property
    def top_logprob(self) -> float:
        """Mean log-probability of the 20 likeliest tokens over the latest interval."""
        return self._signal("top_logprob") or 0.0

    def signal(self, name: str, otherwise: float | None = None) -> float | None:
        """Return the value of a signal, or ``otherwise`` where it has none yet.

        Args:
            name: The signal, as the recording declares it.
            otherwise: What to return before the first value.

        Raises:
            ValueError: The recording does not have the signal.
        """
        if name not in _OWN and name not in self._names:
            known = ", ".join(sorted({*self._names, *_OWN}))
            raise ValueError(f"there is no signal {name!r} here; choose from {known}")
        value = self._signal(name)
        return otherwise if value is None else value

    def _signal(self, name: str) -> float | None:
        """Return the value of a signal that a branch can have, ``None`` if it has none yet."""
        state = self._state
        if state is None:
            return None
        value: float | None = getattr(state, name) if name in _OWN else state.signals.get(name)
        return value


def show_states(
    branches: Sequence[Branch], indices: Iterable[int], states: Sequence[BranchState]
) -> None:
    """Show the states that branches are in now.

    Args:
        branches: All branches, by index.
        indices: The branches whose states have changed.
        states: The states of all branches, by index.
    """
    for index in indices:
        branch, state = branches[index], states[index]
        branch._state = state  # noqa: SLF001 - it is written here only
        branch.answer = state.answer
        branch.depth = state.depth
        whole = state.depth * branch._interval  # noqa: SLF001 - the same
        branch._tokens = None if state.tokens == whole else state.tokens  # noqa: SLF001
        branch.streak = state.streak
        branch.changes = state.changes
        branch.seen = state.revealed == state.depth
        branch.finished = state.status is Status.FINISHED
        branch.pruned = state.status is Status.PRUNED
        branch.cut_off = state.cut_off


def end_branch(branch: Branch, depth: int, tokens: int, *, cut_off: bool) -> None:
    """Show that a branch has finished.

    Args:
        branch: The branch.
        depth: Its advances.
        tokens: The tokens generated on it.
        cut_off: Whether it ended at the bound on its tokens.
    """
    branch.depth = depth
    branch._tokens = tokens  # noqa: SLF001 - it is of this module
    branch.cut_off = cut_off
    branch.finished = True


def list_active(branches: Iterable[Branch], active: list[int]) -> Sequence[Branch]:
    """Return the branches that can be advanced, of a set or of a controller's own list.

    Args:
        branches: The branches.
        active: The list of the active branches of the episode.

    Raises:
        TypeError: An item is not a branch.
        ValueError: A branch is named twice.
    """
    if type(branches) is Branches and branches._active is active:  # noqa: SLF001 - it is of this module
        return branches._members  # noqa: SLF001
    acting = [branch for branch in list_members(branches) if not (branch.finished or branch.pruned)]
    if len({branch.index for branch in acting}) != len(acting):
        raise ValueError("a branch is named twice")
    return acting


@final
class Branches(Sequence[Branch]):
    """An ordered set of branches.

    Args:
        members: The branches.
        is_settled: Whether what they show can no longer change.
        active: The list of active branches that they are of, each of them once, if they are. Such
            lists are replaced when they change.
    """

    __slots__ = ("_active", "_is_settled", "_members", "_tally", "_votes")

    def __init__(
        self,
        members: Iterable[Branch] = (),
        *,
        is_settled: bool = False,
        active: list[int] | None = None,
    ):
        self._members = tuple(members)
        self._is_settled = is_settled
        self._active = active
        self._tally: aggregates.Tally | None = None
        self._votes: dict[Callable[[aggregates.Tally], object], object] = {}

    def __repr__(self) -> str:
        return f"<branches {', '.join(str(member.index) for member in self._members)}>"

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._members)

    def __contains__(self, branch: object) -> bool:
        return branch in self._members

    def __getitem__(self, index):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN204
        selected = self._members[index]
        return self._select(selected) if isinstance(selected, tuple) else selected

    def where(self, condition: Condition) -> "Branches":
        """Return the branches that satisfy the condition, in order."""
        members = self._members
        if type(condition) is BranchExpression:
            return self._select(condition.evaluate(members))
        return self._select([branch for branch in members if condition(branch)])

    def by(self, key: Key) -> "Branches":
        """Return all branches sorted by key, smallest first; the sort is stable."""
        members = self._members
        if type(key) is BranchExpression:
            keys = list(key.evaluate(members))
            # Most sets are in order already, for which sorting makes the same comparisons.
            if any(map(lt, keys[1:], keys)):
                order = sorted(range(len(keys)), key=keys.__getitem__)
                members = tuple([members[position] for position in order])
            return self._select(members)
        return self._select(sorted(members, key=key))

    def without(self, others: Iterable[Branch]) -> "Branches":
        """Return the branches that are not among the others, in order."""
        gone = frozenset(list_members(others))
        return self._select([branch for branch in self._members if branch not in gone])

    def first(self, count: int) -> "Branches":
        """Return at most ``count`` branches from the front."""
        return self._select(self._members[: max(0, check_integer(count, "first"))])

    def _select(self, members: Iterable[Branch]) -> "Branches":
        """Return a set of some of the members, each of them once."""
        return Branches(members, active=self._active)


def list_members(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """Return the branches of a set, or of a controller's own list.

    Raises:
        TypeError: An item is not a branch.
    """
    if type(branches) is Branches:
        return branches._members  # noqa: SLF001 - it holds branches and nothing else
    members = tuple(branches)
    for member in members:
        if type(member) is not Branch:
            raise TypeError(f"expected a set of branches, but one item is {describe_type(member)}")
    return members


def tally_answers(branches: Iterable[Branch]) -> aggregates.Tally:
    """Count the answers of a set, or of a controller's own list.

    The votes of branches that have ended are counted once.

    Raises:
        TypeError: An item is not a branch.
    """
    if type(branches) is not Branches or not branches._is_settled:  # noqa: SLF001
        return aggregates.tally([branch.answer for branch in list_members(branches)])
    if branches._tally is None:  # noqa: SLF001
        branches._tally = aggregates.tally(  # noqa: SLF001
            [branch.answer for branch in branches._members]  # noqa: SLF001
        )
    return branches._tally  # noqa: SLF001


def read_votes(branches: Iterable[Branch], read: Callable[[aggregates.Tally], object]) -> object:
    """Return what a function reads from the answers of a set, or of a controller's own list.

    It is computed once for branches that have ended.

    Args:
        branches: The branches.
        read: The function, which returns a value that cannot be changed.

    Raises:
        TypeError: An item is not a branch.
    """
    if type(branches) is not Branches or not branches._is_settled:  # noqa: SLF001
        return read(tally_answers(branches))
    votes = branches._votes  # noqa: SLF001
    if read not in votes:
        votes[read] = read(tally_answers(branches))
    return votes[read]
