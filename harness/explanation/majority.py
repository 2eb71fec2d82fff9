"""A controller's questions against the plainest rival: the majority of 64 whole reads.

Both are played under the same seeds, so that they are dealt the same branches.
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
    """Its id."""
    right: int
    """Seeds under which the controller is right."""
    right_share: float
    """The same in percent."""
    majority: int
    """Seeds under which the majority is right: of the first 64 branches that are dealt, or of all
    where there are fewer."""
    majority_share: float
    """The same in percent."""


class MajorityComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The questions on which the controller and the majority differ."""

    questions: int
    """All that were played."""
    lost: list[PairedComparison]
    """Those on which the controller is right less often, the worst first."""
    won: list[PairedComparison]
    """Those on which it is right more often, the best first."""


def compare_with_majority(
    label: str, recording: Recording, episodes: EpisodeArrays, seeds: Sequence[int]
) -> MajorityComparison:
    """Set a controller against the majority.

    Args:
        label: what results call the recording.
        recording: what was played.
        episodes: the controller's, (Q, S).
        seeds: the S seeds.
    """
    found = []
    for place, question in enumerate(recording.questions):
        core = recording.core(place)
        own = int(episodes.right[place].sum())
        share = majority_accuracy(core, question.gold, min(VOTES, len(core.final)), seeds)
        found.append(
            PairedComparison(
                recording=label,
                question=question.id,
                right=own,
                right_share=_percent(Fraction(own, len(seeds))),
                majority=int(share * len(seeds)),
                majority_share=_percent(share),
            )
        )
    return split_by_winner(found, len(found))


def split_by_winner(found: Sequence[PairedComparison], questions: int) -> MajorityComparison:
    """Parts questions into lost and won; those on which the two are equal are in neither.

    Args:
        found: at least every question on which they differ.
        questions: how many were played.
    """
    return MajorityComparison(
        questions=questions,
        lost=sorted((d for d in found if _margin(d) < 0), key=_margin),
        won=sorted((d for d in found if _margin(d) > 0), key=lambda d: -_margin(d)),
    )


def _margin(comparison: PairedComparison) -> int:
    return comparison.right - comparison.majority


def _percent(share: Fraction) -> float:
    return float(share * 100)
