"""Format numbers, intervals, counts and settings for briefs, reports, logs and the terminal app."""

from collections.abc import Mapping

from agents.run.records import Gain
from harness.evaluation.grid import format_knobs


def truncate_line(text: str, most: int) -> str:
    """Return a text on one line, cut if it is longer than ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


NO_VALUE = "-"


def format_signed(value: float | None, decimals: int = 2) -> str:
    """Format a difference with its sign."""
    return NO_VALUE if value is None else f"{_rounded(value, decimals):+.{decimals}f}"


def format_number(value: float | None, decimals: int = 2) -> str:
    """Format a number."""
    return NO_VALUE if value is None else f"{_rounded(value, decimals):.{decimals}f}"


def format_bounds(
    low: float | None,
    high: float | None,
    decimals: int = 2,
    *,
    signed: bool = False,
    separator: str = "..",
) -> str:
    """Format an interval: ``0.30..2.10``.

    Args:
        low: Lower end; ``None`` if it is unbounded, which is left out.
        high: Upper end; ``None`` if it is unbounded, which is left out.
        decimals: Number of decimals.
        signed: Whether the ends have signs.
        separator: Text between the ends.
    """
    if low is None and high is None:
        return NO_VALUE
    format_end = format_signed if signed else format_number
    return separator.join("" if end is None else format_end(end, decimals) for end in (low, high))


def format_estimate(
    value: float | None, low: float | None, high: float | None, *, bound_decimals: int = 2
) -> str:
    """Format a figure with its interval: ``1.20 (0.30..2.10)``.

    Args:
        value: The figure, formatted with two decimals.
        low: Lower end of the interval; ``None`` if it is unbounded.
        high: Upper end of the interval; ``None`` if it is unbounded.
        bound_decimals: Number of decimals of the ends.
    """
    return f"{format_number(value)} ({format_bounds(low, high, bound_decimals)})"


def format_gain(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    bound_decimals: int = 2,
    signed_bounds: bool = False,
    separator: str = "..",
) -> str:
    """Format a gain with its interval: ``+1.20 (0.30..2.10)``.

    Args:
        value: The gain, formatted with its sign and two decimals.
        low: Lower end of the interval; ``None`` if it is unbounded.
        high: Upper end of the interval; ``None`` if it is unbounded.
        bound_decimals: Number of decimals of the ends.
        signed_bounds: Whether the ends have signs.
        separator: Text between the ends.
    """
    bounds = format_bounds(low, high, bound_decimals, signed=signed_bounds, separator=separator)
    return f"{format_signed(value)} ({bounds})"


def describe_gain(gain: Gain) -> str:
    """Format a gain with its interval and its baseline."""
    text = format_gain(gain.value, gain.low, gain.high, signed_bounds=True)
    return f"{text} over `{gain.against}`"


def format_setting(beta: float | None, settings: Mapping[str, int | float]) -> str:
    """Format the setting of a controller: ``beta 0.5``, ``n=16``."""
    parts = [] if beta is None else [f"beta {beta:g}"]
    return " ".join([*parts, format_knobs(round_settings(settings))]).strip() or NO_VALUE


def round_settings(settings: Mapping[str, int | float]) -> dict[str, int | float]:
    """Round settings for display to four digits; computed settings have many."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}")
        for name, value in settings.items()
    }


def join_words(items: list[str]) -> str:
    """Join items: ``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _rounded(value: float, decimals: int) -> float:
    """Round, without negative zero."""
    return round(value, decimals) + 0.0
