"""A controller's questions compared with the simplest baseline: the majority of 64 whole reads.

Both are played under the same seeds, so that they get the same branches.
"""

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from harness.explanation.inspection import VOTES, majority_accuracy
from harness.mdp.episodes import EpisodeArrays
from store.reader import Recording


class PairedComparison(msgspec.Struct, frozen=True, kw_only=True):
    """One question, for the controller and for the majority."""

    recording: str
    question: str
    """The question's id."""
    right: int
    """Seeds under which the controller is correct."""
    right_share: float
    """Their share in percent."""
    majority: int
    """Seeds under which the majority is correct: of the first 64 branches, or of all if there are
    fewer.
    """
    majority_share: float
    """The same in percent."""


class MajorityComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The questions on which the controller and the majority differ."""

    questions: int
    """How many questions were played."""
    lost: list[PairedComparison]
    """Questions on which the controller is correct less often, the worst first."""
    won: list[PairedComparison]
    """Questions on which it is correct more often, the best first."""


def compare_with_majority(
    label: str, recording: Recording, episodes: EpisodeArrays, seeds: Sequence[int]
) -> MajorityComparison:
    """Compare a controller with the majority.

    Args:
        label: The label of the recording in results.
        recording: The recording that was played.
        episodes: The controller's episodes, (Q, S).
        seeds: The S seeds.
    """
    comparisons = []
    for index, question in enumerate(recording.questions):
        core = recording.core(index)
        own = int(episodes.right[index].sum())
        share = majority_accuracy(core, question.gold, min(VOTES, len(core.final)), seeds)
        comparisons.append(
            PairedComparison(
                recording=label,
                question=question.id,
                right=own,
                right_share=_percent(Fraction(own, len(seeds))),
                majority=int(share * len(seeds)),
                majority_share=_percent(share),
            )
        )
    return split_by_winner(comparisons, len(comparisons))


def split_by_winner(comparisons: Sequence[PairedComparison], questions: int) -> MajorityComparison:
    """Split questions into lost and won; those without a difference are in neither.

    Args:
        comparisons: At least every question on which they differ.
        questions: How many questions were played.
    """
    return MajorityComparison(
        questions=questions,
        lost=sorted((d for d in comparisons if _margin(d) < 0), key=_margin),
        won=sorted((d for d in comparisons if _margin(d) > 0), key=lambda d: -_margin(d)),
    )


def _margin(comparison: PairedComparison) -> int:
    return comparison.right - comparison.majority


def _percent(share: Fraction) -> float:
    return float(share * 100)
