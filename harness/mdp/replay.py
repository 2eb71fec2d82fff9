"""The replay MDP: perform the verbs of a controller on a recorded question, exactly.

The state is (q, m, I, ℓ, Ω); docs/mdp.md lists the actions and their costs. The recorded branches
stay in `Replay` and the accounting in the `Ledger`; the controller gets a `dsl.episode.Episode`,
which holds only what has been revealed.

Branches need not be known from the start. Code that generates them during the episode calls
`Replay.rehearse` to find out what a verb will read, and `Replay.learn` to supply it.
"""

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, assert_never

from dsl.builtins import INTERVAL_SIGNALS
from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    BranchView,
    Episode,
    Open,
    Outcome,
    Probe,
    Prune,
    Sample,
    Status,
)
from harness.mdp.admission import NotProbed, admit
from harness.mdp.ledger import Action, ActionKind, BarrierRecord, Ledger, Unaffordable
from store.records import SignalScope


class NamedSignal(NamedTuple):
    """The values of a named signal in one chain."""

    scope: SignalScope
    values: Sequence[float]
    """One of the branch, one for each probe, or one for each interval."""


NO_SIGNALS: Mapping[str, NamedSignal] = MappingProxyType({})


class ReplayChain(NamedTuple):
    """One recorded branch, prepared for replay. Signals not recorded are ``None``."""

    probes: Sequence[str]
    """The answer after 1..P intervals."""
    tokens: int
    """T, the chain's total tokens."""
    final: str
    entropy: Sequence[float] | None = None
    logprob: Sequence[float] | None = None
    top_logprob: Sequence[float] | None = None
    cut_off: bool = False
    """Whether the chain ends at the bound on its tokens. False also where that was not read."""
    signals: Mapping[str, NamedSignal] = NO_SIGNALS
    """The named signals that the recording declares and every chain has."""


class BranchPool(NamedTuple):
    """The branches of one question in recorded order, without its gold answer."""

    chains: Sequence[ReplayChain]
    interval: int
    """Δ in tokens."""
    probed: bool = True
    """False if nothing inside a branch was recorded, so that only READ can be replayed."""


@lru_cache(maxsize=4096)
def permute_branches(branches: int, seed: int) -> tuple[int, ...]:
    """Return the order in which ``seed`` opens ``branches`` recorded branches.

    Each question gets a new generator, so the order depends on the two arguments only.
    """
    order = list(range(branches))
    random.Random(seed).shuffle(order)
    return tuple(order)


