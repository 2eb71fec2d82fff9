"""Render blocks as one self-contained HTML page: no scripts, fonts or other files.

The templates are in ``templates/``. Text from programs and users is escaped. The page follows the
reader's light or dark preference.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    Paragraph,
    PreformattedText,
    ProfiledSource,
    Quote,
)
from agents.report.tables import TextTable
from harness.escaping import escape_xml

if TYPE_CHECKING:
    from jinja2 import Environment

_KINDS: dict[str, type] = {
    "bullets": Bullets,
    "code": CodeSpan,
    "gallery": Gallery,
    "heading": Heading,
    "paragraph": Paragraph,
    "preformatted": PreformattedText,
    "quote": Quote,
    "section": CollapsibleSection,
    "source": ProfiledSource,
    "table": TextTable,
}
"""The tests that the templates choose by: ``{% if block is heading %}``."""


def render_html(blocks: Sequence[Block]) -> str:
    """Render blocks as a page."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "Report")
    style = (files(__package__) / "page.css").read_text(encoding="utf-8")
    page = _environment().get_template("page.html.j2")
    return page.render(title=title, style=style, blocks=blocks)


@cache
def _environment() -> "Environment":
    """Return the templates' environment; Jinja is imported only when a page is rendered."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(inline=_inline, thousands=_thousands)
    for name, kind in _KINDS.items():
        environment.tests[name] = lambda value, kind=kind: isinstance(value, kind)
    return environment


def _escape(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Escape a text that a template prints, unless it is markup already.

    Jinja's own escape keeps control characters and changes of writing direction.
    """
    from markupsafe import Markup

    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup(escape_xml(value))
    return value


def _inline(text: str) -> str:
    """Return a text on one line, as a browser displays it."""
    return re.sub(r"\s+", " ", text)


def _thousands(number: int) -> str:
    return f"{number:,}"
