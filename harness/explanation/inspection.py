"""Statistics of a recording, as shown by ``rheostat inspect``.

Shares are in percent, counted in integers and divided once, so equal recordings give equal figures
on every machine; pages round them. Each field documents its formula.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.mdp.playback import SEEDS
from harness.mdp.replay import permute_branches
from store.reader import Recording
from store.records import Core, Provenance

VOTES = 64
"""The k of majority@k and pass@k, if every question has that many branches."""

DEPTHS = 10
"""The number of depth slices for a branch's probes."""


class ValueDistribution(msgspec.Struct, frozen=True):
    """The distribution of an integer over all branches; quantiles by the nearest rank."""

    mean: float
    least: int
    p5: int
    p25: int
    median: int
    p75: int
    p95: int
    most: int


class DepthStatistics(msgspec.Struct, frozen=True):
    """The probes of one slice of depth.

    Probe k of P, counted from 1, is in the slice that ends at or next after k / P; so a last probe
    is always in the last slice.
    """

    slice: int
    """Index from 0, the shallowest tenth of every branch."""
    probes: int
    agreeing: float | None
    """The share that gives the branch's final answer; ``None`` without probes."""
    right: float | None
    """The share that gives the gold answer."""


class QuestionFigures(msgspec.Struct, frozen=True):
    """One question."""

    id: str
    branches: int
    pass_at_1: float
    majority_at_k: float
    pass_at_k: float
    mean_tokens: float
    answers: int
    """Distinct final answers."""
    gold: str
    wrong_answer: str | None
    """The most frequent wrong final answer, the first seen of equals."""
    wrong_share: float
    """The share of the branches that end with that answer."""
    difficulty: int | None


class RecordingInspection(msgspec.Struct, frozen=True, kw_only=True):
    """One recording."""

    path: str
    digest: str
    provenance: Provenance
    questions: int
    branches: int
    branches_per_question: tuple[int, int]
    """The fewest and the most branches."""
    k: int
    """64, or the fewest branches of a question if that is less."""
    pass_at_1: float
    """Mean over questions of the share of branches whose final answer is the gold answer."""
    majority_at_k: float
    """Mean over questions and seeds 0..99 of: the majority of the first k final answers, in the
    order in which replay opens that seed's branches, is right. Ties go to the first seen.
    """
    pass_at_k: float
    """Mean over questions of 1 - C(n - c, k) / C(n, k), for c right ones of n branches."""
    tokens: ValueDistribution
    probes: ValueDistribution
    overrun: float
    """The share of branches that are shorter than their probes imply: T < ΔP."""
    depths: list[DepthStatistics]
    parts: list[str]
    """The optional fields that every branch has."""
    verified: bool = False
    """Whether every byte was read and checked."""
    per_question: list[QuestionFigures] | None = None
    missing: dict[str, list[int]] = {}
    """Indexes of missing branches, by the question's id."""


class _QuestionShares(NamedTuple):
    """A question's shares of correct answers, as exact fractions."""

    pass_at_1: Fraction
    majority: Fraction
    pass_at_k: Fraction


def inspect_recording(
    recording: Recording, *, questions: bool = False, verify: bool = False
) -> RecordingInspection:
    """Compute the statistics of a recording.

    Args:
        recording: An open recording.
        questions: Whether to compute the figures of each question too.
        verify: Whether to read and check every byte first.

    Raises:
        DamagedRecording: The recording is damaged.
    """
    if verify:
        recording.verify()
    cores = [recording.core(index) for index in range(len(recording.questions))]
    sizes = [len(core.counts) for core in cores]
    k = min(VOTES, *sizes)
    shares = [
        _share(core, question.gold, k)
        for core, question in zip(cores, recording.questions, strict=True)
    ]
    interval = recording.provenance.interval
    overrun = sum(
        int((core.tokens < core.counts.astype(np.int64) * interval).sum()) for core in cores
    )
    return RecordingInspection(
        path=str(recording.path),
        digest=recording.digest,
        provenance=recording.provenance,
        questions=len(cores),
        branches=sum(sizes),
        branches_per_question=(min(sizes), max(sizes)),
        k=k,
        pass_at_1=_mean_percent([share.pass_at_1 for share in shares]),
        majority_at_k=_mean_percent([share.majority for share in shares]),
        pass_at_k=_mean_percent([share.pass_at_k for share in shares]),
        tokens=_spread(np.concatenate([core.tokens for core in cores])),
        probes=_spread(np.concatenate([core.counts for core in cores])),
        overrun=_percent(Fraction(overrun, sum(sizes))),
        depths=_depths(cores, [question.gold for question in recording.questions]),
        parts=sorted(recording.parts),
        missing={
            question.id: question.missing for question in recording.questions if question.missing
        },
        verified=verify,
        per_question=_per_question(recording, cores, shares) if questions else None,
    )


