"""Write allocations: the formatter's canonical layout, and the text of one that is only known."""

from collections.abc import Sequence

from dsl.allocation import tree
from dsl.allocation.checker import ResolvedStage
from dsl.allocation.parser import parse_allocation
from dsl.diagnostics import DslError
from dsl.formatter import FormatterError
from dsl.formatter.expressions import lay_out, quoted
from dsl.formatter.layout import Layout, concat
from dsl.formatter.margins import Margins
from dsl.formatter.writer import ProgramWriter, WriterEntry
from dsl.source import Source, Span
from dsl.traversal import is_equivalent


def format_allocation(source: Source) -> str:
    """Return an allocation in its canonical layout; it need not pass the checker.

    Raises:
        DslError: it has a syntax error.
        FormatterError: the result would not have the same tree and the same comments.
    """
    parsed = parse_allocation(source)
    if parsed.program is None:
        raise DslError(source, parsed.diagnostics)
    writer = _AllocationWriter(Margins(source.text, parsed.comments))
    text = writer.allocation(parsed.program, len(source.text))
    again = parse_allocation(Source(text, source.name))
    if again.program is None or not is_equivalent(again.program, parsed.program):
        raise FormatterError(f"{source.name}: formatting would change what the allocation means")
    if sorted(c.text for c in again.comments) != sorted(c.text for c in parsed.comments):
        raise FormatterError(f"{source.name}: formatting would change the comments")
    return text


def write_allocation(name: str, budget: float, stages: Sequence[ResolvedStage]) -> str:
    """Return the text of an allocation, in canonical layout.

    Args:
        name: name of the allocation.
        budget: the budget, in the unit of the pipeline.
        stages: the stages, in order.
    """
    lines = [f"allocation {name} {{", f"  budget {_number(budget)}"]
    for stage in stages:
        amount = (
            f"controller = {stage.controller} at beta = {_number(stage.beta)}"
            if stage.controller
            else f"samples = {stage.samples}"
        )
        width = len("controller" if stage.controller else "samples")
        model = f"{'model':{width}} = {quoted(stage.model)}"
        lines += ["", f"  stage {stage.stage} {{", f"    {model}", f"    {amount}", "  }"]
    return "\n".join([*lines, "}"]) + "\n"


def _number(value: float) -> str:
    """As short as it can be with nothing of it lost."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


class _AllocationWriter(ProgramWriter):
    def allocation(self, node: tree.Allocation, end: int) -> str:
        """Return the whole text; ``end`` is where the old one ended."""
        header = node.name if node.title is None else node.title
        brace = self._margins.brace(header.span.end)
        title = "" if node.title is None else f" {quoted(node.title.text)}"
        inside = Span(brace + 1, node.span.end - 1)
        entries = [self._entry(entry) for entry in node.entries]
        head = f"allocation {node.name.text}{title}"
        entry = WriterEntry(
            node.name.span.start, brace, node.span.end,
            lambda: self._braced(head, inside, entries),
        )  # fmt: skip
        self._entries([entry], Span(0, end))
        return "\n".join(self._lines) + "\n"

    def _entry(self, node: tree.Budget | tree.StageBlock) -> WriterEntry:
        if isinstance(node, tree.Budget):
            return self._simple(node.span, concat("budget ", lay_out(node.value)))
        brace = self._margins.brace(node.name.span.end)
        inside = Span(brace + 1, node.span.end - 1)
        names = [
            "controller" if isinstance(setting, tree.Governor) else type(setting).__name__.lower()
            for setting in node.settings
        ]
        width = max(map(len, names), default=0)
        settings = [
            self._simple(setting.span, concat(f"{name:{width}} = ", _amount(setting)))
            for name, setting in zip(names, node.settings, strict=True)
        ]
        return WriterEntry(
            node.span.start, brace, node.span.end,
            lambda: self._braced(f"stage {node.name.text}", inside, settings), apart=True,
        )  # fmt: skip


def _amount(node: tree.Setting) -> Layout:
    if not isinstance(node, tree.Governor):
        return lay_out(node.value)
    if node.beta is None:
        return node.name.text
    return concat(f"{node.name.text} at beta = ", lay_out(node.beta))
