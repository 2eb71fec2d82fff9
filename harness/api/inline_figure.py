"""A matplotlib figure that a notebook shows without any set-up."""

import io

from matplotlib.figure import Figure


class InlineFigure(Figure):
    """A figure that is shown as a picture by every notebook, also without ``%matplotlib inline``.

    It is not known to `pyplot`: it uses no global state, needs no display, and need not be closed.
    """

    def _repr_png_(self) -> bytes:
        written = io.BytesIO()
        self.savefig(written, format="png", dpi=110)
        return written.getvalue()
