"""Base rates: how often simple evidence about an answer is right, counted over recordings.

Each seed plays one episode on each question; `harness.explanation.episode_evidence` lists what is
observed in it. A rate over episodes is what a controller meets. A question on which a case is
frequent dominates it, so every rate is also given as the mean over questions, with the number of
questions and an interval over them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.evaluation.bootstrap import Floats, Stratum, interval, resample
from harness.explanation.episode_evidence import EpisodeEvidence, Evidence, EvidenceGroup
from harness.mdp.admission import NotProbed
from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import permute_branches

_SCALE = 1 << 20
"""Differences are summed as whole numbers of this fraction, so that sums are exact."""


class BaseRate(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind of evidence was right on one recording."""

    recording: str
    group: str
    case: str
    count: int
    """Episodes, or branches, in which the case occurred."""
    questions: int
    """Questions on which it occurred."""
    right: float
    """Percentage of the occurrences in which the evidence was right."""
    low: float
    high: float
    """Interval of 95 % of ``right``, over questions."""
    more: float
    """Percentage of the same occurrences in which the majority of 48 branches was right; for
    dissent, in which the leader was."""
    right_by_question: float
    """Mean over questions of their ``right``."""
    more_by_question: float
    """Mean over questions of their ``more``."""
    gain: float
    """Points by which ``more`` would raise the accuracy over all episodes."""
    tokens: float
    """Percentage of the tokens of all episodes that dissenting branches take from then on."""


class EvidenceContrast(msgspec.Struct, frozen=True, kw_only=True):
    """Two ways to choose an answer, compared within episodes: means over questions."""

    recording: str
    contrast: str
    questions: int
    right: float
    """Percentage at which the first was right, or finished early."""
    other: float
    """The same for the other."""
    difference: float
    low: float
    high: float
    """Interval of 95 % of the difference, over questions."""


class QuestionKind(msgspec.Struct, frozen=True, kw_only=True):
    """Questions by how often the majority of 16 branches is right."""

    recording: str
    kind: str
    """``always``, ``sometimes`` or ``never`` right."""
    questions: int
    share: float
    """Percentage of the tokens of 16 branches that these questions take."""
    tokens: float | None
    """Tokens of a branch, mean over these questions; ``None`` without questions."""
    votes: float | None
    """Percentage of the votes that the leader of 16 branches has, mean over these questions."""


class BaseRates(NamedTuple):
    """What was counted over one recording."""

    recording: str
    rates: list[BaseRate]
    contrasts: list[EvidenceContrast]
    kinds: list[QuestionKind]


class _QuestionCounts:
    """Sums over the episodes of one question."""

    def __init__(self) -> None:
        self.episodes = self.right = self.opened = self.tokens = 0
        self.leader_share = 0.0
        self.evidence: dict[tuple[EvidenceGroup, str], NDArray[np.int64]] = {}
        """By case: occurrences, right, more right, tokens."""
        self.contrasts: dict[str, Floats] = {}
        """By name: episodes, and sums of the percentages of both."""

    def add(self, episode: EpisodeEvidence) -> None:
        """Add an episode."""
        self.episodes += 1
        self.right += episode.is_majority_right
        self.opened += episode.opened
        self.tokens += episode.tokens
        self.leader_share += episode.leader_share
        for evidence in episode.observe():
            counts = self.evidence.setdefault(
                (evidence.group, evidence.case), np.zeros(4, np.int64)
            )
            counts += _count(evidence)
        for pair in episode.compare():
            sums = self.contrasts.setdefault(pair.name, np.zeros(3))
            sums += (1, pair.ours, pair.other)


def _count(evidence: Evidence) -> tuple[int, int, int, int]:
    return 1, int(evidence.right), int(evidence.more), evidence.tokens


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
    orders = list(seeds)
    questions: list[_QuestionCounts] = []
    for pool, gold in zip(environment.branch_pools, environment.gold, strict=True):
        if not pool.chains:
            continue
        counts = _QuestionCounts()
        for seed in orders:
            order = permute_branches(len(pool.chains), seed)
            chains = [pool.chains[branch] for branch in order]
            counts.add(EpisodeEvidence(chains, gold, pool.interval))
        questions.append(counts)
    if not questions:
        return BaseRates(environment.name, [], [], _kinds(environment.name, []))
    return BaseRates(
        environment.name,
        _rates(environment.name, questions),
        _contrasts(environment.name, questions),
        _kinds(environment.name, questions),
    )


