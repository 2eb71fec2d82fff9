"""How answers are read off a model's words."""

import pytest

from store.answers.extraction import NO_ANSWER, extractor, final_answer, probe_answer
from store.collection.forcing import BOXED
from store.errors import StoreError


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{12}", "12"),
        (r"\boxed{1} no, \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed{ 12 ", "12"),
        ("\\boxed{12\nand more", "12"),
        (r"\boxed{\text{ten}}", "ten"),
        (r"\boxed{$7$}", "7"),
        (r"\boxed {\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{}", NO_ANSWER),
        ("twelve", NO_ANSWER),
        ("", NO_ANSWER),
    ],
)
def test_the_last_box_counts(text: str, answer: str) -> None:
    assert extractor("boxed").read(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{C}", "C"),
        (r"\boxed{(b) nitrogen}", "B"),
        (r"\boxed{\text{D}}", "D"),
        ("The answer is (A). No: the answer is **B**.", "B"),
        ("Answer: C", "C"),
        (r"\boxed{17}", NO_ANSWER),
        ("I think it's nitrogen", NO_ANSWER),
    ],
)
def test_the_letter_of_a_choice_is_found(text: str, answer: str) -> None:
    assert extractor("choice").read(text) == answer


def test_a_pattern_of_ones_own_gives_its_last_match() -> None:
    assert extractor(r"pattern:#### (\d+)").read("#### 1\n#### 2") == "2"
    assert extractor(r"pattern:\d+").read("1 2 3") == "3"
    assert extractor(r"pattern:x|(y)").read("x") == NO_ANSWER
    assert extractor(r"pattern:\d+").read("none") == NO_ANSWER


@pytest.mark.parametrize("name", ["pattern:(", "letters", ""])
def test_what_is_no_way_to_read_is_refused(name: str) -> None:
    with pytest.raises(StoreError):
        extractor(name)


def test_the_end_of_the_thinking_decides_what_a_chain_answers() -> None:
    boxed = extractor("boxed")
    assert final_answer(r"\boxed{1}</think>\boxed{2}", "</think>", boxed) == "2"
    assert final_answer(r"\boxed{1}</think>hm", "</think>", boxed) == NO_ANSWER
    assert final_answer(r"\boxed{1} and", "</think>", boxed) == "1"
    assert final_answer(r"\boxed{1} and", "", boxed) == "1"


def test_a_probe_is_read_behind_what_was_forced() -> None:
    assert probe_answer("12}. Done", BOXED, extractor("boxed")) == "12"
    assert probe_answer(r"\frac{1}{2}}$", BOXED, extractor("boxed")) == r"\frac{1}{2}"
    assert probe_answer("12", BOXED, extractor("boxed")) == "12"
    assert probe_answer("}", BOXED, extractor("boxed")) == NO_ANSWER
