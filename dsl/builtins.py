"""Everything that Rheo knows by itself: sets, values, attributes, functions, with their meaning.

The checker takes types from here; the language server, the reference and the language card take
their words from here.
"""

from enum import Enum
from typing import NamedTuple

from dsl.types import Type

SIGNALS = ("entropy", "logprob", "top_logprob")
"""The optional signals that a program can ask for with ``needs``."""


class Value(NamedTuple):
    """A name that stands for something, with what it means."""

    type: Type
    meaning: str
    signal: str | None = None
    """The signal that a recording must hold for it."""


SETS = {
    "opened": "every branch opened so far, in opening order",
    "active": "branches that can be advanced, neither finished nor pruned, in opening order",
    "alive": "branches that are not pruned, finished ones included, in opening order",
    "finished": "branches that came to their end, in the order in which they did",
    "pruned": "branches that were pruned, in opening order",
}

VALUES = {
    "beta": Value(Type.REAL, "the one knob: how much to spend, from 0 to 1"),
    "steps": Value(Type.INTEGER, "steps completed so far: 0 in `start` and in the first step"),
    "spent": Value(Type.INTEGER, "tokens charged so far"),
    "budget": Value(
        Type.INTEGER,
        "the most tokens that may be spent; the largest integer where there is no bound",
    ),
    "interval": Value(Type.INTEGER, "Δ: tokens of one advance"),
    "available": Value(Type.INTEGER, "branches left to open"),
}

ATTRIBUTES = {
    ".answer": Value(Type.ANSWER, "the latest revealed answer, `none` before the first"),
    ".depth": Value(Type.INTEGER, "advances made, the finishing one included"),
    ".tokens": Value(Type.INTEGER, "tokens generated on this branch; probes are not counted"),
    ".streak": Value(Type.INTEGER, "earlier reveals in a row with the same answer, 0 at the first"),
    ".changes": Value(Type.INTEGER, "how often a revealed answer differed from the one before"),
    ".age": Value(Type.INTEGER, "steps since it was opened"),
    ".index": Value(Type.INTEGER, "its place in opening order, from 0"),
    ".seen": Value(Type.TRUTH, "whether the answer at its present depth has been revealed"),
    ".finished": Value(Type.TRUTH, "whether it came to its end"),
    ".pruned": Value(Type.TRUTH, "whether it was pruned"),
    ".entropy": Value(
        Type.REAL,
        "entropy in nats after the end of thinking at the latest probe, 0 before the first",
        "entropy",
    ),
    ".logprob": Value(
        Type.REAL, "mean log-probability of the tokens of the latest interval", "logprob"
    ),
    ".top_logprob": Value(
        Type.REAL,
        "mean log-probability of the 20 likeliest tokens over the latest interval",
        "top_logprob",
    ),
}


class Kind(Enum):
    """What an argument must be; the text is how messages speak of it."""

    NUMBER = "a number"
    INTEGER = "an integer"
    BRANCHES = "a set of branches"
    WINDOW = "a window"
    ANSWER = "an answer"
    OVER = "`e of S`, a number of each branch"


class Result(Enum):
    """How the type of a call follows, where it is not one fixed type."""

    LIKE_ARGUMENTS = "an integer if all arguments are, else a real"
    LIKE_WEIGHT = "an integer without weights, a real with them"


class Form(NamedTuple):
    """One way of calling a function."""

    takes: tuple[Kind, ...]
    gives: Type | Result
    weighted: bool = False
    """Whether ``weight = e`` may follow."""
    more: bool = False
    """Whether the last argument may be repeated."""


class Function(NamedTuple):
    """A function: how it is called and what it gives."""

    forms: tuple[Form, ...]
    shown: str
    """The call as documentation writes it."""
    meaning: str


_B, _W, _N, _I, _A, _O = (
    Kind.BRANCHES, Kind.WINDOW, Kind.NUMBER, Kind.INTEGER, Kind.ANSWER, Kind.OVER,
)  # fmt: skip
_REAL, _INTEGER, _TRUTH, _ANSWER = Type.REAL, Type.INTEGER, Type.TRUTH, Type.ANSWER

COUNTING = {
    "count": Function(
        (Form((_B,), _INTEGER), Form((_W,), _INTEGER)),
        "count(S)",
        "how many branches S holds; `count(w)`: how many values a window holds",
    ),
    "empty": Function((Form((_B,), _TRUTH),), "empty(S)", "whether S holds no branch"),
}

