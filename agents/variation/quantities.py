"""The quantities of numbers: branches, steps, tokens, fractions.

A quantity determines what a number can sensibly be compared with, and the bounds of a knob. The
types of the language define what is valid; quantities define what is worth trying.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from dsl import tree
from dsl.traversal import walk
from dsl.types import Type


class Scale(Enum):
    """The scale on which a quantity is changed."""

    EVEN = "by as much everywhere"
    RATIO = "by a factor"
    ODDS = "by a factor of the odds, finer towards 0 and 1"


class Range(NamedTuple):
    """The range of the values of a quantity."""

    integer: bool
    low: float
    high: float
    scale: Scale
    common: tuple[float, float]
    """The range of common values, from which random ones are sampled."""
    stem: str
    """The name of a new knob for the quantity."""


class Quantity(Enum):
    """What a number is a number of."""

    BRANCHES = Range(True, 1, 128, Scale.RATIO, (2, 32), "crowd")
    FEW = Range(True, 1, 32, Scale.RATIO, (1, 6), "few")
    STEPS = Range(True, 1, 64, Scale.RATIO, (2, 24), "patience")
    BURST = Range(True, 1, 16, Scale.RATIO, (1, 4), "burst")
    WINDOW = Range(True, 2, 32, Scale.RATIO, (3, 10), "span")
    TOKENS = Range(True, 500, 2_000_000, Scale.RATIO, (10_000, 300_000), "allowance")
    PART = Range(False, 0.0, 1.0, Scale.ODDS, (0.4, 0.97), "level")
    CHANGE = Range(False, 0.001, 0.5, Scale.RATIO, (0.01, 0.2), "slack")
    NATS = Range(False, 0.0, 3.0, Scale.EVEN, (0.2, 1.5), "doubt")
    WEIGHT = Range(False, 0.05, 20.0, Scale.RATIO, (0.5, 4.0), "factor")

    @property
    def range(self) -> Range:
        """The range of its values."""
        return self.value


_OF_VALUES = {
    "steps": Quantity.STEPS,
    "spent": Quantity.TOKENS,
    "budget": Quantity.TOKENS,
    "interval": Quantity.TOKENS,
    "available": Quantity.BRANCHES,
}
_OF_ATTRIBUTES = {
    ".depth": Quantity.STEPS,
    ".streak": Quantity.STEPS,
    ".changes": Quantity.STEPS,
    ".age": Quantity.STEPS,
    ".index": Quantity.BRANCHES,
    ".tokens": Quantity.TOKENS,
    ".entropy": Quantity.NATS,
}
_OF_CALLS = {
    "votes": Quantity.BRANCHES,
    "total": Quantity.BRANCHES,
    "rank": Quantity.BRANCHES,
    "distinct": Quantity.BRANCHES,
    "share": Quantity.PART,
    "margin": Quantity.PART,
    "confidence": Quantity.PART,
    "dirichlet_confidence": Quantity.PART,
    "beta_confidence": Quantity.PART,
    "draw_beta": Quantity.PART,
    "entropy": Quantity.NATS,
    "variance": Quantity.CHANGE,
}
_FOLDS = {"sum", "mean", "median", "quantile", "min", "max", "oldest", "newest"}
_LIKE_ARGUMENTS = {"min", "max", "clamp", "abs", "round", "floor", "ceil"}


class Quantities:
    """The quantities of one program.

    Args:
        program: The program.
        kinds: The type of each memory cell and field, by name.
    """

    def __init__(self, program: tree.Program, kinds: Mapping[str, Type]):
        self._kinds = kinds
        self.named: dict[str, Quantity] = {}
        """Of cells, windows, fields and lets, by name."""
        values = list(_stored(program))
        for _ in range(2):  # a cell may depend on another that is assigned further down
            for stored_name, value in values:
                quantity = self.of(value)
                if quantity is not None:
                    self.named.setdefault(stored_name, quantity)
        for stored_name, kind in kinds.items():
            if kind in {Type.INTEGER, Type.REAL, Type.WINDOW}:
                default = Quantity.STEPS if kind is Type.INTEGER else Quantity.PART
                self.named.setdefault(stored_name, default)

    def of(self, node: tree.Expression | tree.PerBranch) -> Quantity | None:
        """Return the quantity of a number; ``None`` where its parts do not determine it."""
        match node:
            case tree.Name(text=text):
                return _OF_VALUES.get(text) or self.named.get(text)
            case tree.Field(text=text):
                return _OF_ATTRIBUTES.get(text) or self.named.get(text)
            case tree.Fallback(field=field, otherwise=otherwise):
                return self.of(field) or self.of(otherwise)
            case tree.Unary(operator="-", operand=operand):
                return self.of(operand)
            case tree.Conditional(then=then, otherwise=otherwise):
                return self.of(then) or self.of(otherwise)
            case tree.PerBranch(value=value):
                return self.of(value)
            case tree.Binary():
                return self._binary(node)
            case tree.Call():
                return self._call(node)
        return None

    def _binary(self, node: tree.Binary) -> Quantity | None:
        left, right = self.of(node.left), self.of(node.right)
        match node.operator:
            case "+" | "*":
                return left or right
            case "-":
                both_parts = left is right is Quantity.PART
                return Quantity.CHANGE if both_parts else left or right
            case "/":
                return Quantity.PART if left is right is Quantity.BRANCHES else None
            case "//" | "%":
                return left
        return None

    def _call(self, node: tree.Call) -> Quantity | None:
        function = node.function.text
        if function in _OF_CALLS:
            return _OF_CALLS[function]
        if not node.arguments:
            return None
        first = node.arguments[0]
        of_window = (
            isinstance(first, tree.Name | tree.Field) and self._kinds.get(first.text) is Type.WINDOW
        )
        if function == "count":
            return Quantity.WINDOW if of_window else Quantity.BRANCHES
        if isinstance(first, tree.KeywordArgument):
            return None
        if function == "rise":
            quantity = self.of(first)
            return Quantity.CHANGE if quantity is Quantity.PART else quantity
        if function in _FOLDS and (of_window or isinstance(first, tree.PerBranch)):
            return self.of(first)
        if function in _LIKE_ARGUMENTS:
            plain = [
                argument
                for argument in node.arguments
                if not isinstance(argument, tree.KeywordArgument)
            ]
            return next((quantity for argument in plain if (quantity := self.of(argument))), None)
        return None


def _stored(program: tree.Program) -> list[tuple[str, tree.Expression]]:
    """Return the assigned values by name, of cells, windows, fields and lets."""
    values: list[tuple[str, tree.Expression]] = []
    for node in walk(program):
        match node:
            case tree.Let(name=target, value=value) if not isinstance(
                value, tree.Open | tree.Sample
            ):
                values.append((target.text, value))
            case tree.Assign(name=target, value=value) | tree.SetField(field=target, value=value):
                values.append((target.text, value))
            case tree.Push(window=target, value=value):
                values.append((target.text, value))
            case tree.RunningValue(name=target) | tree.BranchWindow(name=target):
                values.append((target.text, node.following))
    return values
