"""The errors and warnings of the Python interface.

Every error is a `harness.errors.RheostatError`, whose text is one sentence; errors of the operating
system stay as they are.
"""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import ExitCode, ExternalError, InputError, RheostatError
from harness.escaping import escape_line
from harness.request.option_names import python_options
from store.errors import RecordingBusy, StoreError

if TYPE_CHECKING:
    from harness.api.controller import Diagnostics


class RheostatWarning(UserWarning):
    """A result that may mislead, such as a point at which a controller did nothing."""


class ProgramError(InputError):
    """A controller has errors; the message shows each of them in its source.

    Args:
        diagnostics: What the checker found.
    """

    def __init__(self, diagnostics: "Diagnostics"):
        super().__init__(str(diagnostics))
        self.diagnostics = diagnostics

    def __reduce__(self) -> tuple[type["ProgramError"], tuple["Diagnostics"]]:
        return ProgramError, (self.diagnostics,)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the errors of other packages as those of this interface, with options named as here.

    Texts of recordings and programs in a message are escaped, since a traceback is shown as it is.

    Raises:
        InputError: The caller's input cannot be used.
        ExternalError: The machine, or another program, failed.
    """
    try:
        with python_options():
            yield
    except RheostatError as problem:
        if not isinstance(problem, ProgramError):  # its excerpts of the source are escaped
            problem.problem = escape_line(problem.problem)
            problem.args = (problem.problem,)
        hint = f"hint: {escape_line(problem.hint or '')}"
        if problem.hint is not None and hint not in getattr(problem, "__notes__", ()):
            problem.add_note(hint)  # shown below the message in a traceback
        raise
    except RecordingBusy as problem:
        raise ExternalError(escape_line(str(problem))) from problem
    except StoreError as problem:
        raise InputError(escape_line(str(problem))) from problem
    # As on the command line, an integer `exit_code` marks an error that is meant for users, of any
    # package: this one cannot import them all. Others are raised again as they are.
    except Exception as problem:
        status = getattr(problem, "exit_code", None)
        if not isinstance(status, int):
            raise
        kind = ExternalError if status == ExitCode.EXTERNAL else InputError
        raise kind(escape_line(str(problem)), hint=getattr(problem, "hint", None)) from problem


def warn_all(texts: Iterable[str]) -> None:
    """Issue warnings, attributed to the code that called the interface."""
    for text in texts:
        warnings.warn(escape_line(text), RheostatWarning, stacklevel=_depth())


def _depth() -> int:
    """Return how many frames below the caller's own code this is."""
    import sys

    depth, frame = 1, sys._getframe(1)  # noqa: SLF001 - documented, and `warnings` counts frames
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, depth = frame.f_back, depth + 1
    return depth


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("harness", "agents", "contextlib")
