r"""Extract an answer from a model's text. `NO_ANSWER` is an answer like others.

Three ways: ``boxed``, the last ``\boxed{…}``; ``choice``, the letter of a choice; or a pattern of
one's own, the first group of its last match. A probe's words begin behind what was forced, so the
forced opening is put in front of them before they are read.
"""

import re
from typing import Protocol

from store.errors import StoreError

NO_ANSWER = "ERR"
"""The answer where there is none to be read."""

_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
_WRAPPING = re.compile(r"^\\(?:text|textbf|mathrm|mathbf)\s*\{(?P<inside>[^{}]*)\}$")
_LETTER = re.compile(r"(?<![A-Za-z])\(?([A-Z])\)?(?![A-Za-z'])")
_NAMED = re.compile(
    r"(?:answer|choice|option)(?:\s+is)?\s*:?\s*\**\s*\(?([A-Z])(?![A-Za-z'])", re.IGNORECASE
)


class AnswerExtractor(Protocol):
    """A way to read an answer."""

    name: str
    """As the recording says it."""

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the answer of a text, or `NO_ANSWER`.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit, so that an open box is no
                answer.
            letters: the letters of the question's choices, such as ``"ABCD"``; others are no
                answers. ``None`` where they are not known.
        """


class Boxed:
    """The content of the last box, braces balanced; one that the text leaves open counts."""

    name = "boxed"

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """As the protocol."""
        boxes = list(_BOX.finditer(text))
        if not boxes:
            return NO_ANSWER
        return _plain(_inside(text, boxes[-1].end())) or NO_ANSWER


class Choice:
    """The letter of a choice: in the last box, else the last that is called the answer.

    Letters beyond the question's own choices are read too: they are answers, and wrong.
    """

    name = "choice"

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """As the protocol."""
        boxes = list(_BOX.finditer(text))
        if boxes:
            letters = _LETTER.findall(_plain(_inside(text, boxes[-1].end())).upper())
            return letters[0] if letters else NO_ANSWER
        named = _NAMED.findall(text)
        return named[-1].upper() if named else NO_ANSWER


class Pattern:
    """The first group of the last match of a pattern, or all of it where it has no group.

    Args:
        pattern: in Python's syntax.

    Raises:
        StoreError: it is no pattern.
    """

    def __init__(self, pattern: str):
        self.name = f"pattern:{pattern}"
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            raise StoreError(f"pattern:{pattern}: is no pattern: {error}") from error

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """As the protocol."""
        found = NO_ANSWER
        for match in self._pattern.finditer(text):
            found = match[1] if self._pattern.groups else match[0]
        return (found or "").strip() or NO_ANSWER


def extractor(name: str) -> AnswerExtractor:
    """A way to read answers by its name: ``boxed``, ``choice`` or ``pattern:…``.

    Raises:
        StoreError: there is none of this name.
    """
    if name == "boxed":
        return Boxed()
    if name == "choice":
        return Choice()
    if name.startswith("pattern:"):
        return Pattern(name.removeprefix("pattern:"))
    reason = f"there is no way {name!r} to read answers; say boxed, choice or pattern:REGEX"
    raise StoreError(reason)


def final_answer(text: str, mark: str, reading: AnswerExtractor) -> str:
    """The answer of a whole chain: what stands behind the end of its thinking, where it ended.

    Args:
        text: the chain.
        mark: what ends the thinking; empty for a model that does not think apart.
        reading: the way to read it.
    """
    _, found, answer = text.rpartition(mark) if mark else ("", "", text)
    if mark and not found:
        # Cut off while it thought; a box in the thinking is still the best that there is.
        answer = text
    return reading.read(answer)


def probe_answer(words: str, asked: str, reading: AnswerExtractor) -> str:
    """The answer of a probe.

    Args:
        words: what the model put behind the forced opening.
        asked: that opening (`Forcing.ask`).
        reading: the way to read it.
    """
    return reading.read(asked + words)


def _inside(text: str, begin: int) -> str:
    """From behind an opening brace to its closing one; without one, to the end of the line."""
    depth = 1
    for at in range(begin, len(text)):
        if text[at] == "{" and text[at - 1] != "\\":
            depth += 1
        elif text[at] == "}" and text[at - 1] != "\\":
            depth -= 1
            if not depth:
                return text[begin:at]
    return text[begin:].partition("\n")[0]


def _plain(answer: str) -> str:
    """An answer without what only sets it: outer dollars, spaces, a wrapping of text."""
    answer = " ".join(answer.split()).strip("$ ").rstrip(".").strip()
    wrapped = _WRAPPING.match(answer)
    return wrapped["inside"].strip() if wrapped else answer
