"""A report as blocks in reading order; every output format renders the same blocks."""

from collections.abc import Sequence
from typing import NamedTuple

from agents.report.tables import TextTable
from harness.explanation.line_profile import Profile


class CodeSpan(NamedTuple):
    """Code inside a sentence."""

    text: str


InlineText = Sequence[str | CodeSpan]
"""A sentence. Renderers escape its strings, which may come from programs and users."""


def parse_spans(text: str) -> InlineText:
    """Parse a sentence with code between backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them is open
        return [text]
    return [CodeSpan(part) if index % 2 else part for index, part in enumerate(parts) if part]


class Heading(NamedTuple):
    """Heading; level 1 is the page title."""

    level: int
    text: str


class Paragraph(NamedTuple):
    """A paragraph of sentences."""

    sentence: InlineText


class Bullets(NamedTuple):
    """A bullet list."""

    items: Sequence[InlineText]


class Quote(NamedTuple):
    """A quotation."""

    text: str


class PreformattedText(NamedTuple):
    """Text whose columns are aligned."""

    text: str


class ProfiledSource(NamedTuple):
    """A program annotated with its line profile."""

    profile: Profile


class ReportImage(NamedTuple):
    """An image: as SVG, and as equivalent text for outputs without images."""

    svg: str
    alternative: str
    """Alternative text for screen readers."""
    text: str = ""
    """Text version; empty if a nearby table has the same content."""


class CollapsibleSection(NamedTuple):
    """A section that is collapsed by default."""

    title: str
    blocks: "Sequence[Block]"


class Gallery(NamedTuple):
    """Images side by side, as many as fit."""

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
