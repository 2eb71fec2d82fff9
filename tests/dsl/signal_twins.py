"""Published methods that read signals in plain Python, as twins of the library.

Confidence is the mean log-probability of the likeliest tokens with its sign turned, one value for
each interval; a *group* is some intervals in a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from scipy import special

from dsl.episode import Advance, Answer, BranchView, Episode, Open, Prune, Sample, VerbGenerator
from tests.dsl.plain import alive, answers_of, majority

GROUP_TOKENS = 2048


def token_mean(view: BranchView, signal: str, interval: int) -> float:
    """The mean of a signal over the tokens of a branch; the last stretch may have no value."""
    values = view.passed[signal]
    tokens = [interval] * (view.depth - 1) + [max(0, view.tokens - interval * (view.depth - 1))]
    weights = tokens[: len(values)]
    total = sum(weights)
    if not total:
        return 0.0
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total


def group_size(interval: int) -> int:
    """How many intervals a group has."""
    return max(1, round(GROUP_TOKENS / interval))


def group_means(view: BranchView, interval: int) -> list[float]:
    """The confidence of every whole group of a branch."""
    confidences = [-value for value in view.passed["top_logprob"]]
    size = group_size(interval)
    starts = range(len(confidences) - size + 1)
    return [sum(confidences[start : start + size]) / size for start in starts]


def lowest_group(view: BranchView, interval: int) -> float:
    """The confidence of the lowest group; of the whole branch where it is shorter than one."""
    confidences = [-value for value in view.passed["top_logprob"]]
    groups = group_means(view, interval)
    if groups:
        return min(groups)
    return sum(confidences) / len(confidences) if confidences else 0.0


def sum_votes(answers: Sequence[str | None], weights: Sequence[float]) -> dict[str, float]:
    """The weight of each answer, in the order in which answers are first seen."""
    votes: dict[str, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is not None:
            votes[answer] = votes.get(answer, 0.0) + weight
    return votes


def heaviest(votes: Mapping[str, float]) -> str | None:
    """The answer with the most weight; the first one seen wins a tie."""
    return max(votes, key=lambda answer: votes[answer], default=None)


@dataclass
class SettledEntropy:
    """EAT: a branch stops when the moving variance of its entropy is below a level."""

    name: str = "entropy_gate"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        assert beta is not None
        level, floor = round(0.05 - 0.045 * beta, 4), round(4 + 4 * beta)
        yield Open(count=round(1 + 15 * beta))
        means = {branch: self.entropy(episode, branch) for branch in episode.active}
        variances = dict.fromkeys(range(len(episode.branches)), 1.0)
        settled: set[int] = set()
        while episode.active:
            moving = tuple(branch for branch in episode.active if branch not in settled)
            yield Advance(branches=moving, bursts=(1,) * len(moving))
            for branch in (branch for branch in episode.active if branch not in settled):
                off = self.entropy(episode, branch) - means[branch]
                means[branch] += 0.2 * off
                variances[branch] = 0.8 * (variances[branch] + 0.2 * off * off)
                deep = episode.branches[branch].depth >= floor
                if deep and variances[branch] < level:
                    settled.add(branch)
            if settled.issuperset(episode.active):
                break
        yield Answer(answer=self.ending(episode))

    def entropy(self, episode: Episode, branch: int) -> float:
        return episode.branches[branch].entropy or 0.0

    def ending(self, episode: Episode) -> str | None:
        return majority(answers_of(episode, alive(episode)))


@dataclass
class SampledVote:
    """Whole reads, of which each has the weight that a method gives it."""

    n: int

    @property
    def name(self) -> str:
        return type(self).__name__

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Sample(count=self.n)
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        weights = self.weights(episode, [episode.branches[b] for b in episode.finished])
        return heaviest(sum_votes(answers_of(episode, episode.finished), weights))

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        raise NotImplementedError


@dataclass
class BordaVote(SampledVote):
    """Self-certainty: the rank of a branch from below, to a power."""

    power: float

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        certainties = [-token_mean(view, "top_logprob", episode.interval) for view in views]
        below = [sum(other < own for other in certainties) for own in certainties]
        return [(1.0 + count) ** self.power for count in below]


@dataclass
class ResponseConfidence(SampledVote):
    """CISC: a softmax over the geometric means of the probabilities of tokens."""

    temperature: float

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        means = [exp(token_mean(view, "logprob", episode.interval)) for view in views]
        return [exp((mean - max(means)) / self.temperature) for mean in means]


@dataclass
class StatedConfidence(SampledVote):
    """CISC: a softmax over what the model states of its answer."""

    temperature: float

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        stated = [view.signals["p_true"] for view in views]
        return [exp((value - max(stated)) / self.temperature) for value in stated]


@dataclass
class BestReward(SampledVote):
    """Best-of-N: the branch with the highest reward has the only vote."""

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        rewards = [view.signals["reward"] for view in views]
        best = rewards.index(max(rewards)) if rewards else None
        return [float(index == best) for index in range(len(views))]


@dataclass
class RewardVote(SampledVote):
    """Weighted best-of-N: each branch votes with its reward."""

    def weights(self, episode: Episode, views: Sequence[BranchView]) -> Sequence[float]:
        return [view.signals["reward"] for view in views]


@dataclass
class TailConfidence(SampledVote):
    """DeepConf offline: the branches with the most confident ends vote, weighted by it."""

    keep: float

    def ending(self, episode: Episode) -> str | None:
        answered = [b for b in episode.finished if episode.branches[b].answer != "ERR"]
        tails = [self.tail(episode.branches[b], episode.interval) for b in answered]
        level = np.quantile(tails, 1 - self.keep) if tails else 0.0
        voters = [(b, tail) for b, tail in zip(answered, tails, strict=True) if tail >= level]
        votes = sum_votes(answers_of(episode, [b for b, _ in voters]), [tail for _, tail in voters])
        best = heaviest(votes)
        return best if best is not None else majority(answers_of(episode, episode.finished))

    def tail(self, view: BranchView, interval: int) -> float:
        confidences = [-value for value in view.passed["top_logprob"]]
        last = confidences[-group_size(interval) :]
        return sum(last) / len(last) if last else 0.0


@dataclass
class OnlineConfidence:
    """DeepConf online: branches are given up below a level that the first ones set."""

    warm_up: int
    n: int
    batch: int
    keep: float
    consensus: float
    level: float = 0.0
    name: str = "deepconf_online"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        self.level = 0.0
        yield Sample(count=min(self.warm_up, self.n))
        warm = [lowest_group(view, episode.interval) for view in episode.branches]
        self.level = float(np.quantile(warm, 1 - self.keep))
        while True:
            votes = self.votes(episode)
            whole = sum(votes.values())
            agreed = whole > 0 and max(votes.values()) / whole >= self.consensus
            if agreed or len(episode.branches) >= self.n or not episode.available:
                break
            yield Open(count=min(self.batch, self.n - len(episode.branches)), look=False)
            while episode.active:
                lost = self.lost(episode)
                moving = tuple(branch for branch in episode.active if branch not in lost)
                if moving:
                    yield Advance(branches=moving, bursts=(1,) * len(moving), look=False)
                if self.lost(episode):
                    yield Prune(branches=self.lost(episode))
        yield Answer(answer=self.ending(episode))

    def lost(self, episode: Episode) -> tuple[int, ...]:
        """The branches with a group below the level."""
        return tuple(
            branch
            for branch in episode.active
            for means in [group_means(episode.branches[branch], episode.interval)]
            if any(mean < self.level for mean in means)
        )

    def votes(self, episode: Episode) -> dict[str, float]:
        views = [episode.branches[branch] for branch in episode.finished]
        confidences = [lowest_group(view, episode.interval) for view in views]
        voters = [
            (view.answer, confidence)
            for view, confidence in zip(views, confidences, strict=True)
            if confidence >= self.level and view.answer != "ERR"
        ]
        return sum_votes([answer for answer, _ in voters], [weight for _, weight in voters])

    def ending(self, episode: Episode) -> str | None:
        best = heaviest(self.votes(episode))
        return best if best is not None else majority(answers_of(episode, episode.finished))


@dataclass
class ReliableConsistency:
    """ReASC: one confident read is enough; else votes that confident reads have more of."""

    n: int
    threshold: float
    steepness: float
    gate: float
    center: float
    spread: float
    name: str = "reasc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Sample(count=1)
        done = lowest_group(episode.branches[0], episode.interval) >= self.gate
        while not done and len(episode.branches) < self.n and episode.available:
            yield Sample(count=1)
            done = self.certainty(episode) > self.threshold
        yield Answer(answer=self.ending(episode))

    def votes(self, episode: Episode) -> dict[str, float]:
        views = [episode.branches[branch] for branch in episode.finished]
        standard = [
            (lowest_group(view, episode.interval) - self.center) / self.spread for view in views
        ]
        weights = [max(1.0, exp(self.steepness * score)) for score in standard]
        return sum_votes([view.answer for view in views], weights)

    def certainty(self, episode: Episode) -> float:
        first, second = sorted([*self.votes(episode).values(), 0.0], reverse=True)[:2]
        # The part of Beta(first + 1, second + 1) above one half.
        return float(special.betainc(second + 1, first + 1, 0.5))

    def ending(self, episode: Episode) -> str | None:
        return heaviest(self.votes(episode))
