"""The accounting of one episode: its ledger, the view shown to the controller, and the trace.

The ledger is kept out of the controller's reach. The view is a copy, written after each barrier and
never read, so whatever a controller does to it changes no charge and no later verb. The lists in
the view are replaced, not changed in place: one that a controller iterates over while it yields
stays as it was. The trace is a list of barriers, each with its actions and charges.
"""

import math
from bisect import insort
from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from dsl.episode import Answer, AnyVerb, BranchView, BudgetSpent, Episode, Outcome, Status
from harness.mdp.admission import ACTIONS


class ActionKind(Enum):
    """The actions of the MDP."""

    BRANCH = "BRANCH"
    CONTINUE = "CONTINUE"
    PROBE = "PROBE"
    READ = "READ"
    PRUNE = "PRUNE"
    ANSWER = "ANSWER"


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action that was done."""

    kind: ActionKind
    branch: int | None
    """The branch in opening order, ``None`` for ANSWER."""
    charge: int
    """Tokens charged."""
    depth: int = 0
    """The branch's depth after the action, in advances."""
    answer: str | None = None
    """What the action revealed, or the answer given."""
    finished: bool = False
    """The action took the branch to its end."""


class BarrierRecord(msgspec.Struct, frozen=True):
    """One verb and the actions that it came to, side by side in the verb's order."""

    verb: AnyVerb
    actions: tuple[Action, ...]
    exhausted: bool
    """The budget ended inside the verb."""
    spent: int
    """Tokens charged in the episode, after the barrier."""
    sequential: int
    """Tokens on the critical path, after the barrier."""


class Unaffordable(Exception):
    """The next action costs more than what is left of the budget."""


class Ledger:
    """What was done in one episode and what it cost.

    Args:
        books: a fresh episode, which becomes the books.
        shown: another one like it, which becomes the picture; or the books themselves, where no
            controller is shown them.
        trace: barriers are appended to it, if given.
    """

    def __init__(self, books: Episode, shown: Episode, trace: list[BarrierRecord] | None):
        self.books = books
        self.shown = shown
        self.ended = False
        self.answer: str | None = None
        self.budget = math.inf if books.budget is None else books.budget
        """B, infinite where there is no bound."""
        self._views: list[BranchView] = []  # those of the picture, whose own list may be tampered
        self._moved = False  # a branch was opened, finished or pruned since the last showing
        self.traced = trace is not None
        """Whether each action is noted."""
        self._trace = trace
        self._actions: list[Action] = []

    def twin(self, trace: list[BarrierRecord]) -> "Ledger":
        """Other books that stand as these do now, with a picture and a trace of their own."""
        books, shown = (_fresh(self.books) for _ in range(2))
        books.spent, books.sequential = self.books.spent, self.books.sequential
        for view in self.books.branches:
            branch = BranchView(view.index)
            _copy(view, branch)
            books.branches.append(branch)
        books.active = self.books.active.copy()
        books.finished = self.books.finished.copy()
        books.pruned = self.books.pruned.copy()
        twin = Ledger(books, shown, trace)
        twin.ended, twin.answer, twin._moved = self.ended, self.answer, True
        return twin

    def afford(self, tokens: int) -> None:
        """Raises `Unaffordable` where ``tokens`` more would pass the budget."""
        if self.books.spent + tokens > self.budget:
            raise Unaffordable

    # The entries: each changes the books alone.

    def open(self, depth: int) -> BranchView:
        """Enters a new branch that has come to ``depth``."""
        books = self.books
        view = BranchView(len(books.branches))
        view.depth = depth
        books.branches.append(view)
        books.active.append(view.index)
        self._moved = True
        return view

    def pay(self, view: BranchView, tokens: int) -> None:
        """Charges tokens that were generated on a branch."""
        self.books.spent += tokens
        view.tokens += tokens

    def finish(self, view: BranchView, final: str) -> None:
        """Takes a branch to its end, which reveals its final answer."""
        view.status = Status.FINISHED
        view.reveal(final)
        self.books.active.remove(view.index)
        self.books.finished.append(view.index)
        self._moved = True

    def prune(self, branch: int) -> None:
        """Takes an active branch out of the active set."""
        books = self.books
        view = books.branches[branch]
        view.status = Status.PRUNED
        books.active.remove(branch)
        insort(books.pruned, branch)
        self._moved = True
        self.note(ActionKind.PRUNE, view, 0)

    def note(
        self, kind: ActionKind, view: BranchView, charge: int, answer: str | None = None
    ) -> None:
        """Puts an action that was done on the trace, if one is kept."""
        if self._trace is not None:
            finished = view.status is Status.FINISHED
            self._actions.append(Action(kind, view.index, charge, view.depth, answer, finished))

    # The verbs.

    def barrier(self, verb: AnyVerb, actions: Iterator[int]) -> Outcome:
        """Does the affordable prefix of ``actions``, which run side by side by branch.

        Args:
            verb: what the actions come from.
            actions: does one action at a time and yields the branch that it was done on; raises
                `Unaffordable` before it changes anything.

        Raises:
            BudgetSpent: not even the first action is affordable.
        """
        books = self.books
        charges: dict[int, int] = {}
        exhausted = False
        before = books.spent
        try:
            for branch in actions:
                charges[branch] = charges.get(branch, 0) + books.spent - before
                before = books.spent
        except Unaffordable:
            exhausted = True
        if exhausted and not charges:
            reason = f"{books.spent} of {books.budget} tokens are spent, too many for one more"
            raise BudgetSpent(ACTIONS[type(verb)], None, reason)
        books.sequential += max(charges.values(), default=0)
        self._show(charges)
        self._file(verb, exhausted)
        return Outcome(tuple(charges), exhausted)

    def end(self, verb: Answer) -> Outcome:
        """Ends the episode with the controller's answer."""
        self.ended = True
        self.answer = verb.answer
        if self._trace is not None:
            self._actions.append(Action(ActionKind.ANSWER, None, 0, answer=verb.answer))
        self._file(verb, exhausted=False)
        return Outcome((), exhausted=False)

    def _file(self, verb: AnyVerb, exhausted: bool) -> None:
        if self._trace is not None:
            done, self._actions = tuple(self._actions), []
            books = self.books
            self._trace.append(BarrierRecord(verb, done, exhausted, books.spent, books.sequential))

    def _show(self, touched: Iterable[int]) -> None:
        """Brings the picture up to date; the books are complete by then."""
        books, shown = self.books, self.shown
        if shown is books:
            return
        shown.spent = books.spent
        shown.sequential = books.sequential
        if self._moved:
            self._moved = False
            self._views += map(BranchView, range(len(self._views), len(books.branches)))
            shown.branches = self._views.copy()
            shown.active = books.active.copy()
            shown.finished = books.finished.copy()
            shown.pruned = books.pruned.copy()
        for branch in touched:
            _copy(books.branches[branch], self._views[branch])


def _fresh(episode: Episode) -> Episode:
    """An episode like this one, before anything was done."""
    return Episode(
        interval=episode.interval,
        limit=episode.limit,
        budget=episode.budget,
        question=episode.question,
        seed=episode.seed,
    )


def _copy(source: BranchView, target: BranchView) -> None:
    # Field by field: this is the inner loop of replay, and a loop over names takes twice as long.
    target.status = source.status
    target.depth = source.depth
    target.tokens = source.tokens
    target.answer = source.answer
    target.revealed = source.revealed
    target.streak = source.streak
    target.changes = source.changes
    target.entropy = source.entropy
    target.logprob = source.logprob
    target.top_logprob = source.top_logprob
