"""Constraints as grammars of llama.cpp: they admit the replies that the constraint admits."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from store.serving.constraints import compile_pattern
from store.serving.llama_cpp.grammars import (
    MOST_STATES,
    UnsupportedConstraint,
    write_grammar,
)
from store.serving.requests import Structured
from tests.store.serving.llama_cpp.gbnf_matcher import GrammarMatcher

EXPRESSIONS = (
    r"\d{1,3}",
    r"^-?(0|[1-9]\d*)(/[1-9]\d*)?$",
    r"[^}\n]+\}",
    r"(ab|a)(c|bcd)?",
    r"(?:x|y){2,4}z*",
    r"a.b",
    r"(?i)no|yes",
    r"é|€|😀|\]",
    r"\w+\s\w+",
    r"(a(?=b)b|ac)+",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(data=st.data())
def test_a_grammar_admits_what_its_expression_matches(expression: str, data: st.DataObject) -> None:
    pattern = compile_pattern(expression)
    matcher = GrammarMatcher(write_grammar(Structured(regex=expression)))
    # Digits and letters beyond ASCII are matched by the expression alone: the grammar is narrower.
    drawn = st.from_regex(re.compile(expression, re.DOTALL | re.ASCII), fullmatch=True)
    text = data.draw(drawn | st.text(alphabet="ab01x/-}\n é€😀]", max_size=5))
    # Some sets of a grammar leave out the null character, which no text of a server has.
    assume("\0" not in text)
    assert matcher.matches(text) == (pattern.fullmatch(text) is not None)


def test_choices_are_literals() -> None:
    matcher = GrammarMatcher(write_grammar(Structured(choice=["A", "B", 'the "third"'])))
    assert [matcher.matches(text) for text in ("A", "B", 'the "third"', "C", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_every_character_has_one_alternative_at_most() -> None:
    grammar = write_grammar(Structured(regex="(a|ab|abc)*c?d"))
    for rule in grammar.splitlines():
        sets = re.findall(r"\[([^\]]*)\]", rule)
        letters = [letter for spelt in sets for letter in "abcd" if re.match(f"[{spelt}]", letter)]
        assert len(letters) == len(set(letters))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (r"(a)\1", "Group references are not implemented"),
        (r"\bword", r"Escape \b is not implemented"),
        (r"a(?=b)", "lookaheads that go beyond the group bounds"),
        (r"a(?=b)c", "matches nothing"),
        (r"a{5000}", f"at most {MOST_STATES:,} are sent"),
    ],
)
def test_an_expression_that_has_no_grammar_is_refused_by_name(expression: str, reason: str) -> None:
    with pytest.raises(UnsupportedConstraint) as refused:
        write_grammar(Structured(regex=expression))
    assert repr(expression) in str(refused.value)
    assert reason in str(refused.value)
