"""Render blocks as Markdown.

Text from programs and users is escaped: it cannot become markup or close a block.
"""

import re
from collections.abc import Sequence

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
from harness.escaping import escape_block
from harness.pages import profile_page


def render_markdown(blocks: Sequence[Block]) -> str:
    """Render blocks as a page."""
    return "\n".join(part for block in blocks for part in _block(block))


def _block(block: Block) -> list[str]:
    """Render one block, ended by a line feed; empty if it has no content."""
    match block:
        case Heading(level, text):
            return [f"{'#' * level} {_escape(text)}\n"]
        case Paragraph(sentence):
            return [f"{_sentence(sentence)}\n"]
        case Bullets(items):
            return ["".join(f"- {_sentence(item)}\n" for item in items)]
        case Quote(text):
            lines = escape_block(text).splitlines()
            return [
                "".join(
                    f"> {_escape_start(_escape(line).strip())}".rstrip() + "\n" for line in lines
                )
            ]
        case PreformattedText(text):
            return [_fenced(text)]
        case ProfiledSource(profile):
            return [_fenced(profile_page.format_source_lines(profile, None))]
        case TextTable():
            return [_table(block)]
        case Gallery(pictures):
            return [_fenced(picture.text) for picture in pictures if picture.text]
        case CollapsibleSection(title, some):
            return [f"**{_escape(title)}**\n", *(part for block in some for part in _block(block))]


def _sentence(sentence: InlineText) -> str:
    parts = [_code(part.text) if isinstance(part, CodeSpan) else _escape(part) for part in sentence]
    return _escape_start("".join(parts).strip())


def _escape(text: str) -> str:
    r"""Escape a text onto one line: every markup character gets a backslash."""
    line = re.sub(r"\s+", " ", escape_block(text))
    line = re.sub(r"([\\`*\[\]<>|&~])", r"\\\1", line)
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\_", line)  # an underscore inside a word is no markup


def _escape_start(line: str) -> str:
    """Escape the start of a line that could begin a list or a heading, or underline one."""
    return re.sub(r"^(\d+)(?=[.)](?:\s|$))|^(?=[-+](?:\s|$)|#+(?:\s|$)|[-=]+\s*$)", r"\1\\", line)


def _code(text: str) -> str:
    """Format code between more backticks than it contains."""
    line = " ".join(escape_block(text).split())
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _fenced(text: str) -> str:
    content = escape_block(text).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{content}\n{fence}\n"


def _table(sheet: TextTable) -> str:
    marks = ["---" if column < sheet.texts else "---:" for column in range(len(sheet.heads))]
    lines = [
        "| " + " | ".join(map(_escape, sheet.heads)) + " |",
        "| " + " | ".join(marks) + " |",
    ]
    for row_index, row in enumerate(sheet.rows):
        cells = [_escape(cell) for cell in row]
        if row_index in sheet.strong:
            cells = [f"**{cell}**" if cell else cell for cell in cells]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
