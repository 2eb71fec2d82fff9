"""What is between the nodes of a tree and is no part of it: comments and blank lines."""

from collections import deque
from collections.abc import Sequence

from dsl.parser import Comment
from dsl.source import Span


class Margins:
    """Yields a program's comments in source order, each once, and finds blank lines.

    A tree that was never text has empty margins, whatever its spans are.
    """

    def __init__(self, text: str = "", comments: Sequence[Comment] = ()):
        self._text = text
        self._comments = tuple(comments)
        self._waiting = deque(comments)

    def before(self, offset: int) -> list[Comment]:
        """Take the comments that begin before an offset."""
        comments = []
        while self._waiting and self._waiting[0].span.start < offset:
            comments.append(self._waiting.popleft())
        return comments

    def beside(self, end: int, until: int) -> Comment | None:
        """Take the comment after ``end`` on the same line, if it begins before ``until``."""
        if not self._waiting:
            return None
        comment = self._waiting[0]
        if comment.span.start >= until or self._lines(end, comment.span.start):
            return None
        return self._waiting.popleft()

    def any_in(self, span: Span) -> bool:
        """Return whether a comment that was not yet taken is in a stretch."""
        return any(span.start <= comment.span.start < span.end for comment in self._waiting)

    def blank(self, end: int, start: int) -> bool:
        """Return whether a blank line is between two things."""
        return self._lines(end, start) > 1

    def adjoin(self, earlier: Span, later: Span) -> bool:
        """Whether two things are on lines next to each other, with no comment above the later."""
        if self.blank(earlier.end, later.start):
            return False
        between = (c.span for c in self._comments if earlier.end <= c.span.start < later.end)
        return all(
            span.start < later.start and not self._lines(earlier.end, span.start)
            for span in between
        )

    def brace(self, offset: int) -> int:
        """Where the first opening brace at or after an offset is."""
        for comment in self._comments:
            index = self._text.find("{", offset, comment.span.start)
            if index >= 0:
                return index
            offset = max(offset, comment.span.end)
        return max(offset, self._text.find("{", offset))

    def _lines(self, start: int, end: int) -> int:
        return self._text.count("\n", start, end)
