"""Results by proposer, and the carry-over of gains."""

import msgspec
import pytest

from agents.report.records import RunReport
from agents.report.run_history import compare_proposers, estimate_carry_over
from agents.run.directory import RunDirectory


def test_proposer_results_sum_to_the_run(template: RunDirectory, reported: RunReport) -> None:
    results = compare_proposers(template)
    assert sum(result.candidates for result in results) == reported.cost.candidates
    total = sum(result.usage.evaluations for result in results)
    assert total == sum(summary.usage.evaluations for summary in template.summaries())
    for result in results:
        objectives = [
            review.objective
            for review in template.reviews()
            if template.draft(review.candidate).proposer == result.proposer
            and review.objective is not None
        ]
        assert result.objective == max(objectives, default=None)


def test_carry_over_is_the_withheld_share_of_the_shown_gain(
    template: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    gains = [(2.0, 1.0), (4.0, 1.0), (6.0, 4.0)]
    first = template.reviews()[0]
    reviews = [
        msgspec.structs.replace(first, shown_gain=shown_gains, withheld_gain=withheld)
        for shown_gains, withheld in gains
    ]
    monkeypatch.setattr(RunDirectory, "reviews", lambda run: reviews)
    estimate = estimate_carry_over(template)
    assert estimate is not None
    assert estimate.share == pytest.approx(0.5)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < 0.5 < estimate.high


def test_reviews_of_earlier_versions_give_no_estimate(
    template: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [
        msgspec.structs.replace(review, shown_gain=None, withheld_gain=None)
        for review in template.reviews()
    ]
    monkeypatch.setattr(RunDirectory, "reviews", lambda run: old)
    assert estimate_carry_over(template) is None
