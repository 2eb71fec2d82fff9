"""Options shared by commands that play controllers: recordings, settings and rules.

This module declares options and imports nothing expensive; `harness.request` resolves the values.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli import shell_completion
from harness.cli.declarations import FilePath, SpreadingOption, WholeNumber

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BETA = "0:1:0.1"
"""The default β of a sweep, as published."""

MIDDLE_BETA = "0.5"
"""The default β of commands that play at one β."""

ENGINES = ("compiled", "interpreter")
"""The names in `harness.engines.catalog`, the default first; importing that module would import the
language.
"""


def controllers_argument(function: F) -> F:
    """Add ``CONTROLLERS...`` to a command, passed as ``controllers: tuple[str, ...]``."""
    return click.argument(
        "controllers",
        nargs=-1,
        required=True,
        metavar="CONTROLLERS...",
        help="Files of Rheo, or names of the library.",
        shell_complete=shell_completion.complete_controllers,
    )(function)


def controller_argument(function: F) -> F:
    """Add ``CONTROLLER`` to a command, passed as ``controller: str``."""
    return click.argument(
        "controller",
        metavar="CONTROLLER",
        help="A file of Rheo, or a name of the library.",
        shell_complete=shell_completion.complete_controllers,
    )(function)


def on_option(function: F) -> F:
    """Add ``--on RECORDINGS...`` to a command, passed as ``on: tuple[Path, ...]``, one or more."""
    return click.option(
        "--on", cls=SpreadingOption, multiple=True, required=True, metavar="RECORDINGS...",
        type=FilePath(),
        help="Sealed recordings to play over: every word up to the next option.",
    )(function)  # fmt: skip


def betas_option(function: F) -> F:
    """Add ``--beta``, a range, to a command, passed as ``beta: str``."""
    return click.option(
        "--beta", metavar="BETAS", default=DEFAULT_BETA, show_default=True,
        help="Values of beta: a list such as 0,0.5,1 or a range first:last:step.",
    )(function)  # fmt: skip


def beta_option(function: F) -> F:
    """Add ``--beta``, one value, to a command, passed as ``beta: str``."""
    return click.option(
        "--beta", metavar="BETA", default=MIDDLE_BETA, show_default=True,
        help="From 0, cheap, to 1, thorough; for a controller that follows it.",
    )(function)  # fmt: skip


def set_option(function: F) -> F:
    """Add ``--set KNOB=VALUES`` to a command, passed as ``settings: tuple[str, ...]``."""
    return click.option(
        "--set", "settings", multiple=True, metavar="[CONTROLLER.]KNOB=VALUES",
        help="Values of a free knob, of every controller that has it or of one.",
    )(function)  # fmt: skip


def seeds_option(default: int) -> Callable[[F], F]:
    """Add ``--seeds N`` to a command, passed as ``seeds: int``, for seeds 0 to N - 1."""

    def decorate(function: F) -> F:
        return click.option(
            "--seeds", metavar="N", type=WholeNumber(1, 100_000), default=default,
            show_default=True, help="Play every question under the seeds 0 to N - 1.",
        )(function)  # fmt: skip

    return decorate


def rules_options(function: F) -> F:
    """Add ``--budget`` and ``--kappa`` to a command: ``budget: int | None`` and ``kappa: int``."""
    for option in (
        click.option(
            "--kappa", metavar="TOKENS", type=WholeNumber(0, 1 << 48), default=0,
            show_default=True, help="What one probe costs.",
        ),
        click.option(
            "--budget", metavar="TOKENS", type=WholeNumber(0, 1 << 48), default=None,
            help="Admit actions by so many tokens an episode; the last one may overshoot.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def engine_option(function: F) -> F:
    """Add ``--engine`` to a command, passed as ``engine: str``."""
    return click.option(
        "--engine", type=click.Choice(ENGINES), default=ENGINES[0], show_default=True,
        help="What plays the episodes; both give the same results, to the last bit.",
    )(function)  # fmt: skip


def grid_engine_option(function: F) -> F:
    """Add ``--engine`` and ``--ray-address`` to a command that plays a grid.

    They are passed as ``engine: str`` and ``ray_address: str``, for `cluster_address` and
    `engine_name`.
    """
    function = ray_address_option(function)
    return click.option(
        "--engine", type=click.Choice([*ENGINES, RAY]), default=ENGINES[0], show_default=True,
        help="What plays the episodes; all give the same results, to the last bit."
        " `ray` is the first of them over a Ray cluster.",
    )(function)  # fmt: skip


def ray_address_option(function: F) -> F:
    """Add ``--ray-address`` to a command, passed as ``ray_address: str``."""
    return click.option(
        "--ray-address", metavar="ADDRESS", default="auto", show_default=True,
        help="The cluster for --engine ray: HOST:PORT, `auto` for the one that this machine belongs"
        " to, `local` to start one here.",
    )(function)  # fmt: skip


RAY = "ray"
"""The ``--engine`` value for a cluster."""


def engine_name(engine: str) -> str:
    """Return the engine that plays the episodes, here or on a cluster."""
    return ENGINES[0] if engine == RAY else engine


def cluster_address(engine: str, ray_address: str) -> str | None:
    """Return the address of the cluster; ``None`` for this machine."""
    return ray_address if engine == RAY else None


def keep_option(function: F) -> F:
    """Add ``--no-cache`` to a command, passed as ``keep: bool``."""
    return click.option(
        "--cache/--no-cache", "keep", default=True,
        help="Use and keep results; by default they are kept.",
    )(function)  # fmt: skip
