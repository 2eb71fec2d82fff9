"""The capabilities of a stream, for stdout and stderr alike.

``NO_COLOR`` (any value) disables colour; ``FORCE_COLOR`` (any value except ``0``) enables it in a
pipe; without either, a stream is coloured if it is a terminal that is not ``dumb``.
"""

import os
import shutil
from collections.abc import Mapping
from typing import IO


def is_terminal(stream: IO[str] | None) -> bool:
    """Return whether the stream is a terminal; False for a missing or closed one."""
    return stream is not None and not stream.closed and stream.isatty()


def is_coloured(stream: IO[str] | None, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether escape sequences may be written to the stream."""
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def width() -> int:
    """Return the columns of the terminal, or of ``COLUMNS``, or 80."""
    return shutil.get_terminal_size().columns
