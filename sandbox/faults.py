"""Faults of untrusted controllers, as a closed list, and exceptions that end a controller.

A fault is plain data that a container can send, so it holds only numbers and a bounded text, and
its reason must be one of the list. All exceptions raised inside a controller except `Exhausted`
derive from `BaseException`, so a controller cannot catch them.
"""

from enum import Enum
from typing import Annotated

import msgspec

MOST_TEXT = 300
"""Maximum characters of a fault's text; longer ones are cut."""


class Reason(Enum):
    """Why an episode failed."""

    REFUSED = "refused"
    """The policy forbids the code."""
    RAISED = "raised"
    """The controller raised an exception."""
    TOO_MANY_TURNS = "too many turns"
    """Loops and calls exceeded the limit of turns."""
    TOO_MANY_VERBS = "too many verbs"
    TOO_LONG = "too long"
    """It exceeded the time limit."""
    MEMORY = "too much memory"
    INADMISSIBLE = "inadmissible"
    """A verb is not valid in the decision process."""
    DIED = "worker died"
    SILENT = "worker silent"
    """The worker did not answer in time and was ended."""
    OVERSIZED = "oversized message"
    GARBLED = "garbled message"


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """A fault, with its source location if known."""

    reason: Reason
    text: Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
    line: int = 0
    """Line number from 1; 0 if no line caused it."""
    column: int = 0


class ControllerError(Exception):
    """A controller failed in an episode."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.reason.value}: {fault.text}")
        self.fault = fault


def truncate_text(text: str) -> str:
    """Shorten a text for a fault: one line, without control characters."""
    visible = one_line(text[: MOST_TEXT + 1])
    return visible if len(visible) <= MOST_TEXT else f"{visible[: MOST_TEXT - 1]}…"


def one_line(text: str) -> str:
    """Escape a text from a controller for a log: non-printable characters are shown as escapes.

    This includes line breaks of all kinds, control sequences, bidirectional marks and surrogates.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class Exhausted(Exception):
    """The budget ended inside or before a verb. Controllers use this name."""


class TurnLimitExceeded(BaseException):
    """Too many turns of loops and calls."""


class TimeLimitExceeded(BaseException):
    """Too much processor time between two verbs."""
