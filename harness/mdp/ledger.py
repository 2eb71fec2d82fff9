"""The accounting of one episode: its ledger, the view shown to the controller, and the trace.

The ledger is kept out of the controller's reach. The view is a copy, written after each barrier and
never read, so whatever a controller does to it changes no charge and no later verb. The lists in
the view are replaced, not changed in place: one that a controller iterates over while it yields
stays as it was. The trace is a list of barriers, each with its actions and charges.
"""

import math
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """One action that was performed."""

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
    """One verb and its actions, in the verb's order."""

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
    """The actions of one episode and their costs.

    Args:
        state: A new episode; it becomes the authoritative state.
        view: A second new episode, which the controller reads. Pass ``state`` itself if no
            controller reads it.
        trace: A list that barriers are appended to, or ``None``.
    """

    def __init__(self, state: Episode, view: Episode, trace: list[BarrierRecord] | None):
        self.state = state
        self.view = view
        self.ended = False
        self.answer: str | None = None
        self.budget = math.inf if state.budget is None else state.budget
        """B, infinite where there is no bound."""
        self._views: list[BranchView] = []  # a copy: controllers can change the view's list
        self._moved = False  # a branch was opened, finished or pruned since the last `_show`
        self.traced = trace is not None
        """Whether each action is traced."""
        self._trace = trace
        self._actions: list[Action] = []

    def twin(self, trace: list[BarrierRecord]) -> "Ledger":
        """Return a copy of this ledger with a view and a trace of its own."""
        state, controller_view = (_fresh(self.state) for _ in range(2))
        state.spent, state.sequential = self.state.spent, self.state.sequential
        for view in self.state.branches:
            branch = BranchView(view.index)
            _copy(view, branch)
            state.branches.append(branch)
        state.active = self.state.active.copy()
        state.finished = self.state.finished.copy()
        state.pruned = self.state.pruned.copy()
        twin = Ledger(state, controller_view, trace)
        twin.ended, twin.answer, twin._moved = self.ended, self.answer, True
        return twin

    def afford(self, tokens: int) -> None:
        """Raise `Unaffordable` if ``tokens`` more would exceed the budget."""
        if self.state.spent + tokens > self.budget:
            raise Unaffordable

    # Entries: each changes the authoritative state only.

    def open(self, depth: int) -> BranchView:
        """Add a new branch at ``depth``."""
        state = self.state
        view = BranchView(len(state.branches))
        view.depth = depth
        state.branches.append(view)
        state.active.append(view.index)
        self._moved = True
        return view

    def pay(self, view: BranchView, tokens: int) -> None:
        """Charge tokens that were generated on a branch."""
        self.state.spent += tokens
        view.tokens += tokens

    def finish(self, view: BranchView, final: str, *, cut_off: bool = False) -> None:
        """Finish a branch, which reveals its final answer.

        Args:
            view: The branch.
            final: Its final answer.
            cut_off: Whether it ended at the bound on its tokens.
        """
        view.status = Status.FINISHED
        view.cut_off = cut_off
        view.reveal(final)
        self.state.active.remove(view.index)
        self.state.finished.append(view.index)
        self._moved = True

    def prune(self, branch: int) -> None:
        """Remove an active branch from the active set."""
        state = self.state
        view = state.branches[branch]
        view.status = Status.PRUNED
        state.active.remove(branch)
        insort(state.pruned, branch)
        self._moved = True
        self.note(ActionKind.PRUNE, view, 0)

    def note(
        self, kind: ActionKind, view: BranchView, charge: int, answer: str | None = None
    ) -> None:
        """Add an action to the trace, if there is one.

        Args:
            kind: The action.
            view: The branch that it was performed on.
            charge: Tokens charged.
            answer: What the action revealed, if anything.
        """
        if self._trace is not None:
            finished = view.status is Status.FINISHED
            self._actions.append(Action(kind, view.index, charge, view.depth, answer, finished))

    # Verbs.

    def barrier(self, verb: AnyVerb, actions: Iterator[int]) -> Outcome:
        """Perform the affordable prefix of ``actions``, which run in parallel by branch.

        Args:
            verb: The verb that the actions come from.
            actions: Performs one action at a time and yields its branch. Raises `Unaffordable`
                before it changes anything.

        Returns:
            The branches that were charged, and whether the budget ran out.

        Raises:
            BudgetSpent: Not even the first action is affordable.
        """
        state = self.state
        charges: dict[int, int] = {}
        exhausted = False
        before = state.spent
        try:
            for branch in actions:
                charges[branch] = charges.get(branch, 0) + state.spent - before
                before = state.spent
        except Unaffordable:
            exhausted = True
        if exhausted and not charges:
            reason = f"{state.spent} of {state.budget} tokens are spent, too many for one more"
            raise BudgetSpent(ACTIONS[type(verb)], None, reason)
        state.sequential += max(charges.values(), default=0)
        self._show(charges)
        self._file(verb, exhausted)
        return Outcome(tuple(charges), exhausted)

    def show_passed(self, branch: int, signals: Mapping[str, Sequence[float]]) -> None:
        """Show the controller the signals of every interval that a branch passed.

        Args:
            branch: The branch.
            signals: The values of each signal, up to the branch's depth and no further.
        """
        self._views[branch].passed = signals

    def end(self, verb: Answer) -> Outcome:
        """End the episode with the controller's answer."""
        self.ended = True
        self.answer = verb.answer
        if self._trace is not None:
            self._actions.append(Action(ActionKind.ANSWER, None, 0, answer=verb.answer))
        self._file(verb, exhausted=False)
        return Outcome((), exhausted=False)

    def _file(self, verb: AnyVerb, exhausted: bool) -> None:
        if self._trace is not None:
            done, self._actions = tuple(self._actions), []
            state = self.state
            self._trace.append(BarrierRecord(verb, done, exhausted, state.spent, state.sequential))

    def _show(self, touched: Iterable[int]) -> None:
        """Update the view from the state, which is complete by then."""
        state, view = self.state, self.view
        if view is state:
            return
        view.spent = state.spent
        view.sequential = state.sequential
        if self._moved:
            self._moved = False
            self._views += map(BranchView, range(len(self._views), len(state.branches)))
            view.branches = self._views.copy()
            view.active = state.active.copy()
            view.finished = state.finished.copy()
            view.pruned = state.pruned.copy()
        for branch in touched:
            _copy(state.branches[branch], self._views[branch])


def _fresh(episode: Episode) -> Episode:
    """Return an episode like this one, before anything was done."""
    return Episode(
        interval=episode.interval,
        limit=episode.limit,
        budget=episode.budget,
        question=episode.question,
        seed=episode.seed,
        signals=episode.signals,
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
    target.cut_off = source.cut_off
    target.entropy = source.entropy
    target.logprob = source.logprob
    target.top_logprob = source.top_logprob
    target.signals = source.signals
