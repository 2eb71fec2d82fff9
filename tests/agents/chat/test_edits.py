"""Edits: where they apply, and what is said where they do not."""

from hypothesis import given
from hypothesis import strategies as st

from agents.chat.edits import Edit, Unfit, applied, edits_in

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
    made = applied(SOURCE, [Edit("  start { open 4 }\n", "  start { open 8 }\n")])
    assert made == SOURCE.replace("open 4", "open 8")


def test_edits_follow_one_another() -> None:
    made = applied(
        SOURCE,
        [Edit("  start { open 4 }\n", "  start { open 8 }\n"),
         Edit("  start { open 8 }\n", "  start { open 9 }\n")],
    )  # fmt: skip
    assert made == SOURCE.replace("open 4", "open 9")


def test_lines_that_were_moved_in_or_out_are_found() -> None:
    made = applied(SOURCE, [Edit("if count(active) == 0 {\n  stop\n}", "if true {\n  stop\n}")])
    assert made == SOURCE.replace("count(active) == 0", "true")


def test_lines_that_are_not_there_are_told_with_the_nearest_ones() -> None:
    made = applied(SOURCE, [Edit("  if count(alive) == 0 {\n    stop\n", "x")])
    assert isinstance(made, Unfit)
    assert made.places == 0
    assert made.nearest == "    if count(active) == 0 {\n      stop"
    assert "-    if count(active) == 0 {" in made.difference
    assert "+  if count(alive) == 0 {" in made.difference


def test_lines_that_stand_in_two_places_are_not_replaced() -> None:
    twice = SOURCE.replace("      stop\n", "      stop\n      stop\n")
    made = applied(twice, [Edit("      stop\n", "")])
    assert isinstance(made, Unfit)
    assert made.places == 2


def test_an_empty_search_stands_nowhere() -> None:
    made = applied(SOURCE, [Edit("", "x")])
    assert isinstance(made, Unfit)
    assert made.places == 0


def test_markers_of_any_usual_length_are_read() -> None:
    for size in (5, 7, 9):
        text = f"{'<' * size} SEARCH\na\n{'=' * size}\nb\n{'>' * size} REPLACE"
        assert edits_in(text) == [Edit("a\n", "b\n")]


@given(st.lists(st.text("ab {}\n", max_size=30), min_size=3, max_size=3))
def test_whatever_is_edited_it_applies_or_is_told(texts: list[str]) -> None:
    source, old, new = texts
    made = applied(source, [Edit(old, new)])
    assert isinstance(made, str | Unfit)


@given(st.integers(0, 8), st.text("xy ", min_size=1, max_size=9))
def test_any_line_of_its_own_can_be_replaced(at: int, new: str) -> None:
    lines = SOURCE.splitlines()
    line = lines[at]
    made = applied(SOURCE, [Edit(line, new)])
    if SOURCE.splitlines().count(line) == 1:
        expected = [*lines[:at], new, *lines[at + 1 :]]
        assert made == "\n".join(expected) + "\n"
