"""A small algebra of layouts: text that is on one line where it fits and is broken where not.

A `LayoutGroup` is laid out flat if what is left of the line holds it; otherwise each `Line`
directly in it becomes a new line, and the groups inside are tried on their own. The result follows
from the layout and the width alone.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

CONTINUATION = 4
"""How far a continued line is set in."""


@dataclass(frozen=True, slots=True)
class Line:
    """A space where its group is flat, a new line where it is broken."""


@dataclass(frozen=True, slots=True)
class Concat:
    """Layouts one after the other."""

    parts: tuple["Layout", ...]


@dataclass(frozen=True, slots=True)
class Nest:
    """A layout whose new lines are set in by one continuation more."""

    inner: "Layout"


@dataclass(frozen=True, slots=True)
class LayoutGroup:
    """A layout that is flat or broken as one."""

    inner: "Layout"


Layout: TypeAlias = str | Line | Concat | Nest | LayoutGroup

LINE = Line()


def concat(*parts: Layout) -> Concat:
    """Layouts one after the other."""
    return Concat(parts)


def continued(head: Layout, *rest: Layout) -> LayoutGroup:
    """Return a group whose lines after ``head`` continue it."""
    return LayoutGroup(concat(head, Nest(Concat(rest))))


class _PendingLayout(NamedTuple):
    """A layout still to be written."""

    indent: int
    flat: bool
    layout: Layout


def flat(layout: Layout) -> str:
    """Return a layout on one line."""
    match layout:
        case str():
            return layout
        case Line():
            return " "
        case Concat(parts=parts):
            return "".join(map(flat, parts))
        case Nest(inner=inner) | LayoutGroup(inner=inner):
            return flat(inner)


def render(layout: Layout, indent: int, width: int) -> str:
    """Return a layout as text, its first line set in by ``indent``, no line longer than needs be.

    Args:
        layout: what to write.
        indent: the column of the first line, in characters.
        width: the most characters of a line; a text that cannot be broken may go beyond.
    """
    written = [" " * indent]
    column = indent
    pieces = [_PendingLayout(indent, False, layout)]
    while pieces:
        piece = pieces.pop()
        match piece.layout:
            case str() as text:
                written.append(text)
                column += len(text)
            case Line() if piece.flat:
                written.append(" ")
                column += 1
            case Line():
                written.append("\n" + " " * piece.indent)
                column = piece.indent
            case LayoutGroup(inner=inner):
                pending = _PendingLayout(piece.indent, True, inner)
                fits = piece.flat or _fits(pending, pieces, width - column)
                pieces.append(pending if fits else pending._replace(flat=False))
            case _:
                pieces.extend(_opened(piece))
    return "".join(written)


def _opened(piece: _PendingLayout) -> list[_PendingLayout]:
    """Return what a piece is made of, last part first."""
    match piece.layout:
        case Concat(parts=parts):
            return [piece._replace(layout=part) for part in reversed(parts)]
        case Nest(inner=inner):
            return [piece._replace(indent=piece.indent + CONTINUATION, layout=inner)]
        case LayoutGroup(inner=inner):
            return [piece._replace(layout=inner)]
        case _:
            return []


def _fits(piece: _PendingLayout, following: list[_PendingLayout], room: int) -> bool:
    """Whether a flat piece fits, with all that follows it up to the next possible new line."""
    pieces = [piece]
    rest = len(following)
    while room >= 0:
        if not pieces:
            if rest == 0:
                return True
            rest -= 1
            pieces.append(following[rest])
        current = pieces.pop()
        match current.layout:
            case str() as text:
                room -= len(text)
            case Line() if current.flat:
                room -= 1
            case Line():
                return True
            case _:
                pieces.extend(_opened(current))
    return False
