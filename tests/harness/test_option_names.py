"""Options in messages: flags for the command line, arguments for Python."""

import click
import pytest

from agents.api import DiscoveryOptions
from agents.commands.discover import discover
from harness.request.option_names import name_option, python_options


@pytest.mark.parametrize(
    ("option", "value", "flag", "argument"),
    [
        ("rounds", None, "--rounds", "rounds"),
        ("max_usd", 2, "--max-usd 2", "max_usd=2"),
        ("objective", "speed", "--objective speed", "objective='speed'"),
        ("proposers", "evolve", "--proposer evolve", "proposers=['evolve']"),
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
