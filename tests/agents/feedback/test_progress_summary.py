"""Descriptions of the objective, of the shown part and of earlier candidates."""

import msgspec

from agents.feedback import attempts
from agents.feedback.brief_builder import SHORTENING_ORDER, build_sections
from agents.feedback.history import ReviewedCandidate, SearchHistory, load_history
from agents.feedback.measured_programs import describe_plan, measure_candidate, select_end_plans
from agents.feedback.progress_summary import describe_subset
from agents.run.directory import RunDirectory
from agents.run.records import Decision, Gain
from dsl import library
from tests.agents.feedback.conftest import Opened


def test_shown_part_is_described(opened: Opened) -> None:
    with opened() as arena:
        assert describe_subset(arena, arena.split(1).shown).startswith(
            "This round shows 2 of 3 recordings and 18 of 36 questions. "
        )
        assert describe_subset(arena, arena.scorer.whole) == (
            "The whole search set is shown: 3 recordings, 36 questions."
        )


def test_program_with_free_knobs_is_analyzed_and_described_by_its_knobs(
    searched: RunDirectory, opened: Opened
) -> None:
    with opened(free_knobs=True) as arena:
        subject = measure_candidate(arena, "r009-1", library.load_source("sc").text)
        assert subject is not None
        plans = select_end_plans(arena, subject, arena.scorer.whole)
        assert [describe_plan(plan).split()[0] for plan in plans] == ["n", "n"]
        low_cost, high_cost = (plan.knobs["n"] for plan in plans)
        assert low_cost < high_cost


def test_single_setting_is_analyzed_once(searched: RunDirectory, opened: Opened) -> None:
    with opened() as arena:
        arena.request = msgspec.structs.replace(arena.request, betas=[0.5])
        sections = build_sections(arena, load_history(searched, 4), 4)
    assert " at beta 0.5. " in sections["profile"][0].text
    assert [len(sections[name]) for name in ("profile", "hindsight")] == [2, 2]
    assert SHORTENING_ORDER.count("profile") >= 1


# Earlier candidates


def past(searched: RunDirectory) -> SearchHistory:
    return load_history(searched, 4)


def test_reason_is_given_for_a_small_gain_and_not_for_a_loss(searched: RunDirectory) -> None:
    candidate = past(searched)
    tried = candidate.find_candidate("r002-1")
    assert tried is not None
    [lost] = describe_single(candidate, tried, Gain(against="a", value=-1.0, low=-2.0, high=1.0))
    assert "It may be luck." not in lost
    [small] = describe_single(candidate, tried, Gain(against="a", value=1.0, low=-2.0, high=3.0))
    assert "- It may be luck." in small


def describe_single(history: SearchHistory, tried: ReviewedCandidate, gain: Gain) -> list[str]:
    changed = tried._replace(
        review=msgspec.structs.replace(tried.review, gain=gain, reasons=["it may be luck"])
    )
    single = history._replace(candidates=[history.candidates[0], changed], last=2)
    return [attempts.describe_last_round(single)[0].text]


def test_difference_to_the_parent_is_described(searched: RunDirectory) -> None:
    text = attempts.describe_last_round(load_history(searched, 3))[0].text
    assert "- Against `r001-1`: changes 1 knob: n 2..12 → 3..15." in text


def test_long_notes_are_shortened_at_a_low_limit() -> None:
    decisions = [
        Decision(candidate=f"r00{n}-1", approved=False, note=f"{n} " * 200) for n in range(5, 0, -1)
    ]
    full, short, few, none = attempts.describe_decisions(decisions)
    assert len(full.text) > len(short.text) > len(few.text)
    assert few.text.count("was rejected") == 3
    assert "r005-1" in few.text
    assert few.left_out == "2 earlier notes from reviewers"
    assert none.text == ""


def test_approval_without_a_note_is_not_listed() -> None:
    [nothing] = attempts.describe_decisions([Decision(candidate="r001-1", approved=True)])
    assert nothing.text == ""
    [line, *_] = attempts.describe_decisions([Decision(candidate="r001-1", approved=False)])
    assert "`r001-1` was rejected: without a note" in line.text


def test_candidates_are_ordered_by_number(searched: RunDirectory) -> None:
    history = load_history(searched, 4)
    assert [candidate.name for candidate in history.candidates] == [
        "r001-1", "r001-2", "r002-1", "r002-2", "r002-3", "r003-1",
    ]  # fmt: skip
    assert [decision.candidate for decision in history.decisions] == ["r001-2", "r001-1"]
    assert history.last == 3
    assert history.best is not None
    assert history.best.name == "r001-1"
