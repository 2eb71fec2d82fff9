"""The files for editors: made from the language, whole, and right about every word."""

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dsl import library, textmate
from dsl.builtins import ATTRIBUTES, FUNCTIONS, SETS, VALUES
from dsl.parser import load_grammar, parse
from dsl.vocabulary import KEYWORDS

EDITORS = Path(__file__).parents[2] / "editors"
VSCODE = EDITORS / "vscode"


def loaded(name: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((VSCODE / name).read_text(encoding="utf-8"))


def coloured(line: str) -> dict[int, str]:
    """The scope of each stretch of a line by where it begins, as an editor finds it."""
    patterns = [
        (pattern["name"], re.compile(pattern["match"]))
        for pattern in loaded("syntaxes/rheo.tmLanguage.json")["patterns"]
    ]
    found, position = {}, 0
    while position < len(line):
        hits = [(m.start(), name, m) for name, p in patterns if (m := p.search(line, position))]
        if not hits:
            break
        start, name, match = min(hits, key=lambda hit: hit[0])
        found[start] = name.removesuffix(".rheo")
        assert match.end() > position
        position = match.end()
    return found


def test_the_grammar_is_the_one_that_the_language_gives() -> None:
    made = runpy.run_path(str(EDITORS / "generate.py"))
    written = made["GRAMMAR"].read_text(encoding="utf-8")
    assert written == made["text"](), "editors/generate.py writes it anew"


def test_every_keyword_has_one_colour() -> None:
    words = [word for group in textmate.WORDS.values() for word in group]
    assert sorted(words) == sorted(KEYWORDS)


@pytest.mark.parametrize("name", library.NAMES)
def test_the_library_is_coloured_by_what_its_tokens_are(name: str) -> None:
    source = library.load_source(name)
    lines = source.text.split("\n")
    tokens = list(load_grammar().lex(source.text))
    for index, token in enumerate(tokens):
        assert token.line is not None
        assert token.column is not None
        scope = coloured(lines[token.line - 1]).get(token.column - 1)
        assert scope is not None, token
        called = token.type == "NAME" and tokens[index + 1].type == "LPAR"
        assert scope.startswith(wanted(str(token), token.type, called=called)), token
    for comment in parse(source).comments:
        place = source.position(comment.span.start)
        assert coloured(lines[place.line - 1])[place.column - 1].startswith("comment")


def wanted(word: str, kind: str, *, called: bool) -> str | tuple[str, ...]:
    """The beginning of the scope that a token must have."""
    if word in KEYWORDS:
        return next(scope for scope, words in textmate.WORDS.items() if word in words)
    if kind == "FIELD":
        return "support.variable.property" if word in ATTRIBUTES else "variable.other.property"
    if called and word in FUNCTIONS:
        return "support.function"
    if kind == "NAME":
        return "support.variable" if word in {*SETS, *VALUES} else ("variable.other", "entity.name")
    return {"NUMBER": "constant.numeric", "STRING": "string.quoted"}.get(kind, "")


@pytest.mark.parametrize(
    ("line", "scopes"),
    [
        ("n = 1..64", {0: "variable.other", 4: "constant.numeric", 5: "keyword.operator.range"}),
        ('stop # "x"', {0: "keyword.control", 5: "comment.line.number-sign"}),
        ('"a # b"', {0: "string.quoted.double"}),
        ('x "open', {0: "variable.other", 2: "invalid.illegal.unclosed"}),
        ("reopened", {0: "variable.other"}),
        ("entropy (", {0: "support.function", 8: "punctuation.section"}),
        (".entropy_x", {0: "variable.other.property"}),
        ("controller open_all", {0: "storage.type", 11: "entity.name.class"}),
    ],
)
def test_look_alikes_are_told_apart(line: str, scopes: dict[int, str]) -> None:
    found = coloured(line)
    assert {start: found.get(start) for start in scopes} == scopes


def test_the_extension_names_only_what_is_there() -> None:
    package = loaded("package.json")
    contributed = package["contributes"]
    named = [package["main"], contributed["languages"][0]["configuration"]]
    for path in [*named, contributed["grammars"][0]["path"]]:
        assert (VSCODE / path).is_file()
    assert contributed["grammars"][0]["scopeName"] == textmate.SCOPE
    assert loaded("language-configuration.json")["comments"] == {"lineComment": "#"}


def test_the_extension_is_sound_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here to read the extension")
    subprocess.run([node, "--check", str(VSCODE / "extension.js")], check=True, timeout=60)
