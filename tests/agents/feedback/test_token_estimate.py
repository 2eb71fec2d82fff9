"""The token estimate, compared with a byte-pair encoder that is trained in the test."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.feedback.brief import count_tokens
from dsl import library
from tests.agents.feedback.byte_pairs import BytePairs

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "docs").glob("*.md"))
LEARNT = PAGES[::2]
"""The encoder is trained on every other page, and tested on the remaining ones."""


@pytest.fixture(scope="module")
def encoder() -> BytePairs:
    return BytePairs([path.read_text(encoding="utf-8") for path in LEARNT], merges=3500)


TEXTS = {
    "pages": "\n".join(path.read_text(encoding="utf-8") for path in PAGES[1::2]),
    "programs": "\n".join(library.load_source(name).text for name in library.NAMES),
    "briefs": "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("golden/*"))
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_token_estimate_is_within_an_eighth_of_an_encoder(kind: str, encoder: BytePairs) -> None:
    ratio = count_tokens(TEXTS[kind]) / encoder.count(TEXTS[kind])
    assert 7 / 8 < ratio < 9 / 8


@given(st.text(), st.text())
def test_token_estimate_is_nearly_additive(one: str, other: str) -> None:
    assert abs(count_tokens(one + other) - count_tokens(one) - count_tokens(other)) <= 4


@given(st.text(min_size=1))
def test_token_estimate_is_between_one_and_the_number_of_bytes(text: str) -> None:
    assert 1 <= count_tokens(text) <= len(text.encode())


def test_empty_text_has_no_tokens() -> None:
    assert count_tokens("") == 0
