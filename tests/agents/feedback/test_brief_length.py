"""Fitting the sections of a brief to a token limit."""

from hypothesis import given
from hypothesis import strategies as st

from agents.feedback.brief import SectionForm, count_tokens, fit_sections

SECTIONS = {
    "first": [SectionForm("# First\n\nkept"), SectionForm("# First", "the word")],
    "second": [
        SectionForm("one two three four"),
        SectionForm("one two", "two words"),
        SectionForm("", "four words"),
    ],
    "third": [SectionForm("")],
}
ORDER = ("second", "first", "second")
WHOLE = "# First\n\nkept\n\none two three four\n"


def test_text_that_fits_is_complete_and_has_no_note() -> None:
    fitted = fit_sections(SECTIONS, ORDER, count_tokens(WHOLE))
    assert fitted.text == WHOLE
    assert fitted.tokens == count_tokens(WHOLE)


def test_sections_are_shortened_in_the_given_order() -> None:
    texts: list[tuple[bool, bool, bool]] = []
    for most in range(60, -1, -1):
        text = fit_sections(SECTIONS, (*ORDER, "third"), most).text
        shape = ("kept" in text, "four" in text.split("Left")[0], "one" in text.split("Left")[0])
        if not texts or texts[-1] != shape:
            texts.append(shape)
    # The note of omissions takes tokens too, so some forms are never used.
    assert texts[0] == (True, True, True)
    assert texts[-1] == (False, False, False)
    assert texts == sorted(texts, reverse=True)


def test_omitted_sections_are_listed() -> None:
    long = {
        "a": [SectionForm("word " * 200), SectionForm("", "two hundred words")],
        "b": [SectionForm("here")],
    }
    assert fit_sections(long, ("a",), 60).text == (
        "here\n\nLeft out to stay within 60 tokens: two hundred words.\n"
    )


def test_lines_are_cut_last_and_no_heading_ends_the_text() -> None:
    text = "## One\n\nfirst line\nsecond line\n\n## Two\n\nlast line"
    most = count_tokens("## One\n\nfirst line\nsecond line\n\n## Two\n\n") + 1
    assert (
        fit_sections({"a": [SectionForm(text)]}, (), most).text
        == "## One\n\nfirst line\nsecond line\n"
    )


@given(
    st.dictionaries(
        st.sampled_from("abcd"),
        st.lists(st.text(max_size=60).map(SectionForm), min_size=1, max_size=4),
        min_size=1,
    ),
    st.integers(0, 80),
)
def test_text_never_exceeds_the_limit(sections: dict[str, list[SectionForm]], most: int) -> None:
    fitted = fit_sections(sections, tuple(sections) * 4, most)
    assert fitted.tokens == count_tokens(fitted.text) <= most
