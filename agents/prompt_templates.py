"""Prompt templates, and how each language is named in them.

Templates are Markdown files in a package's folder ``templates``. A prompt language provides the
name, the code fence and the skeleton of a program in Rheo or in restricted Python.
"""

import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import NamedTuple

from agents.run.records import ControllerLanguage
from dsl.card import render_card
from harness.request.foreign import require_language


class TemplateFolder:
    """Templates of one package, in its folder ``templates``.

    Args:
        package: Dotted name of the package.
    """

    def __init__(self, package: str):
        self._package = package

    def __call__(self, template: str, /, **values: object) -> str:
        """Render a template.

        Args:
            template: File name of the template, without suffix.
            values: Value of each placeholder.
        """
        return _template(self._package, template).substitute(values).strip("\n")


@cache
def _template(package: str, name: str) -> Template:
    text = files(package).joinpath("templates", f"{name}.md").read_text(encoding="utf-8")
    return Template(text)


class PromptLanguage(NamedTuple):
    """How a language is presented in prompts."""

    name: str
    fence: str
    """The tag of a fenced block."""
    shape: str
    """Skeleton of a program."""
    schedule: str
    """Name of the template that explains how a program follows β."""
    beginning: re.Pattern[str]
    """Pattern of a program's first line; it does not match prose."""


_RHEO = PromptLanguage(
    name="the language Rheo",
    fence="rheo",
    shape='controller NAME "a title" { ... }',
    schedule="schedule",
    beginning=re.compile(r"^[ \t]*(?:needs[ \t]+\w|controller[ \t]+\w)", re.MULTILINE),
)
_PYTHON = PromptLanguage(
    name="restricted Python",
    fence="python",
    shape='def controller(episode, beta):\n    """A title."""\n    ...',
    schedule="schedule_python",
    beginning=re.compile(
        r"^(?:(?:from|import)[ \t]+\w+|def[ \t]+\w+\(|[A-Z_]+[ \t]*=)", re.MULTILINE
    ),
)


def prompt_language(language: ControllerLanguage) -> PromptLanguage:
    """Return the prompt texts of a language."""
    return {ControllerLanguage.RHEO: _RHEO, ControllerLanguage.PYTHON: _PYTHON}[language]


def language_card(language: ControllerLanguage) -> str:
    """Return the one-page language reference card.

    Raises:
        ExternalError: it is not installed.
    """
    if language is ControllerLanguage.RHEO:
        return render_card()
    return require_language(f"card{language.suffix}").card()