VOTING = {
    "winner": Function(
        (Form((_B,), _ANSWER, weighted=True),),
        "winner(S)",
        "the answer with the most votes in S, the first seen on a tie; branches without an answer"
        " do not vote; `none` where nobody votes",
    ),
    "runner_up": Function(
        (Form((_B,), _ANSWER, weighted=True),),
        "runner_up(S)",
        "the answer with the second most votes, the first seen on a tie; `none` below two answers",
    ),
    "votes": Function(
        (
            Form((_B,), Result.LIKE_WEIGHT, weighted=True),
            Form((_B, _A), Result.LIKE_WEIGHT, weighted=True),
        ),
        "votes(S)",
        "the votes of the winner; `votes(S, a)`: of the answer a",
    ),
    "share": Function(
        (Form((_B,), _REAL, weighted=True), Form((_B, _A), _REAL, weighted=True)),
        "share(S)",
        "the winner's part of all votes, 0 to 1; `share(S, a)`: that of the answer a",
    ),
    "margin": Function(
        (Form((_B,), _REAL, weighted=True),),
        "margin(S)",
        "the winner's share less the runner-up's, 0 to 1",
    ),
    "distinct": Function(
        (Form((_B,), _INTEGER),),
        "distinct(S)",
        "how many different answers S holds; branches without an answer are left out",
    ),
    "entropy": Function(
        (Form((_B,), _REAL, weighted=True),),
        "entropy(S)",
        "Shannon entropy of the votes over the answers, in nats; 0 when unanimous",
    ),
    "confidence": Function(
        (Form((_B,), _REAL, weighted=True),),
        "confidence(S)",
        "Adaptive-Consistency's confidence in the winner: `beta_confidence` of the two largest"
        " votes, 0 where nobody votes",
    ),
}

FOLDING = {
    "sum": Function(
        (Form((_O,), Result.LIKE_ARGUMENTS), Form((_W,), _REAL)),
        "sum(e of S)",
        "the sum over S, in set order; `sum(w)` over a window",
    ),
    "mean": Function(
        (Form((_O,), _REAL), Form((_W,), _REAL)), "mean(e of S)", "the mean; `mean(w)` of a window"
    ),
    "variance": Function(
        (Form((_O,), _REAL), Form((_W,), _REAL)),
        "variance(e of S)",
        "the mean squared distance from the mean; `variance(w)` of a window",
    ),
    "min": Function(
        (
            Form((_O,), Result.LIKE_ARGUMENTS),
            Form((_W,), _REAL),
            Form((_N, _N), Result.LIKE_ARGUMENTS, more=True),
        ),
        "min(a, b, …)",
        "the smallest of the numbers; `min(e of S)` over a set, `min(w)` over a window",
    ),
    "max": Function(
        (
            Form((_O,), Result.LIKE_ARGUMENTS),
            Form((_W,), _REAL),
            Form((_N, _N), Result.LIKE_ARGUMENTS, more=True),
        ),
        "max(a, b, …)",
        "the largest of the numbers; `max(e of S)` over a set, `max(w)` over a window",
    ),
}

WINDOWS = {
    "window": Function(
        (Form((_I,), Type.WINDOW),),
        "window(n)",
        "a window that keeps the last n values pushed onto it, at least 1; in `memory` only",
    ),
    "oldest": Function((Form((_W,), _REAL),), "oldest(w)", "the first value that w still holds"),
    "newest": Function((Form((_W,), _REAL),), "newest(w)", "the value last pushed onto w"),
    "rise": Function((Form((_W,), _REAL),), "rise(w)", "newest less oldest, 0 below two values"),
    "full": Function((Form((_W,), _TRUTH),), "full(w)", "whether w holds as many values as it can"),
}

NUMBERS = {
    "abs": Function((Form((_N,), Result.LIKE_ARGUMENTS),), "abs(x)", "x without its sign"),
    "floor": Function((Form((_N,), _INTEGER),), "floor(x)", "the integer at or below x"),
    "ceil": Function((Form((_N,), _INTEGER),), "ceil(x)", "the integer at or above x"),
    "round": Function(
        (Form((_N,), _INTEGER), Form((_N, _I), _REAL)),
        "round(x)",
        "the nearest integer, the even one on a tie; in a schedule `round(x, n)` rounds to n"
        " decimals",
    ),
    "sqrt": Function((Form((_N,), _REAL),), "sqrt(x)", "the square root, 0 below 0"),
    "exp": Function((Form((_N,), _REAL),), "exp(x)", "e to the power x"),
    "log": Function((Form((_N,), _REAL),), "log(x)", "the natural logarithm, 0 at or below 0"),
    "pow": Function(
        (Form((_N, _N), _REAL),), "pow(x, y)", "x to the power y; 0 where x is at or below 0"
    ),
    "clamp": Function(
        (Form((_N, _N, _N), Result.LIKE_ARGUMENTS),),
        "clamp(x, low, high)",
        "x kept between the two: min(max(x, low), high)",
    ),
    "beta_confidence": Function(
        (Form((_N, _N), _REAL),),
        "beta_confidence(v1, v2)",
        "1 - BetaCDF(0.5; v1 + 1, v2 + 1): how sure it is that an answer with v1 votes is commoner"
        " than one with v2",
    ),
}

CHANCE = {
    "chance": Function((Form((_N,), _TRUTH),), "chance(p)", "true with probability p"),
    "draw_beta": Function(
        (Form((_N, _N), _REAL),), "draw_beta(a, b)", "a draw from the Beta(a, b) distribution"
    ),
}

FUNCTIONS = {**COUNTING, **VOTING, **FOLDING, **WINDOWS, **NUMBERS, **CHANCE}

NAMES = frozenset({*SETS, *VALUES, *FUNCTIONS})
"""Names that a program cannot declare."""
