"""A progress bar, drawn by rich: on a terminal or in a notebook."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.escaping import escape_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn

Advance = Callable[[int], None]
"""Advances a progress bar by a number of units."""


def ignore_progress(done: int) -> None:
    """Do nothing, in place of a progress bar that is not shown."""


@contextmanager
def draw_progress(
    console: "Console", what: str, total: int | None, more: Callable[[], str] | None = None
) -> Iterator[Advance]:
    """Draw a bar that disappears at the end.

    Args:
        console: Where to draw.
        what: A short name of the work.
        total: How many units it has; ``None`` if unknown.
        more: Returns additional status text; called at every refresh, in another thread.

    Yields:
        A function that takes the number of units completed since the last call. It may be called
        from any thread.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        *([TimeRemainingColumn()] if more is None else [_more_column(more)]),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=not console.is_jupyter,
    ) as bar:
        task = bar.add_task(escape_line(what), total=total)
        yield lambda done: bar.advance(task, done)


def _more_column(more: Callable[[], str]) -> "ProgressColumn":
    """Return a column with the work's own status text."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class More(ProgressColumn):
        def render(self, task: object) -> Text:
            return Text(escape_line(more()))

    return More()
