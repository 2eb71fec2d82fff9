"""The formatter: one canonical layout for every program.

The layout follows from the tree, the comments and the blank lines between statements (one at most
is kept), and from nothing else; formatting twice changes nothing. Two spaces set a block in and
four a continued line. A block of one simple statement without a reason is on one line where it
is short enough. ``=`` is in one column within `schedule`, `knobs`, `memory` and `each branch`,
and among neighbours that set names in the same way; so do comments after the lines of such a
section. The author's parentheses are kept, but none around parentheses.
"""

from dsl import tree
from dsl.diagnostics import DslError
from dsl.formatter.margins import Margins
from dsl.formatter.writer import ProgramWriter
from dsl.parser import MAX_DEPTH, parse
from dsl.source import Source
from dsl.traversal import children, is_equivalent

__all__ = ["FormatterError", "UnprintableTree", "format_source", "print_tree"]


class FormatterError(RuntimeError):
    """What the formatter wrote is not what it read: a fault of its own."""


class UnprintableTree(ValueError):
    """A tree was made that no text spells, such as a negative `Number` or a reserved name."""


def format_source(source: Source) -> str:
    """Return a program in its canonical layout; it need not pass the checker.

    Raises:
        DslError: it has syntax errors.
        FormatterError: the result would not have the same tree and the same comments.
    """
    parsed = parse(source)
    if parsed.program is None:
        raise DslError(source, parsed.diagnostics)
    margins = Margins(source.text, parsed.comments)
    text = ProgramWriter(margins).program(parsed.program, len(source.text))
    again = parse(Source(text, source.name))
    if again.program is None or not is_equivalent(again.program, parsed.program):
        raise FormatterError(f"{source.name}: formatting would change what the program means")
    if sorted(c.text for c in again.comments) != sorted(c.text for c in parsed.comments):
        raise FormatterError(f"{source.name}: formatting would change the comments")
    return text


def print_tree(program: tree.Program) -> str:
    """Return the text of a tree that was never text, or whose text no longer counts.

    Spans are ignored, and there are no comments. Parentheses are written where the tree needs
    them.

    Raises:
        UnprintableTree: no text has this tree.
    """
    level: list[tree.Node] = [program]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
    if level:
        raise UnprintableTree(f"the tree is more than {MAX_DEPTH} levels deep")
    text = ProgramWriter(Margins()).program(program, 0)
    again = parse(Source(text))
    if again.program is None:
        raise UnprintableTree(f"the tree cannot be written: {again.diagnostics[0].message}")
    if not is_equivalent(again.program, program):
        raise UnprintableTree("the tree cannot be written: read back, it is another one")
    return text
