"""The replay MDP: a recorded question performs the verbs of a controller, exactly.

The state is (q, m, I, ℓ, Ω); the actions and their prices are those of docs/mdp.md. The recorded
chains stay here and the books in the `Ledger`; the controller is given a `dsl.episode.Episode`,
into which only what has been revealed is written.

Chains need not be known from the start. Whoever draws them while the episode runs asks with
`Replay.rehearse` what a verb will look at, and says with `Replay.learn` what is there.
"""

import copy
import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, assert_never

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
from harness.errors import InputError
from harness.mdp.admission import admit
from harness.mdp.ledger import Action, ActionKind, BarrierRecord, Ledger, Unaffordable


class ReplayChain(NamedTuple):
    """One recorded branch, ready for replay. Signals are per interval, ``None`` if not recorded."""

    probes: Sequence[str]
    """The answer after 1..P intervals."""
    tokens: int
    """T, the chain's total tokens."""
    final: str
    entropy: Sequence[float] | None = None
    logprob: Sequence[float] | None = None
    top_logprob: Sequence[float] | None = None


class BranchPool(NamedTuple):
    """The chains of one question in recorded order, without its gold answer."""

    chains: Sequence[ReplayChain]
    interval: int
    """Δ in tokens."""
    probed: bool = True
    """False where nothing inside a chain was recorded, so that only READ can be replayed."""


@lru_cache(maxsize=4096)
def permute_branches(branches: int, seed: int) -> tuple[int, ...]:
    """The order in which seed ``seed`` opens ``branches`` recorded chains.

    One fresh generator for each question, so the order depends on the two arguments alone.
    """
    order = list(range(branches))
    random.Random(seed).shuffle(order)
    return tuple(order)


class NotProbed(InputError):
    """A controller wants to look inside chains of which only the ends were recorded."""

    def __init__(self) -> None:
        super().__init__(
            "this recording has no probes, so only whole reads (`sample`) can be replayed on it;"
            " use a controller that does not open, advance or probe branches"
        )


