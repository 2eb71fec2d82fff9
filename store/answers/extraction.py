r"""Extract an answer from a model's text. `NO_ANSWER` is an answer like others.

Four ways: ``boxed``, the last ``\boxed{…}``; ``choice``, the letter of a choice; ``last-number``;
or a pattern of one's own, the first group of its last match. A probe's text begins after the forced
opening, so that opening is put in front of it before it is read.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from store.answers.typography import closing_brace
from store.errors import StoreError

NO_ANSWER = "ERR"
"""The answer where there is none to be extracted."""

_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![A-Za-z])\s*")
_BARE = re.compile(r"[(\[][^()\[\]$\n]*[)\]]|(?:\\[A-Za-z]+\s*(?:\{[^{}]*\})*|[^\s$\\{},;])+")
_WRAPPING = re.compile(r"^\\(?:text|textbf|mathrm|mathbf)\s*\{(?P<inside>[^{}]*)\}$")
_PLACEHOLDER = re.compile(
    r"(?:\\(?:text|mathrm|ldots|dots|cdots|quad|square|Box|placeholder)\b"
    r"|\\[,;:!]|~|[\s{}\[\]<>_.?…*$\\-]"
    r"|\b(?:your|the|final|correct|numerical|numeric|answer|result|here|value|letter|number|xxx?)\b)*",
    re.IGNORECASE,
)
_OUTER_DOLLARS = re.compile(r"^[$ ]+|(?<!\\)[$ ]+$")
_NAME_BEFORE = re.compile(r"(?<![A-Za-z])([A-Za-z])\s*=\s*[$({\\\s]*$")
_FINAL_STOP = re.compile(r"(?<!\.)\.$")
_PHANTOM = re.compile(r"\\phantom\s*\{[^{}]*\}")
_EMPTY_SET = re.compile(r"\s*\\(?:left\s*\\)?\{\s*\\(?:right\s*\\)?\}\s*")
_JOINS = re.compile(
    r"(?:\n\s*(?:[-*•]|\d+[.)])\s|[\s$.]"
    r"|\\(?:[,;:! ]|quad|qquad|text\s*\{\s*,?\s*(?:and|or)\s*\}|\(|\))|[,;&、，；]"
    r"|\band\b|\bor\b|[和或]|\\?[A-Za-z](?:_\{?\w+\}?)?\s*=)*"
)
_SENTENCE_END = re.compile(r"(?<!\d)\. ")
_LONGEST_JOINT = 200
_JOINT = re.compile(r"\n\s*(?:[-*•]|\d+[.)])\s|[,;&、，；和或]|\band\b|\bor\b")
_NUMBER = re.compile(
    r"(?<![\w.])(?:[-−](?=[$€£]?\.?\d))?[$€£]?\s?"
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+|(?<=\d))(?:\s*/\s*\d+)?\s*%?"
)


class AnswerExtractor(Protocol):
    """A way to extract answers."""

    name: str
    """As the recording names it."""

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the answer of a text, or `NO_ANSWER`.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit, so that what is open at its end
                is no answer.
            letters: the letters of the question's choices, such as ``"ABCD"``; others are no
                answers. ``None`` where they are not known.
        """


class _Box(NamedTuple):
    content: str
    begin: int
    end: int
    is_open: bool


class Boxed:
    """The content of the last box; boxes that one sentence lists are a list."""

    name = "boxed"

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the content of the last box, or of the boxes that its sentence lists.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit; a box that is open at its end
                is then no answer.
            letters: ignored; a box is read as it is.
        """
        boxes = _last_boxes(text, truncated=truncated)
        return _join_boxes(text, boxes) if boxes else NO_ANSWER


class Choice:
    """The letter of a choice: in the last box, else the last that is named the answer."""

    name = "choice"

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the letter in the last box, or the letter that the text names.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit; a box that is open at its end
                is then no answer.
            letters: the letters of the question's choices, such as ``"ABCD"``; ``None`` if unknown.
        """
        from store.answers.choices import boxed_letter, named_letter

        boxes = _last_boxes(text, truncated=truncated)
        if boxes is None:
            return NO_ANSWER
        if boxes:
            content = ", ".join(strip_wrapping(box.content) for box in boxes)
            return boxed_letter(content, letters) or NO_ANSWER
        return named_letter(text, letters) or NO_ANSWER


