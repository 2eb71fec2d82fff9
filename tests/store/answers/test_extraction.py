"""How answers are extracted from a model's text."""

import pytest

from store.answers.extraction import (
    NO_ANSWER,
    extractor,
    final_answer,
    probe_answer,
    strip_wrapping,
)
from store.errors import StoreError
from store.forcing import BOXED


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
        (r"\boxed{31\\}", r"31\\"),
        (r"\fbox{31}", "31"),
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
        (r"$\boxed 8$", "8"),
        (r"Hence \boxed8.", "8"),
        (r"\boxed\frac{3}{4}", r"\frac{3}{4}"),
        (r"\boxed -6 is it", "-6"),
    ],
)
def test_box_without_braces_is_read(text: str, answer: str) -> None:
    assert extractor("boxed").read(text) == answer


@pytest.mark.parametrize(
    "more",
    [
        r"I put it in \boxed{}, as required.",
        r"The format is \boxed{answer}.",
        r"(as \boxed{\text{your final answer}})",
        r"\boxed{...}",
        r"\boxed{\ldots}",
        r"\boxed{ }",
        r"\boxed{?}",
    ],
)
def test_empty_boxes_and_placeholders_are_skipped(more: str) -> None:
    assert extractor("boxed").read(rf"\boxed{{31}}. {more}") == "31"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"The roots are \boxed{2}, \boxed{3} and \boxed{5}.", "2, 3, 5"),
        (r"$x = \boxed{2}$ or $x = \boxed{-7}$", "2, -7"),
        (r"$x_1=\boxed{2},\ x_2=\boxed{-7}$.", "2, -7"),
        (r"First \boxed{2}. Then, correcting it, \boxed{3}.", "3"),
        (r"\boxed{2}, wait, \boxed{3}", "3"),
        ("\\boxed{2}\n\n\\boxed{3}", "3"),
        (r"\boxed{2} and \boxed{2}", "2"),
    ],
)
def test_boxes_listed_in_one_sentence_form_a_list(text: str, answer: str) -> None:
    assert extractor("boxed").read(text) == answer


def test_unclosed_box_of_a_truncated_text_is_ignored() -> None:
    boxed = extractor("boxed")
    assert boxed.read(r"so \boxed{12", truncated=True) == NO_ANSWER
    assert boxed.read(r"so \boxed 12", truncated=True) == NO_ANSWER
    assert boxed.read(r"\boxed{7}. Also \boxed{12", truncated=True) == NO_ANSWER
    assert boxed.read(r"\boxed{12} and so", truncated=True) == "12"
    assert extractor("choice").read(r"\boxed{B", truncated=True) == NO_ANSWER
    assert extractor("last-number").read("it is 12", truncated=True) == NO_ANSWER
    assert extractor(r"pattern:#### (\d+)").read("#### 12", truncated=True) == NO_ANSWER
    assert probe_answer("9182736", BOXED, boxed, truncated=True) == NO_ANSWER
    assert probe_answer("91}", BOXED, boxed, truncated=True) == "91"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{C}", "C"),
        (r"\boxed{(b) nitrogen}", "B"),
        (r"\boxed{\text{D}}", "D"),
        (r"\boxed{\textbf{(C)}\ 40}", "C"),
        (r"\boxed{B. the mitochondrion}", "B"),
        (r"\boxed{\text{A reaction (D)}}", "D"),
        (r"\boxed{A, B}", NO_ANSWER),
        (r"\boxed{17}", NO_ANSWER),
        (r"\boxed{I think so}", NO_ANSWER),
        ("The answer is (A). No: the answer is **B**.", "B"),
        ("Answer: C", "C"),
        ("Answer: **C**", "C"),
        ("答案是D。", "D"),
        ("答案：(B)", "B"),
        ("Answer: D. Options A and B fail.", "D"),
        ("The correct option is C because it melts.", "C"),
        ("Option B is wrong. So it must be option D.", "D"),
        ("The answer is therefore option A.", "A"),
        ("Some reasoning.\n\n**D**", "D"),
        ("(C)", "C"),
        ("The answer is a matter of taste.", NO_ANSWER),
        ("The answer is I cannot tell.", NO_ANSWER),
        ("A catalyst speeds it up.", NO_ANSWER),
        ("I think it's nitrogen", NO_ANSWER),
    ],
)
def test_the_letter_of_a_choice_is_found(text: str, answer: str) -> None:
    assert extractor("choice").read(text, letters="ABCD") == answer


def test_letters_outside_the_choices_are_rejected() -> None:
    choice = extractor("choice")
    assert choice.read(r"\boxed{F}", letters="ABCD") == NO_ANSWER
    assert choice.read("Answer: F", letters="ABCD") == NO_ANSWER
    assert choice.read("Answer: F") == "F"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("#### 1,234", "1234"),
        ("It costs $12.50.", "12.50"),
        ("From 3 to -4", "-4"),
        ("3-4", "4"),
        ("that is 3/4 of it", "3/4"),
        ("about 25%", "25%"),
        ("x2 is none", NO_ANSWER),
        ("none", NO_ANSWER),
    ],
)
def test_the_last_number_counts(text: str, answer: str) -> None:
    assert extractor("last-number").read(text) == answer