class Replay:
    """One episode over one recorded question.

    Args:
        branch_pool: the recorded chains.
        seed: decides the order of the chains and every draw of chance.
        question: the question's position in its recording.
        budget: B in tokens, ``None`` for no bound.
        probe_cost: κ in tokens, what one PROBE costs.
        trace: barriers are appended to it, if given.
        apart: whether the controller is in another process, so that no picture is needed beside
            the books: ``episode`` is the books then, and must not be given to a controller.
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
        books, picture = (
            Episode(
                interval=branch_pool.interval,
                limit=len(chains),
                budget=budget,
                question=question,
                seed=seed,
            )
            for _ in range(2)
        )
        self._ledger = Ledger(books, books if apart else picture, trace)
        self._books = books

    @property
    def episode(self) -> Episode:
        """What the controller is shown."""
        return self._ledger.shown

    @property
    def spent(self) -> int:
        """Tokens charged so far, by the books."""
        return self._books.spent

    @property
    def sequential(self) -> int:
        """Tokens on the critical path so far, by the books."""
        return self._books.sequential

    @property
    def ended(self) -> bool:
        """Whether the episode has been answered."""
        return self._ledger.ended

    @property
    def answer(self) -> str | None:
        """The controller's answer, once the episode has ended."""
        return self._ledger.answer

    def perform(self, verb: AnyVerb) -> Outcome:
        """Carries out one verb; see `dsl.episode.Reasoner.perform`.

        Raises:
            Inadmissible: and `BudgetSpent`, as the protocol says.
            NotProbed: an `Open` on a recording without probes; nothing has changed.
        """
        ledger = self._ledger
        admit(verb, self._books, ended=ledger.ended)
        match verb:
            case Open():
                if not self._probed:
                    raise NotProbed
                return ledger.barrier(verb, self._open(verb))
            case Advance():
                return ledger.barrier(verb, self._advance(verb))
            case Probe():
                return ledger.barrier(verb, self._probe(verb))
            case Sample():
                return ledger.barrier(verb, self._sample(verb))
            case Prune():
                return ledger.barrier(verb, self._prune(verb))
            case Answer():
                return ledger.end(verb)
            case _:
                assert_never(verb)

    def rehearse(self, verb: AnyVerb) -> tuple[Action, ...]:
        """The actions that a verb would come to, as far as the chains are known; none is done.

        Raises:
            Inadmissible: and `BudgetSpent` and `NotProbed`, as `perform`.
        """
        trace: list[BarrierRecord] = []
        twin = copy.copy(self)
        twin._ledger = self._ledger.twin(trace)  # noqa: SLF001 - it is one of us
        twin._books = twin._ledger.books  # noqa: SLF001
        Replay.perform(twin, verb)  # whatever a subclass does besides is no part of a rehearsal
        return trace[-1].actions

    def learn(self, branch: int, chain: ReplayChain) -> None:
        """Takes up what has become known of a branch's chain.

        Args:
            branch: its index in the order of opening, whether it is open yet or not.
            chain: the whole of it. What was revealed of it already must stay as it was.
        """
        self._chains[branch] = chain

    # The verbs as sequences of actions: each yields the branch after every action that it did.

    def _open(self, verb: Open) -> Iterator[int]:
        for _ in range(verb.count):
            view = self._branch()
            yield view.index
            if verb.look and view.status is Status.ACTIVE:
                self._reveal(view)
                yield view.index

    def _advance(self, verb: Advance) -> Iterator[int]:
        ledger, dearest = self._ledger, self._interval + self._probe_cost
        for branch, burst in zip(verb.branches, verb.bursts, strict=True):
            view = self._books.branches[branch]
            if not ledger.traced and self._books.spent + burst * dearest <= ledger.budget:
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
            self._reveal(self._books.branches[branch])
            yield branch

    def _sample(self, verb: Sample) -> Iterator[int]:
        for _ in range(verb.count):
            yield self._read().index

    def _prune(self, verb: Prune) -> Iterator[int]:
        for branch in verb.branches:
            self._ledger.prune(branch)
            yield branch

    # The actions of the MDP, each with its price. A refused one has changed nothing.

    def _branch(self) -> BranchView:
        ledger = self._ledger
        ledger.afford(self._interval)
        chain = self._chains[len(self._books.branches)]
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
            rest = max(0, chain.tokens - self._interval * len(chain.probes))
            self._end(ActionKind.CONTINUE, view, chain, rest)

    def _run(self, view: BranchView, burst: int, *, look: bool) -> None:
        """CONTINUE and PROBE in turn, as `_advance` has them, where all of it is affordable.

        It is the inner loop of replay: what the actions do one by one is done at once. Nothing of
        it stands on a trace.
        """
        chain = self._chains[view.index]
        before, probes = view.depth, chain.probes
        after = min(before + burst, len(probes))
        steps = after - before
        if steps > 0:
            view.depth = after
            view.tokens += steps * self._interval
            self._books.spent += steps * self._interval
            if chain.logprob is not None or chain.top_logprob is not None:
                for interval in range(before, after):
                    _read_signals(view, chain, interval)
            if look:
                self._books.spent += steps * self._probe_cost
                _reveal_all(view, probes[before:after])
                if chain.entropy is not None:
                    view.entropy = chain.entropy[after - 1]
        if steps < burst:
            self._continue(view)

    def _reveal(self, view: BranchView) -> None:
        ledger = self._ledger
        ledger.afford(self._probe_cost)
        self._books.spent += self._probe_cost
        chain = self._chains[view.index]
        answer = chain.probes[view.depth - 1]
        view.reveal(answer)
        if chain.entropy is not None:
            view.entropy = chain.entropy[view.depth - 1]
        ledger.note(ActionKind.PROBE, view, self._probe_cost, answer)

    def _read(self) -> BranchView:
        ledger = self._ledger
        if self._books.spent >= ledger.budget:  # a read may overshoot, so its own price is no bar
            raise Unaffordable
        chain = self._chains[len(self._books.branches)]
        view = ledger.open(depth=len(chain.probes) + 1)
        self._end(ActionKind.READ, view, chain, chain.tokens)
        return view

    def _end(self, kind: ActionKind, view: BranchView, chain: ReplayChain, charge: int) -> None:
        """The last stretch of a chain, whichever action takes it."""
        self._ledger.pay(view, charge)
        self._ledger.finish(view, chain.final)
        _read_signals(view, chain, len(chain.probes))
        self._ledger.note(kind, view, charge, chain.final)


def _reveal_all(view: BranchView, answers: Sequence[str]) -> None:
    """Reveals answers after intervals that follow each other, the last at the present depth."""
    answer, streak, changes, seen = view.answer, view.streak, view.changes, view.revealed > 0
    for each in answers:
        if each == answer and seen:
            streak += 1
        elif seen:
            streak = 0
            changes += 1
        answer, seen = each, True
    view.answer, view.streak, view.changes, view.revealed = answer, streak, changes, view.depth


def _read_signals(view: BranchView, chain: ReplayChain, interval: int) -> None:
    """Takes up the signals of an interval just generated; the last stretch may have none."""
    if chain.logprob is not None and interval < len(chain.logprob):
        view.logprob = chain.logprob[interval]
    if chain.top_logprob is not None and interval < len(chain.top_logprob):
        view.top_logprob = chain.top_logprob[interval]
