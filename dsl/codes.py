"""The codes of diagnostics with their explanations and a wrong and a right example.

The explanations are in `explanations/*.md`, a file for each hundred. A code is a heading of the
second level, ``## RH101 Unterminated text``; two fences hold the examples. Codes are never
reused.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

PAGES = ("syntax", "names", "kinds", "places", "flow", "schedule", "unused", "allocations")
"""The files of explanations, by their codes."""

_HEADING = re.compile(r"^## (RH\d{3}) (.+)$", re.MULTILINE)
_FENCE = re.compile(r"```rheo (wrong|right)\n(.*?)```\n?", re.DOTALL)


class Explanation(NamedTuple):
    """The explanation of a diagnostic code."""

    code: str
    title: str
    text: str
    """A paragraph or more, with code in backquotes."""
    wrong: str | None
    """A program with this and nothing else wrong; ``None`` where it would fill pages."""
    right: str | None
    """The program fixed."""


@cache
def explanations() -> dict[str, Explanation]:
    """Return every code with its explanation, in order."""
    pages = {}
    for page in PAGES:
        _, *parts = _HEADING.split(_read(page))
        for code, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            examples = dict(_FENCE.findall(body))
            text = _FENCE.sub("", body).strip()
            pages[code] = Explanation(
                code, title, text, examples.get("wrong"), examples.get("right")
            )
    return pages


WARNINGS = frozenset(
    {"RH215", "RH504", "RH506", "RH507", "RH508", "RH509", "RH510", "RH511", "RH602", "RH603"}
)
"""Codes that are warnings, besides those from RH701 to RH799, which all are."""


def is_warning(code: str) -> bool:
    """Return whether a program with this can run."""
    return code in WARNINGS or code.startswith("RH7")


def render_codes_page() -> str:
    """Return all explanations as one page of Markdown, for the documentation."""
    all_explanations = explanations().values()
    rows = [
        f"| [{one.code}](#{one.code.lower()}) | {'warning' if is_warning(one.code) else 'error'}"
        f" | {one.title} |"
        for one in all_explanations
    ]
    intro = (
        "# Diagnostics\n\n"
        "`rheostat check` reports the problems of a program. Every message has a code, and"
        " `rheostat explain CODE` prints its explanation from this page. A program with errors does"
        " not run. A program with warnings does.\n\n"
        "| code | | meaning |\n| --- | --- | --- |\n"
    )
    return "\n".join([intro + "\n".join(rows) + "\n", *map(_chapter, PAGES)])


def _chapter(page: str) -> str:
    """Render a page one heading level down, each code with an anchor to link to."""
    return f"#{_HEADING.sub(_anchored, _read(page))}"


def _anchored(heading: "re.Match[str]") -> str:
    code, title = heading.groups()
    return f'<a id="{code.lower()}"></a>\n\n### {code} {title}'


def _read(page: str) -> str:
    return files("dsl").joinpath("explanations", f"{page}.md").read_text(encoding="utf-8")
