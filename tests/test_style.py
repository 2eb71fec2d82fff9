"""Names, documentation and help use the vocabulary of the field.

The lists below hold words that were removed from the project and must not return. A word that is
legitimate in one place is listed in `ALLOWED` with that place.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("store", "dsl", "harness", "sandbox", "agents", "tui")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

CLASS_NAMES = frozenset(
    [
        "Asked", "Books", "Deck", "Done", "Drawn", "Duel", "Errand", "Falsehood", "Fate",
        "Found", "Given", "Go", "Hands", "Held", "Kept", "Lied", "Lived", "Looked", "Made",
        "Manners", "Means", "Nothing", "Payer", "Picture", "Played", "Purse", "Rival", "Said",
        "Seen", "Sent", "Shown", "Somebody", "Stranger", "Taken", "Telling", "Told", "Tried",
        "Troubled", "Where", "Whoever", "Whole", "Why", "World",
    ]
)  # fmt: skip
"""Participles, pronouns and metaphors: a class is named after a thing."""

MODULE_NAMES = frozenset(
    [
        "agreeing", "asking", "choose", "holding", "keeping", "living", "making", "outside",
        "places", "playing", "reading", "scratch", "telling", "wording", "words", "writing",
    ]
)  # fmt: skip
"""Gerunds and generic words: a module is named after its contents."""

NAME_PARTS = frozenset(
    [
        "anew", "deck", "duel", "errand", "errands", "falsehood", "fate", "heed", "manners",
        "mend", "purse", "rival", "rivals", "somebody", "stranger", "surroundings", "whoever",
    ]
)  # fmt: skip
"""Words that no part of a module, class, function or option name may be."""

VARIABLE_NAMES = frozenset({"at", "each"})
"""Names that say nothing about a value: a variable is named after what it holds."""

PHRASES = (
    "a stranger", "anew", "are told", "by chance", "errands?", "heeds?", "held against", "held to",
    "is told", "lies", "mends?", "nobody", "of all chance", "purse", "rivals?", "says of itself",
    "somebody", "stands?", "strangers", "surroundings", "whoever",
)  # fmt: skip
"""Regular expressions of words that documentation, help and docstrings do not use."""

MESSAGE_PHRASES = (
    *PHRASES, "asked for", "begun", "carry out", "given up", "goes on", "holds? no", "honou?red",
    "(?<!there )is no (?!longer|more|such)", "is to be", "says", "to be had", "told",
    "waits for a person", "wants", "what was asked",
)  # fmt: skip
"""Regular expressions of words that messages, hints, warnings and labels do not use."""

ALLOWED = frozenset(
    {
        ("docs/diagnostics.md", "stands"),
        ("agents/report/records.py", "at"),  # a field of stored files
        ("agents/run/events.py", "at"),  # a field of stored files
    }
)
"""Pairs of a file, relative to the project, and a word that is legitimate in it."""


class Use(NamedTuple):
    """A word in a file."""

    path: str
    line: int
    word: str


@cache
def sources() -> tuple[Path, ...]:
    return tuple(path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def allowed(uses: Iterator[Use]) -> list[Use]:
    """The uses that `ALLOWED` does not list."""
    return [use for use in uses if (use.path, use.word) not in ALLOWED]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def phrases(path: Path, text: str, line: int, banned: tuple[str, ...] = PHRASES) -> Iterator[Use]:
    """The banned phrases in a text that starts at a line of a file."""
    found = re.finditer(rf"\b({'|'.join(banned)})\b", text, re.IGNORECASE)
    for match in found:
        start = line + text.count("\n", 0, match.start())
        yield Use(relative(path), start, match.group().lower())


def parts(name: str) -> set[str]:
    """The words of a name in snake case, camel case or with hyphens, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def options(path: Path) -> Iterator[Use]:
    """The options of commands, such as ``--budget``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for option in re.findall(r"^--([a-z][a-z-]*)$", node.value):
                yield Use(relative(path), node.lineno, option)


def module_uses() -> Iterator[Use]:
    for path in sources():
        if path.stem in MODULE_NAMES or parts(path.stem) & NAME_PARTS:
            yield Use(relative(path), 1, path.stem)


def class_uses() -> Iterator[Use]:
    for path in sources():
        for node in definitions(path):
            if isinstance(node, ast.ClassDef) and node.name.lstrip("_") in CLASS_NAMES:
                yield Use(relative(path), node.lineno, node.name)


def name_uses() -> Iterator[Use]:
    for path in sources():
        for node in definitions(path):
            if parts(node.name) & NAME_PARTS:
                yield Use(relative(path), node.lineno, node.name)
        yield from (use for use in options(path) if parts(use.word) & NAME_PARTS)


def variable_uses() -> Iterator[Use]:
    """Variables and parameters whose name is in `VARIABLE_NAMES`; attributes are not included."""
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name) and node.id in VARIABLE_NAMES:
                yield Use(relative(path), node.lineno, node.id)
            if isinstance(node, ast.arg) and node.arg in VARIABLE_NAMES:
                yield Use(relative(path), node.lineno, node.arg)


def help_uses() -> Iterator[Use]:
    """Phrases in the help of commands and options."""
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.keyword) and node.arg in {"help", "short_help", "epilog"}:
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield from phrases(path, part.value, part.lineno)
            if isinstance(node, ast.FunctionDef) and any(
                re.search(r"\b(command|group)\(", ast.unparse(decorator))
                for decorator in node.decorator_list
            ):
                yield from phrases(path, ast.get_docstring(node) or "", node.body[0].lineno)


def docstring_uses() -> Iterator[Use]:
    """Phrases in docstrings, those of attributes included."""
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                yield from phrases(path, str(node.value.value), node.lineno)


def message_uses() -> Iterator[Use]:
    """Phrases in texts of two words or more that are not docstrings.

    Messages are passed to exceptions, hints and widgets, often through a variable or a table, so
    every such text counts, wherever it is.
    """
    for path in sources():
        nodes = list(ast.walk(tree(path)))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        constants = [node for node in nodes if isinstance(node, ast.Constant)]
        for node in constants:
            text = "" if id(node) in docstrings else node.value
            if isinstance(text, str) and " " in text.strip():
                yield from phrases(path, text, node.lineno, MESSAGE_PHRASES)


@pytest.mark.parametrize(
    "uses", [module_uses, class_uses, name_uses, variable_uses], ids=lambda uses: uses.__name__
)
def test_names_are_terms_of_the_field(uses: Callable[[], Iterator[Use]]) -> None:
    assert allowed(uses()) == []


def test_documentation_is_plain_english() -> None:
    found = (use for page in PAGES for use in phrases(page, page.read_text(), 1))
    assert allowed(found) == []


def test_help_is_plain_english() -> None:
    assert allowed(help_uses()) == []


def test_docstrings_are_plain_english() -> None:
    assert allowed(docstring_uses()) == []


def test_messages_are_plain_english() -> None:
    assert allowed(message_uses()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SpendLimit", {"spend", "limit"}),
        ("a_purse", {"a", "purse"}),
        ("max-body", {"max", "body"}),
    ],
)
def test_names_are_split_into_words(name: str, words: set[str]) -> None:
    assert parts(name) == words
