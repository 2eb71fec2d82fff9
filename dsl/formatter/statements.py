"""Simple statements and the lines of sections as layouts."""

from typing import assert_never

from dsl import tree
from dsl.formatter.expressions import Binding, binding, lay_out, quoted
from dsl.formatter.layout import LINE, Layout, concat, continued, flat

Simple = (
    tree.Let | tree.Assign | tree.SetField | tree.Push | tree.Open | tree.Sample | tree.Advance
    | tree.Probe | tree.Prune | tree.Answer | tree.Stop
)  # fmt: skip
"""Statements without a block."""

Setting = tree.Let | tree.Assign | tree.SetField
"""Statements that give a name a value."""

Item = tree.Scheduled | tree.Knob | tree.Cell
"""Lines of sections."""


def statement(node: Simple, width: int = 0) -> Layout:
    """Return a simple statement; ``width`` is what a name before ``=`` is filled up to."""
    match node:
        case tree.Let(value=tree.Open() | tree.Sample() as verb):
            return concat(f"{name(node):{width}} = ", statement(verb))
        case tree.Let() | tree.Assign() | tree.SetField():
            assert not isinstance(node.value, tree.Open | tree.Sample)
            return concat(f"{name(node):{width}} = ", lay_out(node.value))
        case tree.Push(value=value, window=window):
            return continued(concat("push ", lay_out(value)), LINE, f"onto {window.text}")
        case tree.Open(count=count, look=look):
            return _verb(node, "open ", lay_out(count), "" if look else " unseen")
        case tree.Sample(count=count):
            return _verb(node, "sample ", lay_out(count))
        case tree.Advance(branches=branches, burst=burst, look=look):
            word = "advance " if look else "extend "
            times = () if burst is None else (LINE, "for ", lay_out(burst))
            return _verb(node, word, lay_out(branches), rest=times)
        case tree.Probe(branches=branches):
            return _verb(node, "probe ", lay_out(branches))
        case tree.Prune(branches=branches):
            return _verb(node, "prune ", lay_out(branches))
        case tree.Answer(choices=(first, *others)):
            rest = tuple(part for other in others for part in (LINE, "else ", lay_out(other)))
            return _verb(node, "answer ", lay_out(first), rest=rest)
        case tree.Answer() | tree.Stop():
            return _verb(node, type(node).__name__.lower())
        case _:
            assert_never(node)


def name(node: Setting) -> str:
    """Return what is before the ``=`` of a statement."""
    match node:
        case tree.Let():
            return f"let {node.name.text}"
        case tree.Assign():
            return node.name.text
        case tree.SetField():
            return node.field.text
        case _:
            assert_never(node)


def gives_reason(node: tree.Statement) -> bool:
    """Return whether a statement has a ``because``, which earns it a line of its own."""
    acting = node.value if isinstance(node, tree.Let) else node
    return getattr(acting, "because", None) is not None


def _verb(node: tree.Verb, *head: Layout, rest: tuple[Layout, ...] = ()) -> Layout:
    if node.because is not None:
        rest = (*rest, LINE, f"because {quoted(node.because.text)}")
    return continued(concat(*head), *rest)


def items(nodes: tuple[Item, ...]) -> list[Layout]:
    """Return the lines of a section, with their columns under each other."""
    names = _column([node.name.text for node in nodes])
    directions = _column(
        [node.direction.value for node in nodes if isinstance(node, tree.Scheduled)]
    )
    defaults = _column([flat(lay_out(n.default)) for n in nodes if isinstance(n, tree.Knob)])
    laid_out: list[Layout] = []
    for node in nodes:
        named = f"{node.name.text:{names}} = "
        match node:
            case tree.Scheduled(direction=direction, value=value):
                laid_out.append(concat(f"{direction.value:{directions}} {named}", lay_out(value)))
            case tree.RunningValue() | tree.BranchWindow():
                laid_out.append(_running(node, named))
            case tree.Cell(value=value):
                laid_out.append(concat(named, lay_out(value)))
            case tree.Knob():
                laid_out.append(_knob(node, named, defaults))
            case _:
                assert_never(node)
    return laid_out


def _running(node: tree.Running, named: str) -> Layout:
    word = "then" if isinstance(node, tree.RunningValue) else "of"
    head = concat(named, lay_out(node.value))
    return continued(head, LINE, f"{word} ", lay_out(node.following))


def _column(texts: list[str]) -> int:
    return max(map(len, texts), default=0)


def _knob(node: tree.Knob, named: str, width: int) -> Layout:
    default = lay_out(node.default)
    fill = " " * (width - len(flat(default)))
    ends = (node.low, node.high)
    dots = ".." if all(binding(end) >= Binding.UNARY for end in ends) else " .. "
    low, high = map(lay_out, ends)
    return continued(concat(named, default, fill), LINE, "in ", low, dots, high)
