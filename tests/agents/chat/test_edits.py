"""Edits: where they apply, and the mismatch that is reported otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.chat.edits import EditMismatch, SourceEdit, apply_edits, parse_edits

SOURCE = """\
controller a {
  start { open 4 }
  step {
    advance active
    if count(active) == 0 {
      stop
    }
  }
}
"""


def test_lines_are_replaced() -> None:
    edited = apply_edits(SOURCE, [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n")])
    assert edited == SOURCE.replace("open 4", "open 8")


def test_edits_apply_in_order() -> None:
    edited = apply_edits(
        SOURCE,
        [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n"),
         SourceEdit("  start { open 8 }\n", "  start { open 9 }\n")],
    )  # fmt: skip
    assert edited == SOURCE.replace("open 4", "open 9")


def test_search_ignores_common_indentation() -> None:
    edited = apply_edits(
        SOURCE, [SourceEdit("if count(active) == 0 {\n  stop\n}", "if true {\n  stop\n}")]
    )
    assert edited == SOURCE.replace("count(active) == 0", "true")


def test_mismatch_reports_the_nearest_lines() -> None:
    edited = apply_edits(SOURCE, [SourceEdit("  if count(alive) == 0 {\n    stop\n", "x")])
    assert isinstance(edited, EditMismatch)
    assert edited.match_count == 0
    assert edited.nearest == "    if count(active) == 0 {\n      stop"
    assert "-    if count(active) == 0 {" in edited.difference
    assert "+  if count(alive) == 0 {" in edited.difference


def test_ambiguous_search_is_not_replaced() -> None:
    twice = SOURCE.replace("      stop\n", "      stop\n      stop\n")
    edited = apply_edits(twice, [SourceEdit("      stop\n", "")])
    assert isinstance(edited, EditMismatch)
    assert edited.match_count == 2


def test_empty_search_matches_nothing() -> None:
    edited = apply_edits(SOURCE, [SourceEdit("", "x")])
    assert isinstance(edited, EditMismatch)
    assert edited.match_count == 0


def test_markers_of_usual_lengths_are_parsed() -> None:
    for size in (5, 7, 9):
        text = f"{'<' * size} SEARCH\na\n{'=' * size}\nb\n{'>' * size} REPLACE"
        assert parse_edits(text) == [SourceEdit("a\n", "b\n")]


@given(st.lists(st.text("ab {}\n", max_size=30), min_size=3, max_size=3))
def test_any_edit_applies_or_reports_a_mismatch(texts: list[str]) -> None:
    source, old, new = texts
    edited = apply_edits(source, [SourceEdit(old, new)])
    assert isinstance(edited, str | EditMismatch)


@given(st.integers(0, 8), st.text("xy ", min_size=1, max_size=9))
def test_any_unique_line_can_be_replaced(index: int, new: str) -> None:
    lines = SOURCE.splitlines()
    line = lines[index]
    edited = apply_edits(SOURCE, [SourceEdit(line, new)])
    if SOURCE.splitlines().count(line) == 1:
        expected = [*lines[:index], new, *lines[index + 1 :]]
        assert edited == "\n".join(expected) + "\n"


LOOSE = {
    "a blank line at each end": "\n    if count(active) == 0 {\n      stop\n\n",
    "several blank lines": "\n\n\n    if count(active) == 0 {\n      stop\n",
    "white space in a blank line": "    if count(active) == 0 {\n      stop\n  \t \n",
    "tabs": "\t\tif count(active) == 0 {\n\t\t\tstop\n",
    "tabs behind a word": "    if\tcount(active)  == 0 {\n      stop\t\n",
    "no-break spaces": "\u00a0\u00a0\u00a0\u00a0if count(active)\u00a0== 0 {\n      stop\n",
    "a blank line between": "    if count(active) == 0 {\n\n      stop\n",
    "no depth at all": "if count(active) == 0 {\nstop\n",
}


@pytest.mark.parametrize("old", LOOSE.values(), ids=list(LOOSE))
def test_white_space_differences_do_not_prevent_an_edit(old: str) -> None:
    edited = apply_edits(SOURCE, [SourceEdit(old, old.replace("== 0", "== 1"))])
    assert isinstance(edited, str)
    assert edited.split() == SOURCE.replace("== 0", "== 1").split()
    assert not any(line.startswith(("\t", "\u00a0")) for line in edited.splitlines())


def test_replacement_is_indented_like_the_program() -> None:
    edited = apply_edits(
        SOURCE, [SourceEdit("\tstep {\n\t\tadvance active\n", "\tstep {\n\t\tprune dead\n")]
    )
    assert edited == SOURCE.replace("advance active", "prune dead")


def test_tab_indentation_is_preserved() -> None:
    source = "def controller(episode, beta):\n\tif beta:\n\t\treturn 'a'\n\treturn None\n"
    edited = apply_edits(
        source,
        [
            SourceEdit(
                "    if beta:\n        return 'a'\n", "    if not beta:\n        return 'b'\n"
            )
        ],
    )
    assert edited == source.replace("if beta", "if not beta").replace("'a'", "'b'")


def test_matches_that_differ_only_in_white_space_are_ambiguous() -> None:
    twice = "controller a {\n  step {\n    stop\n      stop\n  }\n}\n"
    edited = apply_edits(twice, [SourceEdit("\tstop\n\n", "\tadvance active\n")])
    assert isinstance(edited, EditMismatch)
    assert edited.match_count == 2


def test_blank_lines_of_a_replacement_are_kept() -> None:
    edited = apply_edits(SOURCE, [SourceEdit("\n  start { open 4 }\n", "\n  start { open 8 }\n\n")])
    assert edited == SOURCE.replace("open 4 }\n", "open 8 }\n\n")


def test_unusual_line_separators_are_preserved() -> None:
    source = 'controller a "one\u2028two" {\n  start { open 4 }\n}\n'
    edited = apply_edits(source, [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n")])
    assert edited == source.replace("4", "8")
