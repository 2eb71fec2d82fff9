"""The syntax tree of Rheo: frozen nodes, each with the span that it was read from.

Nodes are compared by identity, so that what the checker learns of a node can be kept beside the
tree; `dsl.traversal.is_equivalent` compares by structure.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from dsl.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Anything in the tree."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Identifier(Node):
    """A name where it is written: ``warm_up``, or ``.dissent`` with its dot."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Text(Node):
    """A quoted text, without its quotes; as an expression, the answer that it spells."""

    text: str


# Expressions


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """A number as it was written: an integer, or a real where it has a point or an exponent."""

    value: int | float
    written: str


@dataclass(frozen=True, slots=True, eq=False)
class BooleanLiteral(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True, eq=False)
class NoneLiteral(Node):
    """``none``: no answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """The use of a knob, a memory cell, a ``let``, a set or a value of the episode."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Field(Node):
    """The use of a branch's attribute or field, with its dot."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Group(Node):
    """An expression in parentheses."""

    inner: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Node):
    """``-x`` or ``not x``."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Node):
    """Two operands: arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Node):
    """``if c then a else b``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class PerBranch(Node):
    """``e of S`` as an argument: the expression for each branch of a set."""

    value: "Expression"
    branches: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class KeywordArgument(Node):
    """``weight = e`` as an argument."""

    name: Identifier
    value: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """``f(a, b)``."""

    function: Identifier
    arguments: tuple["Expression | PerBranch | KeywordArgument", ...]


@dataclass(frozen=True, slots=True, eq=False)
class FilterSet(Node):
    """``S where c``."""

    branches: "Expression"
    condition: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class SortSet(Node):
    """``S by key``: smallest first, stable."""

    branches: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class ExcludeSet(Node):
    """``S except T``: the branches of S that are not in T."""

    branches: "Expression"
    without: "Expression"


@dataclass(frozen=True, slots=True, eq=False)
class TakeFirst(Node):
    """``first n of S``."""

    count: "Expression"
    branches: "Expression"


Expression: TypeAlias = (
    Number
    | Text
    | BooleanLiteral
    | NoneLiteral
    | Name
    | Field
    | Group
    | Unary
    | Binary
    | Conditional
    | Call
    | FilterSet
    | SortSet
    | ExcludeSet
    | TakeFirst
)


# Statements


@dataclass(frozen=True, slots=True, eq=False)
class Block(Node):
    """Statements in braces."""

    statements: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Open(Node):
    """``open n``, or ``open n unseen``."""

    count: Expression
    look: bool
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Node):
    """``sample n``."""

    count: Expression
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Advance(Node):
    """``advance S for k``, which probes every interval, or ``extend S for k``, which does not."""

    branches: Expression
    burst: Expression | None
    look: bool
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Probe(Node):
    """``probe S``."""

    branches: Expression
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Prune(Node):
    """``prune S``."""

    branches: Expression
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Answer(Node):
    """``answer a else b``: the first of the choices that is not ``none``."""

    choices: tuple[Expression, ...]
    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Stop(Node):
    """``stop``: goes to ``finally``."""

    because: Text | None


@dataclass(frozen=True, slots=True, eq=False)
class Let(Node):
    """``let x = e``; the value may be an ``open`` or a ``sample``: the branches that it touched."""

    name: Identifier
    value: Expression | Open | Sample


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Node):
    """``x = e`` for a memory cell."""

    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class SetField(Node):
    """``.x = e`` inside ``update``."""

    field: Identifier
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Push(Node):
    """``push e onto w``."""

    value: Expression
    window: Identifier


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    """``if c { … } else …``."""

    condition: Expression
    then: Block
    otherwise: "Block | If | None"


@dataclass(frozen=True, slots=True, eq=False)
class Update(Node):
    """``update S { … }``."""

    branches: Expression
    body: Block


Verb: TypeAlias = Open | Sample | Advance | Probe | Prune | Answer | Stop
Statement: TypeAlias = Let | Assign | SetField | Push | If | Update | Verb


# Sections


class Direction(Enum):
    """Which way a scheduled knob goes as β rises."""

    RISING = "rising"
    FALLING = "falling"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, eq=False)
class Scheduled(Node):
    """A knob that follows from β."""

    direction: Direction
    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Knob(Node):
    """A free hyperparameter with its default and its range, both ends included."""

    name: Identifier
    default: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Cell(Node):
    """A memory cell, or a field of each branch, with its initial value."""

    name: Identifier
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Schedule(Node):
    """The ``schedule`` section."""

    items: tuple[Scheduled, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Knobs(Node):
    """The ``knobs`` section."""

    items: tuple[Knob, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Memory(Node):
    """The ``memory`` section."""

    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EachBranch(Node):
    """The ``each branch`` section."""

    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Start(Node):
    """The ``start`` section."""

    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Step(Node):
    """The ``step`` section, with its cap where one is declared."""

    cap: Expression | None
    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Finally(Node):
    """The ``finally`` section."""

    body: Block


Section: TypeAlias = Schedule | Knobs | Memory | EachBranch | Start | Step | Finally


@dataclass(frozen=True, slots=True, eq=False)
class Program(Node):
    """A whole file: one controller. Sections are in the order in which they were written."""

    needs: tuple[Identifier, ...]
    name: Identifier
    title: Text | None
    sections: tuple[Section, ...]
