"""The faults of untrusted controllers, as a closed list, and the exceptions that end a controller.

A fault is plain data: a container can send one, so it holds nothing but numbers and a bounded text,
and its reason is one of the list or the message is refused. Of the exceptions raised inside a
controller, all but `Exhausted` are no `Exception`: the policy leaves a controller no way to catch
them.
"""

from enum import Enum
from typing import Annotated

import msgspec

MOST_TEXT = 300
"""Characters of a fault's text; more are cut off where it is made."""


class Reason(Enum):
    """Why an episode did not come to its end."""

    REFUSED = "refused"
    """The policy does not admit the code."""
    RAISED = "raised"
    """The controller raised an exception."""
    TOO_MANY_TURNS = "too many turns"
    """It took more turns of loops and calls than an episode may."""
    TOO_MANY_VERBS = "too many verbs"
    TOO_LONG = "too long"
    """It thought for longer than the clock allows."""
    MEMORY = "too much memory"
    INADMISSIBLE = "inadmissible"
    """The decision process does not admit a verb."""
    DIED = "worker died"
    SILENT = "worker silent"
    """The worker did not answer in time, and was ended."""
    OVERSIZED = "oversized message"
    GARBLED = "garbled message"


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """One fault, with its place in the code where there is one."""

    reason: Reason
    text: Annotated[str, msgspec.Meta(max_length=MOST_TEXT)]
    line: int = 0
    """From 1; 0 where no line is to blame."""
    column: int = 0


class ControllerError(Exception):
    """A controller did not come to the end of an episode."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.reason.value}: {fault.text}")
        self.fault = fault


def truncate_text(text: str) -> str:
    """A text of any length as a fault can hold it: on one line, and without control characters."""
    shown = one_line(text[: MOST_TEXT + 1])
    return shown if len(shown) <= MOST_TEXT else f"{shown[: MOST_TEXT - 1]}…"


def one_line(text: str) -> str:
    """A text from a controller, safe for a log: what does not print is shown by its escape.

    That goes for line breaks of all kinds, control sequences, marks that reverse the direction of
    writing, and halves of characters.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


class Exhausted(Exception):
    """The budget ended inside a verb, or before it. Controllers know it by this name."""


class TurnLimitExceeded(BaseException):
    """Too many turns of loops and calls."""


class TimeLimitExceeded(BaseException):
    """Too much time between two verbs."""
