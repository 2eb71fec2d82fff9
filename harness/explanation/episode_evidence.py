"""The evidence about an answer in one episode: votes, agreement, dissent, and comparisons.

An episode opens the first `WIDTH` branches of an order side by side and reads them to their ends.
Branches finish in the order of their lengths in intervals; ties go to the one that was opened
first. A branch votes with its final answer, unless that is ``ERR``.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from harness.mdp.replay import ReplayChain

WIDTH = 16
"""Branches that are opened at once."""

MORE = 48
"""Branches of the majority that a leader is compared with, or all if there are fewer."""

FIRST = 4
"""Branches whose agreement is looked at before any has finished."""

STREAK = 4
"""Intervals for which an answer counts as long held."""

PATIENCES = (4, 8, 16)
"""Intervals for which a branch dissents from the leader of the finished."""

LEADER_VOTES = 2
"""The fewest votes of a leader of the finished from which a branch dissents."""

NO_ANSWER = "ERR"

RANKS = (1, 2, 3, 4, 8, 16)
FINISHED = (2, 4, 8, 16)


class EvidenceGroup(StrEnum):
    """What a rate is about."""

    ORDER = "order of finishing"
    VOTES = "leader of the finished"
    UNFINISHED = "unfinished branches"
    DISSENT = "long dissent from the leader of the finished"


class Evidence(NamedTuple):
    """One observation: whether the evidence was right, and whether what it is compared with was."""

    group: EvidenceGroup
    case: str
    right: bool
    more: bool
    """Whether the majority of `MORE` branches was right; for dissent, whether the leader was."""
    tokens: int = 0
    """Tokens that a dissenting branch takes from here to its end."""


class EvidencePair(NamedTuple):
    """The percentages at which two ways to choose an answer were right in one episode."""

    name: str
    ours: float
    other: float


class EpisodeEvidence:
    """Evidence of one episode.

    Args:
        chains: Branches of the question in the order in which they are opened.
        gold: The correct answer.
        interval: Tokens of an interval.
    """

    def __init__(self, chains: Sequence[ReplayChain], gold: str, interval: int):
        self._opened, self._many = chains[:WIDTH], chains[:MORE]
        self._gold, self._interval = gold, interval
        self._finished = sorted(self._opened, key=lambda chain: len(chain.probes))
        self.is_majority_right = self._is_right(
            find_leader([chain.final for chain in self._opened])
        )
        """Whether the majority of `WIDTH` branches is right."""
        self.leader_share = _leader_share([chain.final for chain in self._opened])
        """Votes of the leader of `WIDTH` branches, divided by their number."""
        self._more = self._is_right(find_leader([chain.final for chain in self._many]))

    @property
    def opened(self) -> int:
        """Number of opened branches."""
        return len(self._opened)

    @property
    def tokens(self) -> int:
        """Tokens of all opened branches."""
        return sum(chain.tokens for chain in self._opened)

    def observe(self) -> Iterator[Evidence]:
        """Yield the evidence, each with its case."""
        for rank in RANKS:
            if rank <= len(self._finished):
                right = self._is_right(self._finished[rank - 1].final)
                case = f"finisher {rank} of {WIDTH}"
                yield Evidence(EvidenceGroup.ORDER, case, right, self._more)
        for count in FINISHED:
            if count <= len(self._finished):
                yield self._vote([chain.final for chain in self._finished[:count]])
        if len(self._opened) >= FIRST:
            yield from self._agree(self._opened[:FIRST])
        yield from self._dissent()

    def compare(self) -> Iterator[EvidencePair]:
        """Yield pairs of ways to choose an answer, where both are possible."""
        for width in (FIRST, WIDTH):
            opened = self._opened[:width]
            first = min(opened, key=lambda chain: len(chain.probes))
            yield EvidencePair(
                f"first of {width} to finish, not a random one",
                self._percent([first]), self._percent(opened),
            )  # fmt: skip
        equal = 100.0 * self._more
        order = sorted(self._many, key=lambda chain: len(chain.probes))
        votes = [chain.final for chain in order]
        for name, weigh in _WEIGHTS.items():
            yield EvidencePair(
                f"{MORE} votes, earlier ones count {name} more",
                100.0 * self._is_right(_weighted_leader(votes, weigh)), equal,
            )  # fmt: skip
        yield from self._compare_signs()

    def _compare_signs(self) -> Iterator[EvidencePair]:
        """Compare branches by what they showed halfway to the end of the shortest branch.

        All branches are unfinished then, and all belong to one question, so its difficulty has no
        influence.
        """
        depth = len(self._finished[0].probes) // 2
        if depth < STREAK:
            return
        early = {id(chain) for chain in self._finished[: len(self._finished) // 2]}
        changes = [_count_changes(chain, depth) for chain in self._opened]
        median = sorted(changes)[len(changes) // 2]
        signs = {
            f"answer held for {STREAK} intervals": [
                _streak(chain, depth) >= STREAK for chain in self._opened
            ],
            "few changes of answer": [count < median for count in changes],
        }
        for name, marks in signs.items():
            marked = [chain for chain, mark in zip(self._opened, marks, strict=True) if mark]
            others = [chain for chain, mark in zip(self._opened, marks, strict=True) if not mark]
            if marked and others:
                yield EvidencePair(
                    f"{name}: is right", self._percent(marked), self._percent(others)
                )
                yield EvidencePair(
                    f"{name}: finishes early",
                    _percent_in(marked, early),
                    _percent_in(others, early),
                )

    def _is_right(self, answer: str | None) -> bool:
        return answer is not None and answer == self._gold

    def _percent(self, chains: Sequence[ReplayChain]) -> float:
        return 100 * sum(self._is_right(chain.final) for chain in chains) / len(chains)

    def _vote(self, answers: Sequence[str]) -> Evidence:
        counted = Counter(answer for answer in answers if answer != NO_ANSWER).most_common(2)
        first, second = [*(votes for _, votes in counted), 0, 0][:2]
        case = f"{len(answers)} finished, votes {first}:{second}"
        right = self._is_right(find_leader(answers))
        return Evidence(EvidenceGroup.VOTES, case, right, self._more)

    def _agree(self, opened: Sequence[ReplayChain]) -> Iterator[Evidence]:
        """Yield whether unfinished branches that agree are right."""
        shortest = min(len(chain.probes) for chain in opened)
        for depth in range(1, shortest - 1):
            shown = {chain.probes[interval] for chain in opened for interval in (depth - 1, depth)}
            if len(shown) == 1 and NO_ANSWER not in shown:
                case = f"{FIRST} of {FIRST} agree twice, none has finished"
                right = self._is_right(shown.pop())
                yield Evidence(EvidenceGroup.UNFINISHED, case, right, self._more)
                break
        first = min(opened, key=lambda chain: len(chain.probes))
        end = len(first.probes)
        others = {
            chain.probes[end - 1] if len(chain.probes) > end else chain.final
            for chain in opened
            if chain is not first and end > 0
        }
        if others == {first.final} and first.final != NO_ANSWER:
            case = f"1 of {FIRST} has finished, the others agree"
            right = self._is_right(first.final)
            yield Evidence(EvidenceGroup.UNFINISHED, case, right, self._more)

    def _dissent(self) -> Iterator[Evidence]:
        """Yield, for each patience, the branches that dissented from the leader for so long.

        A branch dissents at an interval if the answer that it shows is not that of the leader of
        the branches that have finished by then. Each branch counts once for each patience, where it
        first dissents for so long: a rule that prunes it there meets it once.
        """
        leaders = self._list_leaders()
        for chain in self._opened:
            streak = longest = 0
            right = self._is_right(chain.final)
            for depth in range(1, len(chain.probes)):
                leader = leaders[depth]
                dissents = leader is not None and chain.probes[depth - 1] != leader
                streak = streak + 1 if dissents else 0
                if streak <= longest:
                    continue
                longest = streak
                if streak in PATIENCES:
                    case = f"{streak} intervals of dissent"
                    rest = max(0, chain.tokens - depth * self._interval)
                    more = self._is_right(leader)
                    yield Evidence(EvidenceGroup.DISSENT, case, right, more, rest)
                    if streak == PATIENCES[-1]:
                        break

    def _list_leaders(self) -> list[str | None]:
        """Return the leader of the finished at each depth, if it has `LEADER_VOTES` votes."""
        leaders: list[str | None] = []
        votes: list[str] = []
        leader: str | None = None
        for chain in self._finished:
            leaders += [leader] * (len(chain.probes) - len(leaders))
            votes.append(chain.final)
            leader = find_leader(votes)
            if leader is not None and votes.count(leader) < LEADER_VOTES:
                leader = None
        return [*leaders, leader]


def find_leader(answers: Sequence[str]) -> str | None:
    """Return the answer with the most votes; ties go to the first; ``None`` without votes."""
    counted = Counter(answer for answer in answers if answer != NO_ANSWER).most_common(1)
    return counted[0][0] if counted else None


def _leader_share(answers: Sequence[str]) -> float:
    leader = find_leader(answers)
    return 0.0 if leader is None else answers.count(leader) / len(answers)


def _weigh_slowly(rank: int, count: int) -> float:
    return (count + 1 - rank) / count


def _weigh_steeply(rank: int, _: int) -> float:
    return 1 / rank


_WEIGHTS: dict[str, Callable[[int, int], float]] = {
    "a little": _weigh_slowly,
    "much": _weigh_steeply,
}
"""Weights of votes by the rank of finishing, from 1, and the number of votes."""


def _weighted_leader(answers: Sequence[str], weigh: Callable[[int, int], float]) -> str | None:
    """Return the answer with the highest weight; ties go to the first.

    Args:
        answers: Answers in the order of finishing.
        weigh: Weight of a vote by its rank, from 1, and the number of votes.
    """
    weights: dict[str, float] = {}
    for rank, answer in enumerate(answers, start=1):
        if answer != NO_ANSWER:
            weights[answer] = weights.get(answer, 0.0) + weigh(rank, len(answers))
    return max(weights, key=lambda answer: weights[answer], default=None)


def _streak(chain: ReplayChain, depth: int) -> int:
    """Return for how many intervals a branch has held the answer that it shows at a depth."""
    shown = chain.probes[depth - 1]
    if shown == NO_ANSWER:
        return 0
    streak = 0
    while streak < depth and chain.probes[depth - 1 - streak] == shown:
        streak += 1
    return streak


def _count_changes(chain: ReplayChain, depth: int) -> int:
    return sum(
        before != after
        for before, after in zip(chain.probes[: depth - 1], chain.probes[1:depth], strict=True)
    )


def _percent_in(chains: Sequence[ReplayChain], members: set[int]) -> float:
    return 100 * sum(id(chain) in members for chain in chains) / len(chains)
