"""The progress bar of the Python interface: on a terminal, and in a notebook."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from harness.api.exceptions import warn_all
from harness.presentation import terminal
from harness.presentation.progress_bar import Advance, draw_progress, ignore_progress
from store.extras import install_command


@contextmanager
def track_progress(
    what: str, total: int | None, *, shown: bool | None, more: Callable[[], str] | None = None
) -> Iterator[Advance]:
    """Show a bar on stderr, or below the cell of a notebook.

    Args:
        what: A short name of the work.
        total: How many units it has; ``None`` if unknown.
        shown: Whether to show it; ``None`` shows it on a terminal and in a notebook.
        more: Returns additional status text.

    Yields:
        A function that takes the number of units completed since the last call.
    """
    in_notebook = _is_notebook()
    if shown is None:
        shown = in_notebook or terminal.is_terminal(sys.stderr)
    if not shown or (in_notebook and not _has_widgets()):
        yield ignore_progress
        return
    from rich.console import Console

    coloured = terminal.is_coloured(sys.stderr)
    console = Console() if in_notebook else Console(stderr=True, no_color=not coloured)
    with draw_progress(console, what, total, more) as advance:
        yield advance


def _is_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    if "ipykernel" not in sys.modules:
        return False
    from rich.console import Console

    return Console().is_jupyter


@cache
def _has_widgets() -> bool:
    """Return whether a notebook can show a bar; warn once if it cannot."""
    from importlib.util import find_spec

    if find_spec("ipywidgets") is not None:
        return True
    install = f"install ipywidgets into this environment, or use {install_command('notebook')}"
    warn_all([f"progress bars in a notebook need ipywidgets: {install}"])
    return False
