"""Twins of the controllers that decide by the course of branches, in plain Python."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from math import sqrt

from dsl.episode import Advance, Answer, Episode, Open, Probe, Status, VerbGenerator
from tests.dsl.controllers.twins_by_votes import (
    ByOpened,
    advance,
    best,
    confidence,
    counted,
    margin,
    prune,
    root_weight,
    second,
    top_share,
    views,
    weighted,
)
from tests.dsl.plain import alive, answers_of, finished_else_alive, majority


@dataclass
class LockStreak(ByOpened):
    name: str = "lock_streak"
    locked: set[int] = field(default_factory=set)

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        n_init, width = round(2 + 4 * b), round(4 + 20 * b)
        hold, quorum = round(2 + 6 * b), round(2 + 3 * b)
        self.locked = set()
        yield Open(count=n_init)
        for _ in range(500):
            before = len(episode.branches)
            yield from advance(i for i in episode.active if i not in self.locked)
            for view in views(episode, alive(episode)):
                if view.streak >= hold or view.status is Status.FINISHED:
                    self.locked.add(view.index)
            if len(self.locked) >= quorum:
                votes = counted(answers_of(episode, sorted(self.locked)))
                if margin(votes) > 0.5:
                    yield Answer(answer=best(votes))
                    return
                yield Open(count=max(0, min(2, width - len(episode.branches))))
            awake = set(episode.active) - self.locked
            if not awake and len(episode.branches) >= width:
                break
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = majority(answers_of(episode, sorted(self.locked)))
        if winner is None:
            winner = majority(answers_of(episode, alive(episode)))
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Naps(ByOpened):
    n: int = 6
    nap: int = 3
    top: int = 60
    name: str = "naps"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        leader: str | None = None
        rest: Counter[int] = Counter()
        for _ in range(self.top):
            now = majority(answers_of(episode, alive(episode)))
            if now != leader:
                rest.clear()
                leader = now
            awake = [i for i in episode.active if not rest[i]]
            for branch in episode.active:
                rest[branch] = max(0, rest[branch] - 1)
            awake.sort(key=lambda branch: episode.branches[branch].depth)
            yield from advance(awake)
            for view in views(episode, awake):
                if view.answer == leader and view.status is Status.ACTIVE:
                    rest[view.index] = self.nap
            votes = counted(answers_of(episode, episode.finished))
            if len(episode.finished) * 2 > self.n and confidence(votes) > 0.9:
                break
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = finished_else_alive(episode)
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Restart:
    name: str = "restart"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        hold, tries, changes = round(3 + 9 * b), round(1 + 5 * b), round(3 + 5 * b)
        yield Open(count=1)
        given_up = 0
        for _ in range(500):
            before = len(episode.branches)
            yield from advance(episode.active)
            running = views(episode, episode.active)
            if max((view.streak for view in running), default=0) >= hold:
                yield Answer(answer=running[0].answer)
                return
            lost = [view.index for view in running if view.changes >= changes or view.depth >= 30]
            ended = views(episode, episode.finished)
            undecided = max((view.streak for view in ended), default=0) < hold // 2
            if lost and given_up < tries:
                yield from prune(lost)
                given_up += 1
                yield Open(count=1)
            elif not running and undecided and given_up < tries:
                given_up += 1
                yield Open(count=1)
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        return best(weighted((view.answer, view.streak + 1) for view in episode.branches))


@dataclass
class TwoFinalists(ByOpened):
    name: str = "two_finalists"
    close_call: bool = False

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        width, early, calm = round(4 + 12 * b), round(3 + 5 * b), round(3 + 9 * b)
        close = round(0.4 - 0.2 * b, 4)
        self.close_call = False
        yield Open(count=width)
        for step in range(500):
            yield from advance(episode.active)
            if step + 1 == early:
                yield from prune(self.lost(episode, close))
            running = views(episode, episode.active)
            if step + 1 >= early and running and min(v.streak for v in running) >= calm:
                break
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def lost(self, episode: Episode, close: float) -> list[int]:
        votes = counted(answers_of(episode, alive(episode)))
        self.close_call = margin(votes) <= close and len(votes) > 1
        kept = []
        for answer in [best(votes), second(votes)][: 1 + self.close_call]:
            mine = [view for view in views(episode, episode.active) if view.answer == answer]
            mine.sort(key=lambda view: (-view.streak, view.changes))
            kept += [view.index for view in mine[:1]]
        return [branch for branch in episode.active if branch not in kept]

    def ending(self, episode: Episode) -> str | None:
        left = views(episode, alive(episode))
        by_streak = best(weighted((view.answer, 1 + view.streak) for view in left))
        running = majority(answers_of(episode, episode.active))
        choices = [by_streak if self.close_call else running]
        choices += [majority(answers_of(episode, episode.finished)), self.otherwise(episode)]
        return next((choice for choice in choices if choice is not None), None)


@dataclass
class TwoAverages:
    name: str = "two_averages"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        n_init, width, hold = round(3 + 5 * b), round(6 + 18 * b), round(2 + 4 * b)
        fast, slow = round(0.6 - 0.2 * b, 4), round(0.25 - 0.15 * b, 4)
        level = round(0.8 + 0.15 * b, 4)
        yield Open(count=n_init)
        averages = [0.0, 0.0]
        gaps: list[float] = []
        held = 0
        for _ in range(500):
            before = len(episode.branches)
            moving = sorted(episode.active, key=lambda i: -episode.branches[i].streak)
            yield from advance(moving)
            sure = 0.5 * confidence(counted(answers_of(episode, alive(episode))))
            sure += 0.5 * confidence(counted(answers_of(episode, episode.finished)))
            averages = [
                weight * sure + (1 - weight) * old
                for weight, old in zip((fast, slow), averages, strict=True)
            ]
            gaps = [*gaps, averages[0] - averages[1]][-4:]
            calm = abs(gaps[-1]) <= 0.1 and averages[0] >= level
            held = held + 1 if calm else max(0, held - 1)
            if held >= hold:
                break
            if len(gaps) == 4 and averages[0] < level and flat(gaps):
                yield Open(count=max(0, min(2, width - len(episode.branches))))
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        return finished_else_alive(episode)


def flat(gaps: list[float]) -> bool:
    """Whether the gaps neither spread nor stay open."""
    mean = sum(gaps) / len(gaps)
    spread = sqrt(sum((gap - mean) * (gap - mean) for gap in gaps) / len(gaps))
    return spread < 0.05 and mean < 0.02


@dataclass
class Pacing(ByOpened):
    n: int = 4
    width: int = 24
    cut: float = 2.0
    name: str = "pacing"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        for _ in range(500):
            before = len(episode.branches)
            yield from advance(sorted(episode.active, key=lambda i: -episode.branches[i].tokens))
            lengths = [view.tokens for view in views(episode, episode.finished)]
            median = statistics.median_low(lengths) if lengths else 0
            running = views(episode, episode.active)
            if median:
                yield from prune(v.index for v in running if v.tokens > self.cut * median)
            left = 2**63 - 1 if episode.budget is None else episode.budget
            left -= episode.spent
            left -= sum(max(0, median - v.tokens) for v in views(episode, episode.active))
            if len(episode.branches) < self.width and median and left > median * 1.25:
                yield Open(count=1)
            first = counted(answers_of(episode, episode.finished[:5]))
            if len(episode.finished) >= 3 and confidence(first) > 0.95:
                break
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        ended = views(episode, episode.finished)
        winner = best(weighted((view.answer, root_weight(view.tokens)) for view in ended))
        winner = winner if winner is not None else finished_else_alive(episode)
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Sparse(ByOpened):
    name: str = "sparse"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        width, gap, level = round(3 + 9 * b), round(6 - 3 * b), round(0.75 + 0.2 * b, 4)
        yield Open(count=width, look=False)
        yield from self.extend(episode, gap - 1)
        yield from self.probe(episode, list(episode.active))
        for looks in range(500):
            last = {view.index: view.answer for view in episode.branches}
            yield from self.extend(episode, gap + looks)
            leader = majority(answers_of(episode, alive(episode)))
            running = views(episode, episode.active)
            yield from self.probe(
                episode, [v.index for v in running if v.depth % 2 == 0 or last[v.index] != leader]
            )
            steady = [
                v.answer
                for v in views(episode, alive(episode))
                if v.status is Status.FINISHED
                or (v.revealed == v.depth and v.answer == last[v.index])
            ]
            votes = counted(steady)
            enough = len(steady) >= 2 and 2 * len(steady) >= len(alive(episode))
            if enough and top_share(votes) >= level:
                yield Answer(answer=best(votes))
                return
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def extend(self, episode: Episode, intervals: int) -> VerbGenerator:
        if episode.active and intervals > 0:
            moving = tuple(episode.active)
            yield Advance(branches=moving, bursts=(intervals,) * len(moving), look=False)

    def probe(self, episode: Episode, branches: list[int]) -> VerbGenerator:
        unseen = tuple(v.index for v in views(episode, branches) if v.revealed != v.depth)
        if unseen:
            yield Probe(branches=unseen)

    def ending(self, episode: Episode) -> str | None:
        seen = [v.answer for v in views(episode, alive(episode)) if v.revealed == v.depth]
        choices = [majority(answers_of(episode, episode.finished)), majority(seen)]
        return next((c for c in choices if c is not None), self.otherwise(episode))


@dataclass
class Halving(ByOpened):
    name: str = "halving"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        width, rung = round(4 + 28 * b), round(2 + 3 * b)
        rungs = {rung * 2**k for k in range(12)}
        yield Open(count=width)
        for step in range(500):
            yield from advance(episode.active)
            if step + 1 in rungs:
                running = views(episode, episode.active)
                ranked = sorted(running, key=lambda view: (-view.streak, view.changes))
                yield from prune(view.index for view in ranked[max(1, len(ranked) // 2) :])
            last_few = answers_of(episode, episode.finished)[-4:]
            if len(last_few) == 4 and len(set(last_few)) == 1:
                yield Answer(answer=last_few[0])
                return
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = finished_else_alive(episode)
        return winner if winner is not None else self.otherwise(episode)
