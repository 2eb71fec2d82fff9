"""Options in messages: flags for the command line, arguments for Python."""

import ast
import re
from pathlib import Path

import click
import pytest

from agents.api import DiscoveryOptions
from agents.commands.discover import discover
from harness.request.option_names import name_option, python_options

ROOT = Path(__file__).parents[2]
SHARED = (
    "agents/api", "agents/chat", "agents/run", "agents/search", "agents/setup", "harness/api",
    "harness/evaluation",
)  # fmt: skip
"""Packages whose messages reach callers of both interfaces."""


@pytest.mark.parametrize(
    ("option", "value", "flag", "argument"),
    [
        ("rounds", None, "--rounds", "rounds"),
        ("max_usd", 2, "--max-usd 2", "max_usd=2"),
        ("objective", "speed", "--objective speed", "objective='speed'"),
        ("proposers", "evolve", "--proposer evolve", "proposers=['evolve']"),
        ("proposers", "command:a b", "--proposer 'command:a b'", "proposers=['command:a b']"),
        ("knobs", "esc.n=4,16", "--set esc.n=4,16", "knobs={'esc.n': [4,16]}"),
        ("resume", None, "--resume", "Discovery.resume()"),
    ],
)
def test_an_option_has_the_form_of_the_interface(
    option: str, value: object, flag: str, argument: str
) -> None:
    assert name_option(option, value) == flag
    with python_options():
        assert name_option(option, value) == argument
    assert name_option(option, value) == flag


def test_flags_are_those_of_the_command() -> None:
    parameters = {one.name: one for one in discover.params if isinstance(one, click.Option)}
    for option in DiscoveryOptions.__annotations__:
        assert [name_option(option)] == parameters[option].opts


@pytest.mark.parametrize("package", SHARED)
def test_messages_of_shared_packages_spell_no_flag(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in comments:
                assert not re.search(r"(?<![\w-])--[a-z]", str(node.value)), (path, node.lineno)
