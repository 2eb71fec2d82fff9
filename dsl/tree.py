"""The syntax tree of Rheo: frozen nodes, each with the span that it was read from.

Nodes are compared by identity, so that what the checker learns of a node can be kept beside the
tree; `dsl.traversal.is_equivalent` compares by structure.
"""

from enum import Enum
from typing import TypeAlias

import msgspec

from dsl.source import Span


class Node(msgspec.Struct, frozen=True, eq=False):
    """Anything in the tree."""

    span: Span


class Identifier(Node, frozen=True):
    """A name where it is written: ``warm_up``, or ``.dissent`` with its dot."""

    text: str


class Text(Node, frozen=True):
    """A quoted text, without its quotes; as an expression, the answer that it spells."""

    text: str


# Expressions


class Number(Node, frozen=True):
    """A number as it was written: an integer, or a real where it has a point or an exponent."""

    value: int | float
    written: str


class BooleanLiteral(Node, frozen=True):
    """``true`` or ``false``."""

    value: bool


class NoneLiteral(Node, frozen=True):
    """``none``: no answer."""


class Name(Node, frozen=True):
    """The use of a knob, a memory cell, a ``let``, a set or a value of the episode."""

    text: str


class Field(Node, frozen=True):
    """The use of a branch's attribute or field, with its dot."""

    text: str


class CurrentBranch(Node, frozen=True):
    """``branch``: the set of the one branch that a dot refers to."""


class Fallback(Node, frozen=True):
    """``(.reward else 0.5)``: a signal, or another number where it has no value yet."""

    field: Field
    otherwise: "Expression"


class Group(Node, frozen=True):
    """An expression in parentheses."""

    inner: "Expression"


class Unary(Node, frozen=True):
    """``-x`` or ``not x``."""

    operator: str
    operand: "Expression"


class Binary(Node, frozen=True):
    """Two operands: arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: "Expression"
    right: "Expression"


class Conditional(Node, frozen=True):
    """``if c then a else b``."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


class PerBranch(Node, frozen=True):
    """``e of S`` as an argument: the expression for each branch of a set."""

    value: "Expression"
    branches: "Expression"


class KeywordArgument(Node, frozen=True):
    """``weight = e`` as an argument."""

    name: Identifier
    value: "Expression"


class Call(Node, frozen=True):
    """``f(a, b)``."""

    function: Identifier
    arguments: tuple["Expression | PerBranch | KeywordArgument", ...]


class FilterSet(Node, frozen=True):
    """``S where c``."""

    branches: "Expression"
    condition: "Expression"


class SortSet(Node, frozen=True):
    """``S by key``: smallest first, stable."""

    branches: "Expression"
    key: "Expression"


class ExcludeSet(Node, frozen=True):
    """``S except T``: the branches of S that are not in T."""

    branches: "Expression"
    without: "Expression"


class OnceSet(Node, frozen=True):
    """``S once .answer``: the first branch of each answer."""

    branches: "Expression"


class TakeFirst(Node, frozen=True):
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
    | CurrentBranch
    | Fallback
    | Group
    | Unary
    | Binary
    | Conditional
    | Call
    | FilterSet
    | SortSet
    | ExcludeSet
    | OnceSet
    | TakeFirst
)


# Statements


class Block(Node, frozen=True):
    """Statements in braces."""

    statements: tuple["Statement", ...]


class Open(Node, frozen=True):
    """``open n``, or ``open n unseen``."""

    count: Expression
    look: bool
    because: Text | None


class Sample(Node, frozen=True):
    """``sample n``."""

    count: Expression
    because: Text | None


class Advance(Node, frozen=True):
    """``advance S for k``, which probes every interval, or ``extend S for k``, which does not."""

    branches: Expression
    burst: Expression | None
    look: bool
    because: Text | None


class Probe(Node, frozen=True):
    """``probe S``."""

    branches: Expression
    because: Text | None


class Prune(Node, frozen=True):
    """``prune S``."""

    branches: Expression
    because: Text | None


class Answer(Node, frozen=True):
    """``answer a else b``: the first of the choices that is not ``none``."""

    choices: tuple[Expression, ...]
    because: Text | None


class Stop(Node, frozen=True):
    """``stop``: goes to ``finally``."""

    because: Text | None


class Let(Node, frozen=True):
    """``let x = e``; the value may be an ``open`` or a ``sample``: the branches that it touched."""

    name: Identifier
    value: Expression | Open | Sample


class Assign(Node, frozen=True):
    """``x = e`` for a memory cell."""

    name: Identifier
    value: Expression


class SetField(Node, frozen=True):
    """``.x = e`` inside ``update``."""

    field: Identifier
    value: Expression


class Push(Node, frozen=True):
    """``push e onto w``."""

    value: Expression
    window: Identifier


class If(Node, frozen=True):
    """``if c { … } else …``."""

    condition: Expression
    then: Block
    otherwise: "Block | If | None"


class Update(Node, frozen=True):
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


class Scheduled(Node, frozen=True):
    """A knob that follows from β."""

    direction: Direction
    name: Identifier
    value: Expression


class Knob(Node, frozen=True):
    """A free hyperparameter with its default and its range, both ends included."""

    name: Identifier
    default: Expression
    low: Expression
    high: Expression


class Cell(Node, frozen=True):
    """A memory cell, or a field of each branch, with its initial value."""

    name: Identifier
    value: Expression


class RunningValue(Cell, frozen=True):
    """``.x = a then e``: a field that becomes ``e`` at every interval of its branch."""

    following: Expression


class BranchWindow(Cell, frozen=True):
    """``.x = window(n) of e``: a window of each branch, onto which every interval pushes ``e``."""

    following: Expression


Running: TypeAlias = RunningValue | BranchWindow
"""Fields that are updated at every interval."""


class Schedule(Node, frozen=True):
    """The ``schedule`` section."""

    items: tuple[Scheduled, ...]


class Knobs(Node, frozen=True):
    """The ``knobs`` section."""

    items: tuple[Knob, ...]


class Memory(Node, frozen=True):
    """The ``memory`` section."""

    items: tuple[Cell, ...]


class EachBranch(Node, frozen=True):
    """The ``each branch`` section."""

    items: tuple[Cell, ...]


class Start(Node, frozen=True):
    """The ``start`` section."""

    body: Block


class Step(Node, frozen=True):
    """The ``step`` section, with its cap where one is declared."""

    cap: Expression | None
    body: Block


class Finally(Node, frozen=True):
    """The ``finally`` section."""

    body: Block


Section: TypeAlias = Schedule | Knobs | Memory | EachBranch | Start | Step | Finally


class Program(Node, frozen=True):
    """A whole file: one controller. Sections are in the order in which they were written."""

    needs: tuple[Identifier, ...]
    name: Identifier
    title: Text | None
    sections: tuple[Section, ...]
