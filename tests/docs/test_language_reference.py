"""The language reference is the specification, so it is held to the language as built.

Programs on the page are sound and laid out canonically, and do what the page says of them. Tables
of the language's own words are those of the checker, and the grammar is the grammar.
"""

import re
from pathlib import Path

import pytest

from dsl import builtins, vocabulary
from dsl.builtins import BuiltinFunction, BuiltinValue
from dsl.checker.declarations import check_declarations
from dsl.checker.schedule_directions import prove_directions
from dsl.checker.scope import Scope
from dsl.diagnostics import render_all
from dsl.formatter import format_source
from dsl.parser import parse
from dsl.program import analyse_program
from dsl.source import Source
from dsl.types import Type
from tests.docs.language_page import (
    DOCS,
    Shown,
    fences,
    holds,
    pairs,
    played,
    programs,
    recording,
    rows,
)

PAGE = (DOCS / "language.md").read_text(encoding="utf-8")
PROGRAMS = programs(PAGE)
GRAMMAR = Path(__file__).parents[2] / "dsl" / "rheo.lark"
DECK = recording(PAGE)
PRELUDE = next(shown.text for shown in PROGRAMS if shown.text.startswith("controller examples "))
STATED = [shown for shown in PROGRAMS if shown.result is not None]

TYPES = {
    Type.INTEGER: "integer", Type.REAL: "real", Type.TRUTH: "truth", Type.ANSWER: "answer",
}  # fmt: skip


def at_line(shown: Shown) -> str:
    return f"line {shown.line}"


@pytest.mark.parametrize("shown", PROGRAMS, ids=at_line)
def test_a_program_on_the_page_is_sound_and_laid_out_canonically(shown: Shown) -> None:
    source = Source(shown.text, "language.md")
    analysis = analyse_program(source)
    assert not analysis.diagnostics, render_all(source, analysis.diagnostics)
    assert format_source(source) == shown.text


@pytest.mark.parametrize("shown", STATED, ids=at_line)
def test_a_program_does_over_the_page_s_recording_what_the_page_says(shown: Shown) -> None:
    assert shown.result is not None
    beta, budget = shown.result["beta"], shown.result["budget"]
    end = played(
        shown.text,
        DECK,
        beta=None if beta is None else float(beta),
        budget=None if budget is None else int(budget.replace(",", "")),
    )
    assert (end.answer, f"{end.tokens:,}", f"{end.sequential:,}") == (
        shown.result["answer"],
        shown.result["tokens"],
        shown.result["sequential"],
    )


def test_results_are_stated_for_most_programs() -> None:
    assert len(STATED) >= 12


@pytest.mark.parametrize("cells", rows(PAGE, "these branches of"), ids=lambda cells: cells[0])
def test_a_set_holds_what_the_page_says_in_that_order(cells: tuple[str, ...]) -> None:
    members = [int(index) for index in cells[1].split()] if len(cells) > 1 else []
    chosen = f"({cells[0]})"
    facts = [f"count({chosen}) == {len(members)}"]
    facts += [
        f"min(.index of ((first {place + 1} of {chosen}) except (first {place} of {chosen})))"
        f" == {member}"
        for place, member in enumerate(members)
    ]
    assert holds(PRELUDE, " and ".join(facts), DECK)


@pytest.mark.parametrize("cells", rows(PAGE, "expression"), ids=lambda cells: cells[0])
def test_an_expression_has_the_value_that_the_page_says(cells: tuple[str, ...]) -> None:
    expression, value = cells
    assert holds(PRELUDE, f"({expression}) == ({value})", DECK)
    assert not holds(PRELUDE, f"({expression}) != ({value})", DECK)


@pytest.mark.parametrize("cells", rows(PAGE, "line"), ids=lambda cells: cells[0])
def test_a_direction_is_proved_or_not_as_the_page_says(cells: tuple[str, ...]) -> None:
    line, outcome = cells
    text = (
        f'controller c {{ schedule {{ {line} }} finally {{ answer if x > 1 then "1" else "2" }} }}'
    )
    parsed = parse(Source(text, "language.md"))
    assert parsed.program is not None
    scope = Scope()
    check_declarations(scope, parsed.program)
    (verdict,) = prove_directions(parsed.program, scope.types)
    assert verdict.outcome.value == outcome


def test_the_reserved_words_are_those_of_the_language() -> None:
    (listed,) = (text for _, text, _ in fences(PAGE, "text") if text.startswith("advance "))
    assert listed.split() == sorted(vocabulary.KEYWORDS)


def test_the_grammar_is_the_grammar() -> None:
    (shown,) = (text for _, text, _ in fences(PAGE, "lark"))
    assert shown == GRAMMAR.read_text(encoding="utf-8")


def test_the_table_of_sets_is_that_of_the_language() -> None:
    assert pairs(PAGE, "set") == plain(builtins.SETS)


@pytest.mark.parametrize(
    ("heading", "table"), [("value", builtins.VALUES), ("attribute", builtins.ATTRIBUTES)]
)
def test_a_table_of_values_is_that_of_the_language(
    heading: str, table: dict[str, BuiltinValue]
) -> None:
    expected = [
        (
            name,
            TYPES[value.type],
            value.meaning.replace("`", "")
            + (f" (needs {value.signal})" if value.signal is not None else ""),
        )
        for name, value in table.items()
    ]
    assert rows(PAGE, heading) == expected


def test_the_tables_of_functions_are_those_of_the_language() -> None:
    shown: list[BuiltinFunction] = list(builtins.FUNCTIONS.values())
    expected = {function.shown: function.meaning.replace("`", "") for function in shown}
    assert pairs(PAGE, "function") == expected
    assert len(rows(PAGE, "function")) == len(expected)


def test_every_heading_that_is_linked_is_there_once() -> None:
    headings = [
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
        for line in PAGE.splitlines()
        if re.match("#+ [^ ]+", line)
    ]
    linked = set(re.findall(r"\]\(#([\w-]+)\)", PAGE))
    assert {name: headings.count(name) for name in linked} == dict.fromkeys(linked, 1)
    assert len(linked) >= 15


def plain(meanings: dict[str, str]) -> dict[str, str]:
    return {name: meaning.replace("`", "") for name, meaning in meanings.items()}
