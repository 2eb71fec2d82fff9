"""Write a tree line by line: sections, blocks, and the comments where they belong.

A comment on its own line stays above the line after it, one after code stays after that code,
and one inside of an expression or a head moves up, above the whole.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeGuard

from dsl import tree
from dsl.formatter import statements
from dsl.formatter.expressions import lay_out, quoted
from dsl.formatter.layout import Layout, concat, flat, render
from dsl.formatter.margins import Margins
from dsl.parser import Comment
from dsl.source import Span

INDENT = 2
WIDTH = 100
"""The most characters of a line."""
SHORT = 88
"""The most characters of a line that holds a whole block."""

_HEADS = {
    tree.Schedule: "schedule",
    tree.Knobs: "knobs",
    tree.Memory: "memory",
    tree.EachBranch: "each branch",
    tree.Start: "start",
    tree.Finally: "finally",
}


class WriterEntry(NamedTuple):
    """Something that is on lines of its own."""

    start: int
    head: int
    """Comments inside of it up to here are put above it."""
    end: int
    write: Callable[[], None]
    apart: bool = False
    """Whether a blank line always is before it."""


class ProgramWriter:
    """Writes one program.

    Args:
        margins: its comments and blank lines.
    """

    def __init__(self, margins: Margins):
        self._margins = margins
        self._lines: list[str] = []
        self._indent = 0
        self._beside_at: dict[int, int] = {}
        """The lines that end with a comment, each with the width of the code before it."""

    def program(self, node: tree.Program, end: int) -> str:
        """Return the whole text; ``end`` is where the old one ended."""
        entries = []
        if node.needs:
            first, last = node.needs[0].span, node.needs[-1].span
            words = ", ".join(word.text for word in node.needs)
            entries.append(
                WriterEntry(first.start, last.end, last.end, lambda: self._line(f"needs {words}"))
            )
        header = node.name if node.title is None else node.title
        brace = self._margins.brace(header.span.end)
        title = "" if node.title is None else f" {quoted(node.title.text)}"
        inside = Span(brace + 1, node.span.end - 1)
        sections = [self._section(section) for section in node.sections]
        entries.append(
            WriterEntry(
                node.name.span.start,
                brace,
                node.span.end,
                lambda: self._braced(f"controller {node.name.text}{title}", inside, sections),
                apart=True,
            )
        )
        self._entries(entries, Span(0, end))
        return "\n".join(self._lines) + "\n"

    # Lines

    def _line(self, text: str) -> None:
        self._lines.append(" " * self._indent + text)

    def _layout(self, layout: Layout) -> None:
        text = render(layout, self._indent, WIDTH)
        self._lines.extend(line.rstrip() for line in text.split("\n"))

    def _entries(
        self, entries: Sequence[WriterEntry], inside: Span, moved: Sequence[Comment] = ()
    ) -> None:
        """Write entries with the comments between them; ``moved`` ones come before all."""
        for comment in moved:
            self._line(comment.text)
        end, apart, written = inside.start, False, bool(moved)
        for index, entry in enumerate(entries):
            apart = entry.apart and index > 0
            for comment in self._margins.before(entry.start):
                self._blank(written and (apart or self._margins.blank(end, comment.span.start)))
                self._line(comment.text)
                end, apart, written = comment.span.end, False, True
            self._blank(written and (apart or self._margins.blank(end, entry.start)))
            for comment in self._margins.before(entry.head):
                self._line(comment.text)
            entry.write()
            end, written = entry.end, True
            until = entries[index + 1].start if index + 1 < len(entries) else inside.end
            end = self._beside(end, until)
        for comment in self._margins.before(inside.end):
            self._blank(written and self._margins.blank(end, comment.span.start))
            self._line(comment.text)
            end, written = comment.span.end, True

    def _blank(self, wanted: bool) -> None:
        if wanted:
            self._lines.append("")

    def _beside(self, end: int, until: int) -> int:
        """Put the comment after some code at the end of its line; return where it ends."""
        comment = self._margins.beside(end, until)
        if comment is None:
            return end
        self._beside_at[len(self._lines) - 1] = len(self._lines[-1])
        self._lines[-1] += f"  {comment.text}"
        return comment.span.end

    def _braced(
        self,
        head: Layout,
        inside: Span,
        entries: Sequence[WriterEntry],
        moved: Sequence[Comment] = (),
        close: bool = True,
    ) -> None:
        """Write something in braces over several lines; ``inside`` is what is between them."""
        if close and not entries and not moved and not self._margins.any_in(inside):
            self._layout(concat(head, " { }"))
            return
        self._layout(concat(head, " {"))
        start = self._beside(inside.start, entries[0].start if entries else inside.end)
        self._indent += INDENT
        self._entries(entries, Span(start, inside.end), moved)
        self._indent -= INDENT
        if close:
            self._line("}")

    # Sections

    def _section(self, node: tree.Section) -> WriterEntry:
        match node:
            case tree.Start(body=body) | tree.Step(body=body) | tree.Finally(body=body):
                head = body.span.start
                write = lambda: self._body(_section_head(node), body)  # noqa: E731
            case _:
                head = self._margins.brace(node.span.start)
                write = lambda: self._items(node, head)  # noqa: E731
        return WriterEntry(node.span.start, head, node.span.end, write, apart=True)

    def _items(
        self, node: tree.Schedule | tree.Knobs | tree.Memory | tree.EachBranch, brace: int
    ) -> None:
        head = _HEADS[type(node)]
        inside = Span(brace + 1, node.span.end - 1)
        layouts = statements.items(node.items)
        alone = len(layouts) == 1 and not self._margins.any_in(inside)
        if alone and self._short(f"{head} {{ {flat(layouts[0])} }}"):
            return
        entries = [
            self._simple(item.span, layout)
            for item, layout in zip(node.items, layouts, strict=True)
        ]
        first = len(self._lines) + 1  # after the head, whose own comment does not move
        self._braced(head, inside, entries)
        self._align(first)

    def _align(self, first: int) -> None:
        """Align the comments at the ends of lines, from line ``first`` on."""
        widths = {number: width for number, width in self._beside_at.items() if number >= first}
        column = max(widths.values(), default=0)
        for number, width in widths.items():
            line = self._lines[number]
            self._lines[number] = f"{line[:width]:{column}}{line[width:]}"

    def _simple(self, span: Span, layout: Layout) -> WriterEntry:
        return WriterEntry(span.start, span.end, span.end, lambda: self._layout(layout))

    def _short(self, text: str) -> bool:
        """Write a whole block on one line, if it fits there."""
        fits = self._indent + len(text) <= SHORT
        if fits:
            self._line(text)
        return fits

    # Blocks

    def _body(self, head: Layout, block: tree.Block) -> None:
        """Write a block with its head, on one line if it is simple enough."""
        inside = _inside(block)
        short = None if self._margins.any_in(inside) else _on_one_line(block)
        if short is None or not self._short(f"{flat(head)} {short}"):
            self._braced(head, inside, self._statements(block))

    def _statements(self, block: tree.Block) -> list[WriterEntry]:
        """Return the entries of a block, with the ``=`` of neighbours that set names aligned."""
        entries = []
        for run in self._runs(block):
            names = [statements.name(node) for node in run if _is_setting(node)]
            width = max(map(len, names), default=0)
            entries += [self._statement(node, width) for node in run]
        return entries

    def _runs(self, block: tree.Block) -> list[list[tree.Statement]]:
        """Neighbouring statements that set names in the same way, and all others alone."""
        runs: list[list[tree.Statement]] = []
        for node in block.statements:
            last = runs[-1][-1] if runs else None
            alike = last is not None and type(last) is type(node) and _is_setting(node)
            if last is not None and alike and self._margins.adjoin(last.span, node.span):
                runs[-1].append(node)
            else:
                runs.append([node])
        return runs

    def _statement(self, node: tree.Statement, width: int) -> WriterEntry:
        match node:
            case tree.If():
                head, write = node.then.span.start, lambda: self._if(node)
            case tree.Update(branches=branches, body=body):
                head = body.span.start
                write = lambda: self._body(concat("update ", lay_out(branches)), body)  # noqa: E731
            case _:
                return self._simple(node.span, statements.statement(node, width))
        return WriterEntry(node.span.start, head, node.span.end, write)

    def _if(self, node: tree.If) -> None:
        """Write an `if`; in an `else if` chain each block is on its own lines."""
        head: Layout = concat("if ", lay_out(node.condition))
        short = None if self._margins.any_in(node.span) else _choice_on_one_line(node)
        if short is not None and self._short(f"{flat(head)} {short}"):
            return
        moved: list[Comment] = []
        block, rest = node.then, node.otherwise
        while rest is not None:
            self._braced(head, _inside(block), self._statements(block), moved, close=False)
            head = "} else"
            block = rest.then if isinstance(rest, tree.If) else rest
            moved = self._margins.before(block.span.start)
            if isinstance(rest, tree.If):
                head = concat("} else if ", lay_out(rest.condition))
            rest = rest.otherwise if isinstance(rest, tree.If) else None
        self._braced(head, _inside(block), self._statements(block), moved)


def _section_head(node: tree.Start | tree.Step | tree.Finally) -> Layout:
    if not isinstance(node, tree.Step):
        return _HEADS[type(node)]
    return "step" if node.cap is None else concat("step at most ", lay_out(node.cap))


def _is_setting(node: tree.Statement) -> TypeGuard[statements.Setting]:
    return isinstance(node, statements.Setting)


def _inside(block: tree.Block) -> Span:
    return Span(block.span.start + 1, block.span.end - 1)


def _on_one_line(block: tree.Block) -> str | None:
    """Return a block of one simple statement, or of none, on one line."""
    if not block.statements:
        return "{ }"
    node, *others = block.statements
    if others or isinstance(node, tree.If | tree.Update) or statements.gives_reason(node):
        return None
    return f"{{ {flat(statements.statement(node))} }}"


def _choice_on_one_line(node: tree.If) -> str | None:
    """Return the blocks of an ``if`` on one line."""
    then = _on_one_line(node.then)
    if node.otherwise is None or then is None:
        return then
    if isinstance(node.otherwise, tree.If):
        return None
    otherwise = _on_one_line(node.otherwise)
    return None if otherwise is None else f"{then} else {otherwise}"
