"""Twins of the controllers that decide by votes, in plain Python over the episode seam.

Each is written as a researcher would write it, with lists, dictionaries and `sorted`, and shares
nothing with the language but the draws of chance.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import comb, sqrt

from dsl.episode import (
    Advance,
    Answer,
    BranchView,
    Episode,
    Open,
    Prune,
    Sample,
    Status,
    VerbGenerator,
)
from dsl.random_draws import EpisodeRandom
from tests.dsl.plain import alive, answers_of, finished_else_alive, majority


def views(episode: Episode, branches: Iterable[int]) -> list[BranchView]:
    return [episode.branches[branch] for branch in branches]


def advance(branches: Iterable[int], bursts: Iterable[int] | None = None) -> VerbGenerator:
    """Advances, by one interval each or as told, where there is anything to advance."""
    moving = tuple(branches)
    if moving:
        chosen = (1,) * len(moving) if bursts is None else tuple(bursts)
        yield Advance(branches=moving, bursts=chosen)


def prune(branches: Iterable[int]) -> VerbGenerator:
    if lost := tuple(branches):
        yield Prune(branches=lost)


def weighted(pairs: Iterable[tuple[str | None, float]]) -> dict[str, float]:
    """The votes of each answer, in the order in which they were first seen."""
    votes: defaultdict[str, float] = defaultdict(float)
    for answer, weight in pairs:
        if answer is not None:
            votes[answer] += weight
    return dict(votes)


def best(votes: dict[str, float]) -> str | None:
    return max(votes, key=lambda answer: votes[answer], default=None)


def second(votes: dict[str, float]) -> str | None:
    first = best(votes)
    return best({answer: count for answer, count in votes.items() if answer != first})


def counted(answers: Iterable[str | None]) -> dict[str, float]:
    return {
        answer: float(votes) for answer, votes in Counter(answers).items() if answer is not None
    }


def top_share(votes: dict[str, float]) -> float:
    return max(votes.values()) / sum(votes.values()) if votes else 0.0


def margin(votes: dict[str, float]) -> float:
    if not votes:
        return 0.0
    total = sum(votes.values())
    ordered = sorted(votes.values(), reverse=True)
    return ordered[0] / total - (ordered[1] / total if len(ordered) > 1 else 0.0)


def confidence(votes: dict[str, float]) -> float:
    if not votes:
        return 0.0
    ordered = [int(count) for count in sorted(votes.values(), reverse=True)] + [0]
    throws = ordered[0] + ordered[1] + 1
    return sum(comb(throws, heads) for heads in range(ordered[0] + 1)) / (1 << throws)


class ByOpened:
    """Answers by all that was ever opened where nothing else is left."""

    def otherwise(self, episode: Episode) -> str | None:
        return majority(answers_of(episode, range(len(episode.branches))))


@dataclass
class StreakVote(ByOpened):
    name: str = "streak_vote"

    def votes(self, episode: Episode) -> dict[str, float]:
        return weighted((v.answer, 1 + v.streak) for v in views(episode, alive(episode)))

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        width, warm_up = round(2 + 14 * b), round(2 + 6 * b)
        level = round(0.6 + 0.3 * b, 4)
        yield Open(count=width)
        leaders: list[str | None] = [None]
        for step in range(500):
            yield from advance(episode.active)
            votes = self.votes(episode)
            leaders.append(best(votes))
            same = len(set(leaders[-3:])) == 1 and len(leaders) >= 3
            if step >= warm_up and top_share(votes) >= level and same:
                yield Answer(answer=leaders[-1])
                return
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = best(self.votes(episode))
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Plateau(ByOpened):
    name: str = "plateau"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        span, width, more = round(2 + 4 * b), round(4 + 28 * b), round(1 + 3 * b)
        level = round(0.7 + 0.25 * b, 4)
        yield Open(count=3)
        history: list[float] = []
        settled = 0
        for _ in range(500):
            before = len(episode.branches)
            yield from advance(episode.active)
            share = top_share(counted(answers_of(episode, alive(episode))))
            history = [*history, share][-span:]
            settled = settled + 1 if share >= level else 0
            if settled >= span:
                break
            if len(history) == span and max(history) - min(history) <= 0.02 and share < level:
                yield Open(count=max(0, min(more, width - len(episode.branches))))
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = majority(answers_of(episode, alive(episode)))
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class TwoStage:
    name: str = "two_stage"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        few, width, before = round(2 + 2 * b), round(2 + 10 * b), round(2 * b)
        level = round(0.85 + 0.12 * b, 4)
        yield Sample(count=few)
        first = answers_of(episode, episode.finished)
        verdict = majority(first)
        if len(set(first)) == 1:
            yield Answer(answer=verdict)
            return
        yield Open(count=width)
        born = 0
        for step in range(500):
            moving = views(episode, episode.active)
            bursts = [1 if view.answer == verdict else 2 for view in moving]
            yield from advance((view.index for view in moving), bursts)
            votes = counted(answers_of(episode, episode.finished))
            if step >= before and len(episode.finished) > few and confidence(votes) >= level:
                yield Answer(answer=best(votes))
                return
            fickle = [v.index for v in views(episode, episode.active) if v.changes > 3]
            if step - born > 4:
                yield from prune(i for i in fickle if i not in episode.active[:2])
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        return finished_else_alive(episode)


@dataclass
class Thompson:
    name: str = "thompson"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        n_init, width, hands = round(3 + 5 * b), round(6 + 26 * b), round(1 + 3 * b)
        level = round(0.9 + 0.09 * b, 4)
        draws = EpisodeRandom(episode.seed, episode.question)
        yield Open(count=n_init)
        for _ in range(60):
            before = len(episode.branches)
            votes = Counter(answers_of(episode, alive(episode)))
            luck = {}
            for view in views(episode, episode.active):
                with_it = votes[view.answer]
                luck[view.index] = draws.draw_beta(1 + with_it, 1 + votes.total() - with_it)
            lucky = sorted(luck, key=lambda branch: -luck[branch])[:hands]
            yield from advance(lucky, (4,) * len(lucky))
            if len(episode.branches) < width and draws.chance(0.15):
                yield Open(count=1)
            finished = counted(answers_of(episode, episode.finished))
            if confidence(finished) >= level:
                yield Answer(answer=best(finished))
                return
            if not episode.active and len(episode.branches) == before:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        return finished_else_alive(episode)


@dataclass
class Asymmetric(ByOpened):
    n: int = 8
    long: int = 4
    short: int = 2
    lead: float = 0.35
    name: str = "asymmetric"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        leads: list[float] = []
        for _ in range(500):
            votes = counted(answers_of(episode, alive(episode)))
            by_answer = {second(votes): self.short, best(votes): self.long}
            moving = sorted(views(episode, episode.active), key=lambda view: -view.depth)
            bursts = [by_answer.get(view.answer, 1) for view in moving]
            yield from advance((view.index for view in moving), bursts)
            leads = [*leads, margin(counted(answers_of(episode, alive(episode))))][-3:]
            if len(leads) == 3 and leads[-1] >= leads[0] >= self.lead:
                break
            now = views(episode, episode.active)
            yield from prune(v.index for v in now if v.answer not in by_answer and v.depth >= 6)
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = majority(answers_of(episode, alive(episode)))
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Clusters(ByOpened):
    name: str = "clusters"
    score: dict[int, float] = field(default_factory=dict)

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        b = beta or 0.0
        width, hold, every = round(4 + 12 * b), round(3 + 5 * b), 2 + round(2 * b)
        bar = round(0.5 - 0.4 * b, 4)
        self.score = {}
        yield Open(count=width)
        self.score = dict.fromkeys(range(len(episode.branches)), 0.0)
        calm = 0
        for step in range(500):
            yield from advance(episode.active)
            self.rate(episode)
            left = views(episode, alive(episode))
            top = max((self.score[view.index] for view in left), default=0.0)
            if step % every == every - 1:
                weak = [
                    v for v in views(episode, episode.active) if self.score[v.index] < bar * top
                ]
                weak.sort(key=lambda view: (self.score[view.index], -view.depth))
                yield from prune(view.index for view in weak[:2])
            calm = calm + 1 if len({v.answer for v in views(episode, alive(episode))}) == 1 else 0
            if calm >= hold or not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def rate(self, episode: Episode) -> None:
        clusters: defaultdict[str | None, list[BranchView]] = defaultdict(list)
        for view in views(episode, alive(episode)):
            clusters[view.answer].append(view)
        for same in clusters.values():
            size = len(same)
            streak = sum(view.streak for view in same) / size
            depth = sum(view.depth for view in same) / size
            for view in same:
                self.score[view.index] = size + 0.5 * streak + 0.1 * depth

    def ending(self, episode: Episode) -> str | None:
        left = views(episode, alive(episode))
        winner = best(weighted((view.answer, self.score.get(view.index, 0.0)) for view in left))
        return winner if winner is not None else self.otherwise(episode)


@dataclass
class Forgiving(ByOpened):
    n: int = 10
    patience: int = 5
    least: int = 3
    forgive: int = 2
    level: float = 0.9
    name: str = "forgiving"

    def votes(self, episode: Episode) -> dict[str, float]:
        left = views(episode, alive(episode))
        return weighted((v.answer, 2 if v.status is Status.FINISHED else 1) for v in left)

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        dissent: Counter[int] = Counter()
        for step in range(200):
            yield from advance(episode.active)
            leader = best(self.votes(episode))
            for view in views(episode, episode.active):
                if view.answer == leader:
                    dissent[view.index] = max(0, dissent[view.index] - self.forgive)
                else:
                    dissent[view.index] += 1
            if len(episode.active) > self.least:
                lost = [i for i in episode.active if dissent[i] >= self.patience]
                # The worst of all; of equals, the one opened last.
                yield from prune(sorted(lost, key=lambda i: (-dissent[i], -i))[:1])
            if step >= self.patience and confidence(self.votes(episode)) >= self.level:
                yield Answer(answer=leader)
                return
            if not episode.active:
                break
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        winner = majority(answers_of(episode, alive(episode)))
        return winner if winner is not None else self.otherwise(episode)


def root_weight(tokens: int) -> float:
    """The weight of a chain: short ones count for more."""
    return 1 / sqrt(tokens) if tokens else 0.0
