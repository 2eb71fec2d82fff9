"""Votes: ties go to the answer first seen, weights add up in set order, nothing is undefined."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import aggregates
from dsl.numeric import MAX_REAL, beta_confidence_int, beta_confidence_real

answers = st.lists(st.sampled_from(["7", "12", "ERR", "", None]), max_size=24)
weights = st.floats(-10, 10) | st.sampled_from([0.0, 0.1, 0.5, 1.0])
weighted = st.lists(st.tuples(st.sampled_from(["7", "12", "ERR", None]), weights), max_size=24)

MEASURES = [
    aggregates.winner,
    aggregates.runner_up,
    aggregates.leading_votes,
    aggregates.leading_share,
    aggregates.margin,
    aggregates.distinct,
    aggregates.entropy,
    aggregates.confidence,
]
NUMBERS = [
    aggregates.leading_votes,
    aggregates.leading_share,
    aggregates.margin,
    aggregates.entropy,
    aggregates.confidence,
]


def count(text: str) -> aggregates.Tally:
    """The tally of one-letter answers; a dot is a branch without an answer."""
    return aggregates.tally([None if letter == "." else letter for letter in text])


def weigh(*pairs: tuple[str | None, float]) -> aggregates.Tally:
    return aggregates.tally([answer for answer, _ in pairs], [weight for _, weight in pairs])


def test_answers_are_kept_in_the_order_in_which_they_were_first_seen() -> None:
    counted = count("b.ab..c")
    assert counted.answers == ("b", "a", "c")
    assert counted.votes == (2, 1, 1)
    assert not counted.weighted


@pytest.mark.parametrize(
    ("seen", "first", "second"),
    [
        ("ab", "a", "b"),
        ("ba", "b", "a"),
        ("abb", "b", "a"),
        ("abba", "a", "b"),
        ("abcbc", "b", "c"),
        ("cabab", "a", "b"),
        ("abc", "a", "b"),
        ("cba", "c", "b"),
        ("..a", "a", None),
        ("...", None, None),
        ("", None, None),
    ],
)
def test_ties_for_first_and_second_go_to_the_earlier_answer(
    seen: str, first: str | None, second: str | None
) -> None:
    assert aggregates.winner(count(seen)) == first
    assert aggregates.runner_up(count(seen)) == second


def test_an_empty_text_is_an_answer_like_any_other() -> None:
    counted = aggregates.tally(["", "", "x", None])
    assert aggregates.winner(counted) == ""
    assert aggregates.votes_of(counted, "") == 2


def test_the_numbers_of_a_plain_vote() -> None:
    counted = count("aab.abc")
    assert aggregates.leading_votes(counted) == 3
    assert aggregates.leading_share(counted) == 3 / 6
    assert aggregates.margin(counted) == 3 / 6 - 2 / 6
    assert aggregates.distinct(counted) == 3
    assert aggregates.votes_of(counted, "c") == 1
    assert aggregates.share_of(counted, "c") == 1 / 6
    assert aggregates.confidence(counted) == beta_confidence_int(3, 2)
    expected = -sum(p * math.log(p) for p in (3 / 6, 2 / 6, 1 / 6))
    assert aggregates.entropy(counted) == pytest.approx(expected, rel=1e-14)


def test_an_answer_that_no_branch_gave_has_no_votes() -> None:
    for counted, none in ((count("ab"), 0), (weigh(("a", 2.0)), 0.0)):
        for answer in ("x", None):
            found = aggregates.votes_of(counted, answer)
            assert (found, type(found)) == (none, type(none))
            assert aggregates.share_of(counted, answer) == 0.0


def test_without_votes_everything_is_0_of_its_type() -> None:
    for counted in (count(""), count(".."), weigh(), weigh((None, 3.0))):
        assert aggregates.winner(counted) is None
        assert aggregates.runner_up(counted) is None
        for measure in NUMBERS:
            assert measure(counted) == 0
    assert isinstance(aggregates.leading_votes(count("")), int)
    assert isinstance(aggregates.leading_votes(weigh()), float)


def test_one_answer_has_all_the_votes() -> None:
    for counted in (count("aa.a"), weigh(("a", 0.1), ("a", 0.2), (None, 5.0), ("a", 0.3))):
        assert aggregates.leading_share(counted) == 1.0
        assert aggregates.margin(counted) == 1.0
        assert aggregates.entropy(counted).hex() == (0.0).hex()
    assert aggregates.confidence(count("aaa")) == beta_confidence_int(3, 0)


@settings(deadline=None)
@given(answers)
def test_counting_agrees_with_a_counter(given_answers: list[str | None]) -> None:
    counted = aggregates.tally(given_answers)
    reference = Counter(answer for answer in given_answers if answer is not None)
    ranked = reference.most_common()  # on ties in the order of first sight, as here
    assert dict(zip(counted.answers, counted.votes, strict=True)) == reference
    assert aggregates.winner(counted) == (ranked[0][0] if ranked else None)
    assert aggregates.runner_up(counted) == (ranked[1][0] if len(ranked) > 1 else None)
    assert aggregates.leading_votes(counted) == (ranked[0][1] if ranked else 0)
    assert aggregates.distinct(counted) == len(reference)
    assert aggregates.entropy(counted) <= math.log(max(1, len(reference))) + 1e-12


@settings(deadline=None)
@given(answers)
def test_weights_of_1_change_no_bit(given_answers: list[str | None]) -> None:
    plain = aggregates.tally(given_answers)
    ones = aggregates.tally(given_answers, [1.0] * len(given_answers))
    for measure in MEASURES:
        assert measure(plain) == measure(ones)
    for answer in (*plain.answers, "x", None):
        assert aggregates.votes_of(plain, answer) == aggregates.votes_of(ones, answer)
        assert aggregates.share_of(plain, answer) == aggregates.share_of(ones, answer)


def test_weights_are_added_in_the_order_of_the_set() -> None:
    parts = [0.1, 0.2, 0.3, 1e16, -1e16]
    counted = weigh(*(("a", part) for part in parts))
    assert aggregates.leading_votes(counted) == ((((0.1 + 0.2) + 0.3) + 1e16) - 1e16)
    back = weigh(*(("a", part) for part in reversed(parts)))
    assert aggregates.leading_votes(back) != aggregates.leading_votes(counted)


def test_weights_decide_and_tied_sums_go_to_the_answer_first_seen() -> None:
    assert aggregates.winner(weigh(("a", 1.0), ("b", 3.0), ("a", 1.0))) == "b"
    tied = weigh(("b", 0.5), ("a", 1.0), ("b", 0.5))
    assert (aggregates.winner(tied), aggregates.runner_up(tied)) == ("b", "a")
    uneven = weigh(("a", 3.5), ("b", 1.25))
    assert aggregates.confidence(uneven) == beta_confidence_real(3.5, 1.25)


def test_votes_that_sum_to_nothing_or_less_have_a_winner_but_no_shares() -> None:
    for counted in (weigh(("a", 0.0), ("b", 0.0)), weigh(("a", 1.0), ("b", -2.0))):
        assert aggregates.winner(counted) == "a"
        assert aggregates.runner_up(counted) == "b"
        assert aggregates.leading_share(counted) == 0.0
        assert aggregates.share_of(counted, "b") == 0.0
        assert aggregates.margin(counted) == 0.0
        assert aggregates.entropy(counted) == 0.0
    negative = weigh(("a", -2.0), ("b", -1.0))
    assert aggregates.winner(negative) == "b"
    assert aggregates.leading_votes(negative) == -1.0
    assert aggregates.confidence(negative) == 0.5


def test_entropy_leaves_out_answers_without_votes() -> None:
    counted = weigh(("a", 1.0), ("b", 1.0), ("c", 0.0), ("d", -0.5))
    assert aggregates.entropy(counted) == pytest.approx(math.log(2), rel=1e-15)


def test_huge_weights_saturate() -> None:
    counted = weigh(("a", MAX_REAL), ("a", MAX_REAL), ("b", MAX_REAL))
    assert aggregates.leading_votes(counted) == MAX_REAL
    assert aggregates.leading_share(counted) == 1.0
    for measure in NUMBERS:
        assert math.isfinite(measure(counted))


@settings(deadline=None)
@given(weighted)
def test_no_weights_break_a_measure(pairs: list[tuple[str | None, float]]) -> None:
    counted = weigh(*pairs)
    assert counted.weighted
    for measure in NUMBERS:
        assert math.isfinite(measure(counted))
    assert 0.0 <= aggregates.confidence(counted) <= 1.0
    # Summed parts of 1 may come to a bit more than 1.
    assert aggregates.entropy(counted) >= -1e-15
    sums = dict(zip(counted.answers, counted.votes, strict=True))
    leader, second = aggregates.winner(counted), aggregates.runner_up(counted)
    assert all(sums[answer] <= aggregates.leading_votes(counted) for answer in sums)
    assert leader != second or leader is None
    assert all(sums[a] <= aggregates.votes_of(counted, second) for a in sums if a != leader)


def test_a_missing_weight_is_a_caller_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        aggregates.tally(["a", "b"], [1.0])
