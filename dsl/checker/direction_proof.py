"""Which way the knobs of a schedule go as β rises: an abstract interpretation over intervals of β.

Each expression gets bounds and a tendency from those of its parts, by
`dsl.checker.direction_rules`. Where that is not enough for all of [0, 1] at once, the interval is
halved, and halved again: what rises on both halves, which share their middle, rises on the whole.
Nothing is claimed that the rules do not show; what they cannot show is handed back with the
smallest expression in the way.
"""

import struct
from itertools import pairwise
from typing import NamedTuple, assert_never

from dsl import tree
from dsl.checker.direction_rules import apply_rule
from dsl.checker.symbols import free_knobs, knob_type, schedule_lines
from dsl.checker.tendency import (
    CROSSING,
    OPPOSED_SIDES,
    Behaviour,
    Obstacle,
    Tendency,
    combine_tendencies,
    describe_obstacle,
    hull,
    settle_constant,
)
from dsl.operations import (
    Combination,
    NodeTypes,
    Number,
    answer_number,
    find_operation,
    operands,
    operator_name,
)
from dsl.traversal import walk
from dsl.types import Type

MAX_HALVINGS = 8
"""How often an interval of β is halved before the proof gives up."""


class BetaInterval(NamedTuple):
    """An interval of β, both ends included."""

    low: float
    high: float


FULL_RANGE = BetaInterval(0.0, 1.0)


class DirectionProof(NamedTuple):
    """The outcome of a proof: what holds, and where it got stuck, if it did."""

    behaviour: Behaviour
    piece: BetaInterval
    """Where ``behaviour`` holds: all of [0, 1] where the proof succeeded."""


