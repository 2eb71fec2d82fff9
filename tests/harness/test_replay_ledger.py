"""Any sequence of verbs, admissible or not, against books kept from the table of docs/mdp.md."""

import random
from typing import cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    BranchView,
    BudgetSpent,
    Inadmissible,
    Open,
    Probe,
    Prune,
    Sample,
)
from harness.mdp.ledger import Action, BarrierRecord
from harness.mdp.replay import BranchPool, Replay
from tests.harness.branch_pools import branch_pools
from tests.harness.ledger_by_table import Broke, Line, Refused, TableBooks, picture_of

INDEXES = st.lists(st.integers(-1, 7), max_size=4).map(tuple)
JUNK: list[AnyVerb] = [
    cast("AnyVerb", None),
    cast("AnyVerb", "open"),
    Open(count=True),
    Open(count=1.0),  # type: ignore[arg-type]
    Sample(count="1"),  # type: ignore[arg-type]
    Open(count=1, look=1),  # type: ignore[arg-type]
    Prune(branches=[0]),  # type: ignore[arg-type]
    Probe(branches=(False,)),
    Advance(branches=(0,), bursts=[1]),  # type: ignore[arg-type]
    Advance(branches=(0,), bursts=(True,)),
    Answer(answer=7),  # type: ignore[arg-type]
    Prune(branches=(), because=b"none"),  # type: ignore[arg-type]
    Prune(branches=(), origin="line 1"),  # type: ignore[arg-type]
]


