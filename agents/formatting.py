"""Format numbers, intervals, counts and settings for briefs, reports, logs and the terminal app."""

from collections.abc import Mapping

from agents.run.records import Gain
from harness.evaluation.grid import format_knobs


def truncate_line(text: str, most: int) -> str:
    """Return a text on one line, cut if it is longer than ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def describe_gain(found: Gain) -> str:
    """Format a gain with its interval and its baseline."""
    return f"{found.value:+.2f} ({found.low:+.2f}..{found.high:+.2f}) over `{found.against}`"


NO_VALUE = "-"


def format_signed(value: float | None, decimals: int = 2) -> str:
    """Format a difference with its sign."""
    return NO_VALUE if value is None else f"{_rounded(value, decimals):+.{decimals}f}"


def format_number(value: float | None, decimals: int = 2) -> str:
    """Format a number."""
    return NO_VALUE if value is None else f"{_rounded(value, decimals):.{decimals}f}"


def format_bounds(low: float | None, high: float | None, decimals: int = 2) -> str:
    """Format an interval; an unbounded end is left out."""
    if low is None and high is None:
        return NO_VALUE
    return "..".join("" if end is None else format_number(end, decimals) for end in (low, high))


def format_setting(beta: float | None, settings: Mapping[str, int | float]) -> str:
    """Format the setting of a controller: ``beta 0.5``, ``n=16``."""
    parts = [] if beta is None else [f"beta {beta:g}"]
    return " ".join([*parts, format_knobs(round_settings(settings))]).strip() or NO_VALUE


def round_settings(settings: Mapping[str, int | float]) -> dict[str, int | float]:
    """Round settings for display; spread ones have many digits."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}")
        for name, value in settings.items()
    }


def join_words(things: list[str]) -> str:
    """Join items: ``a``, ``a and b``, ``a, b and c``."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def _rounded(value: float, decimals: int) -> float:
    """Round, without negative zero."""
    return round(value, decimals) + 0.0
