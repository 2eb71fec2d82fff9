"""Errors that end a command, and the exit status of each.

Every error that a user may see is one clear sentence: what is wrong, where, and what to do. An
exception of any package that has an integer `exit_code` is reported in the same way, so this module
need not import it.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The exit statuses of the command line; docs/command-line.md lists them for users."""

    DONE = 0
    NEGATIVE = 1
    """A negative result: a check failed, or two things differ."""
    INPUT = 2
    """Invalid input: an argument, a file or a setting."""
    EXTERNAL = 3
    """An external failure: disk full, no permission, no server."""
    INTERNAL = 70
    """A fault in the program itself (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it: 128 + SIGINT."""
    BROKEN_PIPE = 141
    """The reader of stdout closed the pipe, as shells count it: 128 + SIGPIPE."""
    TERMINATED = 143
    """SIGTERM, as shells count it: 128 + SIGTERM."""


class RheostatError(Exception):
    """The base of errors that end a command with one sentence.

    Args:
        problem: What is wrong and where, without a full stop.
        hint: What to do about it, if the problem does not already say so.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INPUT

    def __init__(self, problem: str, *, hint: str | None = None):
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class InputError(RheostatError):
    """The user's input cannot be used."""


class ExternalError(RheostatError):
    """The machine, the network or another program failed."""

    exit_code: ClassVar[ExitCode] = ExitCode.EXTERNAL


class NegativeResult(RheostatError):
    """The work is complete and its result is negative."""

    exit_code: ClassVar[ExitCode] = ExitCode.NEGATIVE
