"""The outermost handler: turn whatever a command raises into one message and an exit status."""

import errno
import os
import sys
from collections.abc import Callable

import click

from harness.cli import console, output, termination
from harness.cli.declarations import RheostatCommand
from harness.errors import ExitCode
from harness.messages import did_you_mean
from harness.presentation import terminal
from store.messages import lower_first

_BAD_PATHS = frozenset({
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP,
    errno.ENOTEMPTY,
})  # fmt: skip
"""System errors that mean that the user's path is wrong."""

_ADVICE = {
    errno.EACCES: "change its permissions, or use another path",
    errno.EPERM: "change its permissions, or use another path",
    errno.EROFS: "use a path on a writable disk",
    errno.ENOSPC: "free some space, or use another path",
    errno.EDQUOT: "free some space, or use another path",
}
"""Hints for system errors."""


class ErrorReporter:
    """Run one command line and report how it ended.

    Args:
        traceback: Whether to show tracebacks; ``--traceback`` sets it, and so does
            ``RHEOSTAT_TRACEBACK``, which also covers failures before options are parsed.
    """

    def __init__(self, *, traceback: bool | None = None):
        requested = os.environ.get("RHEOSTAT_TRACEBACK", "0") not in ("", "0")
        self.traceback = requested if traceback is None else traceback

    def run(self, body: Callable[[], object]) -> int:
        """Run ``body`` and return the exit status.

        An integer returned by ``body`` is the status. Only `SystemExit` propagates.
        """
        try:
            outcome = body()
            output.flush()
        except (KeyboardInterrupt, click.Abort) as interruption:
            return self._interrupted(interruption)
        except click.ClickException as problem:
            return _usage(problem)
        except Exception as problem:  # noqa: BLE001 - this is the outermost edge
            return self._failed(problem)
        return outcome if isinstance(outcome, int) and not isinstance(outcome, bool) else 0

    def _interrupted(self, interruption: BaseException) -> ExitCode:
        ended = termination.is_terminated()
        console.error("terminated" if ended else "interrupted")
        _give_hints(interruption)
        return ExitCode.TERMINATED if ended else ExitCode.INTERRUPTED

    def _failed(self, problem: Exception) -> int:
        if isinstance(problem, OSError) and problem.filename == output.STDOUT:
            output.discard_stdout()
            if isinstance(problem, BrokenPipeError):
                return ExitCode.BROKEN_PIPE
        from dsl.diagnostics import DslError

        if self.traceback:
            console.show_traceback(problem)
        sentence, status = describe_error(problem)
        if status == ExitCode.NEGATIVE:
            console.info(sentence)
        else:
            console.error(sentence, rendered=isinstance(problem, DslError))
        _give_hints(problem)
        if isinstance(problem, OSError) and problem.filename != output.STDOUT:
            advice = _ADVICE.get(problem.errno or 0)
            if advice is not None:
                console.hint(advice)
        if status == ExitCode.INTERNAL and not self.traceback:
            console.hint(
                "this is a bug in rheostat; set RHEOSTAT_TRACEBACK=1 to see where it happened"
            )
        return status


def describe_error(problem: Exception) -> tuple[str, int]:
    """Return the message and the exit status of an exception that is not click's."""
    import sqlite3

    from store.errors import RecordingBusy, StoreError

    status = getattr(problem, "exit_code", None)
    match problem:
        case RecordingBusy():
            return str(problem), ExitCode.EXTERNAL
        case StoreError():
            return str(problem), ExitCode.INPUT
        case _ if isinstance(status, int):
            return str(problem) or type(problem).__name__, int(status)
        case OSError():
            bad_path = problem.errno in _BAD_PATHS
            return _system(problem), ExitCode.INPUT if bad_path else ExitCode.EXTERNAL
        case sqlite3.Error():
            return f"the database cannot be used: {problem}", ExitCode.EXTERNAL
        case MemoryError():
            return "not enough memory for this command", ExitCode.EXTERNAL
        case _:
            return f"{type(problem).__name__}: {problem}", ExitCode.INTERNAL


def _system(problem: OSError) -> str:
    """Return the system's message, with the path in front."""
    words = problem.strerror or str(problem) or type(problem).__name__
    words = lower_first(words)
    if problem.filename is None:
        return words
    path = os.fsdecode(problem.filename) if not isinstance(problem.filename, int) else "a file"
    return f"{path}: {words}"


def _usage(problem: click.ClickException) -> int:
    """Print click's errors in the same format as all others."""
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):
        page = problem.format_message()
        if isinstance(problem.ctx.command, RheostatCommand):
            coloured = terminal.is_coloured(sys.stderr)
            page = problem.ctx.command.help_page(problem.ctx, coloured=coloured)
        console.page(page)
        return ExitCode.INPUT
    sentence = _sentence(problem)
    context = problem.ctx if isinstance(problem, click.UsageError) else None
    if context is None:
        console.error(sentence)
    else:
        console.error(f"{context.command_path}: {sentence}")
        console.hint(f"see {context.command_path} --help")
    return ExitCode.INPUT


def _sentence(problem: click.ClickException) -> str:
    """Return click's message on one line, with the nearest name if there is one."""
    near: list[str] | None = getattr(problem, "possibilities", None)
    words = problem.message if near else problem.format_message()
    sentence = " ".join(words.split()).rstrip(".")
    sentence = lower_first(sentence)
    return f"{sentence}; {did_you_mean(near[0])}" if near else sentence


def _give_hints(problem: BaseException) -> None:
    """Print an exception's ``hint`` and its notes."""
    hint = getattr(problem, "hint", None)
    for text in [hint, *getattr(problem, "__notes__", ())]:
        if isinstance(text, str) and text:
            console.hint(text)
