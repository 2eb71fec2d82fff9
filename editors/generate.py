#!/usr/bin/env python3
"""Writes the TextMate grammar for editors from the word lists of the language."""

import json
from pathlib import Path

from dsl.textmate import build_grammar

GRAMMAR = Path(__file__).parent / "vscode" / "syntaxes" / "rheo.tmLanguage.json"


def text() -> str:
    """Return the file's text."""
    return json.dumps(build_grammar(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GRAMMAR.write_text(text(), encoding="utf-8")
