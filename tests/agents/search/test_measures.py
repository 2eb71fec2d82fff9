"""What a round shows, what it withholds, and what is made of what was measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.search.measurements import (
    FOLDS,
    ProgramMeasurement,
    compute_curves,
    select_everything,
    split_search_set,
)

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=6)


def cells(shown: tuple[tuple[int, ...], tuple[np.ndarray, ...]]) -> set[tuple[int, int]]:
    places, masks = shown
    return {
        (place, int(question))
        for place, mask in zip(places, masks, strict=True)
        for question in np.flatnonzero(mask)
    }


@given(SIZES, st.integers(0, 100))
def test_what_is_shown_and_what_is_withheld_make_up_the_whole(
    sizes: list[int], number: int
) -> None:
    result = split_search_set(sizes, number)
    assert cells(result.shown) | cells(result.withheld) == cells(select_everything(sizes))
    assert cells(result.shown) & cells(result.withheld) == set()
    assert cells(result.shown)


@given(SIZES)
def test_every_question_of_a_long_recording_is_withheld_in_some_round(sizes: list[int]) -> None:
    rounds = range(FOLDS)
    withheld = set().union(*(cells(split_search_set(sizes, number).withheld) for number in rounds))
    long = {(place, q) for place, size in enumerate(sizes) if size >= 8 for q in range(size)}
    assert long <= withheld


def test_a_question_is_withheld_of_every_model_at_once() -> None:
    shown = split_search_set([12, 12], 1).shown
    assert shown.recordings == (0, 1)
    assert np.array_equal(shown.questions[0], shown.questions[1])
    assert shown.questions[0].sum() == 9


def test_of_few_recordings_none_is_withheld_whole() -> None:
    for number in range(8):
        assert split_search_set([12, 12], number).shown.recordings == (0, 1)
    assert {split_search_set([12, 12, 12], n).shown.recordings for n in range(3)} == {
        (0, 1),
        (0, 2),
        (1, 2),
    }


def test_of_a_handful_of_questions_none_is_withheld() -> None:
    assert split_search_set([5], 3).withheld.recordings == ()


def test_a_curve_is_made_from_the_questions_that_are_shown_alone() -> None:
    measured = ProgramMeasurement(
        right=np.array([[4, 0], [4, 2]]),
        tokens=np.array([[40, 400], [80, 800]]),
        sequential=np.array([[10, 100], [20, 200]]),
        seeds=4,
    )
    first = compute_curves(measured, np.array([True, False]))
    assert first.cost == pytest.approx([10, 20])
    assert first.accuracy == pytest.approx([100, 100])
    assert first.sequential == pytest.approx([2.5, 5])
    both = compute_curves(measured, np.array([True, True]))
    assert both.cost == pytest.approx([55, 110])
    assert both.accuracy == pytest.approx([50, 75])
