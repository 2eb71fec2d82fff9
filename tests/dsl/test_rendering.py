"""Messages as a terminal shows them: columns, marks, labels, long lines, colours."""

import re

import pytest

from dsl.diagnostics import Diagnostic, Mark, Severity, coloured_style, render, sort_diagnostics
from dsl.excerpt import WINDOW
from dsl.source import Source, Span


def shown(text: str, *marks: tuple[str, str], code: str = "RH999") -> list[str]:
    """The source lines and their marks; the first mark is the main one. Marks are found by text."""
    source = Source(text, "f.rheo")
    found = [Mark(span(text, what), label) for what, label in marks]
    lines = render(source, Diagnostic(code, "m", found[0], tuple(found[1:]))).splitlines()
    return lines[3:]


def span(text: str, what: str) -> Span:
    start = text.index(what)
    return Span(start, start + len(what))


def test_mark_is_under_its_span() -> None:
    assert shown("open zorp", ("zorp", "unknown")) == [
        "1 | open zorp",
        "  |      ^^^^ unknown",
    ]


def test_tabs_go_to_the_next_stop() -> None:
    assert shown("\ta\tb zorp", ("zorp", "")) == ["1 |     a   b zorp", "  |           ^^^^"]


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("世界 zorp", "     ^^^^"),
        ("👍 zorp", "   ^^^^"),
        ("e\u0301 zorp", "  ^^^^"),
        ("é zorp", "  ^^^^"),
        ("ｚ zorp", "   ^^^^"),
    ],
)
def test_marks_use_display_width(text: str, mark: str) -> None:
    assert shown(text, ("zorp", "")) == [f"1 | {text}", f"  | {mark}"]


def test_a_wide_character_is_marked_whole() -> None:
    assert shown("a 世界 b", ("世界", ""))[1] == "  |   ^^^^"


@pytest.mark.parametrize("sign", ["\x1b", "\u202e", "\u200b", "\x00", "\u2028"])
def test_control_characters_are_escaped(sign: str) -> None:
    source = Source(f"let {sign}x = zorp", f"a{sign}b")
    mark = Mark(span(source.text, "zorp"), f"l{sign}")
    text = render(source, Diagnostic("RH999", f"m{sign}", mark, help=f"h{sign}"))
    assert sign not in text
    assert f"\\u{{{ord(sign):x}}}" in text
    line, marks = text.splitlines()[3:5]
    assert line.index("zorp") == marks.index("^")


def test_a_line_that_ends_in_a_carriage_return_is_shown_without() -> None:
    assert shown("one\r\ntwo\r\n", ("two", "here")) == ["2 | two", "  | ^^^ here"]


def test_a_mark_over_the_end_of_a_line_with_a_carriage_return_stays_on_it() -> None:
    source = Source("one\r\ntwo\r\n")
    text = render(source, Diagnostic("RH999", "m", Mark(Span(2, 5))))
    assert text.splitlines()[3:] == ["1 | one", "  |   ^"]


def test_rightmost_label_is_inline_and_the_others_hang() -> None:
    assert shown("aa == bb", ("==", ""), ("aa", "left"), ("bb", "right")) == [
        "1 | aa == bb",
        "  | -- ^^ -- right",
        "  | |",
        "  | left",
    ]


def test_a_mark_inside_another_is_seen() -> None:
    assert shown("aa == bb", ("aa == bb", "whole"), ("==", "part")) == [
        "1 | aa == bb",
        "  | ^^^--^^^",
        "  | |  |",
        "  | |  part",
        "  | whole",
    ]


def test_a_main_mark_inside_another_is_seen() -> None:
    assert shown("aa == bb", ("==", "part"), ("aa == bb", "whole"))[1] == "  | ---^^---"


def test_two_marks_on_the_same_stretch_keep_both_labels() -> None:
    lines = shown("aa", ("aa", "one"), ("aa", "two"))
    assert lines[1].startswith("  | ^^")
    assert {"one", "two"} <= set(re.findall(r"\w+", "\n".join(lines[1:])))


def test_a_mark_over_several_lines_shows_its_ends() -> None:
    text = "update active {\n  prune active\n  stop\n  open 1\n}\n"
    assert shown(text, (text.rstrip(), "block")) == [
        "1 | update active {",
        "  | ^^^^^^^^^^^^^^^ from here …",
        "...",
        "5 | }",
        "  | ^ … to here: block",
    ]


def test_one_line_between_two_is_shown() -> None:
    assert shown("a\nb\nc\n", ("c", "x"), ("a", "y")) == [
        "1 | a",
        "  | - y",
        "2 | b",
        "3 | c",
        "  | ^ x",
    ]


def test_line_numbers_are_aligned() -> None:
    lines = shown("a\n" * 9 + "b\n", ("b", ""), ("a", "first"))
    assert lines == [" 1 | a", "   | - first", "...", "10 | b", "   | ^"]


@pytest.mark.parametrize("text", ["", "\n", "x", "x\n", "x\r\n"])
def test_the_end_of_a_file_can_be_marked(text: str) -> None:
    source = Source(text)
    end = len(text)
    lines = render(source, Diagnostic("RH999", "m", Mark(Span(end, end), "end"))).splitlines()
    assert lines[-1].endswith("^ end")


@pytest.mark.parametrize("before", [0, 20, 90, 1000])
@pytest.mark.parametrize("behind", [0, 20, 1000])
@pytest.mark.parametrize("letter", ["x", "世"])
def test_a_long_line_is_shown_around_its_mark(before: int, behind: int, letter: str) -> None:
    line, marks = shown(f"{letter * before} zorp {letter * behind}", ("zorp", "here"))
    assert "zorp" in line
    assert marks.index("^") - 4 == columns(line[4 : line.index("zorp")])
    assert columns(line[4:]) <= WINDOW + 2
    assert ("…" in line) == (columns(letter) * (before + behind) + 6 > WINDOW)


def columns(text: str) -> int:
    return sum(2 if char == "世" else 1 for char in text)


def test_marks_outside_of_the_window_point_to_its_edge() -> None:
    text = "aa" + " " * 500 + "zorp" + " " * 500 + "bb"
    lines = shown(text, ("zorp", "main"), ("aa", "far left"), ("bb", "far right"))
    assert any(line.endswith("far left") for line in lines)
    assert any(line.endswith("far right") for line in lines)
    assert max(map(len, lines)) < 130


def test_colours_change_nothing_but_colour() -> None:
    source = Source("aa == bb\n\n\nlet x = 3", "f.rheo")
    diagnostic = Diagnostic(
        "RH999", "m", Mark(Span(3, 5), "op"), (Mark(Span(0, 2), "l"), Mark(Span(15, 16))), "h\ni"
    )
    text = render(source, diagnostic, coloured_style)
    assert "\x1b[" in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == render(source, diagnostic)


def test_help_of_several_lines_is_aligned() -> None:
    text = render(Source("x"), Diagnostic("RH999", "m", Mark(Span(0, 1)), help="one\ntwo"))
    assert text.splitlines()[-2:] == ["  = help: one", "          two"]


def test_messages_come_in_the_order_of_the_source() -> None:
    late = Diagnostic("RH101", "m", Mark(Span(5, 6)))
    warning = Diagnostic("RH102", "m", Mark(Span(1, 2)), severity=Severity.WARNING)
    error = Diagnostic("RH103", "m", Mark(Span(1, 2)))
    assert sort_diagnostics([late, warning, error]) == [error, warning, late]
