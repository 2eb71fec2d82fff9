"""A plain replay of recorded episodes, and plain controllers, to compare the language with.

`play_plainly` performs verbs by the table of actions and prices in docs/mdp.md, one action at a
time. It shares no code with `harness.mdp`: only the data types of the interface are imported, which
are the verbs and views of `dsl.episode` and the recording (`BranchPool`, `ReplayChain`).
`LanguageRules` adds the rules that Rheo gives its programs: counts are clipped to the available
branches, and a spent budget leads to the ending.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import msgspec

from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    BranchView,
    Controller,
    Episode,
    Open,
    Outcome,
    Probe,
    Prune,
    Sample,
    Status,
    VerbGenerator,
)
from harness.mdp.replay import BranchPool, ReplayChain


class EpisodeSetting(NamedTuple):
    """The setting in which an episode is played."""

    seed: int = 0
    question: int = 0
    budget: int | None = None
    probe_cost: int = 0
    beta: float | None = None


class ActionRecord(NamedTuple):
    """One action and its price."""

    kind: str
    branch: int | None
    charge: int
    depth: int = 0
    answer: str | None = None
    finished: bool = False


class VerbRecord(NamedTuple):
    """One verb without its origin and reason, and its actions."""

    verb: AnyVerb
    actions: tuple[ActionRecord, ...]
    exhausted: bool


class EpisodeRecord(NamedTuple):
    """A complete episode."""

    answer: str | None
    tokens: int
    sequential: int
    barriers: Sequence[VerbRecord]


def bare_verb(verb: AnyVerb) -> AnyVerb:
    """A verb without the origins and reasons that a program gives."""
    if isinstance(verb, Answer):
        return Answer(answer=verb.answer)
    return msgspec.structs.replace(verb, origin=None, because=None)


class _Branch:
    """An opened branch: what was read of it, and every answer that was revealed, by depth."""

    def __init__(self, index: int, chain: ReplayChain):
        self.index = index
        self.chain = chain
        self.depth = 0
        self.tokens = 0
        self.status = Status.ACTIVE
        self.reveals: list[tuple[int, str]] = []
        self.probed_at = 0
        self.logprob: float | None = None
        self.top_logprob: float | None = None
        self.named: dict[str, float] = {}
        """Named signals of the latest interval."""

    def read_signals(self, interval: int) -> None:
        """Keep the signals of an interval; the last stretch of a chain may have none."""
        if self.chain.logprob is not None and interval < len(self.chain.logprob):
            self.logprob = self.chain.logprob[interval]
        if self.chain.top_logprob is not None and interval < len(self.chain.top_logprob):
            self.top_logprob = self.chain.top_logprob[interval]
        for name, signal in self.chain.signals.items():
            if signal.scope == "interval" and interval < len(signal.values):
                self.named[name] = signal.values[interval]

    def view(self) -> BranchView:
        view = BranchView(self.index)
        view.status, view.depth, view.tokens = self.status, self.depth, self.tokens
        view.cut_off = self.status is Status.FINISHED and self.chain.cut_off
        if self.reveals:
            answers = [answer for _, answer in self.reveals]
            view.revealed, view.answer = self.reveals[-1]
            different = [index for index, answer in enumerate(answers) if answer != answers[-1]]
            view.streak = len(answers) - 1 - (different[-1] + 1 if different else 0)
            view.changes = sum(a != b for a, b in pairwise(answers))
        if self.probed_at and self.chain.entropy is not None:
            view.entropy = self.chain.entropy[self.probed_at - 1]
        view.logprob, view.top_logprob = self.logprob, self.top_logprob
        recorded = {"logprob": self.chain.logprob, "top_logprob": self.chain.top_logprob}
        view.passed = {n: tuple(v[: self.depth]) for n, v in recorded.items() if v is not None}
        view.signals = self.named | {
            name: signal.values[0 if signal.scope == "branch" else self.probed_at - 1]
            for name, signal in self.chain.signals.items()
            if (signal.scope == "branch" and self.status is Status.FINISHED)
            or (signal.scope == "probe" and self.probed_at)
        }
        return view


class _Broke(Exception):
    """The next action is not affordable."""


class PlainReplay:
    """An episode over a recorded question, by the table of actions and prices."""

    def __init__(self, branch_pool: BranchPool, setting: EpisodeSetting):
        order = list(range(len(branch_pool.chains)))
        random.Random(setting.seed).shuffle(order)
        self.chains = [branch_pool.chains[index] for index in order]
        self.interval = branch_pool.interval
        self.probe_cost = setting.probe_cost
        self.budget = setting.budget
        self.branches: list[_Branch] = []
        self.finished: list[int] = []
        self.spent = 0
        self.sequential = 0
        self.record: list[VerbRecord] = []
        self.answer: str | None = None
        self.ended = False
        self.episode = Episode(
            interval=self.interval,
            limit=len(self.chains),
            budget=setting.budget,
            question=setting.question,
            seed=setting.seed,
        )

    def perform(self, verb: AnyVerb) -> Outcome:
        actions: list[ActionRecord] = []
        exhausted = False
        try:
            for action in self._actions(verb):
                self.spent += action.charge
                actions.append(action)
        except _Broke:
            exhausted = True
        if exhausted and not actions:
            return Outcome((), exhausted=True)
        touched = tuple(
            dict.fromkeys(action.branch for action in actions if action.branch is not None)
        )
        charges = [sum(action.charge for action in actions if action.branch == b) for b in touched]
        self.sequential += max(charges, default=0)
        self.record.append(VerbRecord(bare_verb(verb), tuple(actions), exhausted))
        self._show(touched)
        return Outcome(touched, exhausted)

    def _actions(self, verb: AnyVerb) -> Iterator[ActionRecord]:
        match verb:
            case Open(count=count, look=look):
                for _ in range(count):
                    self._afford(self.interval)
                    branch = self._new()
                    yield self._step("BRANCH", branch)
                    if look and branch.status is Status.ACTIVE:
                        yield self._reveal(branch)
            case Sample(count=count):
                for _ in range(count):
                    if self.budget is not None and self.spent >= self.budget:
                        raise _Broke
                    branch = self._new()
                    branch.depth = len(branch.chain.probes) + 1
                    yield self._end("READ", branch, branch.chain.tokens)
            case Advance(branches=branches, bursts=bursts, look=look):
                for index, burst in zip(branches, bursts, strict=True):
                    branch = self._active(index)
                    for _ in range(burst):
                        self._afford(self.interval)
                        yield self._step("CONTINUE", branch)
                        if branch.status is not Status.ACTIVE:
                            break
                        if look:
                            yield self._reveal(branch)
            case Probe(branches=branches):
                for index in branches:
                    yield self._reveal(self._active(index))
            case Prune(branches=branches):
                for index in branches:
                    branch = self._active(index)
                    branch.status = Status.PRUNED
                    yield ActionRecord("PRUNE", index, 0, branch.depth)
            case Answer(answer=answer):
                self.ended, self.answer = True, answer
                yield ActionRecord("ANSWER", None, 0, answer=answer)

    def _afford(self, tokens: int) -> None:
        if self.budget is not None and self.spent + tokens > self.budget:
            raise _Broke

    def _new(self) -> _Branch:
        index = len(self.branches)
        self.branches.append(_Branch(index, self.chains[index]))
        return self.branches[-1]

    def _active(self, index: int) -> _Branch:
        branch = self.branches[index]
        assert branch.status is Status.ACTIVE
        return branch

    def _step(self, kind: str, branch: _Branch) -> ActionRecord:
        """BRANCH or CONTINUE: one interval, or the last stretch."""
        chain, branch.depth = branch.chain, branch.depth + 1
        if branch.depth <= len(chain.probes):
            branch.tokens += self.interval
            branch.read_signals(branch.depth - 1)
            return ActionRecord(kind, branch.index, self.interval, branch.depth)
        stretch = chain.tokens - self.interval * len(chain.probes)
        return self._end(kind, branch, max(0, stretch) if kind == "CONTINUE" else chain.tokens)

    def _end(self, kind: str, branch: _Branch, charge: int) -> ActionRecord:
        final = branch.chain.final
        branch.tokens += charge
        branch.status = Status.FINISHED
        branch.read_signals(len(branch.chain.probes))
        branch.reveals.append((branch.depth, final))
        self.finished.append(branch.index)
        return ActionRecord(kind, branch.index, charge, branch.depth, final, finished=True)

    def _reveal(self, branch: _Branch) -> ActionRecord:
        assert branch.depth not in [depth for depth, _ in branch.reveals]
        self._afford(self.probe_cost)
        answer = branch.chain.probes[branch.depth - 1]
        branch.reveals.append((branch.depth, answer))
        branch.probed_at = branch.depth
        return ActionRecord("PROBE", branch.index, self.probe_cost, branch.depth, answer)

    def _show(self, touched: Sequence[int]) -> None:
        """Write the state to the view of the controller."""
        episode = self.episode
        episode.spent, episode.sequential = self.spent, self.sequential
        known = episode.branches
        episode.branches = [
            branch.view()
            if branch.index in touched or branch.index >= len(known)
            else known[branch.index]
            for branch in self.branches
        ]
        by_status = {
            status: [branch.index for branch in self.branches if branch.status is status]
            for status in Status
        }
        episode.active, episode.pruned = by_status[Status.ACTIVE], by_status[Status.PRUNED]
        episode.finished = self.finished.copy()


def play_plainly(
    controller: Controller, branch_pool: BranchPool, setting: EpisodeSetting
) -> EpisodeRecord:
    """Play one episode in a plain replay."""
    replay = PlainReplay(branch_pool, setting)
    course = controller.play(replay.episode, setting.beta)
    verb = next(course, None)
    while not replay.ended:
        outcome = replay.perform(verb or Answer(answer=None))
        if not replay.ended:
            verb = _answer_to(course, outcome)
    course.close()
    return EpisodeRecord(replay.answer, replay.spent, replay.sequential, replay.record)


class PlainController(Controller, Protocol):
    """A controller in Python that knows its answer if the budget ends inside a verb."""

    def ending(self, episode: Episode) -> str | None:
        """The answer that `finally` gives."""
        ...


class LanguageRules:
    """A plain controller under the rules of the language."""

    def __init__(self, controller: Controller, ending: Callable[[Episode], str | None]):
        self.controller = controller
        self.ending = ending
        self.name = controller.name

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        course = self.controller.play(episode, beta)
        verb = next(course, None)
        while verb is not None:
            outcome = Outcome((), exhausted=False)
            clipped = _clipped(verb, episode)
            if clipped is not None:
                outcome = yield clipped
            if outcome.exhausted:
                course.close()
                yield Answer(answer=self.ending(episode))
                return
            verb = _answer_to(course, outcome)


def _answer_to(course: VerbGenerator, outcome: Outcome) -> AnyVerb | None:
    try:
        return course.send(outcome)
    except StopIteration:
        return None


def _clipped(verb: AnyVerb, episode: Episode) -> AnyVerb | None:
    if not isinstance(verb, Open | Sample):
        return verb
    count = min(verb.count, episode.available)
    return msgspec.structs.replace(verb, count=count) if count > 0 else None


def majority(answers: Sequence[str | None]) -> str | None:
    """The most frequent answer, ``None`` excluded; the first one wins a tie."""
    votes = [answer for answer in answers if answer is not None]
    return max(votes, key=votes.count, default=None)


def answers_of(episode: Episode, branches: Sequence[int]) -> list[str | None]:
    """The latest revealed answer of each branch."""
    return [episode.branches[branch].answer for branch in branches]


def alive(episode: Episode) -> list[int]:
    """The branches that are not pruned, in opening order."""
    return [view.index for view in episode.branches if view.index not in episode.pruned]


def finished_else_alive(episode: Episode) -> str | None:
    """`winner(finished) else winner(alive)`."""
    first = majority(answers_of(episode, episode.finished))
    return first if first is not None else majority(answers_of(episode, alive(episode)))
