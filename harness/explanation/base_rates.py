"""Base rates: how often simple evidence about an answer is right, counted over recordings.

Each seed opens the first `WIDTH` branches of its order side by side and reads them to their ends.
Branches finish in the order of their lengths in intervals; ties go to the one that was opened
first. A branch votes with its final answer, unless that is ``ERR``. Every rate comes with the
number of episodes that it was counted over, since a rate of few episodes says little.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import NotProbed, ReplayChain, permute_branches

WIDTH = 16
"""Branches that are opened at once."""

MORE = 48
"""Branches of the majority that a leader is compared with, or all if there are fewer."""

FIRST = 4
"""Branches whose agreement is looked at before any has finished."""

STREAK = 4
"""Intervals for which a final answer counts as long held."""

NO_ANSWER = "ERR"

RANKS = (1, 2, 3, 4, 8, 16)
FINISHED = (2, 4, 8, 16)


class BaseRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind of evidence was right on one recording."""

    recording: str
    group: str
    case: str
    count: int
    """Episodes, or branches, in which the case occurred."""
    right: float | None
    """Percentage of them in which the evidence was right; ``None`` if there are none."""
    more: float | None
    """Percentage of the same episodes in which the majority of `MORE` branches was right."""


class QuestionKind(msgspec.Struct, frozen=True, kw_only=True):
    """Questions by how often the majority of `WIDTH` branches is right."""

    recording: str
    kind: str
    """``always``, ``sometimes`` or ``never`` right."""
    questions: int
    share: float
    """Percentage of the tokens of `WIDTH` branches that these questions take."""


class BaseRates(NamedTuple):
    """What was counted over one recording."""

    rates: list[BaseRate]
    kinds: list[QuestionKind]


class _Evidence(NamedTuple):
    """One observation: a kind of evidence, whether it was right, and whether the majority was."""

    group: str
    case: str
    right: bool
    more: bool


class _Question:
    """The branches of one question.

    Args:
        chains: All branches, as recorded.
        gold: The correct answer.
    """

    def __init__(self, chains: Sequence[ReplayChain], gold: str):
        self.chains, self.gold = chains, gold

    def observe(self, order: Sequence[int]) -> Iterator[_Evidence]:
        """Yield the evidence of one episode.

        Args:
            order: Branches in the order in which they are opened.
        """
        opened = [self.chains[branch] for branch in order[:WIDTH]]
        more = self.is_right(_leader([self.chains[branch].final for branch in order[:MORE]]))
        finished = sorted(opened, key=lambda chain: len(chain.probes))
        for rank in RANKS:
            if rank <= len(finished):
                right = self.is_right(finished[rank - 1].final)
                yield _Evidence("order of finishing", f"finisher {rank} of {WIDTH}", right, more)
        for chain in opened:
            duration = "long" if _streak(chain) >= STREAK else "briefly"
            case = f"final answer held {duration}"
            yield _Evidence("stability", case, self.is_right(chain.final), more)
        for count in FINISHED:
            if count <= len(finished):
                yield self._vote([chain.final for chain in finished[:count]], more)
        yield from self._agreement(opened[:FIRST], more)

    def is_right(self, answer: str | None) -> bool:
        """Return whether an answer is the correct one."""
        return answer is not None and answer == self.gold

    def _vote(self, answers: Sequence[str], more: bool) -> _Evidence:
        counted = Counter(answer for answer in answers if answer != NO_ANSWER).most_common(2)
        first, second = [*(votes for _, votes in counted), 0, 0][:2]
        case = f"{len(answers)} finished, votes {first}:{second}"
        return _Evidence("leader of the finished", case, self.is_right(_leader(answers)), more)

    def _agreement(self, opened: Sequence[ReplayChain], more: bool) -> Iterator[_Evidence]:
        """Yield whether unfinished branches that agree are right."""
        if len(opened) < FIRST:
            return
        shortest = min(len(chain.probes) for chain in opened)
        for depth in range(1, shortest - 1):
            looks = {chain.probes[interval] for chain in opened for interval in (depth - 1, depth)}
            if len(looks) == 1 and NO_ANSWER not in looks:
                right = self.is_right(looks.pop())
                case = f"{FIRST} of {FIRST} agree twice, none has finished"
                yield _Evidence("unfinished branches", case, right, more)
                break
        first = min(opened, key=lambda chain: len(chain.probes))
        end = len(first.probes)
        others = {
            chain.probes[end - 1] if len(chain.probes) > end else chain.final
            for chain in opened
            if chain is not first and end > 0
        }
        if others and others == {first.final} and first.final != NO_ANSWER:
            case = f"the first finished, all others of {FIRST} agree with it"
            yield _Evidence("unfinished branches", case, self.is_right(first.final), more)


