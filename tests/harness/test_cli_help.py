"""Every command's help: complete, with examples that the command line accepts."""

import shlex
from collections.abc import Iterator

import click
import pytest

from harness.cli.declarations import RheostatCommand
from harness.cli.main import root


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            inner = click.Context(below, info_name=name, parent=context)
            yield from walk(below, inner)


ROOT = root.make_context("rheostat", [], resilient_parsing=True)
COMMANDS = dict(walk(root, ROOT))


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> click.Command:
    return COMMANDS[request.param]


def test_every_command_can_be_used(command: click.Command) -> None:
    assert command.get_short_help_str() != "(unavailable)", command.help


def test_every_command_has_help_and_examples(command: click.Command) -> None:
    assert isinstance(command, RheostatCommand), "declare it with harness.cli.declarations"
    assert command.help
    assert "Args:" not in command.help
    assert command.examples
    assert all(example.does for example in command.examples)


def test_the_first_sentence_of_a_command_fits_the_list_of_commands(
    command: click.Command,
) -> None:
    width = 80 - 2  # click leaves a margin
    limit = width - 6 - max(map(len, root.list_commands(ROOT)))
    summary = command.get_short_help_str(limit)
    assert command is root or not summary.endswith("..."), command.help


def test_every_parameter_has_help(command: click.Command) -> None:
    for parameter in command.params:
        assert isinstance(parameter, click.Option | click.Argument)
        assert parameter.help, f"{parameter.name} has no help"


def test_every_example_is_accepted(command: click.Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example is parsed as typed, and only its files need not be there."""
    monkeypatch.setattr(
        click.Path, "convert", lambda self, value, param, ctx: self.coerce_path_result(value)
    )
    assert isinstance(command, RheostatCommand)
    for example in command.examples:
        words = command_words(example.line)
        result: click.Command = root
        context = ROOT
        while isinstance(result, click.Group):
            assert words, f"{example.line} stops at a group"
            name = words.pop(0)
            below = result.get_command(context, name)
            assert below is not None, f"{example.line}: there is no {name}"
            result, context = below, click.Context(below, info_name=name, parent=context)
        assert context.parent is not None
        result.make_context(context.info_name, words, parent=context.parent)


def command_words(line: str) -> list[str]:
    """What follows ``rheostat`` in a line of shell, up to the next pipe or redirection."""
    line = line.partition("$(")[2].partition(")")[0] or line
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>&;")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if word[0] in "|>&;":
            break
        words.append(word)
    while "=" in words[0]:
        words.pop(0)
    assert words[0] == "rheostat", line
    return words[1:]
