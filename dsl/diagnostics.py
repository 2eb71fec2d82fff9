"""Diagnostics: what is wrong with a program, where, and how to fix it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from dsl.excerpt import MarkedSpan, Part, Style, draw_line, escape_control_characters, line_numbers
from dsl.source import Source, Span


class Severity(Enum):
    """An error keeps a program from running; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Mark(NamedTuple):
    """A range of source with a label."""

    span: Span
    label: str = ""


class Edit(NamedTuple):
    """A replacement that fixes the program, for editors and agents."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem at one position.

    ``code`` is one of `dsl.codes`; ``rheostat explain`` describes it. ``also`` are secondary marks
    ("declared here"). ``help`` is what to do; ``edit`` is a safe automatic fix, if there is one.
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

    exit_code = 2
    """The exit status of a command that meets it: bad input."""

    def __init__(self, source: Source, diagnostics: Sequence[Diagnostic]):
        self.source = source
        self.diagnostics = tuple(diagnostics)
        super().__init__(render_all(source, diagnostics))


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by position, errors before warnings at the same position."""
    return sorted(
        diagnostics, key=lambda item: (item.mark.span, item.severity is Severity.WARNING, item.code)
    )


def plain_style(part: Part, text: str) -> str:
    """Return the style of text without colours."""
    return text


_COLOURS = {
    Part.ERROR: "1;31",
    Part.WARNING: "1;33",
    Part.MESSAGE: "1",
    Part.GUTTER: "34",
    Part.PRIMARY: "1;31",
    Part.SECONDARY: "36",
    Part.HELP: "32",
}


def coloured_style(part: Part, text: str) -> str:
    """Return the style of a terminal that shows colours."""
    return f"\x1b[{_COLOURS[part]}m{text}\x1b[0m" if text else text


def render_all(
    source: Source, diagnostics: Iterable[Diagnostic], style: Style = plain_style
) -> str:
    """Return every diagnostic as text, in the order of the source, a blank line between two.

    Args:
        source: the program.
        diagnostics: what to render.
        style: styles the parts of the text.
    """
    return "\n\n".join(
        render(source, diagnostic, style) for diagnostic in sort_diagnostics(diagnostics)
    )


def render(source: Source, diagnostic: Diagnostic, style: Style = plain_style) -> str:
    """Render one diagnostic: head, position, marked source lines, help.

    Args:
        source: the program.
        diagnostic: what to render.
        style: styles the parts of the text.
    """
    marks = [MarkedSpan(diagnostic.mark.span, diagnostic.mark.label, True)]
    marks += [MarkedSpan(mark.span, mark.label, False) for mark in diagnostic.also]
    numbers = line_numbers(source, marks)
    width = len(str(numbers[-1]))
    margin = " " * width
    bar = style(Part.GUTTER, f"{margin} |")
    position = source.position(diagnostic.mark.span.start)
    severity = Part.ERROR if diagnostic.is_error else Part.WARNING
    out = [
        style(severity, f"{diagnostic.severity.value}[{diagnostic.code}]")
        + style(Part.MESSAGE, f": {escape_control_characters(diagnostic.message)}"),
        (
            f"{style(Part.GUTTER, f'{margin}-->')}"
            f" {escape_control_characters(source.name)}:{position.line}:{position.column}"
        ),
        bar,
    ]
    previous = numbers[0]
    for number in numbers:
        if number == previous + 2:
            # One line left out would take the space that it saves.
            out.append(
                _numbered(number - 1, width, draw_line(source, number - 1, [], style)[0], style)
            )
        elif number > previous + 2:
            out.append(style(Part.GUTTER, "." * max(width, 3)))
        previous = number
        excerpt, under = draw_line(source, number, marks, style)
        out.append(_numbered(number, width, excerpt, style))
        out.extend(f"{bar} {line}" for line in under)
    if diagnostic.help:
        first, *rest = diagnostic.help.split("\n")
        label = style(Part.HELP, "help")
        out.append(
            f"{style(Part.GUTTER, f'{margin} =')} {label}: {escape_control_characters(first)}"
        )
        out.extend(f"{margin}         {escape_control_characters(line)}".rstrip() for line in rest)
    return "\n".join(out)


def _numbered(number: int, width: int, excerpt: str, style: Style) -> str:
    return f"{style(Part.GUTTER, f'{number:>{width}} |')} {excerpt}".rstrip()
