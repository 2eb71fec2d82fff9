"""Numbers and short phrases as reports spell them."""

from collections.abc import Mapping

from harness.evaluation.grid import spelt

NONE = "-"


def signed(value: float | None, decimals: int = 2) -> str:
    """A difference."""
    return NONE if value is None else f"{_rounded(value, decimals):+.{decimals}f}"


def plain(value: float | None, decimals: int = 2) -> str:
    """A figure."""
    return NONE if value is None else f"{_rounded(value, decimals):.{decimals}f}"


def bounds(low: float | None, high: float | None, decimals: int = 2) -> str:
    """An interval; an end that is not bounded is left out."""
    if low is None and high is None:
        return NONE
    return "..".join("" if end is None else plain(end, decimals) for end in (low, high))


def tokens(count: float) -> str:
    """A number of tokens in a few characters: ``500``, ``20.1k``, ``1.50M``."""
    if count < 1_000:
        return f"{count:.0f}"
    return f"{count / 1e3:.3g}k" if count < 999_500 else f"{count / 1e6:.3g}M"


def setting(beta: float | None, settings: Mapping[str, int | float]) -> str:
    """At what a controller was played: ``beta 0.5``, ``n=16``."""
    parts = [] if beta is None else [f"beta {beta:g}"]
    return " ".join([*parts, spelt(short(settings))]).strip() or NONE


def short(settings: Mapping[str, int | float]) -> dict[str, int | float]:
    """Settings whose numbers can be read; spread ones have many digits."""
    return {
        name: value if isinstance(value, int) else float(f"{value:.4g}")
        for name, value in settings.items()
    }


def listed(things: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def _rounded(value: float, decimals: int) -> float:
    """Rounded, and never a negative zero."""
    return round(value, decimals) + 0.0
