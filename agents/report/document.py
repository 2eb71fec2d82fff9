"""A report as blocks, in the order in which people read: every face draws the same ones."""

from collections.abc import Sequence
from typing import NamedTuple

from agents.report.tables import TextTable
from harness.explanation.line_profile import Profile


class CodeSpan(NamedTuple):
    """A word of the machine's, inside a sentence."""

    text: str


InlineText = Sequence[str | CodeSpan]
"""A sentence. Strings in it are escaped by each face: they may come from programs and people."""


def parse_spans(text: str) -> InlineText:
    """A sentence that has the machine's words between backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them is open
        return [text]
    return [CodeSpan(part) if at % 2 else part for at, part in enumerate(parts) if part]


class Heading(NamedTuple):
    """A heading, 1 being the page's own."""

    level: int
    text: str


class Paragraph(NamedTuple):
    """Sentences."""

    words: InlineText


class Bullets(NamedTuple):
    """A list."""

    items: Sequence[InlineText]


class Quote(NamedTuple):
    """What somebody said."""

    text: str


class PreformattedText(NamedTuple):
    """A text whose columns count."""

    text: str


class ProfiledSource(NamedTuple):
    """A program with what its lines did."""

    profile: Profile


class ReportImage(NamedTuple):
    """A picture: as SVG, and as a text that says the same where there are no pictures."""

    svg: str
    says: str
    """For those who cannot see it."""
    text: str = ""
    """In characters; empty where a table nearby has it."""


class CollapsibleSection(NamedTuple):
    """A part that is opened by those who want it."""

    title: str
    blocks: "Sequence[Block]"


class Gallery(NamedTuple):
    """Pictures side by side, as many as there is room for."""

    pictures: Sequence[ReportImage]


Block = (
    Heading
    | Paragraph
    | Bullets
    | Quote
    | PreformattedText
    | ProfiledSource
    | TextTable
    | Gallery
    | CollapsibleSection
)
