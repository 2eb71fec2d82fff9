import re
from pathlib import Path

import pytest

from dsl import builtins, vocabulary
from dsl.card import MAX_TOKENS, estimated_tokens, render_card, summarize_grammar
from dsl.diagnostics import render_all
from dsl.formatter import format_source
from dsl.program import analyse_program
from dsl.source import Source

CARD = render_card()
KEPT = Path(__file__).parents[2] / "docs" / "language-card.md"


def test_card_fits_the_prompt_budget() -> None:
    assert estimated_tokens(CARD) <= MAX_TOKENS


def test_the_card_in_the_documentation_is_up_to_date() -> None:
    content = KEPT.read_text(encoding="utf-8")
    assert content == CARD, "make it again: rheostat card -o docs/language-card.md"


def test_the_example_on_the_card_is_sound_and_laid_out_canonically() -> None:
    (example,) = re.findall(r"```rheo\n(.*?)```", CARD, re.DOTALL)
    source = Source(example, "language-card.md")
    analysis = analyse_program(source)
    assert not analysis.diagnostics, render_all(source, analysis.diagnostics)
    assert format_source(source) == example


def test_every_reserved_word_is_on_the_card() -> None:
    operators = {"and", "or", "not", "true", "false", "none"}
    assert {word for word in vocabulary.KEYWORDS - operators if f'"{word}"' not in CARD} == set()
    assert {word for word in operators if word not in CARD} == set()


@pytest.mark.parametrize(
    "table", [builtins.SETS, builtins.VALUES, builtins.ATTRIBUTES, builtins.FUNCTIONS]
)
def test_everything_built_in_is_on_the_card_with_its_meaning(table: dict[str, object]) -> None:
    for name, about in table.items():
        meaning = about if isinstance(about, str) else getattr(about, "meaning")  # noqa: B009
        shown = getattr(about, "shown", name)
        assert re.search(rf"`{re.escape(shown)}` (\(\w+\) )?{re.escape(meaning)}", CARD), name


def test_every_signal_is_on_the_card() -> None:
    assert ", ".join(builtins.SIGNALS) in CARD


def test_a_grammar_in_short_has_rules_without_terminals_comments_and_operators() -> None:
    grammar = """
// A comment.
start: item* _end
_end: "end"   // not a rule of its own
    | DOT
_sum: add | number
look: SIGN? NAME
DOT: "."
SIGN: "+" | "-"
NAME: /[a-z]+/
%ignore " "
""".replace("   // not a rule of its own", "")
    assert list(summarize_grammar(grammar)) == [
        "start: item* end",
        'end: "end" | "."',
        'look: "+" | "-"? NAME',
    ]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a b c d e", 7), ("a_long_name_of_forty_characters_in_itself", 12)],
)
def test_tokens_are_estimated_by_words_or_by_characters_whichever_is_more(
    text: str, tokens: int
) -> None:
    assert estimated_tokens(text) == tokens