class Replay:
    """One episode over one recorded question.

    Args:
        branch_pool: The recorded branches.
        seed: Determines the order of the branches and every random draw.
        question: The question's position in its recording.
        budget: B in tokens, ``None`` for no limit.
        probe_cost: κ in tokens, the cost of one PROBE.
        trace: A list that barriers are appended to, or ``None``.
        apart: Whether the controller runs in another process, so that no separate view is needed:
            ``episode`` is then the authoritative state and must not be passed to a controller.
    """

    def __init__(
        self,
        branch_pool: BranchPool,
        *,
        seed: int,
        question: int = 0,
        budget: int | None = None,
        probe_cost: int = 0,
        trace: list[BarrierRecord] | None = None,
        apart: bool = False,
    ):
        chains = branch_pool.chains
        self._chains = [chains[index] for index in permute_branches(len(chains), seed)]
        self._interval = branch_pool.interval
        self._probed = branch_pool.probed
        self._probe_cost = probe_cost
        state, view = (
            Episode(
                interval=branch_pool.interval,
                limit=len(chains),
                budget=budget,
                question=question,
                seed=seed,
                signals=chains[0].signals if chains else (),
            )
            for _ in range(2)
        )
        self._ledger = Ledger(state, state if apart else view, trace)
        self._state = state

    @property
    def episode(self) -> Episode:
        """The view for the controller."""
        return self._ledger.view

    @property
    def spent(self) -> int:
        """Tokens charged so far, from the ledger."""
        return self._state.spent

    @property
    def sequential(self) -> int:
        """Tokens on the critical path so far, from the ledger."""
        return self._state.sequential

    @property
    def ended(self) -> bool:
        """Whether the episode has been answered."""
        return self._ledger.ended

    @property
    def answer(self) -> str | None:
        """The controller's answer, once the episode has ended."""
        return self._ledger.answer

    def perform(self, verb: AnyVerb) -> Outcome:
        """Perform one verb.

        If the budget ends inside it, the longest affordable prefix of its actions is performed: in
        the verb's order, all intervals of a branch before those of the next branch.

        Raises:
            Inadmissible: The verb names a branch that it may not act on, or more branches than
                there are, or the episode has ended; nothing has changed.
            BudgetSpent: Not even the first action is affordable; nothing has changed.
            NotProbed: An `Open` on a recording without probes; nothing has changed.
        """
        ledger = self._ledger
        admit(verb, self._state, ended=ledger.ended)
        match verb:
            case Open():
                if not self._probed:
                    raise NotProbed
                return self._barrier(verb, self._open(verb))
            case Advance():
                return self._barrier(verb, self._advance(verb))
            case Probe():
                return self._barrier(verb, self._probe(verb))
            case Sample():
                return self._barrier(verb, self._sample(verb))
            case Prune():
                return self._barrier(verb, self._prune(verb))
            case Answer():
                return ledger.end(verb)
            case _:
                assert_never(verb)

    def rehearse(self, verb: AnyVerb) -> tuple[Action, ...]:
        """Return the actions that a verb would perform on the known branches; perform none.

        Raises:
            Inadmissible: From `perform`.
            BudgetSpent: From `perform`.
            NotProbed: From `perform`.
        """
        trace: list[BarrierRecord] = []
        twin = copy.copy(self)
        twin._ledger = self._ledger.twin(trace)  # noqa: SLF001 - it is one of us
        twin._state = twin._ledger.state  # noqa: SLF001
        Replay.perform(
            twin, verb
        )  # call the base class: side effects of a subclass are no part of a rehearsal
        return trace[-1].actions

    def learn(self, branch: int, chain: ReplayChain) -> None:
        """Supply a branch that was not known before, or more of it.

        Args:
            branch: Its index in the order of opening, whether or not it is open yet.
            chain: The whole branch. What was already revealed of it must be unchanged.
        """
        self._chains[branch] = chain

    def _barrier(self, verb: AnyVerb, actions: Iterator[int]) -> Outcome:
        outcome = self._ledger.barrier(verb, actions)
        if self._ledger.view.wants_passed:
            for branch in outcome.branches:
                depth = self._state.branches[branch].depth
                recorded = _interval_signals(self._chains[branch])
                signals = {name: tuple(values[:depth]) for name, values in recorded.items()}
                self._ledger.show_passed(branch, signals)
        return outcome

    # Verbs as sequences of actions: each yields the branch after every action.

    def _open(self, verb: Open) -> Iterator[int]:
        for _ in range(verb.count):
            view = self._branch()
            yield view.index
            if verb.look and view.status is Status.ACTIVE:
                self._reveal(view)
                yield view.index

    def _advance(self, verb: Advance) -> Iterator[int]:
        ledger, most_per_interval = self._ledger, self._interval + self._probe_cost
        for branch, burst in zip(verb.branches, verb.bursts, strict=True):
            view = self._state.branches[branch]
            if not ledger.traced and self._state.spent + burst * most_per_interval <= ledger.budget:
                self._run(view, burst, look=verb.look)
                yield branch
                continue
            for _ in range(burst):
                self._continue(view)
                yield branch
                if view.status is Status.FINISHED:
                    break
                if verb.look:
                    self._reveal(view)
                    yield branch

    def _probe(self, verb: Probe) -> Iterator[int]:
        for branch in verb.branches:
            self._reveal(self._state.branches[branch])
            yield branch

    def _sample(self, verb: Sample) -> Iterator[int]:
        for _ in range(verb.count):
            yield self._read().index

    def _prune(self, verb: Prune) -> Iterator[int]:
        for branch in verb.branches:
            self._ledger.prune(branch)
            yield branch

    # Actions of the MDP, each with its cost. A refused action has changed nothing.

    def _branch(self) -> BranchView:
        ledger = self._ledger
        ledger.afford(self._interval)
        chain = self._chains[len(self._state.branches)]
        view = ledger.open(depth=1)
        if chain.probes:
            ledger.pay(view, self._interval)
            _read_signals(view, chain, 0)
            ledger.note(ActionKind.BRANCH, view, self._interval)
        else:
            self._end(ActionKind.BRANCH, view, chain, chain.tokens)
        return view

    def _continue(self, view: BranchView) -> None:
        ledger = self._ledger
        ledger.afford(self._interval)
        chain = self._chains[view.index]
        done = view.depth
        view.depth = done + 1
        if done < len(chain.probes):
            ledger.pay(view, self._interval)
            _read_signals(view, chain, done)
            ledger.note(ActionKind.CONTINUE, view, self._interval)
        else:
            remainder = max(0, chain.tokens - self._interval * len(chain.probes))
            self._end(ActionKind.CONTINUE, view, chain, remainder)

    def _run(self, view: BranchView, burst: int, *, look: bool) -> None:
        """Perform alternating CONTINUE and PROBE like `_advance`, if all of it is affordable.

        This is the inner loop of replay: it performs many actions at once and traces none of them.
        """
        chain = self._chains[view.index]
        before, probes = view.depth, chain.probes
        after = min(before + burst, len(probes))
        steps = after - before
        if steps > 0:
            view.depth = after
            view.tokens += steps * self._interval
            self._state.spent += steps * self._interval
            if chain.logprob is not None or chain.top_logprob is not None or chain.signals:
                for interval in range(before, after):
                    _read_signals(view, chain, interval)
            if look:
                self._state.spent += steps * self._probe_cost
                _reveal_all(view, probes[before:after])
                if chain.entropy is not None:
                    view.entropy = chain.entropy[after - 1]
                _read_named(view, chain, "probe", after - 1)
        if steps < burst:
            self._continue(view)

    def _reveal(self, view: BranchView) -> None:
        ledger = self._ledger
        ledger.afford(self._probe_cost)
        self._state.spent += self._probe_cost
        chain = self._chains[view.index]
        answer = chain.probes[view.depth - 1]
        view.reveal(answer)
        if chain.entropy is not None:
            view.entropy = chain.entropy[view.depth - 1]
        _read_named(view, chain, "probe", view.depth - 1)
        ledger.note(ActionKind.PROBE, view, self._probe_cost, answer)

    def _read(self) -> BranchView:
        ledger = self._ledger
        if (
            self._state.spent >= ledger.budget
        ):  # a read may overshoot the budget, so its own cost is not checked
            raise Unaffordable
        chain = self._chains[len(self._state.branches)]
        view = ledger.open(depth=len(chain.probes) + 1)
        self._end(ActionKind.READ, view, chain, chain.tokens)
        return view

    def _end(self, kind: ActionKind, view: BranchView, chain: ReplayChain, charge: int) -> None:
        """Return the last stretch of a branch, whichever action reads it."""
        self._ledger.pay(view, charge)
        self._ledger.finish(view, chain.final, cut_off=chain.cut_off)
        _read_signals(view, chain, len(chain.probes))
        _read_named(view, chain, "branch", 0)
        self._ledger.note(kind, view, charge, chain.final)


