"""Checks of arguments that the command line makes when it parses its options."""

import os
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

from harness.errors import InputError


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Check that an argument is a whole number in a range, or not given.

    Args:
        name: The name of the argument.
        value: The argument.
        low: The smallest value.
        high: The largest value; ``None`` for no largest value.

    Raises:
        InputError: It is anything else.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{name}: must be a whole number; got {value!r}")
    value = int(value)
    if high is None and value < low:
        raise InputError(f"{name}: must be {low:,} or more; got {value!r}")
    if high is not None and not low <= value <= high:
        raise InputError(f"{name}: must be from {low:,} to {high:,}; got {value!r}")


def check_rules(budget: int | None, kappa: int) -> None:
    """Check the budget of an episode and the price of a probe, in tokens.

    Raises:
        InputError: One is negative, or not whole.
    """
    check_whole("budget", budget, 0)
    if kappa is None:
        raise InputError("kappa: must be a whole number; got None")
    check_whole("kappa", kappa, 0)


def check_threads(threads: int | None) -> None:
    """Check a number of threads.

    Raises:
        InputError: It is not whole, or below 1.
    """
    check_whole("threads", threads, 1)


def as_path(name: str, value: str | os.PathLike[str]) -> Path:
    """Return a path.

    Args:
        name: The name of the argument.
        value: The argument.

    Raises:
        InputError: It is not a path.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{name}: must be a path; got {value!r}")
    return Path(value)


def refuse_several(name: str, value: object, thing: str) -> None:
    """Refuse several controllers or recordings where one is played.

    Args:
        name: The name of the argument.
        value: The argument.
        thing: What the argument is, for the message.

    Raises:
        InputError: It is a sequence.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        raise InputError(f"{name}: give one {thing} here", hint="`sweep` takes several")
