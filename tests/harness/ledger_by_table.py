"""The books of one episode, kept from the table in docs/mdp.md alone.

Written to disagree with `harness.mdp.replay` wherever that departs from the table: nothing is
shared, views are derived from a log of what was revealed, and one action is done at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dsl.episode import Advance, Answer, BranchView, Episode, Open, Probe, Prune, Sample
from harness.mdp.replay import BranchPool, ReplayChain


@dataclass
class Line:
    """One action as the table charges it."""

    action: str
    branch: int | None
    charge: int
    depth: int = 0
    revealed: str | None = None
    finished: bool = False


@dataclass
class Opened:
    chain: ReplayChain
    depth: int = 0
    generated: int = 0
    state: str = "active"
    reveals: list[tuple[int, str]] = field(default_factory=list)
    entropy: float | None = None
    logprob: float | None = None
    top_logprob: float | None = None
    signals: dict[str, float] = field(default_factory=dict)

    @property
    def answers(self) -> list[str]:
        return [answer for _, answer in self.reveals]


class Refused(Exception):
    """The table does not admit the verb."""


class Broke(Refused):
    """Not even the first action is affordable."""


class TableBooks:
    def __init__(
        self, branch_pool: BranchPool, order: list[int], *, budget: int | None, kappa: int
    ):
        self.stock = [branch_pool.chains[index] for index in order]
        self.delta = branch_pool.interval
        self.kappa = kappa
        self.limit = 10**18 if budget is None else budget
        self.opened: list[Opened] = []
        self.finished: list[int] = []
        self.spent = 0
        self.sequential = 0
        self.over = False
        self.lines: list[Line] = []

    def verb(self, verb: object) -> tuple[tuple[int, ...], bool, list[Line]]:
        """The branches acted on, whether the budget ended inside, and the lines; or `Refused`."""
        if self.over:
            raise Refused
        if isinstance(verb, Answer):
            self.over = True
            return (), False, [Line("ANSWER", None, 0, revealed=verb.answer)]
        lines: list[Line] = []
        exhausted = False
        for line in self.plan(verb):
            if line is None:
                exhausted = True
                break
            lines.append(line)
        if exhausted and not lines:
            raise Broke
        branches = dict.fromkeys(line.branch for line in lines if line.branch is not None)
        shares = [sum(line.charge for line in lines if line.branch == b) for b in branches]
        self.sequential += max([0, *shares])
        return tuple(branches), exhausted, lines

    def plan(self, verb: object) -> Iterator[Line | None]:
        """One line for each action that is done; ``None`` where the next is not affordable."""
        match verb:
            case Open(count=count, look=look):
                self.demand(0 <= count <= len(self.stock) - len(self.opened))
                for _ in range(count):
                    yield from self.one_open(look)
            case Sample(count=count):
                self.demand(0 <= count <= len(self.stock) - len(self.opened))
                for _ in range(count):
                    yield self.read()
            case Advance(branches=branches, bursts=bursts, look=look):
                self.demand_active(branches)
                self.demand(len(bursts) == len(branches) and all(burst >= 1 for burst in bursts))
                for branch, burst in zip(branches, bursts, strict=True):
                    yield from self.one_advance(branch, burst, look)
            case Probe(branches=branches):
                self.demand_active(branches)
                for branch in branches:
                    branch_state = self.opened[branch]
                    self.demand(
                        branch_state.depth not in [depth for depth, _ in branch_state.reveals]
                    )
                for branch in branches:
                    yield self.probe(branch)
            case Prune(branches=branches):
                self.demand_active(branches)
                for branch in branches:
                    self.opened[branch].state = "pruned"
                    yield Line("PRUNE", branch, 0, self.opened[branch].depth)

    def one_open(self, look: bool) -> Iterator[Line | None]:
        if self.spent + self.delta > self.limit:
            yield None
            return
        branch = len(self.opened)
        self.opened.append(Opened(self.stock[branch]))
        yield self.step("BRANCH", branch, None)
        if look and self.opened[branch].state == "active":
            yield self.probe(branch)

    def one_advance(self, branch: int, burst: int, look: bool) -> Iterator[Line | None]:
        for _ in range(burst):
            if self.spent + self.delta > self.limit:
                yield None
                return
            yield self.step("CONTINUE", branch, None)
            if self.opened[branch].state == "finished":
                return
            if look:
                yield self.probe(branch)

    def step(self, action: str, branch: int, price: int | None) -> Line:
        held = self.opened[branch]
        probes = len(held.chain.probes)
        held.depth = held.depth + 1 if price is None else probes + 1
        last = held.depth > probes
        if price is None:
            price = max(0, held.chain.tokens - self.delta * probes) if last else self.delta
        self.spent += price
        held.generated += price
        for name in ("logprob", "top_logprob"):
            values = getattr(held.chain, name)
            if values is not None and held.depth <= len(values):
                setattr(held, name, values[held.depth - 1])
        self.show_named(held, "interval", held.depth - 1)
        if not last:
            return Line(action, branch, price, held.depth)
        self.show_named(held, "branch", 0)
        held.state = "finished"
        held.reveals.append((held.depth, held.chain.final))
        self.finished.append(branch)
        return Line(action, branch, price, held.depth, held.chain.final, finished=True)

    def probe(self, branch: int) -> Line | None:
        if self.spent + self.kappa > self.limit:
            return None
        self.spent += self.kappa
        held = self.opened[branch]
        answer = held.chain.probes[held.depth - 1]
        held.reveals.append((held.depth, answer))
        if held.chain.entropy is not None:
            held.entropy = held.chain.entropy[held.depth - 1]
        self.show_named(held, "probe", held.depth - 1)
        return Line("PROBE", branch, self.kappa, held.depth, answer)

    def show_named(self, held: Opened, scope: str, position: int) -> None:
        for name, signal in held.chain.signals.items():
            if signal.scope == scope and position < len(signal.values):
                held.signals[name] = signal.values[position]

    def read(self) -> Line | None:
        if self.spent >= self.limit:
            return None
        branch = len(self.opened)
        self.opened.append(Opened(self.stock[branch]))
        return self.step("READ", branch, self.stock[branch].tokens)

    def demand(self, condition: bool) -> None:
        if not condition:
            raise Refused

    def demand_active(self, branches: tuple[int, ...]) -> None:
        self.demand(len(set(branches)) == len(branches))
        for branch in branches:
            self.demand(0 <= branch < len(self.opened))
            self.demand(self.opened[branch].state == "active")

    def picture(self) -> dict[str, object]:
        """What a controller should see, in the form of `picture_of`."""
        by_state = {
            state: [b for b, held in enumerate(self.opened) if held.state == state]
            for state in ("active", "pruned")
        }
        return {
            "spent": self.spent,
            "sequential": self.sequential,
            "available": len(self.stock) - len(self.opened),
            "active": by_state["active"],
            "pruned": by_state["pruned"],
            "finished": self.finished,
            "branches": [self.branch_picture(b) for b in range(len(self.opened))],
        }

    def branch_picture(self, branch: int) -> dict[str, object]:
        held = self.opened[branch]
        answers = held.answers
        changes = [old != new for old, new in pairwise(answers)]
        same_at_end = next((n for n, changed in enumerate(reversed(changes)) if changed), None)
        return {
            "index": branch,
            "status": held.state,
            "depth": held.depth,
            "tokens": held.generated,
            "answer": answers[-1] if answers else None,
            "revealed": held.reveals[-1][0] if answers else 0,
            "streak": len(changes) if same_at_end is None else same_at_end,
            "changes": sum(changes),
            "entropy": held.entropy,
            "logprob": held.logprob,
            "top_logprob": held.top_logprob,
            "signals": held.signals,
            "passed": {},  # nothing asks for the signals of every interval
            "cut_off": held.state == "finished" and held.chain.cut_off,
        }


def picture_of(episode: Episode) -> dict[str, object]:
    """All that an episode shows, as plain data."""
    names = ("spent", "sequential", "available", "active", "pruned", "finished")
    picture: dict[str, object] = {name: getattr(episode, name) for name in names}
    views = [
        {name: getattr(view, name) for name in BranchView.__slots__} for view in episode.branches
    ]
    picture["branches"] = [{**view, "status": view["status"].value} for view in views]
    return picture
