"""Published methods that read signals in plain Python, as twins of the library."""

from dataclasses import dataclass

from dsl.episode import Advance, Answer, Episode, Open, VerbGenerator
from tests.dsl.plain import alive, answers_of, majority


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