class DirectionProver:
    """The proof for one program; what it learns of an expression is kept for the next.

    Args:
        program: a program without errors in its names and types.
        types: the checker's types.
    """

    def __init__(self, program: tree.Program, types: NodeTypes):
        self._types = types
        self._free = free_knobs(program)
        self._lines = schedule_lines(program)
        self._known: dict[tuple[tree.Expression, BetaInterval], Behaviour] = {}

    def prove(self, node: tree.Expression, wanted: Tendency) -> DirectionProof:
        """Try to show that an expression has a tendency, or is constant, over [0, 1].

        ``wanted`` is any tendency but ``UNKNOWN``.
        """
        behaviour = self.over(node, FULL_RANGE)
        if behaviour.tendency is not Tendency.UNKNOWN:
            return DirectionProof(behaviour, FULL_RANGE)
        ends = sorted({*FULL_RANGE, *self.turns(node)})
        pieces = [BetaInterval(*ends) for ends in pairwise(ends)]
        return self._on_each(node, wanted, pieces, MAX_HALVINGS)

    def _on_each(
        self, node: tree.Expression, wanted: Tendency, pieces: list[BetaInterval], halvings: int
    ) -> DirectionProof:
        """Return the proof over intervals that follow each other; the first failure ends it."""
        parts = []
        for piece in pieces:
            behaviour = self.over(node, piece)
            proof = DirectionProof(behaviour, piece)
            if behaviour.tendency is Tendency.UNKNOWN and halvings > 0:
                middle = (piece.low + piece.high) / 2
                halves = [BetaInterval(piece.low, middle), BetaInterval(middle, piece.high)]
                proof = self._on_each(node, wanted, halves, halvings - 1)
            if proof.behaviour.tendency not in {wanted, Tendency.CONSTANT}:
                return proof
            parts.append(proof.behaviour)
        tendency = combine_tendencies(part.tendency for part in parts)
        return DirectionProof(
            settle_constant(*hull(parts), tendency, None),
            BetaInterval(pieces[0].low, pieces[-1].high),
        )

    def turns(self, node: tree.Expression) -> set[float]:
        """Return the values of β on both sides of each comparison that changes once."""
        values: set[float] = set()
        for inner in walk(node):
            if isinstance(inner, tree.Name) and inner.text in self._lines:
                values |= self.turns(self._lines[inner.text].value)
            if not isinstance(inner, tree.Binary) or self._types[inner] is not Type.TRUTH:
                continue
            start, end = (self._truth(inner, beta) for beta in FULL_RANGE)
            if start is None or end is None or start == end:
                continue
            if self.over(inner, FULL_RANGE).tendency is not Tendency.UNKNOWN:
                values.update(self._turn(inner, FULL_RANGE, start))
        return values

    def over(self, node: tree.Expression, piece: BetaInterval) -> Behaviour:
        """Return what the rules show of an expression over an interval of β, without halving it."""
        known = self._known.get((node, piece))
        if known is None:
            known = self._known[node, piece] = self._over(node, piece)
        return known

    def _over(self, node: tree.Expression, piece: BetaInterval) -> Behaviour:
        match node:
            case tree.Number(value=value) | tree.BooleanLiteral(value=value):
                return _constant(value)
            case tree.Text(text=text):
                return _constant(answer_number(text))
            case tree.NoneLiteral():
                return _constant(answer_number(None))
            case tree.Name():
                return self._name(node, piece)
            case tree.Group(inner=inner):
                return self.over(inner, piece)
            case tree.Conditional():
                return self._choice(node, piece)
            case tree.Unary() | tree.Binary() | tree.Call():
                return self._combine(node, piece)
            case (
                tree.Field()
                | tree.Fallback()
                | tree.CurrentBranch()
                | tree.OnceSet()
                | tree.FilterSet()
                | tree.SortSet()
                | tree.ExcludeSet()
                | tree.TakeFirst()
            ):
                raise AssertionError("the checker lets no branches into a schedule")
            case _:
                assert_never(node)

    def _name(self, node: tree.Name, piece: BetaInterval) -> Behaviour:
        name = node.text
        if name == "beta":
            return settle_constant(piece.low, piece.high, Tendency.RISING, None)
        if name in self._lines:
            behaviour = self.over(self._lines[name].value, piece)
            if behaviour.tendency is not Tendency.UNKNOWN:
                return behaviour
            why = Obstacle(node, f"`{name}` is not proved", f"prove `{name}` first")
            return Behaviour(behaviour.low, behaviour.high, Tendency.UNKNOWN, why)
        knob = self._free[name]
        # Its range may depend on knobs above it, so its ends may have ranges of their own.
        low, high = self.over(knob.low, piece).low, self.over(knob.high, piece).high
        behaviour = Behaviour(low, high, Tendency.CONSTANT)
        return behaviour.as_real() if knob_type(knob, self._types) is Type.REAL else behaviour

    def _combine(self, node: Combination, piece: BetaInterval) -> Behaviour:
        parts = [self.over(operand, piece) for operand in operands(node)]
        low, high, senses = apply_rule(
            operator_name(node), find_operation(node, self._types), parts
        )
        tendencies = []
        for part, sense in zip(parts, senses, strict=True):
            if part.tendency is Tendency.CONSTANT or sense == 0:
                continue
            if part.tendency is Tendency.UNKNOWN:
                return settle_constant(low, high, Tendency.UNKNOWN, part.obstacle)
            tendencies.append(
                Tendency.UNKNOWN if sense is None else part.tendency.seen_through(sense)
            )
        return settle_constant(low, high, combine_tendencies(tendencies), describe_obstacle(node))

    # Conditions

    def _choice(self, node: tree.Conditional, piece: BetaInterval) -> Behaviour:
        behaviour = self._chosen(node, piece)
        return behaviour.as_real() if self._types[node] is Type.REAL else behaviour

    def _chosen(self, node: tree.Conditional, piece: BetaInterval) -> Behaviour:
        condition = self.over(node.condition, piece)
        if condition.is_point:
            return self.over(node.then if condition.low else node.otherwise, piece)
        then, otherwise = self.over(node.then, piece), self.over(node.otherwise, piece)
        if condition.tendency in {Tendency.RISING, Tendency.FALLING}:
            rises = condition.tendency is Tendency.RISING
            before, after = (node.otherwise, node.then) if rises else (node.then, node.otherwise)
            return self._turning(node, before, after, piece)
        if condition.tendency is Tendency.CONSTANT:
            # A free knob decides, so either side holds for all of β.
            why = Obstacle(node, *OPPOSED_SIDES)
            return _joined([then, otherwise], (), why)
        return settle_constant(*hull([then, otherwise]), Tendency.UNKNOWN, condition.obstacle)

    def _turning(
        self,
        node: tree.Conditional,
        before: tree.Expression,
        after: tree.Expression,
        piece: BetaInterval,
    ) -> Behaviour:
        """Return a choice whose condition turns once at most: one side, a jump, the other side."""
        crossing = Obstacle(node, *CROSSING)
        start, end = (self._truth(node.condition, beta) for beta in piece)
        if start is not None and start == end:
            return self.over(node.then if start else node.otherwise, piece)
        if start is None or end is None:
            # Where it turns depends on free knobs, so either side may hold at any beta.
            first, second = self.over(before, piece), self.over(after, piece)
            return _joined([first, second], (_jump(first, second),), crossing)
        turn = self._turn(node.condition, piece, start)
        first = self.over(before, BetaInterval(piece.low, turn.low))
        second = self.over(after, BetaInterval(turn.high, piece.high))
        jump = _jump(
            self.over(before, BetaInterval(turn.low, turn.low)),
            self.over(after, BetaInterval(turn.high, turn.high)),
        )
        return _joined([first, second], (jump,), crossing)

    def _turn(self, condition: tree.Expression, piece: BetaInterval, start: bool) -> BetaInterval:
        """Return the neighbouring numbers between which a condition turns from ``start``."""
        low, high = _ordinal(piece.low), _ordinal(piece.high)
        while high - low > 1:
            middle = (low + high) // 2
            if self._truth(condition, _from_ordinal(middle)) == start:
                low = middle
            else:
                high = middle
        return BetaInterval(_from_ordinal(low), _from_ordinal(high))

    def _truth(self, condition: tree.Expression, beta: float) -> bool | None:
        behaviour = self.over(condition, BetaInterval(beta, beta))
        return bool(behaviour.low) if behaviour.is_point else None


def _constant(value: Number) -> Behaviour:
    return Behaviour(value, value, Tendency.CONSTANT)


def _jump(before: Behaviour, after: Behaviour) -> Tendency:
    """Which way a value goes that leaves one behaviour for the other."""
    if before.is_point and after.is_point and before.low == after.low:
        return Tendency.CONSTANT
    if before.high <= after.low:
        return Tendency.RISING
    return Tendency.FALLING if before.low >= after.high else Tendency.UNKNOWN


def _joined(sides: list[Behaviour], jumps: tuple[Tendency, ...], crossing: Obstacle) -> Behaviour:
    """Return the behaviour of a choice between sides that are joined by jumps."""
    why = next((side.obstacle for side in sides if side.obstacle), crossing)
    tendency = combine_tendencies([*(side.tendency for side in sides), *jumps])
    return settle_constant(*hull(sides), tendency, why)


def _ordinal(number: float) -> int:
    """Return the rank of a number that is not negative among all such numbers."""
    ordinal: int = struct.unpack("<q", struct.pack("<d", number))[0]
    return ordinal


def _from_ordinal(ordinal: int) -> float:
    number: float = struct.unpack("<d", struct.pack("<q", ordinal))[0]
    return number