def _rates(name: str, questions: Sequence[_QuestionCounts]) -> list[BaseRate]:
    cases = sorted({case for question in questions for case in question.evidence}, key=_order)
    none = np.zeros(4, np.int64)
    table = np.array(
        [[question.evidence.get(case, none) for case in cases] for question in questions]
    )
    episodes = sum(question.episodes for question in questions)
    tokens = max(sum(question.tokens for question in questions), 1)
    # (resamples, cases, 2): occurrences and right ones.
    flat = table[:, :, :2].reshape(len(questions), -1).astype(float)
    samples = resample([Stratum(flat, 1.0)]).reshape(-1, len(cases), 2)
    rates = []
    for index, (group, case) in enumerate(cases):
        counts, drawn = table[:, index, :], samples[:, index, :]
        count, right, more, rest = counts.sum(axis=0).tolist()
        occurred = counts[counts[:, 0] > 0]
        by_question = (100 * occurred[:, 1:3] / occurred[:, :1]).mean(axis=0).tolist()
        drawn = drawn[drawn[:, 0] > 0]
        bounds = interval(100 * drawn[:, 1] / drawn[:, 0])
        # Dissent is counted over branches, and its ``more`` is the leader that is followed anyway.
        gained = 0 if group is EvidenceGroup.DISSENT else more - right
        rates.append(
            BaseRate(
                recording=name,
                group=group.value,
                case=case,
                count=count,
                questions=len(occurred),
                right=round(100 * right / count, 2),
                low=round(bounds.low, 2),
                high=round(bounds.high, 2),
                more=round(100 * more / count, 2),
                right_by_question=round(by_question[0], 2),
                more_by_question=round(by_question[1], 2),
                gain=round(100 * gained / episodes, 2),
                tokens=round(100 * rest / tokens, 2),
            )
        )
    return rates


def _contrasts(name: str, questions: Sequence[_QuestionCounts]) -> list[EvidenceContrast]:
    contrasts = []
    for case in dict.fromkeys(case for question in questions for case in question.contrasts):
        sums = np.array(
            [question.contrasts[case] for question in questions if case in question.contrasts]
        )
        means = sums[:, 1:] / sums[:, :1]
        differences = np.rint((means[:, 0] - means[:, 1]) * _SCALE)
        samples = resample([Stratum(differences[:, None], 1.0)])[:, 0] / _SCALE
        bounds = interval(samples)
        right, other = means.mean(axis=0).tolist()
        contrasts.append(
            EvidenceContrast(
                recording=name,
                contrast=case,
                questions=len(sums),
                right=round(right, 2),
                other=round(other, 2),
                difference=round(right - other, 2) + 0.0,
                low=round(bounds.low, 2) + 0.0,
                high=round(bounds.high, 2) + 0.0,
            )
        )
    return contrasts


def sort_cases(cases: Iterable[str]) -> list[str]:
    """Sort distinct cases of a group by the numbers in them."""
    return sorted(set(cases), key=_case_key)


def _case_key(case: str) -> tuple[tuple[int, ...], str]:
    numbers = "".join(c if c.isdigit() else " " for c in case).split()
    return tuple(map(int, numbers)), case


_GROUPS = tuple(EvidenceGroup)


def _order(case: tuple[EvidenceGroup, str]) -> tuple[int, tuple[int, ...], str]:
    """Sort by group, then by the numbers of the case."""
    return _GROUPS.index(case[0]), *_case_key(case[1])


def _kinds(name: str, questions: Sequence[_QuestionCounts]) -> list[QuestionKind]:
    kinds: dict[str, list[_QuestionCounts]] = {"always": [], "sometimes": [], "never": []}
    for question in questions:
        kind = {question.episodes: "always", 0: "never"}.get(question.right, "sometimes")
        kinds[kind].append(question)
    total = max(sum(question.tokens for question in questions), 1)
    return [_kind(name, kind, members, total) for kind, members in kinds.items()]


def _kind(name: str, kind: str, questions: Sequence[_QuestionCounts], total: int) -> QuestionKind:
    """Summarize the questions of one kind.

    Args:
        name: Name of the recording.
        kind: Name of the kind.
        questions: Its questions.
        total: Tokens of all questions of the recording.
    """
    tokens = sum(question.tokens for question in questions)
    branches = [question.tokens / question.opened for question in questions]
    votes = [100 * question.leader_share / question.episodes for question in questions]
    return QuestionKind(
        recording=name,
        kind=kind,
        questions=len(questions),
        share=round(100 * tokens / total, 2),
        tokens=round(sum(branches) / len(branches)) if branches else None,
        votes=round(sum(votes) / len(votes), 1) if votes else None,
    )
