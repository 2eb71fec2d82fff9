"""Text from outside is neutralised before it is shown."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.escaping import (
    escape_block,
    escape_json,
    escape_line,
    escape_styled,
    escape_xml,
    is_visible,
)


@given(st.text())
def test_a_line_has_no_control_sequence_and_no_line_break(text: str) -> None:
    shown = escape_line(text)
    assert all(map(is_visible, shown))
    assert len(shown.splitlines()) <= 1
    if text.isprintable():
        assert shown == text


@given(st.text())
def test_a_block_keeps_only_line_breaks_and_tabs(text: str) -> None:
    assert all(is_visible(character) or character in "\n\t" for character in escape_block(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\x9b1mb", r"a\x9b1mb"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("pay\u200bpal", r"pay\u200bpal"),
        ("a\rb\u2028c\x85d", r"a\rb\u2028c\x85d"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone\udcff", r"lone\udcff"),
        ("中文\u3000β × 5\u00a0% é", "中文\u3000β × 5\u00a0% é"),
    ],
)
def test_invisible_characters_are_escaped_and_letters_are_kept(text: str, shown: str) -> None:
    assert escape_line(text) == escape_block(text) == shown


def test_only_a_line_escapes_line_breaks_and_tabs() -> None:
    assert escape_line("a\nb\tc") == r"a\nb\tc"
    assert escape_block("a\nb\tc") == "a\nb\tc"


@given(st.text())
def test_escaped_text_is_valid_in_xml_and_reads_as_shown(text: str) -> None:
    parsed = ET.fromstring(f'<a b="{escape_xml(text)}">{escape_xml(text)}</a>')
    assert (parsed.text or "") == escape_block(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_escaped_json_document_has_the_same_value(text: str) -> None:
    document = escape_json(json.dumps({text: [text]}, ensure_ascii=False, indent=2))
    assert json.loads(document) == {text: [text]}
    assert all(is_visible(character) or character == "\n" for character in document)


def test_own_colours_are_kept_and_other_sequences_escaped() -> None:
    assert escape_styled("\x1b[1;31mred\x1b[0m\x1b[2J") == "\x1b[1;31mred\x1b[0m\\x1b[2J"
