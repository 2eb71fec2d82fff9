"""What numbers are numbers of: branches, steps, parts of a whole.

It tells what can sensibly be compared with what, and between which bounds a knob is looked for. The
types of the language say what may be written; this says what is worth writing.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from agents.variation.tree_transforms import walk
from dsl import tree
from dsl.types import Type


class Scale(Enum):
    """By what steps a quantity is sensibly changed."""

    EVEN = "by as much everywhere"
    RATIO = "by a factor"
    ODDS = "by a factor of the odds, finer towards 0 and 1"


class Range(NamedTuple):
    """Where the values of a quantity lie."""

    integer: bool
    low: float
    high: float
    scale: Scale
    common: tuple[float, float]
    """Where most of them lie: what is drawn at random."""
    stem: str
    """What a new knob for it is called."""


class Quantity(Enum):
    """What a number is a number of."""

    BRANCHES = Range(True, 1, 128, Scale.RATIO, (2, 32), "crowd")
    FEW = Range(True, 1, 32, Scale.RATIO, (1, 6), "few")
    STEPS = Range(True, 1, 64, Scale.RATIO, (2, 24), "patience")
    BURST = Range(True, 1, 16, Scale.RATIO, (1, 4), "burst")
    WINDOW = Range(True, 2, 32, Scale.RATIO, (3, 10), "span")
    TOKENS = Range(True, 500, 2_000_000, Scale.RATIO, (10_000, 300_000), "purse")
    PART = Range(False, 0.0, 1.0, Scale.ODDS, (0.4, 0.97), "level")
    CHANGE = Range(False, 0.001, 0.5, Scale.RATIO, (0.01, 0.2), "slack")
    NATS = Range(False, 0.0, 3.0, Scale.EVEN, (0.2, 1.5), "doubt")
    WEIGHT = Range(False, 0.05, 20.0, Scale.RATIO, (0.5, 4.0), "factor")

    @property
    def range(self) -> Range:
        """Where its values lie."""
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
    "distinct": Quantity.BRANCHES,
    "share": Quantity.PART,
    "margin": Quantity.PART,
    "confidence": Quantity.PART,
    "beta_confidence": Quantity.PART,
    "draw_beta": Quantity.PART,
    "entropy": Quantity.NATS,
    "variance": Quantity.CHANGE,
}
_FOLDS = {"sum", "mean", "min", "max", "oldest", "newest"}
_LIKE_ARGUMENTS = {"min", "max", "clamp", "abs", "round", "floor", "ceil"}


class Quantities:
    """The quantities of one program.

    Args:
        program: the program.
        kinds: the type of each memory cell and field, by name.
    """

    def __init__(self, program: tree.Program, kinds: Mapping[str, Type]):
        self._kinds = kinds
        self.named: dict[str, Quantity] = {}
        """Of cells, windows, fields and lets, by name."""
        values = list(_stored(program))
        for _ in range(2):  # a cell may be told by another that is told further down
            for place, value in values:
                found = self.of(value)
                if found is not None:
                    self.named.setdefault(place, found)
        for place, kind in kinds.items():
            if kind in {Type.INTEGER, Type.REAL, Type.WINDOW}:
                default = Quantity.STEPS if kind is Type.INTEGER else Quantity.PART
                self.named.setdefault(place, default)

    def of(self, node: tree.Expression | tree.PerBranch) -> Quantity | None:
        """Return what a number is a number of; ``None`` where its parts do not tell."""
        match node:
            case tree.Name(text=text):
                return _OF_VALUES.get(text) or self.named.get(text)
            case tree.Field(text=text):
                return _OF_ATTRIBUTES.get(text) or self.named.get(text)
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
        of_window = isinstance(first, tree.Name) and self._kinds.get(first.text) is Type.WINDOW
        if function == "count":
            return Quantity.WINDOW if of_window else Quantity.BRANCHES
        if isinstance(first, tree.KeywordArgument):
            return None
        if function == "rise":
            kept = self.of(first)
            return Quantity.CHANGE if kept is Quantity.PART else kept
        if function in _FOLDS and (of_window or isinstance(first, tree.PerBranch)):
            return self.of(first)
        if function in _LIKE_ARGUMENTS:
            plain = [each for each in node.arguments if not isinstance(each, tree.KeywordArgument)]
            return next((found for each in plain if (found := self.of(each))), None)
        return None


def _stored(program: tree.Program) -> list[tuple[str, tree.Expression]]:
    """Return what is kept under a name: of cells, windows, fields and lets."""
    found: list[tuple[str, tree.Expression]] = []
    for node in walk(program):
        match node:
            case tree.Let(name=place, value=value) if not isinstance(
                value, tree.Open | tree.Sample
            ):
                found.append((place.text, value))
            case tree.Assign(name=place, value=value) | tree.SetField(field=place, value=value):
                found.append((place.text, value))
            case tree.Push(window=place, value=value):
                found.append((place.text, value))
    return found
