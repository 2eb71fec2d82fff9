"""The options that commands which play controllers share: where, at which setting, by which rules.

This declares them and imports nothing heavy; what they name is opened by the modules of
`harness.request`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.cli import console, shell_completion
from harness.cli.declarations import SpreadingOption
from harness.cli.parameter_types import FilePath, WholeNumber

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BETA = "0:1:0.1"
"""The β of a published sweep."""

MIDDLE_BETA = "0.5"
"""The β of a command that plays at one."""

ENGINES = ("compiled", "interpreter")
"""The names that `harness.engines.catalog` knows, the default first; looking there would import the
language."""


def combine_options(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Make one decorator of several arguments and options, listed in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def renamed_option(old: str, new: str) -> Callable[[F], F]:
    """Accept the old spelling of an option that was renamed, with a warning.

    The old spelling is hidden from help and completion. An option given under both spellings has
    the value of the new one.

    Args:
        old: Flag that still works, such as ``--words``.
        new: Flag that replaces it, on the same command.
    """

    def forward(context: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            console.warn(f"{old} is deprecated; use {new}")
            name = new.removeprefix("--").replace("-", "_")
            context.default_map = {**(context.default_map or {}), name: value}

    # Eager: it has to set the default before click reads the new spelling.
    return click.option(
        old,
        hidden=True,
        is_eager=True,
        expose_value=False,
        callback=forward,
        help=f"Old spelling of {new}.",
    )


def controllers_argument(function: F) -> F:
    """Give a command ``CONTROLLERS...``, received as ``controllers: tuple[str, ...]``."""
    return click.argument(
        "controllers",
        nargs=-1,
        required=True,
        metavar="CONTROLLERS...",
        help="Rheo files, or names of library controllers.",
        shell_complete=shell_completion.complete_controllers,
    )(function)


def controller_argument(function: F) -> F:
    """Give a command ``CONTROLLER``, received as ``controller: str``."""
    return click.argument(
        "controller",
        metavar="CONTROLLER",
        help="A Rheo file, or the name of a library controller.",
        shell_complete=shell_completion.complete_controllers,
    )(function)


def on_option(function: F) -> F:
    """Give a command ``--on RECORDINGS...``, received as ``on: tuple[Path, ...]``, one or more."""
    return click.option(
        "--on", cls=SpreadingOption, multiple=True, required=True, metavar="RECORDINGS...",
        type=FilePath(),
        help="Sealed recordings to replay: all arguments up to the next option.",
    )(function)  # fmt: skip


def betas_option(function: F) -> F:
    """Give a command ``--beta``, a range, received as ``beta: str``."""
    return click.option(
        "--beta", metavar="BETAS", default=DEFAULT_BETA, show_default=True,
        help="Values of beta: a list such as 0,0.5,1 or a range first:last:step.",
    )(function)  # fmt: skip


def beta_option(function: F) -> F:
    """Give a command ``--beta``, one value, received as ``beta: str``."""
    return click.option(
        "--beta", metavar="BETA", default=MIDDLE_BETA, show_default=True,
        help="Effort, from 0 (low cost) to 1 (thorough), for controllers that depend on beta.",
    )(function)  # fmt: skip


def set_option(function: F) -> F:
    """Give a command ``--set KNOB=VALUES``, received as ``settings: tuple[str, ...]``."""
    return click.option(
        "--set", "settings", multiple=True, metavar="[CONTROLLER.]KNOB=VALUES",
        help="Set a free knob, for all controllers that have it or for the one named.",
    )(function)  # fmt: skip


def seeds_option(default: int) -> Callable[[F], F]:
    """Give a command ``--seeds N``, received as ``seeds: int``, meaning seeds 0 to N - 1."""

    def decorate(function: F) -> F:
        return click.option(
            "--seeds", metavar="N", type=WholeNumber(1, 100_000), default=default,
            show_default=True, help="Play every question with the seeds 0 to N - 1.",
        )(function)  # fmt: skip

    return decorate


def rules_options(function: F) -> F:
    """Give a command ``--budget`` and ``--kappa``: ``budget: int | None`` and ``kappa: int``."""
    for option in (
        click.option(
            "--kappa", metavar="TOKENS", type=WholeNumber(0, 1 << 48), default=0,
            show_default=True, help="Charge this many tokens for each probe.",
        ),
        click.option(
            "--budget", metavar="TOKENS", type=WholeNumber(0, 1 << 48), default=None,
            help="Limit each episode to this many tokens; the last action may exceed the limit.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def engine_option(function: F) -> F:
    """Give a command ``--engine``, received as ``engine: str``."""
    return click.option(
        "--engine", type=click.Choice(ENGINES), default=ENGINES[0], show_default=True,
        help="Engine that plays the episodes; both give bit-identical results.",
    )(function)  # fmt: skip


def grid_engine_option(function: F) -> F:
    """Give a command that plays a grid ``--engine`` and ``--ray-address``.

    They are received as ``engine: str`` and ``ray_address: str``, for `cluster` and `engine_name`.
    """
    function = ray_address_option(function)
    return click.option(
        "--engine", type=click.Choice([*ENGINES, RAY]), default=ENGINES[0], show_default=True,
        help="Engine that plays the episodes; all give bit-identical results. `ray` runs the"
            " compiled engine on a Ray cluster.",
    )(function)  # fmt: skip


def ray_address_option(function: F) -> F:
    """Give a command ``--ray-address``, received as ``ray_address: str``."""
    return click.option(
        "--ray-address", metavar="ADDRESS", default="auto", show_default=True,
        help="Ray cluster for --engine ray: HOST:PORT, `auto` for the cluster of this machine,"
            " or `local` to start one here.",
    )(function)  # fmt: skip


RAY = "ray"
"""The name that ``--engine`` takes for a cluster."""


def engine_name(engine: str) -> str:
    """Return the name of the engine that plays the episodes, here or on a cluster."""
    return ENGINES[0] if engine == RAY else engine


def cluster_address(engine: str, ray_address: str) -> str | None:
    """Return the address of the Ray cluster; ``None`` for this machine."""
    return ray_address if engine == RAY else None


def keep_option(function: F) -> F:
    """Give a command ``--no-cache``, received as ``keep: bool``."""
    return click.option(
        "--cache/--no-cache", "keep", default=True,
        help="Reuse and store results. [default: cache]",
    )(function)  # fmt: skip
