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
        is_refused = self.decision is not None and not self.decision.approved
        return is_refused or self.review.verdict is ReviewVerdict.REJECTED

    @property
    def is_eligible(self) -> bool:
        """Whether proposers may build on it: it is in the archive and was not rejected."""
        return self.review.verdict in (ReviewVerdict.BEST, ReviewVerdict.KEPT) and not self.rejected


class SearchHistory(NamedTuple):
    """Candidates and decisions of earlier rounds."""

    candidates: Sequence[ReviewedCandidate]
    """Candidates in order of their names."""
    best: ReviewedCandidate | None
    """Best candidate so far; ``None`` if no candidate beats the baselines."""
    last: int
    """Number of the last round that was played; 0 before the first."""
    decisions: Sequence[Decision]
    """Decisions of reviewers, latest candidate first."""

    def find_candidate(self, name: str) -> ReviewedCandidate | None:
        """Return a candidate by name, if there is one."""
        return next((candidate for candidate in self.candidates if candidate.name == name), None)

    @property
    def last_round(self) -> list[ReviewedCandidate]:
        """Return the candidates of the last round."""
        return [candidate for candidate in self.candidates if candidate.round == self.last]

    @property
    def archive(self) -> list[ReviewedCandidate]:
        """Return the candidates to build on, best first; ties go to the earlier one."""
        eligible = [candidate for candidate in self.candidates if candidate.is_eligible]
        return sorted(eligible, key=lambda candidate: -(candidate.review.objective or 0.0))


def load_history(run: RunDirectory, number: int) -> SearchHistory:
    """Load the history of a run before round ``number``.

    Raises:
        InputError: a file of the run is missing or damaged.
    """
    summaries = [summary for summary in run.summaries() if summary.round < number]
    reviews = {review.candidate: review for review in run.reviews()}
    candidates = [
        ReviewedCandidate(summary.round, run.draft(name), reviews[name], run.decision(name))
        for summary in summaries
        for name in summary.candidates
        if name in reviews
    ]
    best = summaries[-1].best if summaries else None
    decisions = sorted(
        run.decisions(), key=lambda decision: _sort_key(decision.candidate), reverse=True
    )
    return SearchHistory(
        candidates=candidates,
        best=next((candidate for candidate in candidates if candidate.name == best), None),
        last=summaries[-1].round if summaries else 0,
        decisions=decisions,
    )


def _sort_key(candidate: str) -> list[int]:
    """Sort key: round and index in it, so that ``r002-10`` follows ``r002-9``."""
    return [int(digits) for digits in re.findall(r"\d+", candidate)]