class LastNumber:
    """The last number of the text: an integer, a decimal, a fraction or a percentage."""

    name = "last-number"

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the last number, without thousands separators and currency signs.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit; a number at its very end
                is then no answer.
            letters: ignored; a number has none.
        """
        number = NO_ANSWER
        for match in _NUMBER.finditer(text):
            if match[0].strip(" $€£-−%") and not (truncated and match.end() == len(text)):
                number = "".join(match[0].split()).replace(",", "").replace("−", "-")
        return re.sub("[$€£]", "", number)


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
            raise StoreError(f"pattern:{pattern}: not a regular expression: {error}") from error

    def read(self, text: str, *, truncated: bool = False, letters: str | None = None) -> str:
        """Extract the first group of the last match, or the match if the pattern has no group.

        Args:
            text: what the model wrote.
            truncated: whether the text was cut at its token limit; a match at its very end
                is then no answer.
            letters: ignored; the pattern decides alone.
        """
        matched = NO_ANSWER
        for match in self._pattern.finditer(text):
            if not (truncated and match.end() == len(text)):
                matched = match[1] if self._pattern.groups else match[0]
        return (matched or "").strip() or NO_ANSWER


NAMED = frozenset(extractor.name for extractor in (Boxed, Choice, LastNumber))
"""The ways that have a name of their own."""


def extractor(name: str) -> AnswerExtractor:
    """Find a way to extract answers: ``boxed``, ``choice``, ``last-number`` or ``pattern:…``.

    Raises:
        StoreError: there is none of this name.
    """
    for known in (Boxed, Choice, LastNumber):
        if name == known.name:
            return known()
    if name.startswith("pattern:"):
        return Pattern(name.removeprefix("pattern:"))
    reason = f"unknown extraction method {name!r}; use boxed, choice, last-number or pattern:REGEX"
    raise StoreError(reason)


def final_answer(
    text: str,
    mark: str,
    extract: AnswerExtractor,
    *,
    truncated: bool = False,
    letters: str | None = None,
) -> str:
    """Extract the answer of a whole chain: what follows the end of its thinking, where it ended.

    Args:
        text: the chain.
        mark: what ends the thinking; empty for a model that does not think apart.
        extract: the way to extract it.
        truncated: whether the chain was cut at its token limit.
        letters: the letters of the question's choices.
    """
    _, end, answer = text.rpartition(mark) if mark else ("", "", text)
    if mark and not end:
        # Cut off while it thought; a box in the thinking is still the best that there is.
        answer = text
    return extract.read(answer, truncated=truncated, letters=letters)


def probe_answer(
    text: str,
    opening: str,
    extract: AnswerExtractor,
    *,
    truncated: bool = False,
    letters: str | None = None,
) -> str:
    """Extract the answer of a probe.

    Args:
        text: what the model wrote after the forced opening.
        opening: that opening (`Forcing.ask`).
        extract: the way to extract it.
        truncated: whether the probe was cut at its token limit.
        letters: the letters of the question's choices.
    """
    return extract.read(opening + text, truncated=truncated, letters=letters)


def strip_wrapping(answer: str) -> str:
    """Drop what only sets an answer: outer dollar signs, blanks, a final stop, a text command.

    The same is done to what a box holds, so a gold answer is compared on equal terms.
    """
    answer = _FINAL_STOP.sub("", _OUTER_DOLLARS.sub("", " ".join(answer.split()))).strip()
    wrapped = _WRAPPING.match(answer)
    return wrapped["inside"].strip() if wrapped else answer


def _join_boxes(text: str, boxes: list[_Box]) -> str:
    """Write boxes as one answer: a list, with the names of its values, or a tuple in brackets."""
    contents = [strip_wrapping(box.content) for box in boxes]
    names = [_NAME_BEFORE.search(text, max(0, box.begin - 40), box.begin) for box in boxes]
    letters = [name[1] for name in names if name]
    if len(boxes) > 1 and len(set(letters)) == len(boxes):
        named = zip(letters, contents, strict=True)
        return ", ".join(f"{letter} = {content}" for letter, content in named)
    before, after = text[: boxes[0].begin].rstrip(" $"), text[boxes[-1].end :].lstrip(" $")
    if len(boxes) > 1 and before.endswith("(") and after.startswith(")"):
        return f"({', '.join(contents)})"
    return ", ".join(dict.fromkeys(contents))


def _last_boxes(text: str, *, truncated: bool) -> list[_Box] | None:
    """Return the last box, after those that its sentence lists with it.

    ``None`` where the last box is open at a text's cut end.
    """
    boxes = list(_boxes(text))
    if boxes and boxes[-1].is_open and truncated:
        return None
    boxes = [box for box in boxes if not _is_placeholder(box.content)]
    if not boxes:
        return []
    listed = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        between = text[box.end : listed[0].begin]
        is_near = len(between) < _LONGEST_JOINT and not _SENTENCE_END.search(between)
        if not is_near or not _JOINS.fullmatch(between) or not _JOINT.search(between):
            break
        listed.insert(0, box)
    return listed


def _boxes(text: str) -> Iterator[_Box]:
    position = 0
    while match := _BOX.search(text, position):
        begin = match.end()
        if text[begin : begin + 1] == "{":
            end = closing_brace(text, begin + 1)
            is_open = end >= len(text)
            content = text[begin + 1 : end]
            # One that is never closed ends with its line: more has nothing to do with it.
            content = content.partition("\n")[0] if is_open else content
            position = begin + 1 + len(content)
            yield _Box(content, match.start(), min(end + 1, len(text)), is_open)
        else:
            bare = _BARE.match(text, begin)
            end = bare.end() if bare else begin
            position = max(end, match.end())
            content = (bare[0] if bare else "").rstrip(".")
            yield _Box(content, match.start(), end, end == len(text))


def _is_placeholder(content: str) -> bool:
    content = _PHANTOM.sub("", content)
    if _EMPTY_SET.fullmatch(content):
        return False
    return _PLACEHOLDER.fullmatch(content) is not None and not re.search(
        r"\d|\\text\s*\{\s*(?:the|number)\s*\}", content
    )
