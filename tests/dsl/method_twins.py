"""Published methods in plain Python, written from their descriptions, as twins of the library.

They share no code with the language: they see an episode as a list of views and answer with verbs.
Each has an `ending`, the answer that it gives if the budget ends inside a verb. Methods that read
signals are in `signal_twins`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, log

from dsl.episode import Advance, Answer, Episode, Open, Prune, Sample, VerbGenerator
from tests.dsl.plain import alive, answers_of, finished_else_alive, majority
from tests.harness.published_controllers import ParallelProbe


def advance_all(episode: Episode, *, look: bool = True) -> Advance:
    """Advance every active branch by one interval."""
    moving = tuple(episode.active)
    return Advance(branches=moving, bursts=(1,) * len(moving), look=look)


def count_votes(answers: Sequence[str | None]) -> dict[str | None, int]:
    """Count the votes of each answer, in the order in which answers are first seen."""
    votes: dict[str | None, int] = {}
    for answer in answers:
        votes[answer] = votes.get(answer, 0) + 1
    return votes


class LastingProbe(ParallelProbe):
    """Parallel-Probe that can answer at any time: by the leader of its last step, if it made one.

    Its paper leaves open what is answered where no step is made, since every chain ended within its
    first interval or the budget did.
    """

    kept: str | None = None

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        self.kept = None
        course = super().play(episode, beta)
        verb = next(course)
        while not isinstance(verb, Answer):
            verb = course.send((yield verb))
        yield verb if verb.answer is not None else Answer(answer=self.ending(episode))

    def leader(self, episode: Episode) -> str | None:
        self.kept = super().leader(episode)
        return self.kept

    def ending(self, episode: Episode) -> str | None:
        return self.kept if self.kept is not None else majority(answers_of(episode, alive(episode)))


@dataclass
class ShortestChains:
    """short-m@k: the majority of the first m of k chains; a tie goes to the shortest."""

    k: int
    m: int
    name: str = "short_mk"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.k, look=False)
        while episode.active and len(episode.finished) < self.m:
            yield advance_all(episode, look=False)
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        shortest = sorted(episode.finished, key=lambda branch: episode.branches[branch].tokens)
        return majority(answers_of(episode, shortest[: self.m]))


def dirichlet_probability(votes: Sequence[int]) -> Fraction:
    """The probability that the first answer is the most frequent, under Dirichlet(votes + 1).

    The parts of a Dirichlet variable are Gamma variables divided by their sum, so the first is the
    largest with probability ∫ x^v e^-x / v! · ∏ (1 - e^-x · Σ_{j <= w} x^j / j!) dx over the other
    votes w. Expanded, this is a sum of ∫ x^p e^-kx dx = p! / k^(p + 1).
    """
    leader, *others = votes
    terms = {(1, leader): Fraction(1, factorial(leader))}
    for other in others:
        expanded = dict(terms)
        for (rate, power), factor in terms.items():
            for j in range(other + 1):
                key = rate + 1, power + j
                expanded[key] = expanded.get(key, Fraction(0)) - factor / factorial(j)
        terms = expanded
    parts = (
        factor * factorial(power) / rate ** (power + 1) for (rate, power), factor in terms.items()
    )
    return sum(parts, Fraction(0))


@dataclass
class DirichletConsistency:
    """Adaptive-Consistency with its Dirichlet criterion."""

    n: int
    threshold: float
    name: str = "asc_dirichlet"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for _ in range(self.n):
            yield Sample(count=1)
            votes = count_votes(answers_of(episode, episode.finished))
            if sum(votes.values()) >= 2 and self.certainty(votes) > self.threshold:
                break
        yield Answer(answer=self.ending(episode))

    def certainty(self, votes: dict[str | None, int]) -> float:
        leader = max(votes, key=lambda answer: votes[answer])
        others = [count for answer, count in votes.items() if answer != leader] or [0]
        return float(dirichlet_probability([votes[leader], *others]))

    def ending(self, episode: Episode) -> str | None:
        return finished_else_alive(episode)


@dataclass
class CertainVote:
    """Certaindex of several chains: rounds of chains until the entropy of their votes is low."""

    n: int
    size: int
    threshold: float
    name: str = "certaindex"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        for _ in range(self.n // self.size):
            yield Sample(count=self.size)
            answers = answers_of(episode, episode.finished)
            if len(answers) >= 2 and self.certaindex(answers) >= self.threshold:
                break
        yield Answer(answer=self.ending(episode))

    def certaindex(self, answers: Sequence[str | None]) -> float:
        parts = [count / len(answers) for count in count_votes(answers).values()]
        return 1 - sum(-part * log(part) for part in parts) / log(len(answers))

    def ending(self, episode: Episode) -> str | None:
        return majority(answers_of(episode, episode.finished))


@dataclass
class StableProbes:
    """Certaindex of one chain: it ends when its last ``window`` probes gave the same answer."""

    window: int
    failures: bool = False
    """Whether failed probes count as an answer."""
    name: str = "dynasor"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=1)
        probes: list[str | None] = []
        while episode.active:
            probes.append(episode.branches[0].answer)
            recent = probes[-self.window :]
            failed = "ERR" in recent and not self.failures
            if len(recent) == self.window and len(set(recent)) == 1 and not failed:
                break
            yield advance_all(episode)
        yield Answer(answer=self.ending(episode))

    def ending(self, episode: Episode) -> str | None:
        return majority(answers_of(episode, range(len(episode.branches))))


@dataclass
class ThinnedConsistency:
    """Slim-SC by answers: branches that settled on the answer of an earlier one are pruned."""

    n: int
    settled: int
    warm_up: int
    name: str = "slim_sc"

    def play(self, episode: Episode, beta: float | None) -> VerbGenerator:
        yield Open(count=self.n)
        history: dict[int, list[str | None]] = {}
        self.look(episode, history)
        step = 0
        while episode.active:
            yield advance_all(episode)
            self.look(episode, history)
            redundant = self.redundant(episode, history) if step >= self.warm_up else ()
            if redundant:
                yield Prune(branches=redundant)
            step += 1
        yield Answer(answer=self.ending(episode))

    def look(self, episode: Episode, history: dict[int, list[str | None]]) -> None:
        for branch in episode.active:
            history.setdefault(branch, []).append(episode.branches[branch].answer)

    def redundant(self, episode: Episode, history: dict[int, list[str | None]]) -> tuple[int, ...]:
        kept: set[str | None] = set()
        redundant = []
        for branch in episode.active:
            recent = history[branch][-self.settled :]
            if len(recent) < self.settled or set(recent) != {recent[0]} or recent[0] == "ERR":
                continue
            if recent[0] in kept:
                redundant.append(branch)
            kept.add(recent[0])
        return tuple(redundant)

    def ending(self, episode: Episode) -> str | None:
        return majority(answers_of(episode, range(len(episode.branches))))
