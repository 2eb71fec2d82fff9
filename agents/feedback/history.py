"""History of a run before a round: reviewed candidates and reviewers' decisions."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from agents.run.directory import RunDirectory
from agents.run.records import Decision, Draft, Review, ReviewVerdict


class ReviewedCandidate(NamedTuple):
    """A candidate and its review."""

    round: int
    draft: Draft
    review: Review
    decision: Decision | None

    @property
    def name(self) -> str:
        """Name of the candidate."""
        return self.review.candidate

    @property
    def rejected(self) -> bool:
        """Whether a reviewer rejected it."""
        said = self.decision is not None and not self.decision.approved
        return said or self.review.verdict is ReviewVerdict.REJECTED

    @property
    def stands(self) -> bool:
        """Whether proposers may build on it: it is in the archive and was not rejected."""
        return self.review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT) and not self.rejected


class SearchHistory(NamedTuple):
    """Candidates and decisions of earlier rounds."""

    tried: Sequence[ReviewedCandidate]
    """Candidates in order of their names."""
    best: ReviewedCandidate | None
    """Best candidate so far; ``None`` if no candidate beats the baselines."""
    last: int
    """Number of the last round that was played; 0 before the first."""
    said: Sequence[Decision]
    """Decisions of reviewers, latest candidate first."""

    def named(self, name: str) -> ReviewedCandidate | None:
        """Return a candidate by name, if there is one."""
        return next((each for each in self.tried if each.name == name), None)

    @property
    def last_round(self) -> list[ReviewedCandidate]:
        """Return the candidates of the last round."""
        return [each for each in self.tried if each.round == self.last]

    @property
    def archive(self) -> list[ReviewedCandidate]:
        """Return the candidates to build on, best first; ties go to the earlier one."""
        standing = [each for each in self.tried if each.stands]
        return sorted(standing, key=lambda each: -(each.review.objective or 0.0))


def load_history(run: RunDirectory, number: int) -> SearchHistory:
    """Load the history of a run before round ``number``.

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
    """Sort key: round and index in it, so that ``r002-10`` follows ``r002-9``."""
    return [int(digits) for digits in re.findall(r"\d+", candidate)]
