"""Arguments of a controller's calls, checked and clipped."""

from collections.abc import Iterable

from dsl import numeric

MOST_ANSWER = 10_000
"""Maximum characters of an answer or a reason."""

_PLAIN_BURSTS = range(1, 1_000_000)
"""Bursts that need neither be clipped nor skipped."""


def read_bursts(values: Iterable[object]) -> list[int]:
    """Return the intervals that a controller wants for each of some branches."""
    if (
        isinstance(values, list)
        and set(map(type, values)) == {int}
        and min(values) > 0
        and max(values) <= numeric.MAX_INT
    ):
        return values
    return [read_burst(value) for value in values]


def read_burst(value: object) -> int:
    """Return the intervals that a controller wants for a branch."""
    if type(value) is int and value in _PLAIN_BURSTS:
        return value
    return saturate_integer(value, "burst")


def checked_answer(value: object) -> str | None:
    """Validate the value that a controller returns as its answer.

    Raises:
        TypeError: It is not a text.
        ValueError: It is too long, or contains a surrogate.
    """
    return check_text(value, "an answer")


def check_text(value: object, what: str) -> str | None:
    """Return a text, or ``None``.

    Args:
        value: The value.
        what: What it is, for messages.

    Raises:
        TypeError: It is not a text.
        ValueError: It is too long, or contains a surrogate.
    """
    if value is None:
        return None
    if type(value) is not str:
        raise TypeError(f"{what} is a text or None, not a value of type {type(value).__name__}")
    if len(value) > MOST_ANSWER:
        raise ValueError(f"{what} has at most {MOST_ANSWER} characters")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} contains a surrogate, which is not a character") from None
    return value


def saturate_integer(value: object, of: str) -> int:
    """Return an integer that a verb can carry, clipped to the largest one."""
    return numeric.saturate(check_integer(value, of))


def check_integer(value: object, of: str) -> int:
    """Return an integer.

    Raises:
        TypeError: The value is not an integer.
    """
    if type(value) is not int:
        raise TypeError(f"`{of}` needs an integer, not {describe_type(value)}")
    return value


def check_real(value: object, of: str) -> float:
    """Return a number as a float.

    Raises:
        TypeError: The value is not a number.
    """
    if type(value) is float:
        return numeric.finite(value)
    if type(value) is int or type(value) is bool:
        return float(numeric.saturate(value))
    raise TypeError(f"`{of}` needs a number, not {describe_type(value)}")


def describe_type(value: object) -> str:
    """Return what a value is, for messages."""
    return "None" if value is None else f"a value of type {type(value).__name__}"
