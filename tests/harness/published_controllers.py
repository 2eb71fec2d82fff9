"""The published controllers of docs/mdp.md as plain Python over the episode seam.

They are written from their published descriptions, one object a controller, and share nothing with
the language or its engines, so that they can vouch for those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from dsl.episode import Advance, Answer, Episode, Open, Prune, Sample, VerbGenerator


def majority(answers: Sequence[str | None]) -> str | None:
    """The most frequent answer; the first seen wins a tie."""
    counts: dict[str | None, int] = {}
    for answer in answers:
        counts[answer] = counts.get(answer, 0) + 1
    return max(counts, key=lambda answer: counts[answer]) if counts else None


def beta_confidence(answers: Sequence[str | None]) -> float:
    """1 - BetaCDF(0.5; v1 + 1, v2 + 1) for the two largest vote counts, summed exactly."""
    if not answers:
        return 0.0
    votes = sorted((answers.count(answer) for answer in set(answers)), reverse=True)
    first, second = votes[0], votes[1] if len(votes) > 1 else 0
    throws = first + second + 1
    return sum(comb(throws, heads) for heads in range(first + 1)) / (1 << throws)


def finals(episode: Episode) -> list[str | None]:
    return [episode.branches[branch].answer for branch in episode.finished]


@dataclass
class SelfConsistency:
    n: int
    name: str = "sc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Sample(count=self.n)
        yield Answer(answer=majority(finals(episode)))


@dataclass
class AdaptiveConsistency:
    n: int
    threshold: float = 0.95
    name: str = "asc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for _ in range(self.n):
            yield Sample(count=1)
            answers = finals(episode)
            if len(answers) >= 2 and beta_confidence(answers) > self.threshold:
                break
        yield Answer(answer=majority(finals(episode)))


@dataclass
class EarlyStoppingConsistency:
    n: int
    window: int = 8
    name: str = "esc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for _ in range(self.n // self.window):
            yield Sample(count=self.window)
            if len(set(finals(episode)[-self.window :])) == 1:
                break
        yield Answer(answer=majority(finals(episode)))


@dataclass
class ParallelProbe:
    n: int
    stable: int = 40
    patience: int = 7
    warm_up: int = 15
    name: str = "parallel_probe"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        off_track = [0] * self.n
        previous: str | None = None
        unchanged = 0
        leader: str | None = None
        for step in range(100):
            if not episode.active:
                break
            moving = tuple(episode.active)
            yield Advance(branches=moving, bursts=(1,) * len(moving))
            leader = self.leader(episode)
            if step >= self.warm_up and len(self.unpruned(episode)) > 1:
                yield from self.prune(episode, leader, off_track)
                leader = self.leader(episode)
            unchanged = unchanged + 1 if previous is not None and leader == previous else 0
            previous = leader
            if unchanged >= self.stable:
                break
        yield Answer(answer=leader)

    def prune(self, episode: Episode, leader: str | None, off_track: list[int]) -> VerbGenerator:
        for branch in episode.active:
            agrees = episode.branches[branch].answer == leader
            off_track[branch] = 0 if agrees else off_track[branch] + 1
        lost = tuple(b for b in episode.active if off_track[b] >= self.patience)
        if lost:
            yield Prune(branches=lost)

    def unpruned(self, episode: Episode) -> list[int]:
        return [b for b in range(len(episode.branches)) if b not in episode.pruned]

    def leader(self, episode: Episode) -> str | None:
        return majority([episode.branches[b].answer for b in self.unpruned(episode)])


@dataclass(frozen=True)
class CmcKnobs:
    n_init: int
    max_branch_use: int
    warm_up: int
    abandon_patience: int
    T_ema: int
    ema_alpha: float
    conf_thresh: float
    delta_slack: float
    burst_aligned: int
    widen_burst: int
    trend_thresh: float
    min_complete: int


def cmc_knobs(beta: float) -> CmcKnobs:
    b = min(1.0, max(0.0, beta))
    return CmcKnobs(
        n_init=max(2, round(2 + 6 * b)),
        max_branch_use=min(64, round(4 + 60 * b)),
        warm_up=max(2, round(2 + 8 * b)),
        abandon_patience=max(3, round(3 + 9 * b)),
        T_ema=max(2, round(2 + 6 * b)),
        ema_alpha=round(0.70 - 0.40 * b, 4),
        conf_thresh=round(0.85 + 0.12 * b, 4),
        delta_slack=round(0.04 - 0.03 * b, 4),
        burst_aligned=max(1, round(1 + 2 * b)),
        widen_burst=max(1, round(1 + 3 * b)),
        trend_thresh=round(0.04 - 0.03 * b, 4),
        min_complete=max(2, round(2 + 3 * b)),
    )


@dataclass
class ConfidenceMomentum:
    name: str = "cmc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        assert beta is not None
        k = cmc_knobs(beta)
        yield Open(count=k.n_init)
        dissent: dict[int, int] = {}
        ema = 0.0
        history: list[float] = []
        for step in range(500):
            warm = step >= k.warm_up
            answers = finals(episode)
            leader = majority(answers)
            ema = (1 - k.ema_alpha) * ema + k.ema_alpha * beta_confidence(answers)
            history = [*history, ema][-k.T_ema :]
            if warm and leader is not None:
                yield from self.abandon(episode, k, leader, dissent)
            yield from self.advance(episode, k, leader if warm else None)
            answers = finals(episode)
            ema = (1 - k.ema_alpha) * ema + k.ema_alpha * beta_confidence(answers)
            history[-1] = ema
            delta = history[-1] - history[0] if len(history) > 1 else 0.0
            enough = len(answers) >= k.min_complete
            if warm and enough and ema >= k.conf_thresh and delta >= -k.delta_slack:
                yield Answer(answer=majority(answers))
                return
            if not episode.active:
                break
            room = k.max_branch_use - len(episode.branches)
            if (
                room > 0
                and delta <= k.trend_thresh
                and step >= max(1, k.warm_up // 2)
                and ema < k.conf_thresh
            ):
                yield Open(count=min(k.widen_burst, room))
        answers = finals(episode)
        if not answers:
            answers = [view.answer for view in episode.branches if view.index not in episode.pruned]
        yield Answer(answer=majority(answers))

    def abandon(
        self, episode: Episode, k: CmcKnobs, leader: str, dissent: dict[int, int]
    ) -> VerbGenerator:
        for branch in episode.active:
            agrees = episode.branches[branch].answer == leader
            dissent[branch] = 0 if agrees else dissent.get(branch, 0) + 1
        lost = [b for b in episode.active if dissent[b] >= k.abandon_patience]
        lost.sort(key=lambda branch: -dissent[branch])
        kept = max(0, len(episode.active) - 2)
        if lost[:kept]:
            yield Prune(branches=tuple(lost[:kept]))

    def advance(self, episode: Episode, k: CmcKnobs, leader: str | None) -> VerbGenerator:
        moving = sorted(episode.active, key=lambda branch: -episode.branches[branch].depth)
        bursts = tuple(
            k.burst_aligned
            if leader is not None and episode.branches[branch].answer == leader
            else 1
            for branch in moving
        )
        if moving:
            yield Advance(branches=tuple(moving), bursts=bursts)
