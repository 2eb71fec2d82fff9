"""Any text gets diagnostics in bounded time, and nothing raises."""

from collections.abc import Iterator
from unicodedata import combining, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import library
from dsl.diagnostics import coloured_style, render, render_all
from dsl.findings import collect_findings
from dsl.parser import MAX_ERRORS, MAX_LENGTH, load_grammar
from dsl.program import Analysis, analyse_program
from dsl.recovery import token_spellings
from dsl.source import Source
from tests.dsl.golden_cases import DIRECTORY, cases, whole

PROGRAMS = [library.load_source(name).text for name in library.NAMES]
SPELT = sorted(token_spellings(load_grammar()).values())
TOKENS = {terminal.name for terminal in load_grammar().terminals}
SIGNS = ["x", ".y", "3", "0.5", '"t"', "==", "<", "active", "count", "winner", "beta", "window"]
STRANGE = ["'", '"', "&&", ";", "[", "\u00a0", "世", "\x00", "+=", "elif", "while", ".5", "1_0"]


def _without_accents(text: str) -> str:
    return "".join(char for char in normalize("NFKD", text) if not combining(char))


def told(text: str) -> Analysis:
    """Checks what holds for any text at all."""
    source = Source(text, "any.rheo")
    plain = _without_accents(text)  # messages name a word by the letters that it should have
    analysis = analyse_program(source)
    assert (analysis.checked is None) == any(one.is_error for one in analysis.diagnostics)
    assert analysis.program is not None or analysis.diagnostics
    for one in analysis.diagnostics:
        for span in (one.mark.span, *(mark.span for mark in one.also)):
            assert 0 <= span.start <= span.end <= len(text)
        if one.edit is not None:
            assert 0 <= one.edit.span.start <= one.edit.span.end <= len(text)
        assert one.message
        for word in one.message.replace("`", " ").replace(",", " ").split():
            assert word not in TOKENS or word in plain, "a token's name is shown"
        render(source, one, coloured_style)
    render_all(source, analysis.diagnostics)
    collect_findings(analysis)
    return analysis


@given(st.text())
def test_any_text_gets_diagnostics(text: str) -> None:
    assert told(text).diagnostics


@given(st.lists(st.sampled_from([*SPELT, *SIGNS, *STRANGE, "\n"]), max_size=60))
def test_any_token_sequence_gets_diagnostics(words: list[str]) -> None:
    told(" ".join(words))


@given(
    st.sampled_from(["start", "step", "finally", "schedule", "knobs", "memory", "each branch"]),
    st.lists(st.sampled_from([*SPELT, *SIGNS, "\n"]), max_size=30),
)
def test_any_token_sequence_in_a_section_gets_diagnostics(section: str, words: list[str]) -> None:
    told(f"controller c {{ {section} {{ {' '.join(words)} }} }}")


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A good program with some words left out, swapped, doubled or replaced, or truncated."""
    text = draw(st.sampled_from(PROGRAMS))
    words = text.split(" ")
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(words) - 1))
        match draw(st.sampled_from(["delete", "swap", "double", "replace", "cut"])):
            case "delete":
                words[index : index + 1] = [""]
            case "swap":
                other = draw(st.integers(0, len(words) - 1))
                words[index], words[other] = words[other], words[index]
            case "double":
                words[index] = f"{words[index]} {words[index]}"
            case "replace":
                words[index] = draw(st.sampled_from([*SPELT, *SIGNS, *STRANGE]))
            case "cut":
                words = words[: index + 1]
    text = " ".join(words)
    index = draw(st.integers(0, len(text)))
    return text[:index] + draw(st.text(max_size=2)) + text[index:]


@given(mutations())
def test_any_corrupted_program_gets_diagnostics(text: str) -> None:
    told(text)


def spoilt() -> Iterator[str]:
    """A program with each of its tokens left out in turn."""
    text = library.load_source("prune_to_one").text
    for token in load_grammar().lex(text):
        yield text[: token.start_pos] + text[token.end_pos :]


def test_one_token_left_out_gives_few_messages() -> None:
    """Echoes are kept silent: leaving one token out is one mistake, or changes what is meant."""
    counts = [sum(one.is_error for one in analysis.diagnostics) for analysis in map(told, spoilt())]
    assert max(counts) <= 3
    assert sum(count > 1 for count in counts) / len(counts) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "{" * 10_000,
        "controller c { start { open " + "(" * 10_000,
        "controller c { start { open " + "-" * 10_000 + "1 } }",
        "controller c { start { open " + "not " * 8_000 + "1 } }",
        "controller c { start { open " + "1 + " * 8_000 + "1 } }",
        "controller c { start { " + "if x { " * 4_000,
        "controller c { start { " + "if x { } else " * 10_000,
        "controller c { start { open " + "if x then " * 3_000,
        "controller c { start { open " + "first 1 of " * 3_000,
        "controller c { start { x = " + "max(" * 8_000,
        "x = = 1\n" * 4_000,
        "'" * 90_000,
        '"' * 90_000,
        "!" * 20_000,
        ";\n" * 40_000,
        "}" * 90_000,
        "\n" * MAX_LENGTH,
        "controller c { step { " + "x = = 1\n" * 4_000,
        "controller c { step { " + "open 1\n" * 5_000 + "} finally { answer winner(alive) } }",
        "controller c { " + "step { stop } " * 10_000,
        "x" * 5_000_000,
        "世" * 90_000,
    ],
    ids=range(23),
)
@pytest.mark.timeout(60)
def test_deep_and_long_texts_are_handled(text: str) -> None:
    analysis = told(text)
    syntax = [one for one in analysis.diagnostics if one.code < "RH2"]
    assert len(syntax) <= MAX_ERRORS


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.txt")), ids=lambda path: path.stem)
def test_suggested_edit_fixes_its_diagnostic(path: object) -> None:
    """Taking the edits of a message leaves no message of that code at that place."""
    from pathlib import Path

    assert isinstance(path, Path)
    for case in cases(path):
        text = whole(case.program)
        for one in analyse_program(Source(text)).diagnostics:
            if one.edit is None:
                continue
            span, new = one.edit
            mended = text[: span.start] + new + text[span.end :]
            after = analyse_program(Source(mended)).diagnostics
            assert (one.code, one.mark.span) not in {(d.code, d.mark.span) for d in after}, (
                case.title
            )
