"""What is wrong with a program, told so that a stranger can mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from dsl.source import Source, Span


class Severity(Enum):
    """An error keeps a program from running; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Mark(NamedTuple):
    """A stretch of source and what is to be said of it."""

    span: Span
    label: str = ""


class Edit(NamedTuple):
    """A replacement that mends the program, for editors and agents."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, at one place.

    ``code`` is one of `dsl.codes`; ``rheostat explain`` describes it. ``also`` are secondary places
    ("declared here"). ``help`` says what to do; ``edit`` does it, where it is beyond doubt.
    """

    code: str
    message: str
    mark: Mark
    also: tuple[Mark, ...] = ()
    help: str | None = None
    edit: Edit | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Whether it keeps the program from running."""
        return self.severity is Severity.ERROR


class DslError(Exception):
    """A program cannot be used; the message is its rendered diagnostics."""

    def __init__(self, source: Source, diagnostics: Sequence[Diagnostic]):
        self.source = source
        self.diagnostics = tuple(diagnostics)
        super().__init__(render_all(source, diagnostics))


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By place, errors before warnings at the same place."""
    return sorted(
        diagnostics, key=lambda item: (item.mark.span, item.severity is Severity.WARNING, item.code)
    )


def render_all(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """Every diagnostic as text, in the order of the source, a blank line between two."""
    return "\n\n".join(render(source, diagnostic) for diagnostic in ordered(diagnostics))


def render(source: Source, diagnostic: Diagnostic) -> str:
    """One diagnostic as text: head, place, the source lines with their marks, the help."""
    place = source.position(diagnostic.mark.span.start)
    lines = _by_line(source, diagnostic)
    width = len(str(max(lines)))
    out = [
        f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.message}",
        f"{' ' * width}--> {source.name}:{place.line}:{place.column}",
        f"{' ' * width} |",
    ]
    previous: int | None = None
    for number in sorted(lines):
        if previous is not None and number > previous + 1:
            out.append(f"{'.' * width} |")
        previous = number
        shown = source.line(number).expandtabs(4)
        out.append(f"{number:>{width}} | {shown}".rstrip())
        out.extend(f"{' ' * width} | {marks}" for marks in _marks(source, number, lines[number]))
    if diagnostic.help:
        first, *rest = diagnostic.help.splitlines()
        out.append(f"{' ' * width} = help: {first}")
        out.extend(f"{' ' * width}         {line}".rstrip() for line in rest)
    return "\n".join(out)


class _Placed(NamedTuple):
    """A mark laid out on its line: shown columns, counted from 0."""

    start: int
    end: int
    sign: str
    label: str


def _by_line(source: Source, diagnostic: Diagnostic) -> dict[int, list[_Placed]]:
    lines: dict[int, list[_Placed]] = {}
    for index, mark in enumerate((diagnostic.mark, *diagnostic.also)):
        place = source.position(mark.span.start)
        text = source.line(place.line)
        start = place.column - 1
        # A mark that runs over the end of its line is drawn to the end of that line.
        end = max(start + 1, min(start + mark.span.end - mark.span.start, len(text)))
        shown = len(text[:start].expandtabs(4))
        length = max(1, len(text[:end].expandtabs(4)) - shown)
        sign = "^" if index == 0 else "-"
        lines.setdefault(place.line, []).append(_Placed(shown, shown + length, sign, mark.label))
    return lines


def _marks(source: Source, number: int, placed: list[_Placed]) -> list[str]:
    """The lines of marks under a source line; labels of several marks get lines of their own."""
    placed = sorted(placed)
    last = placed[-1]
    signs = ""
    for mark in placed:
        signs = signs.ljust(mark.start)[: max(mark.start, len(signs))]
        signs = signs[: mark.start] + mark.sign * (mark.end - mark.start) + signs[mark.end :]
    lines = [f"{signs} {last.label}".rstrip()]
    waiting = [mark for mark in placed[:-1] if mark.label]
    lines.extend(f"{' ' * mark.start}{mark.label}" for mark in reversed(waiting))
    return lines
