"""The grammar for constrained decoding: what is written under it parses."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.decoding import decoding_grammar
from dsl.parser import MAX_DEPTH, parse
from dsl.source import Source
from dsl.words import KEYWORDS
from tests.dsl.gbnf import Grammar

PLAIN = Grammar(decoding_grammar())
WITH_REASONS = Grammar(decoding_grammar(6))


@given(st.integers(0, 1 << 32))
def test_whatever_is_drawn_from_it_parses(seed: int) -> None:
    text = PLAIN.draw(Random(seed))
    told = [each.message for each in parse(Source(text)).diagnostics]
    assert [each for each in told if f"more than {MAX_DEPTH} levels" not in each] == [], text


@given(st.integers(0, 1 << 32))
def test_reasons_come_first_as_comments(seed: int) -> None:
    text = WITH_REASONS.draw(Random(seed))
    comments = parse(Source(text)).comments
    assert text.startswith("# ")
    assert 1 <= len(comments) <= 6
    assert all(text[: each.span.start].strip() == "" or "#" in text for each in comments)


@given(st.integers(0, 1 << 32))
def test_a_name_is_never_a_keyword(seed: int) -> None:
    name = PLAIN.draw(Random(seed), "NAME")
    assert name not in KEYWORDS
    assert re.fullmatch(r"[A-Za-z_]\w*", name)


@pytest.mark.parametrize("keyword", sorted(KEYWORDS))
def test_a_name_may_begin_with_a_keyword_and_go_on(keyword: str) -> None:
    rule = f"NAME_{keyword}"
    drawn = {keyword + PLAIN.draw(Random(seed), rule) for seed in range(50)}
    assert keyword not in drawn
    assert any(each.startswith(keyword) and len(each) > len(keyword) for each in drawn)


def test_it_draws_every_kind_of_section_and_statement() -> None:
    drawn = " ".join(PLAIN.draw(Random(seed)) for seed in range(400))
    assert {word for word in KEYWORDS if not re.search(rf"\b{word}\b", drawn)} == set()
