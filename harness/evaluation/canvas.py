"""Draw curves in characters with plotext, in a separate process.

The native part of plotext ends its whole process on some data (a line with a gap, in version 6.1),
and plotext prints hints to stdout. In a separate process, neither affects the command that needs a
plot. The plot depends on the canvas only, not on the size of the terminal.
"""

import os
import subprocess
import sys
from collections.abc import Sequence

import msgspec

PATIENCE = 60.0
"""Timeout of a plot in seconds; it usually takes a third of a second."""

_PROMPT = 10
"""Lines that plotext reserves for a prompt."""


class CanvasError(Exception):
    """A plot could not be drawn; the message says why."""


class Curve(msgspec.Struct, frozen=True, array_like=True):
    """Points joined by a dotted line."""

    marker: str
    """The character of a point."""
    points: Sequence[tuple[float, float]]
    """At least one; all numbers are finite."""


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """A plot: its size in characters, its curves and its axes."""

    width: int
    height: int
    curves: Sequence[Curve]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]


def draw_canvas(canvas: Canvas) -> str:
    """Return the plot as lines of text, without colours.

    Raises:
        CanvasError: plotext fails or takes too long.
    """
    # -P: do not import packages from the working directory.
    command = [sys.executable, "-P", "-m", __name__]
    # plotext cuts a plot to the terminal's size, which it reads from these.
    size = {"COLUMNS": str(canvas.width), "LINES": str(canvas.height + _PROMPT)}
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(canvas), capture_output=True, timeout=PATIENCE,
            check=False, env={**os.environ, **size},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise CanvasError("plotext takes too long") from None
    except OSError as problem:
        raise CanvasError(problem.strerror or str(problem)) from None
    if done.returncode:
        raise CanvasError(f"plotext ended with status {done.returncode}")
    return done.stdout.decode()


def _draw(canvas: Canvas) -> str:
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    figure.plot_size(canvas.width, canvas.height)
    for curve in canvas.curves:
        figure.draw(figure.signal(*_columns(curve), marker="·").lines())
    for curve in canvas.curves:
        figure.draw(figure.signal(*_columns(curve), marker=curve.marker))
    figure.ruler("x").lim(*canvas.x_range)
    figure.ruler("y").lim(*canvas.y_range)
    figure.ruler("x").ticks(
        [position for position, _ in canvas.x_ticks], [name for _, name in canvas.x_ticks]
    )
    figure.ruler("y").ticks(
        [position for position, _ in canvas.y_ticks], [name for _, name in canvas.y_ticks]
    )
    return str(plotext.uncolorize(str(figure.build())))


def _columns(curve: Curve) -> tuple[list[float], list[float]]:
    return [x for x, _ in curve.points], [y for _, y in curve.points]


def _main() -> None:
    canvas = msgspec.json.decode(os.fdopen(0, "rb", closefd=False).read(), type=Canvas)
    result = os.dup(1)
    os.dup2(2, 1)  # discard what plotext prints; it is not part of the plot
    text = _draw(canvas)
    with os.fdopen(result, "wb") as file:
        file.write(text.encode())


if __name__ == "__main__":
    _main()