class AnyVerbs(RuleBasedStateMachine):
    """Performs verbs on a replay and on the table's books, and compares all that can be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.tampered = False

    @initialize(
        branch_pool=branch_pools(),
        seed=st.integers(0, 99),
        budget=st.none() | st.integers(0, 12).map(lambda n: 5 * n) | st.integers(0, 200),
        kappa=st.sampled_from([0, 0, 1, 5]),
    )
    def begin(self, branch_pool: BranchPool, seed: int, budget: int | None, kappa: int) -> None:
        order = list(range(len(branch_pool.chains)))
        random.Random(seed).shuffle(order)
        self.table = TableBooks(branch_pool, order, budget=budget, kappa=kappa)
        self.trace: list[BarrierRecord] = []
        self.expected: list[list[Line]] = []
        self.replay = Replay(
            branch_pool, seed=seed, budget=budget, probe_cost=kappa, trace=self.trace
        )
        # The same without a trace: keeping one must change nothing.
        self.plain = Replay(branch_pool, seed=seed, budget=budget, probe_cost=kappa)

    def both(self, verb: AnyVerb) -> None:
        try:
            branches, exhausted, lines = self.table.verb(verb)
        except Refused as refused:
            self.refused(verb, BudgetSpent if isinstance(refused, Broke) else Inadmissible)
            return
        outcome = self.replay.perform(verb)
        assert self.plain.perform(verb) == outcome
        assert (outcome.branches, outcome.exhausted) == (branches, exhausted)
        self.expected.append(lines)
        assert [as_line(action) for action in self.trace[-1].actions] == lines
        assert self.trace[-1].exhausted == exhausted

    def refused(self, verb: AnyVerb, kind: type[Inadmissible] = Inadmissible) -> None:
        for replay in (self.replay, self.plain):
            with pytest.raises(Inadmissible) as caught:
                replay.perform(verb)
            assert type(caught.value) is kind

    @rule(count=st.integers(-1, 8), look=st.booleans())
    def open(self, count: int, look: bool) -> None:
        self.both(Open(count=count, look=look))

    @rule(count=st.integers(-1, 3))
    def sample(self, count: int) -> None:
        self.both(Sample(count=count))

    @rule(branches=INDEXES, bursts=st.lists(st.integers(0, 5), max_size=4).map(tuple))
    def advance_anything(self, branches: tuple[int, ...], bursts: tuple[int, ...]) -> None:
        self.both(Advance(branches=branches, bursts=bursts))

    @precondition(lambda self: self.active())
    @rule(data=st.data())
    def advance_active_wrongly(self, data: st.DataObject) -> None:
        branches = data.draw(self.some_active())
        wrong = data.draw(st.sampled_from(["twice", "burst 0", "one burst less", "a list"]))
        bursts = (1,) * len(branches)
        match wrong:
            case "twice":
                verb = Advance(branches=branches[:1] * 2, bursts=(1, 1))
            case "burst 0":
                verb = Advance(branches=branches, bursts=(*bursts[1:], 0))
            case "one burst less":
                verb = Advance(branches=branches, bursts=bursts[1:])
            case _:
                verb = Advance(branches=list(branches), bursts=bursts)  # type: ignore[arg-type]
        self.refused(verb)

    @precondition(lambda self: self.active())
    @rule(data=st.data(), look=st.booleans())
    def advance_active(self, data: st.DataObject, look: bool) -> None:
        branches = data.draw(self.some_active())
        size = len(branches)
        bursts = data.draw(st.lists(st.integers(1, 6), min_size=size, max_size=size))
        self.both(Advance(branches=branches, bursts=tuple(bursts), look=look))

    @rule(branches=INDEXES)
    def probe_anything(self, branches: tuple[int, ...]) -> None:
        self.both(Probe(branches=branches))

    @precondition(lambda self: self.active())
    @rule(data=st.data())
    def probe_active(self, data: st.DataObject) -> None:
        self.both(Probe(branches=data.draw(self.some_active())))

    @rule(branches=INDEXES)
    def prune_anything(self, branches: tuple[int, ...]) -> None:
        self.both(Prune(branches=branches))

    @precondition(lambda self: self.active())
    @rule(data=st.data())
    def prune_active(self, data: st.DataObject) -> None:
        self.both(Prune(branches=data.draw(self.some_active())[:2]))

    @rule(junk=st.sampled_from(JUNK))
    def yield_junk(self, junk: AnyVerb) -> None:
        self.refused(junk)

    @precondition(lambda self: len(self.expected) > 4)
    @rule(answer=st.none() | st.just("1"))
    def answer(self, answer: str | None) -> None:
        open_still = not self.table.over
        self.both(Answer(answer=answer))
        if open_still:
            assert (self.replay.ended, self.replay.answer) == (True, answer)

    @invariant()
    def the_books_agree(self) -> None:
        for replay in (self.replay, self.plain):
            assert replay.spent == self.table.spent
            assert replay.sequential == self.table.sequential
            assert replay.ended == self.table.over
            if not self.tampered:
                assert picture_of(replay.episode) == self.table.picture()

    @invariant()
    def the_trace_adds_up(self) -> None:
        assert len(self.trace) == len(self.expected)
        spent = sequential = 0
        for barrier in self.trace:
            shares: dict[int | None, int] = {}
            for action in barrier.actions:
                shares[action.branch] = shares.get(action.branch, 0) + action.charge
            spent += sum(shares.values())
            sequential += max(shares.values(), default=0)
            assert (barrier.spent, barrier.sequential) == (spent, sequential)
        assert (self.replay.spent, self.replay.sequential) == (spent, sequential)

    def active(self) -> list[int]:
        return [b for b, held in enumerate(self.table.opened) if held.state == "active"]

    def some_active(self) -> st.SearchStrategy[tuple[int, ...]]:
        return st.lists(st.sampled_from(self.active()), unique=True, min_size=1).map(tuple)


class TamperedPicture(AnyVerbs):
    """The same, while the controller writes whatever it likes into the picture."""

    @rule(
        name=st.sampled_from(["active", "finished", "pruned", "branches"]),
        how=st.sampled_from(["clear", "reverse", "none", "strings", "repeat"]),
    )
    def tamper_with_a_list(self, name: str, how: str) -> None:
        self.tampered = True
        for episode in (self.replay.episode, self.plain.episode):
            held = getattr(episode, name)
            match how:
                case "none":
                    setattr(episode, name, None)
                case _ if held is None:
                    pass
                case "strings":
                    held[:] = ["branch"]
                case "repeat":
                    held += held
                case _:
                    getattr(held, how)()

    @rule(
        name=st.sampled_from(["spent", "sequential", "budget", "limit", "interval", "seed"]),
        value=st.sampled_from([-(10**9), 0, 10**9, None, "0"]),
    )
    def tamper_with_a_number(self, name: str, value: object) -> None:
        self.tampered = True
        for episode in (self.replay.episode, self.plain.episode):
            setattr(episode, name, value)

    @rule(name=st.sampled_from(BranchView.__slots__), value=st.sampled_from([-1, 10**9, None, "x"]))
    def tamper_with_the_views(self, name: str, value: object) -> None:
        self.tampered = True
        for episode in (self.replay.episode, self.plain.episode):
            for view in episode.branches or []:
                if isinstance(view, BranchView):
                    setattr(view, name, value)


def as_line(action: Action) -> Line:
    what = (action.kind.value, action.branch, action.charge)
    return Line(*what, action.depth, action.answer, action.finished)


TestAnyVerbs = AnyVerbs.TestCase
TestAnyVerbs.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestTamperedPicture = TamperedPicture.TestCase
TestTamperedPicture.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [AnyVerbs, TamperedPicture])
def test_hundreds_of_episodes_agree_with_the_table(machine: type[AnyVerbs]) -> None:
    class Longer(machine.TestCase):  # type: ignore[name-defined,misc]
        settings = settings(max_examples=400, stateful_step_count=40, deadline=None)

    Longer("runTest").runTest()
