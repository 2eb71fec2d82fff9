"""Styles of curves that can be told apart without seeing every colour.

The colours are those of Okabe and Ito, which people with any common colour blindness can tell
apart, and which show on light and dark pages. Markers and dashes differ as well, so that a curve
is found in print without colour.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from harness.escaping import escape_line

VERMILION = "#d55e00"
"""The colour of the curve that matters most; the others do not have it."""

COLOURS = ("#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("s", "^", "D", "v", "P", "X", "<", ">", "o")
DASHES = ((0, ()), (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


class CurveStyle(NamedTuple):
    """How one curve is drawn."""

    colour: str
    marker: str
    dash: tuple[int, tuple[float, ...]]
    """As matplotlib has it: an offset, then lengths of ink and gap in line widths."""


def curve_style(index: int) -> CurveStyle:
    """The style of a curve by its place among others, from 0; 180 differ."""
    return CurveStyle(
        COLOURS[index % len(COLOURS)],
        MARKERS[index % len(MARKERS)],
        DASHES[index % len(DASHES)],
    )


def plot_text(text: str) -> str:
    """Text from outside as a label of a picture, on one line and without what XML forbids."""
    return escape_line(text)


def finite(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that can be drawn: both of their numbers are finite."""
    return [(float(x), float(y)) for x, y in points if np.isfinite(x) and np.isfinite(y)]
