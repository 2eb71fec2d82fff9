"""Curve styles that can be told apart without seeing every colour.

The colours are those of Okabe and Ito, which people with common forms of colour blindness can tell
apart, and which are visible on light and dark pages. Markers and dashes differ as well, so that a
curve can be identified in print without colour.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from harness.escaping import escape_line

VERMILION = "#d55e00"
"""The colour of the highlighted curve; no other curve has it."""

COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("s", "^", "D", "v", "P", "X", "<", ">", "o")
DASHES = ((0, ()), (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


class CurveStyle(NamedTuple):
    """The style of one curve."""

    colour: str
    marker: str
    dash: tuple[int, tuple[float, ...]]
    """As in matplotlib: an offset, then lengths of dash and gap in line widths."""


def curve_style(index: int) -> CurveStyle:
    """Return the style of a curve by its position among others, from 0; 180 styles differ."""
    return CurveStyle(
        COLOURS[index % len(COLOURS)],
        MARKERS[index % len(MARKERS)],
        DASHES[index % len(DASHES)],
    )


def plot_text(text: str) -> str:
    """Return untrusted text as a plot label: one line, without characters that XML forbids."""
    return escape_line(text)


def finite(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that can be drawn: both numbers are finite."""
    return [(float(x), float(y)) for x, y in points if np.isfinite(x) and np.isfinite(y)]
