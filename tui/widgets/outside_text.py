"""Widgets for untrusted text: no markup in it is parsed, no control character is passed on.

Names, rationales, answers and error messages come from a run's files. Screens show them only
through these widgets and `RowTable`, and `Sanitizer` filters every line that is drawn.
"""

import re
from itertools import pairwise

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.text import Text
from textual.color import Color
from textual.filter import LineFilter
from textual.widgets import Static

from harness.escaping import escape_block, escape_line, is_visible

_SUSPECT = re.compile(r"[^\x20-\x7e]")


def block(text: str | Text) -> Text:
    """Return text of several lines with its styles, without control characters."""
    if isinstance(text, str):
        return Text(escape_block(text))
    return _escaped(text, allowed="\n\t")


def line(text: str | Text) -> Text:
    """Return the same on one line."""
    if isinstance(text, str):
        return Text(escape_line(text))
    return _escaped(text, allowed="")


def _escaped(text: Text, allowed: str) -> Text:
    matches = [
        match.start()
        for match in _SUSPECT.finditer(text.plain)
        if match[0] not in allowed and not is_visible(match[0])
    ]
    if not matches:
        return text
    bounds = sorted({0, len(text), *matches, *(match + 1 for match in matches)})
    escaped = text.blank_copy()
    for begin, end in pairwise(bounds):
        part = text[begin:end]
        if begin in matches:
            written = Text(escape_line(part.plain), part.style)
            for span in part.spans:
                written.stylize(span.style)
            part = written
        escaped.append_text(part)
    return escaped


class OutsideStatic(Static):
    """Static text of several lines.

    Args:
        content: Initial text.
        id: Widget ID.
        classes: Widget classes.
    """

    def __init__(
        self,
        content: str | Text = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(block(content), id=id, classes=classes, markup=False)

    def update(self, content: str | Text = "", *, layout: bool = True) -> None:  # type: ignore[override]
        """Show another text."""
        super().update(block(content), layout=layout)


class Sanitizer(LineFilter):
    """Remove control characters from every line that is drawn.

    This covers text that nothing else filters, such as edited text. Measured widths are kept.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """See `LineFilter`."""
        return [
            segment if segment.control or segment.text.isprintable()
            else Segment(_SUSPECT.sub(_escape_match, segment.text), segment.style)
            for segment in segments
        ]  # fmt: skip


def _escape_match(match: re.Match[str]) -> str:
    character = match[0]
    if is_visible(character):
        return character
    return "\ufffd" * get_character_cell_size(character)
