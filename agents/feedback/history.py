"""What a run did before a round: its candidates with their reviews, and what people said."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from agents.run.directory import RunDirectory
from agents.run.records import Decision, Draft, Review, ReviewVerdict


class ReviewedCandidate(NamedTuple):
    """A candidate that was reviewed."""

    round: int
    draft: Draft
    review: Review
    decision: Decision | None

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.review.candidate

    @property
    def rejected(self) -> bool:
        """Whether a person said no."""
        said = self.decision is not None and not self.decision.approved
        return said or self.review.verdict is ReviewVerdict.REJECTED

    @property
    def stands(self) -> bool:
        """Whether it may be built on: it is in the archive, and nobody said no."""
        return self.review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT) and not self.rejected


class SearchHistory(NamedTuple):
    """What was tried."""

    tried: Sequence[ReviewedCandidate]
    """In the order of the candidates."""
    best: ReviewedCandidate | None
    """The best so far; ``None`` while no candidate beats the baselines."""
    last: int
    """The last round that was played; 0 before the first."""
    said: Sequence[Decision]
    """What people decided, the latest candidate first."""

    def named(self, name: str) -> ReviewedCandidate | None:
        """A candidate, if it was tried."""
        return next((each for each in self.tried if each.name == name), None)

    @property
    def last_round(self) -> list[ReviewedCandidate]:
        """The candidates of the last round."""
        return [each for each in self.tried if each.round == self.last]

    @property
    def archive(self) -> list[ReviewedCandidate]:
        """What may be built on, the best first; the earlier first of equals."""
        standing = [each for each in self.tried if each.stands]
        return sorted(standing, key=lambda each: -(each.review.objective or 0.0))


def load_history(run: RunDirectory, number: int) -> SearchHistory:
    """What a run did before round ``number``.

    Raises:
        InputError: a file of the run is missing or damaged.
    """
    summaries = [each for each in run.summaries() if each.round < number]
    reviews = {each.candidate: each for each in run.reviews()}
    tried = [
        ReviewedCandidate(summary.round, run.draft(name), reviews[name], run.decision(name))
        for summary in summaries
        for name in summary.candidates
        if name in reviews
    ]
    best = summaries[-1].best if summaries else None
    said = sorted(run.decisions(), key=lambda each: _place(each.candidate), reverse=True)
    return SearchHistory(
        tried=tried,
        best=next((each for each in tried if each.name == best), None),
        last=summaries[-1].round if summaries else 0,
        said=said,
    )


def _place(candidate: str) -> list[int]:
    """Its round and its number in it, so that ``r002-10`` comes behind ``r002-9``."""
    return [int(digits) for digits in re.findall(r"\d+", candidate)]