def count_base_rates(environment: ReplayEnvironment, seeds: Iterable[int]) -> BaseRates:
    """Count the base rates of one recording.

    Args:
        environment: Recording prepared for replay.
        seeds: Seeds of the branch orders.

    Raises:
        NotProbed: Only the ends of branches were recorded.
    """
    if not environment.probed:
        raise NotProbed
    evidence: dict[tuple[str, str], list[_Evidence]] = {}
    shares: list[float] = []
    tokens: list[int] = []
    orders = list(seeds)
    for index, pool in enumerate(environment.branch_pools):
        if not pool.chains:
            continue
        question = _Question(pool.chains, environment.gold[index])
        right = 0
        for seed in orders:
            order = permute_branches(len(pool.chains), seed)
            for observation in question.observe(order):
                evidence.setdefault((observation.group, observation.case), []).append(observation)
            answers = [pool.chains[branch].final for branch in order[:WIDTH]]
            right += question.is_right(_leader(answers))
        shares.append(right / len(orders))
        tokens.append(sum(chain.tokens for chain in pool.chains) // len(pool.chains))
    name = environment.name
    return BaseRates(
        [_rate(name, *key, cases) for key, cases in sorted(evidence.items(), key=_order)],
        _kinds(name, np.array(shares), np.array(tokens)),
    )


def _leader(answers: Sequence[str]) -> str | None:
    """Return the answer with the most votes; ties go to the first; ``None`` without votes."""
    counted = Counter(answer for answer in answers if answer != NO_ANSWER).most_common(1)
    return counted[0][0] if counted else None


def _streak(chain: ReplayChain) -> int:
    """Return for how many intervals before its end a branch held its final answer."""
    streak = 0
    for answer in reversed(chain.probes):
        if answer != chain.final:
            break
        streak += 1
    return streak


_GROUPS = ("order of finishing", "leader of the finished", "unfinished branches", "stability")


def sort_cases(cases: Iterable[str]) -> list[str]:
    """Sort distinct cases of a group by the numbers in them."""
    return sorted(set(cases), key=_case_key)


def _case_key(case: str) -> tuple[tuple[int, ...], str]:
    numbers = "".join(c if c.isdigit() else " " for c in case).split()
    return tuple(map(int, numbers)), case


def _order(entry: tuple[tuple[str, str], list[_Evidence]]) -> tuple[int, tuple[int, ...], str]:
    """Sort by group, then by case."""
    group, case = entry[0]
    return _GROUPS.index(group), *_case_key(case)


def _rate(recording: str, group: str, case: str, evidence: Sequence[_Evidence]) -> BaseRate:
    right = sum(observation.right for observation in evidence)
    more = sum(observation.more for observation in evidence)
    count = len(evidence)
    return BaseRate(
        recording=recording,
        group=group,
        case=case,
        count=count,
        right=round(100 * right / count, 2) if count else None,
        more=round(100 * more / count, 2) if count else None,
    )


def _kinds(
    recording: str, shares: NDArray[np.float64], tokens: NDArray[np.int64]
) -> list[QuestionKind]:
    masks = {"always": shares == 1, "sometimes": (shares > 0) & (shares < 1), "never": shares == 0}
    total = max(int(tokens.sum()), 1)
    return [
        QuestionKind(
            recording=recording,
            kind=kind,
            questions=int(mask.sum()),
            share=round(100 * float(tokens[mask].sum()) / total, 2),
        )
        for kind, mask in masks.items()
    ]