def majority_accuracy(core: Core, gold: str, k: int, seeds: Sequence[int] = SEEDS) -> Fraction:
    """Return the share of ``seeds`` whose first ``k`` final answers have a majority for ``gold``.

    Args:
        core: The question's branches.
        gold: The gold answer.
        k: How many branches vote.
        seeds: The seeds, each with its own order of branches.
    """
    final = core.final.tolist()
    right = 0
    for seed in seeds:
        # A Counter keeps insertion order, so `most_common` returns the first seen of equals.
        votes = Counter(final[branch] for branch in permute_branches(len(final), seed)[:k])
        [(leader, _)] = votes.most_common(1)
        right += core.answers[leader] == gold
    return Fraction(right, len(seeds))


def pass_at(k: int, right: int, branches: int) -> Fraction:
    """Return the probability that ``k`` branches, drawn without replacement, contain a correct one.

    Args:
        k: How many branches are drawn.
        right: How many branches are correct.
        branches: How many branches there are.
    """
    return 1 - Fraction(comb(branches - right, k), comb(branches, k))


def _share(core: Core, gold: str, k: int) -> _QuestionShares:
    branches = len(core.final)
    right = sum(core.answers[final] == gold for final in core.final.tolist())
    return _QuestionShares(
        Fraction(right, branches), majority_accuracy(core, gold, k), pass_at(k, right, branches)
    )


def _spread(values: NDArray[np.int64] | NDArray[np.int32]) -> ValueDistribution:
    ranked = np.sort(values)
    count = len(ranked)

    def quantile(percent: int) -> int:
        return int(ranked[max(0, -(-percent * count // 100) - 1)])

    mean = float(Fraction(int(ranked.sum()), count))
    return ValueDistribution(
        mean, quantile(0), quantile(5), quantile(25), quantile(50), quantile(75), quantile(95),
        quantile(100),
    )  # fmt: skip


def _depths(cores: Sequence[Core], golds: Sequence[str]) -> list[DepthStatistics]:
    probed, agreeing, right = (np.zeros(DEPTHS, dtype=np.int64) for _ in range(3))
    for core, gold in zip(cores, golds, strict=True):
        counts = core.counts.astype(np.int64)
        total = int(counts.sum())
        before = np.repeat(np.cumsum(counts) - counts, counts)
        nth = np.arange(total) - before + 1
        slices = (DEPTHS * nth - 1) // np.repeat(counts, counts)
        agrees = core.probes == np.repeat(core.final, counts)
        is_gold = np.array([answer == gold for answer in core.answers], dtype=bool)
        probed += np.bincount(slices, minlength=DEPTHS)
        agreeing += np.bincount(slices[agrees], minlength=DEPTHS)
        right += np.bincount(slices[is_gold[core.probes]], minlength=DEPTHS)
    columns = zip(probed.tolist(), agreeing.tolist(), right.tolist(), strict=True)
    return [
        DepthStatistics(
            index,
            probes,
            _percent(Fraction(same, probes)) if probes else None,
            _percent(Fraction(gold, probes)) if probes else None,
        )
        for index, (probes, same, gold) in enumerate(columns)
    ]


def _per_question(
    recording: Recording, cores: Sequence[Core], shares: Sequence[_QuestionShares]
) -> list[QuestionFigures]:
    figures = []
    for question, core, share in zip(recording.questions, cores, shares, strict=True):
        finals = Counter(core.answers[final] for final in core.final.tolist())
        wrong = Counter({answer: n for answer, n in finals.items() if answer != question.gold})
        wrong_answer, votes = next(iter(wrong.most_common(1)), (None, 0))
        branches = len(core.final)
        figures.append(
            QuestionFigures(
                id=question.id,
                branches=branches,
                pass_at_1=_percent(share.pass_at_1),
                majority_at_k=_percent(share.majority),
                pass_at_k=_percent(share.pass_at_k),
                mean_tokens=float(Fraction(int(core.tokens.sum()), branches)),
                answers=len(finals),
                gold=question.gold,
                wrong_answer=wrong_answer,
                wrong_share=_percent(Fraction(votes, branches)),
                difficulty=question.difficulty,
            )
        )
    return figures


def _mean_percent(shares: Sequence[Fraction]) -> float:
    return _percent(sum(shares, Fraction()) / len(shares))


def _percent(share: Fraction) -> float:
    return float(share * 100)
