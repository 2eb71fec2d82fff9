"""Well-typed expressions at random, over every construct of the language.

What can be called, and how, is read from the language's own tables, so a function, a set, a value
or an attribute that is added there is played from then on.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from dsl.builtins import (
    ATTRIBUTES,
    FUNCTIONS,
    INTERVAL_ATTRIBUTES,
    NUMBERS,
    SETS,
    SIGNALS,
    VALUES,
    WINDOWS,
    ArgumentKind,
    ResultKind,
    Signature,
)
from dsl.types import Type

INTEGER, REAL, TRUTH, ANSWER, BRANCHES, WINDOW = (
    Type.INTEGER, Type.REAL, Type.TRUTH, Type.ANSWER, Type.BRANCHES, Type.WINDOW,
)  # fmt: skip
SCALARS = (INTEGER, REAL, TRUTH, ANSWER)

LITERALS = {
    INTEGER: ["0", "1", "2", "3", "7", "9223372036854775807"],
    REAL: ["0.0", "0.5", "1.5", "1e-3", "1e300"],
    TRUTH: ["true", "false"],
    ANSWER: ["none", '"A"', '"B"', '""', '"never given"'],
}
FIRST_VALUES = {
    INTEGER: ["0", "3", "kn", "interval"], REAL: ["0.0", "0.25", "kr", "1 / kn", "beta"],
    TRUTH: ["false", "true", "kn > 2"], ANSWER: ["none", '"A"'],
}  # fmt: skip

RUNNING = {INTEGER: ".ri", REAL: ".rr", TRUTH: ".rt", ANSWER: ".ra"}
"""The running values, by type."""

PER_INTERVAL = "certainty"
NAMED = (PER_INTERVAL, "p_true", "reward")
"""Signals that the recordings of these programs declare: per interval, probe and branch."""
NEEDS: list[tuple[str, ...]] = [
    (), (), (*SIGNALS, *NAMED), (*SIGNALS[:1], "reward"), SIGNALS[1:], NAMED,
]  # fmt: skip

T = TypeVar("T")
Pick = Callable[[int], int]
"""Chooses one of so many, by place."""


class Call(NamedTuple):
    """A way to call a function with a result of a type."""

    name: str
    takes: tuple[ArgumentKind, ...]
    numbers: Type | None
    """The type that its numbers must have together; ``None`` where any will do."""
    weighted: bool | None
    """Whether there is a weight; ``None`` where that is free."""
    more: bool


def _calls(name: str, form: Signature) -> list[tuple[Type, Call]]:
    def call(numbers: Type | None, weighted: bool | None) -> Call:
        return Call(name, form.takes, numbers, weighted, form.more)

    free = None if form.weighted else False
    if form.gives is ResultKind.LIKE_ARGUMENTS:
        return [(kind, call(kind, False)) for kind in (INTEGER, REAL)]
    if form.gives is ResultKind.LIKE_WEIGHT:
        return [(INTEGER, call(None, False)), (REAL, call(None, True))]
    assert isinstance(form.gives, Type)
    return [(form.gives, call(None, free))]


# A window is declared in `memory`, and rounding to decimals belongs to schedules.
CALLS = [
    found
    for name, function in FUNCTIONS.items()
    for form in function.forms
    if name != "window" and form.takes != (ArgumentKind.NUMBER, ArgumentKind.INTEGER)
    for found in _calls(name, form)
]


def _is_of_a_branch(call: Call) -> bool:
    """Whether a running value can call a function so: it reads numbers and windows alone."""
    kinds = set(call.takes)
    if kinds == {ArgumentKind.WINDOW}:
        return True
    return kinds == {ArgumentKind.NUMBER} and call.name in {*NUMBERS, *WINDOWS, "min", "max"}


class Scope:
    """The names that can be used at a place."""

    def __init__(self, lets: Sequence[tuple[str, Type]] = (), *, section: str, updating: bool):
        self.lets = list(lets)
        self.section = section
        self.updating = updating

    def inner(self, *, updating: bool = False) -> "Scope":
        """A block inside."""
        return Scope(self.lets, section=self.section, updating=updating or self.updating)


class ExpressionWriter:
    """Writes expressions of one program, choosing by ``pick``."""

    def __init__(self, pick: Pick, signals: Sequence[str] = ()):
        self._pick = pick
        self._signals = signals
        self._names = 0

    # Choices

    def _one(self, items: Sequence[T]) -> T:
        return items[self._pick(len(items))]

    def _either(self) -> bool:
        return self._pick(2) == 1

    # Expressions

    def expression(self, kind: Type, scope: Scope, depth: int = 3, *, dotted: bool = False) -> str:
        """The text of an expression of a type; ``dotted`` where a dot means a branch."""
        if kind is WINDOW:
            of_branches = [".v1", ".v2"]
            if scope.section == "running":
                return self._one(of_branches)
            return self._one(["w1", "w2", *(of_branches if dotted else [])])
        if depth <= 0 or self._pick(3) == 0:
            return self._leaf(kind, scope, dotted=dotted)
        forms = [lambda: self._choice(kind, scope, depth, dotted=dotted)]
        # A rank is that of a branch, so there must be one.
        calls = [c for gives, c in CALLS if gives is kind and (dotted or c.name != "rank")]
        if scope.section == "running":
            calls = [c for c in calls if _is_of_a_branch(c)]
        if calls:
            forms += [lambda: self._call(self._one(calls), scope, depth, dotted=dotted)] * 4
        own = {
            INTEGER: self._integer, REAL: self._real, TRUTH: self._truth, BRANCHES: self._set
        }.get(kind)  # fmt: skip
        if own is not None:
            forms += [lambda: own(scope, depth, dotted=dotted)] * 3
        return self._one(forms)()

    def _leaf(self, kind: Type, scope: Scope, *, dotted: bool) -> str:
        if scope.section == "running":
            return self._running_leaf(kind)
        names = [name for name, type_ in scope.lets if type_ is kind]
        if kind is BRANCHES:
            return self._one([*SETS, *names, *names, *(["branch"] if dotted else [])])
        names += [name for name, value in VALUES.items() if value.type is kind]
        names += {
            INTEGER: ["kn", "si", "mi"], REAL: ["kr", "sr", "mr"], TRUTH: ["mt"], ANSWER: ["ma"]
        }[kind]  # fmt: skip
        if dotted:
            shown = [
                name
                for name, value in ATTRIBUTES.items()
                if value.type is kind and (value.signal is None or value.signal in self._signals)
            ]
            if kind is REAL:
                shown += [f"(.{name} else 0.25)" for name in self._signals]
            own = {INTEGER: ".fi", REAL: ".fr", TRUTH: ".ft", ANSWER: ".fa"}[kind]
            names += [*shown, *shown, own, RUNNING[kind]]
        return self._one([*names, *LITERALS[kind]])

    def _running_leaf(self, kind: Type) -> str:
        names = {
            INTEGER: ["kn", "si", "budget", "interval"], REAL: ["kr", "sr", "beta"],
            TRUTH: [], ANSWER: [],
        }[kind]  # fmt: skip
        shown = [
            name
            for name, value in ATTRIBUTES.items()
            if value.type is kind
            and name in INTERVAL_ATTRIBUTES
            and (value.signal is None or value.signal in self._signals)
        ]
        if kind is REAL and PER_INTERVAL in self._signals:
            shown.append(f".{PER_INTERVAL}")
        own = RUNNING[kind]
        return self._one([*names, *shown, *shown, own, own, *LITERALS[kind]])

    def _number(self, scope: Scope, depth: int, *, dotted: bool) -> str:
        return self.expression(self._one([INTEGER, REAL]), scope, depth, dotted=dotted)

    def _choice(self, kind: Type, scope: Scope, depth: int, *, dotted: bool) -> str:
        condition = self.expression(TRUTH, scope, depth - 1, dotted=dotted)
        kinds = [kind, kind]
        if kind is REAL:  # an integer on one side becomes real
            kinds[self._pick(2)] = self._one([INTEGER, REAL])
        then, otherwise = (self.expression(k, scope, depth - 1, dotted=dotted) for k in kinds)
        return f"(if {condition} then {then} else {otherwise})"

    def _integer(self, scope: Scope, depth: int, *, dotted: bool) -> str:
        a, b = (self.expression(INTEGER, scope, depth - 1, dotted=dotted) for _ in range(2))
        return self._one([f"({a} {sign} {b})" for sign in ("+", "-", "*", "//", "%")] + [f"(-{a})"])

    def _real(self, scope: Scope, depth: int, *, dotted: bool) -> str:
        a = self.expression(REAL, scope, depth - 1, dotted=dotted)
        b = self._number(scope, depth - 1, dotted=dotted)
        if self._either():
            a, b = b, a
        forms = [f"({a} {sign} {b})" for sign in ("+", "-", "*", "/")] + [f"(-({a}) / 1)"]
        if scope.section == "running":
            return self._one(forms)
        if dotted and self._signals:
            other = self._number(scope, depth - 1, dotted=True)
            forms.append(f"(.{self._one(self._signals)} else {other})")
        # These two have a value in every finished branch, so they may be read alone there.
        for signal in sorted({"certainty", "reward"} & set(self._signals)):
            of = self.expression(BRANCHES, scope, depth - 2, dotted=dotted)
            forms.append(f"max(.{signal} of ({of} where .finished))")
        return self._one(forms)

    def _truth(self, scope: Scope, depth: int, *, dotted: bool) -> str:
        match self._pick(4):
            case 0:
                kind = self._one([TRUTH, ANSWER])
                a, b = (self.expression(kind, scope, depth - 1, dotted=dotted) for _ in range(2))
                return f"({a} {self._one(['==', '!='])} {b})"
            case 1 | 2:
                a, b = (self._number(scope, depth - 1, dotted=dotted) for _ in range(2))
                return f"({a} {self._one(['==', '!=', '<', '<=', '>', '>='])} {b})"
        a, b = (self.expression(TRUTH, scope, depth - 1, dotted=dotted) for _ in range(2))
        return self._one([f"({a} and {b})", f"({a} or {b})", f"(not {a})"])

    def _set(self, scope: Scope, depth: int, *, dotted: bool) -> str:
        of = self.expression(BRANCHES, scope, depth - 1, dotted=dotted)
        match self._pick(5):
            case 0:
                return f"({of} where {self.expression(TRUTH, scope, depth - 1, dotted=True)})"
            case 1:
                return f"({of} by {self._number(scope, depth - 1, dotted=True)})"
            case 2:
                other = self.expression(BRANCHES, scope, depth - 1, dotted=dotted)
                return f"({of} except {other})"
            case 3:
                return f"({of} once .answer)"
        count = self.expression(INTEGER, scope, depth - 1, dotted=dotted)
        return f"(first {count} of {of})"

    def _call(self, call: Call, scope: Scope, depth: int, *, dotted: bool) -> str:
        takes = list(call.takes)
        if call.more:
            takes += [takes[-1]] * self._pick(2)
        numbers = [
            index
            for index, kind in enumerate(takes)
            if kind in {ArgumentKind.NUMBER, ArgumentKind.OVER}
        ]
        kinds = [self._one([INTEGER, REAL]) for _ in takes]
        if call.numbers is INTEGER:
            kinds = [INTEGER for _ in takes]
        elif call.numbers is REAL and numbers:
            kinds[self._one(numbers)] = REAL
        arguments = [
            self._argument(kind, number, scope, depth - 1, dotted=dotted)
            for kind, number in zip(takes, kinds, strict=True)
        ]
        weighted = self._pick(3) == 0 if call.weighted is None else call.weighted
        if weighted:
            weight = f"weight = {self._number(scope, depth - 1, dotted=True)}"
            arguments.insert(self._pick(len(arguments) + 1), weight)
        return f"{call.name}({', '.join(arguments)})"

    def _argument(
        self, kind: ArgumentKind, number: Type, scope: Scope, depth: int, *, dotted: bool
    ) -> str:
        match kind:
            case ArgumentKind.NUMBER:
                return self.expression(number, scope, depth, dotted=dotted)
            case ArgumentKind.OVER:
                value = self.expression(number, scope, depth, dotted=True)
                return f"{value} of {self.expression(BRANCHES, scope, depth, dotted=dotted)}"
        wanted = {
            ArgumentKind.INTEGER: INTEGER,
            ArgumentKind.BRANCHES: BRANCHES,
            ArgumentKind.WINDOW: WINDOW,
            ArgumentKind.ANSWER: ANSWER,
        }[kind]
        return self.expression(wanted, scope, depth, dotted=dotted)
