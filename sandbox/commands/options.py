"""What the sandbox adds to commands that play controllers: a way without the second wall."""

import os

import click

from harness.cli import console

_VARIABLE = "RHEOSTAT_SANDBOX_WALL"


def _take_down(ctx: click.Context, param: click.Parameter, chosen: bool) -> None:
    """Set ``sandbox.wall`` for this command and the processes that it starts."""
    if not chosen or ctx.resilient_parsing:
        return
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "process"
    ctx.call_on_close(lambda: _put_back(before))
    console.warn(
        "--unsafe-no-docker: controllers in Python run as plain processes; one that evades the"
        " policy can read your files, gold answers included, and use your network"
    )


def _put_back(value: str | None) -> None:
    if value is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = value


unsafe_no_docker = click.Option(
    ["--unsafe-no-docker"],
    is_flag=True,
    expose_value=False,
    callback=_take_down,
    help="Play controllers in Python as plain processes, without isolation; only for your own"
    " code.",
)
"""For commands that play controllers."""
