"""The grammar is strict LALR(1), and its words are those that the rooms know."""

from importlib.resources import files

import pytest
from lark import Lark
from lark.exceptions import GrammarError

from dsl.parser import load_grammar
from dsl.recovery import token_spellings
from dsl.vocabulary import KEYWORDS

TEXT = files("dsl").joinpath("rheo.lark").read_text(encoding="utf-8")


def test_the_grammar_has_no_conflicts_and_no_terminals_that_collide() -> None:
    Lark(TEXT, parser="lalr", lexer="basic", strict=True)


def test_strict_mode_would_notice_a_conflict() -> None:
    rule = 'if_statement: "if" _expr block ("else" (block | if_statement))?'
    assert rule in TEXT
    dangling = TEXT.replace(rule, 'if_statement: "if" _expr _statement ("else" _statement)?')
    Lark(dangling, parser="lalr", lexer="basic")
    with pytest.raises(GrammarError, match="conflict"):
        Lark(dangling, parser="lalr", lexer="basic", strict=True)


def test_every_keyword_of_the_grammar_is_reserved() -> None:
    words = {text for text in token_spellings(load_grammar()).values() if text.isalpha()}
    assert words == KEYWORDS