def test_custom_pattern_returns_its_last_match() -> None:
    assert extractor(r"pattern:#### (\d+)").read("#### 1\n#### 2") == "2"
    assert extractor(r"pattern:\d+").read("1 2 3") == "3"
    assert extractor(r"pattern:x|(y)").read("x") == NO_ANSWER
    assert extractor(r"pattern:\d+").read("none") == NO_ANSWER


@pytest.mark.parametrize("name", ["pattern:(", "letters", ""])
def test_unknown_extraction_is_rejected(name: str) -> None:
    with pytest.raises(StoreError):
        extractor(name)


def test_answer_is_read_after_the_end_of_thinking() -> None:
    boxed = extractor("boxed")
    assert final_answer(r"\boxed{1}</think>\boxed{2}", "</think>", boxed) == "2"
    assert final_answer(r"\boxed{1}</think>hm", "</think>", boxed) == NO_ANSWER
    assert final_answer(r"\boxed{1} and", "</think>", boxed) == "1"
    assert final_answer(r"\boxed{1} and", "", boxed) == "1"


def test_probe_answer_is_read_after_the_forced_text() -> None:
    assert probe_answer("12}. Done", BOXED, extractor("boxed")) == "12"
    assert probe_answer(r"\frac{1}{2}}$", BOXED, extractor("boxed")) == r"\frac{1}{2}"
    assert probe_answer("12", BOXED, extractor("boxed")) == "12"
    assert probe_answer("}", BOXED, extractor("boxed")) == NO_ANSWER


def test_gold_answer_is_unwrapped_like_a_box() -> None:
    assert strip_wrapping(r"\text{Evelyn}") == extractor("boxed").read(r"\boxed{\text{Evelyn}}")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"$p=\boxed{2}$ and $q=\boxed{3}$", "p = 2, q = 3"),
        (r"$(\boxed{2}, \boxed{3})$", "(2, 3)"),
        ("The roots are:\n- $\\boxed{2}$\n- $\\boxed{3}$", "2, 3"),
        ("1. $\\boxed{2}$\n2. $\\boxed{3}$", "2, 3"),
        (r"\boxed{2}、\boxed{3}和\boxed{5}", "2, 3, 5"),
        (r"\boxed(2,3)", "(2,3)"),
        (r"\boxed{0.777...}", "0.777..."),
        (r"\boxed{\{\}}", r"\{\}"),
        (r"\boxed{5\$}", r"5\$"),
        (r"\boxed{31}. \boxed{\phantom{00}}", "31"),
        (r"\boxed{31}. \boxed{\,}", "31"),
    ],
)
def test_boxes_of_every_shape_are_read(text: str, answer: str) -> None:
    assert extractor("boxed").read(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("A solvent (C)", "C"),
        ("I choose D.", "D"),
        ("I would go with (b).", "B"),
        ("So D is the answer.", "D"),
        ("Options A and C are wrong. B is correct.", "B"),
        ("La respuesta correcta es D.", "D"),
        ("Die richtige Antwort ist (A).", "A"),
        ("A resposta correta é a letra B", "B"),
        ("La risposta corretta è A", "A"),
        ("La réponse est C", "C"),
        ("Ответ: D", "D"),
        ("故选：A", "A"),
        ("应选 B。", "B"),
        ("正解はDです。", "D"),
        ("정답은 A입니다", "A"),
        ("답안 정답: C", "C"),
        ("Answer: Ｄ", "D"),
        ("答案：（Ａ）", "A"),
        ('{"answer": "C"}', "C"),
        ("<answer>D</answer>", "D"),
        (r"Answer: \(B\)", "B"),
        ("**Final Answer:** C", "C"),
        ("The answer is A because it melts.", "A"),
        ("The answer is b) red", "B"),
        ("Answer: A and D", NO_ANSWER),
        ("Answer: A, D", NO_ANSWER),
        ("The answer is either A or D", NO_ANSWER),
        ("The answer is not A.", NO_ANSWER),
        ("The answer is A red one.", NO_ANSWER),
        ("Answer: None of the above", NO_ANSWER),
        (r"\boxed{(A) and (D)}", NO_ANSWER),
        (r"\boxed{A or D}", NO_ANSWER),
        (r"\boxed{D = 4}", NO_ANSWER),
    ],
)
def test_choice_letter_is_found_in_every_phrasing(text: str, answer: str) -> None:
    assert extractor("choice").read(text, letters="ABCD") == answer


def test_long_texts_are_read_in_linear_time() -> None:
    text = "The answer is A or B; \\boxed{1}, and so on, x = (" * 4_000
    assert extractor("boxed").read(text + r"\boxed{9}") == "9"
    assert extractor("choice").read(text.replace("boxed", "") + "Answer: C") == "C"
