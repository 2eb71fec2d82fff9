"""Edits: where they apply, and what is said where they do not."""

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
    made = apply_edits(SOURCE, [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n")])
    assert made == SOURCE.replace("open 4", "open 8")


def test_edits_follow_one_another() -> None:
    made = apply_edits(
        SOURCE,
        [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n"),
         SourceEdit("  start { open 8 }\n", "  start { open 9 }\n")],
    )  # fmt: skip
    assert made == SOURCE.replace("open 4", "open 9")


def test_lines_that_were_moved_in_or_out_are_found() -> None:
    made = apply_edits(
        SOURCE, [SourceEdit("if count(active) == 0 {\n  stop\n}", "if true {\n  stop\n}")]
    )
    assert made == SOURCE.replace("count(active) == 0", "true")


def test_lines_that_are_not_there_are_told_with_the_nearest_ones() -> None:
    made = apply_edits(SOURCE, [SourceEdit("  if count(alive) == 0 {\n    stop\n", "x")])
    assert isinstance(made, EditMismatch)
    assert made.match_count == 0
    assert made.nearest == "    if count(active) == 0 {\n      stop"
    assert "-    if count(active) == 0 {" in made.difference
    assert "+  if count(alive) == 0 {" in made.difference


def test_lines_that_stand_in_two_places_are_not_replaced() -> None:
    twice = SOURCE.replace("      stop\n", "      stop\n      stop\n")
    made = apply_edits(twice, [SourceEdit("      stop\n", "")])
    assert isinstance(made, EditMismatch)
    assert made.match_count == 2


def test_an_empty_search_stands_nowhere() -> None:
    made = apply_edits(SOURCE, [SourceEdit("", "x")])
    assert isinstance(made, EditMismatch)
    assert made.match_count == 0


def test_markers_of_any_usual_length_are_read() -> None:
    for size in (5, 7, 9):
        text = f"{'<' * size} SEARCH\na\n{'=' * size}\nb\n{'>' * size} REPLACE"
        assert parse_edits(text) == [SourceEdit("a\n", "b\n")]


@given(st.lists(st.text("ab {}\n", max_size=30), min_size=3, max_size=3))
def test_whatever_is_edited_it_applies_or_is_told(texts: list[str]) -> None:
    source, old, new = texts
    made = apply_edits(source, [SourceEdit(old, new)])
    assert isinstance(made, str | EditMismatch)


@given(st.integers(0, 8), st.text("xy ", min_size=1, max_size=9))
def test_any_line_of_its_own_can_be_replaced(at: int, new: str) -> None:
    lines = SOURCE.splitlines()
    line = lines[at]
    made = apply_edits(SOURCE, [SourceEdit(line, new)])
    if SOURCE.splitlines().count(line) == 1:
        expected = [*lines[:at], new, *lines[at + 1 :]]
        assert made == "\n".join(expected) + "\n"


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
def test_white_space_alone_hinders_no_edit(old: str) -> None:
    made = apply_edits(SOURCE, [SourceEdit(old, old.replace("== 0", "== 1"))])
    assert isinstance(made, str)
    assert made.split() == SOURCE.replace("== 0", "== 1").split()
    assert not any(line.startswith(("\t", "\u00a0")) for line in made.splitlines())


def test_a_replacement_is_indented_as_the_program() -> None:
    made = apply_edits(
        SOURCE, [SourceEdit("\tstep {\n\t\tadvance active\n", "\tstep {\n\t\tprune dead\n")]
    )
    assert made == SOURCE.replace("advance active", "prune dead")


def test_a_program_indented_by_tabs_stays_so() -> None:
    source = "def controller(episode, beta):\n\tif beta:\n\t\treturn 'a'\n\treturn None\n"
    made = apply_edits(
        source,
        [
            SourceEdit(
                "    if beta:\n        return 'a'\n", "    if not beta:\n        return 'b'\n"
            )
        ],
    )
    assert made == source.replace("if beta", "if not beta").replace("'a'", "'b'")


def test_what_white_space_alone_tells_apart_is_not_guessed() -> None:
    twice = "controller a {\n  step {\n    stop\n      stop\n  }\n}\n"
    made = apply_edits(twice, [SourceEdit("\tstop\n\n", "\tadvance active\n")])
    assert isinstance(made, EditMismatch)
    assert made.match_count == 2


def test_blank_lines_that_a_replacement_adds_are_kept() -> None:
    made = apply_edits(SOURCE, [SourceEdit("\n  start { open 4 }\n", "\n  start { open 8 }\n\n")])
    assert made == SOURCE.replace("open 4 }\n", "open 8 }\n\n")


def test_characters_that_only_some_take_for_the_end_of_a_line_are_kept() -> None:
    source = 'controller a "one\u2028two" {\n  start { open 4 }\n}\n'
    made = apply_edits(source, [SourceEdit("  start { open 4 }\n", "  start { open 8 }\n")])
    assert made == source.replace("4", "8")
