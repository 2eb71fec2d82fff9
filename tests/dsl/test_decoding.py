"""The grammar for constrained decoding: what is written under it parses."""

import re
from random import Random

import llguidance
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import library
from dsl.decoding import decoding_grammar
from dsl.parser import MAX_DEPTH, parse
from dsl.source import Source
from dsl.tree_builder import MAX_INTEGER, MAX_REAL
from dsl.vocabulary import KEYWORDS
from tests.dsl.gbnf import Grammar

PLAIN = Grammar(decoding_grammar())
WITH_REASONS = Grammar(decoding_grammar(6))

BYTES = llguidance.LLTokenizer("byte")
"""A tokenizer whose tokens are bytes, so that every way into a token is tried."""


@pytest.fixture(scope="module")
def guided() -> str:
    """The grammar as guidance, one of vLLM's backends, takes it."""
    return llguidance.grammar_from("grammar", decoding_grammar())


def is_decoded(guided: str, text: str) -> bool:
    """Whether guidance lets a model write a text to its end."""
    matcher = llguidance.LLMatcher(BYTES, guided)
    tokens = BYTES.tokenize_str(text)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


@pytest.mark.parametrize("reasons", [0, 6])
def test_guidance_takes_the_grammar(reasons: int) -> None:
    taken = llguidance.grammar_from("grammar", decoding_grammar(reasons))
    assert llguidance.LLMatcher.validate_grammar(taken, BYTES) == ""


@pytest.mark.parametrize("name", library.NAMES)
def test_every_controller_of_the_library_could_be_decoded_by_guidance(
    name: str, guided: str
) -> None:
    source = re.sub(r" *#[^\n]*\n", "\n", library.load_source(name).text).strip() + "\n"
    assert is_decoded(guided, source)


@given(st.integers(0, 1 << 32))
def test_generated_programs_are_accepted_by_guidance(guided: str, seed: int) -> None:
    text = PLAIN.draw(Random(seed))
    assert is_decoded(guided, text), text


@given(st.integers(0, 1 << 32))
def test_invalid_programs_are_rejected_by_guidance(guided: str, seed: int) -> None:
    chance = Random(seed)
    text = PLAIN.draw(chance)
    position = chance.randrange(len(text))
    torn = text[:position] + text[position + chance.randint(1, 6) :]
    found = [diagnostic.message for diagnostic in parse(Source(torn)).diagnostics]
    deep = [message for message in found if f"more than {MAX_DEPTH} levels" in message]
    assert not is_decoded(guided, torn) or found == deep, torn


def test_rule_names_are_valid_and_distinct_for_every_backend() -> None:
    names = [line.partition(" ::= ")[0] for line in decoding_grammar(6).splitlines()]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    assert len(set(names)) == len(names)


@given(st.integers(0, 1 << 32))
def test_generated_programs_parse(seed: int) -> None:
    text = PLAIN.draw(Random(seed))
    diagnostics = [diagnostic.message for diagnostic in parse(Source(text)).diagnostics]
    assert [
        message for message in diagnostics if f"more than {MAX_DEPTH} levels" not in message
    ] == [], text


ANY_NUMBER = st.from_regex(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
"""Numbers of every form, also such that are too large."""


def with_number(number: str) -> str:
    """A program with a number at the positions of most kinds."""
    return (
        f"controller c {{ knobs {{ k = {number} in 0..{number} }} memory {{ m = -{number} * 10 }}"
        f' start {{ open {number} }} finally {{ answer if m < {number} then "1" else none }} }}'
    )


@given(st.integers(0, MAX_INTEGER) | st.floats(0, MAX_REAL))
def test_every_number_of_the_language_can_be_decoded(guided: str, number: float) -> None:
    assert is_decoded(guided, with_number(repr(number)))


@pytest.mark.parametrize(
    "number", ["1e308", repr(MAX_REAL), "1.7e308", "5e-324", "1E-400", str(MAX_INTEGER), "007.50"]
)
def test_the_ends_of_the_numbers_can_be_decoded(guided: str, number: str) -> None:
    assert is_decoded(guided, with_number(number))


@given(ANY_NUMBER)
def test_a_number_that_can_be_decoded_is_one_of_the_language(guided: str, number: str) -> None:
    is_valid = not parse(Source(with_number(number))).diagnostics
    assert is_valid or not is_decoded(guided, with_number(number))


@pytest.mark.parametrize("number", [str(MAX_INTEGER + 1), "1.8e308", "1e309", "10e308"])
def test_a_number_that_is_too_large_cannot_be_decoded(guided: str, number: str) -> None:
    assert parse(Source(with_number(number))).diagnostics
    assert not is_decoded(guided, with_number(number))


@given(st.integers(0, 1 << 32))
def test_reasons_come_first_as_comments(seed: int) -> None:
    text = WITH_REASONS.draw(Random(seed))
    comments = parse(Source(text)).comments
    assert text.startswith("# ")
    assert 1 <= len(comments) <= 6
    assert all(text[: comment.span.start].strip() == "" or "#" in text for comment in comments)


@given(st.integers(0, 1 << 32))
def test_a_name_is_never_a_keyword(seed: int) -> None:
    name = PLAIN.draw(Random(seed), "token-name")
    assert name not in KEYWORDS
    assert re.fullmatch(r"[A-Za-z_]\w*", name)


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_name_may_start_with_a_keyword(keyword: str) -> None:
    rule = f"token-name-{keyword}"
    drawn = {keyword + PLAIN.draw(Random(seed), rule) for seed in range(50)}
    assert keyword not in drawn
    assert any(word.startswith(keyword) and len(word) > len(keyword) for word in drawn)


def test_grammar_generates_every_section_and_statement() -> None:
    drawn = " ".join(PLAIN.draw(Random(seed)) for seed in range(400))
    assert {word for word in KEYWORDS if not re.search(rf"\b{word}\b", drawn)} == set()
