"""How many columns of a terminal a text takes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.text_width import cut_text, measure_text

PIECES = st.sampled_from(["a", "é", "e\u0301", "日", "ｗ", "🎲", "\u2764\ufe0f", "\u200d", "β"])


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("cmc", 3),
        ("β≤½…", 4),
        ("日本語", 6),
        ("ｆｕｌｌ", 8),
        ("ﾊﾟ", 2),
        ("🎲", 2),
        ("e\u0301a\u20dd", 2),
        ("a\u200bb\u200d", 2),
        ("\u2764", 1),
        ("\u2764\ufe0f", 2),
        ("日\ufe0f", 2),
        (unicodedata.normalize("NFD", "한국"), 4),
        ("की", 2),
    ],
)
def test_width_counts_wide_characters_twice_and_joined_ones_not_at_all(
    text: str, columns: int
) -> None:
    assert measure_text(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "start"),
    [
        ("abc", 2, "ab"),
        ("abc", -1, ""),
        ("日本語", 4, "日本"),
        ("日本語", 5, "日本"),
        ("日本語", 9, "日本語"),
        ("e\u0301e\u0301", 1, "e\u0301"),
        ("日本", -1, ""),
    ],
)
def test_a_cut_keeps_characters_whole(text: str, width: int, start: str) -> None:
    assert cut_text(text, width) == start


@given(st.lists(PIECES).map("".join), st.integers(-2, 20))
def test_a_cut_is_the_longest_start_that_fits(text: str, width: int) -> None:
    cut = cut_text(text, width)
    assert text.startswith(cut)
    assert measure_text(cut) <= max(width, 0)
    if cut != text:
        assert measure_text(text[: len(cut) + 1]) > width