def _reveal_all(view: BranchView, answers: Sequence[str]) -> None:
    """Reveal answers of consecutive intervals, the last at the present depth."""
    answer, streak, changes, revealed = view.answer, view.streak, view.changes, view.revealed > 0
    for revealed_answer in answers:
        if revealed_answer == answer and revealed:
            streak += 1
        elif revealed:
            streak = 0
            changes += 1
        answer, revealed = revealed_answer, True
    view.answer, view.streak, view.changes, view.revealed = answer, streak, changes, view.depth


def _interval_signals(chain: ReplayChain) -> dict[str, Sequence[float]]:
    """Return the signals of a chain that its intervals have, by name."""
    own = {name: getattr(chain, name) for name in INTERVAL_SIGNALS}
    named = {name: one.values for name, one in chain.signals.items() if one.scope == "interval"}
    return {name: values for name, values in own.items() if values is not None} | named


def _read_signals(view: BranchView, chain: ReplayChain, interval: int) -> None:
    """Store the signals of an interval just generated; the last stretch may have none."""
    if chain.logprob is not None and interval < len(chain.logprob):
        view.logprob = chain.logprob[interval]
    if chain.top_logprob is not None and interval < len(chain.top_logprob):
        view.top_logprob = chain.top_logprob[interval]
    _read_named(view, chain, "interval", interval)


def _read_named(view: BranchView, chain: ReplayChain, scope: SignalScope, position: int) -> None:
    """Store the named signals of a scope that have become known.

    Args:
        view: The branch.
        chain: What was recorded of it.
        scope: What has just been read: a probe, an interval, or the whole branch.
        position: Which of them, from 0.
    """
    if not chain.signals:
        return
    read = {
        name: signal.values[position]
        for name, signal in chain.signals.items()
        if signal.scope == scope and position < len(signal.values)
    }
    if read:
        view.signals = MappingProxyType({**view.signals, **read})
