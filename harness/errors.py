"""What can go wrong that is not a fault of the program, and the exit status of each.

Every error that a person may meet is one clear sentence: what is wrong, where, and what to do. An
exception of any room that carries an integer `exit_code` is shown in the same way, so a room need
not be known here to have manners.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The exit statuses of the command line; docs/command-line.md lists them for users."""

    DONE = 0
    NEGATIVE = 1
    """The command did its work and the answer is no: a check failed, two things differ."""
    INPUT = 2
    """What the user gave cannot be used: an argument, a file, a setting."""
    EXTERNAL = 3
    """The input may be right, the surroundings are not: disk full, no permission, no server."""
    INTERNAL = 70
    """A fault in the program itself (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it: 128 + SIGINT."""
    BROKEN_PIPE = 141
    """Whoever read standard output went away, as shells count it: 128 + SIGPIPE."""
    TERMINATED = 143
    """SIGTERM, as shells count it: 128 + SIGTERM."""


class RheostatError(Exception):
    """The base of the errors that end a command with a sentence.

    Args:
        problem: what is wrong and where, without a full stop.
        hint: what to do about it, where the problem does not say so already.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INPUT

    def __init__(self, problem: str, *, hint: str | None = None):
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class InputError(RheostatError):
    """What the user gave cannot be used."""


class ExternalError(RheostatError):
    """The machine, the network or another program does not play its part."""

    exit_code: ClassVar[ExitCode] = ExitCode.EXTERNAL


class NegativeResult(RheostatError):
    """The work was done and the answer is no."""

    exit_code: ClassVar[ExitCode] = ExitCode.NEGATIVE
