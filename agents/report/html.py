"""Render blocks as one self-contained HTML page: no scripts, fonts or other files.

Text from programs and users is escaped. The page follows the reader's light or dark preference.
"""

import re
from collections.abc import Sequence
from importlib.resources import files

from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    InlineText,
    Paragraph,
    PreformattedText,
    ProfiledSource,
    Quote,
)
from agents.report.tables import TextTable
from harness.escaping import escape_xml
from harness.explanation.line_profile import LineProfile, Profile

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
"""


def render_html(some: Sequence[Block]) -> str:
    """Render blocks as a page."""
    style = (files(__package__) / "page.css").read_text(encoding="utf-8")
    body = "".join(_block(each) for each in some)
    title = next((each.text for each in some if isinstance(each, Heading)), "Report")
    head = f"{_HEAD}<title>{_inline(title)}</title>\n<style>\n{style}</style>\n</head>\n"
    return f"{head}<body>\n<main>\n{body}</main>\n</body>\n</html>\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{_inline(text)}</h{level}>\n"
        case Paragraph(words):
            return f"<p>{_words(words)}</p>\n"
        case Bullets(items):
            return "<ul>\n" + "".join(f"<li>{_words(each)}</li>\n" for each in items) + "</ul>\n"
        case Quote(text):
            return f"<blockquote>{escape_xml(text)}</blockquote>\n"
        case PreformattedText(text):
            return f'<div class="wide"><pre>{escape_xml(text)}</pre></div>\n'
        case ProfiledSource(profile):
            return _lines(profile)
        case TextTable():
            return _table(block)
        case Gallery(pictures):
            shown = "".join(
                f'<figure role="img" aria-label="{_inline(each.says)}">\n{each.svg}</figure>\n'
                for each in pictures
            )
            return f'<div class="gallery">\n{shown}</div>\n'
        case CollapsibleSection(title, some):
            inside = "".join(_block(each) for each in some)
            return f"<details>\n<summary>{_inline(title)}</summary>\n{inside}</details>\n"


def _words(words: InlineText) -> str:
    return "".join(
        f"<code>{_inline(each.text)}</code>" if isinstance(each, CodeSpan) else _inline(each)
        for each in words
    )


def _inline(text: str) -> str:
    """Format a text on one line, as a browser displays it."""
    return escape_xml(re.sub(r"\s+", " ", text))


def _table(sheet: TextTable) -> str:
    def cell(tag: str, at: int, text: str) -> str:
        kind = "" if at < sheet.texts else ' class="figure"'
        return f"<{tag}{kind}>{_inline(text)}</{tag}>"

    heads = "".join(cell("th", at, text) for at, text in enumerate(sheet.heads))
    rows = "".join(
        f"<tr{' class=strong' if place in sheet.strong else ''}>"
        + "".join(cell("td", at, text) for at, text in enumerate(row))
        + "</tr>\n"
        for place, row in enumerate(sheet.rows)
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n'
        "</table></div>\n"
    )


def _lines(profile: Profile) -> str:
    """Render the source with each line shaded by its share of tokens."""
    heads = ["line", "runs", "tokens", "%", "ended", "right %"]
    rows = "".join(_line(each) for each in profile.lines)
    if profile.unanswered:
        blank = '<td class="figure"></td>'
        rows += (
            f'<tr>{blank * 4}<td class="figure">{profile.unanswered:,}</td>{blank}'
            "<td>(no answer)</td></tr>\n"
        )
    head = "".join(f'<th class="figure">{each}</th>' for each in heads)
    return (
        f'<div class="wide"><table class="source">\n<thead><tr>{head}<th></th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table></div>\n"
    )


def _line(line: LineProfile) -> str:
    figures = [
        str(line.line),
        f"{line.runs:,}" if line.runs else "",
        f"{line.tokens:,}" if line.tokens else "",
        f"{line.tokens_share:.1f}" if line.tokens else "",
        f"{line.ended:,}" if line.ended else "",
        "" if line.right_share is None else f"{line.right_share:.1f}",
    ]
    cells = "".join(f'<td class="figure">{each}</td>' for each in figures)
    shade = f' style="--heat: {line.tokens_share:.0f}%"' if line.tokens_share >= 1 else ""
    return f"<tr{shade}>{cells}<td><pre>{escape_xml(line.source)}</pre></td></tr>\n"
