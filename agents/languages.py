"""The languages that a model may write in: their words in prompts, and how a program begins."""

import re
from typing import NamedTuple

from agents.run.records import Language
from dsl.card import card
from harness.request.foreign import known_language


class Writing(NamedTuple):
    """How a language is spoken of."""

    name: str
    fence: str
    """The tag of a fenced block."""
    shape: str
    """What a program looks like, in short."""
    schedule: str
    """The name of the page that says how a program follows β."""
    beginning: re.Pattern[str]
    """How a program begins; it stands in no prose."""


_RHEO = Writing(
    name="the language Rheo",
    fence="rheo",
    shape='controller NAME "a title" { ... }',
    schedule="schedule",
    beginning=re.compile(r"^[ \t]*(?:needs[ \t]+\w|controller[ \t]+\w)", re.MULTILINE),
)
_PYTHON = Writing(
    name="restricted Python",
    fence="python",
    shape='def controller(episode, beta):\n    """A title."""\n    ...',
    schedule="schedule_python",
    beginning=re.compile(
        r"^(?:(?:from|import)[ \t]+\w+|def[ \t]+\w+\(|[A-Z_]+[ \t]*=)", re.MULTILINE
    ),
)


def writing(language: Language) -> Writing:
    """How a language is spoken of."""
    return {Language.RHEO: _RHEO, Language.PYTHON: _PYTHON}[language]


def card_of(language: Language) -> str:
    """The language on a page.

    Raises:
        SurroundingsError: it is not installed.
    """
    if language is Language.RHEO:
        return card()
    return known_language(f"card{language.suffix}").card()
