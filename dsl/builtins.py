"""The built-ins of Rheo: sets, values, attributes and functions, with their meaning.

The checker takes types from here; the language server, the reference and the language card take
their words from here.
"""

from enum import Enum
from typing import NamedTuple

from dsl.types import Type
from dsl.vocabulary import KEYWORDS

SIGNALS = ("entropy", "logprob", "top_logprob")
"""The signals that the format of recordings defines; a recording may declare any others."""


INTERVAL_SIGNALS = ("logprob", "top_logprob")
"""Those of every interval that a branch passes, probed or not."""

INTERVAL_ATTRIBUTES = frozenset(
    {".depth", ".tokens", ".index", ".finished", *(f".{name}" for name in INTERVAL_SIGNALS)}
)
"""What a running value can read of its branch: what every interval shows, without a probe."""


class BuiltinValue(NamedTuple):
    """A built-in name with its description."""

    type: Type
    meaning: str
    signal: str | None = None
    """The signal that a recording must hold for it."""


SETS = {
    "opened": "every branch opened so far, in opening order",
    "active": "branches that can be advanced, neither finished nor pruned, in opening order",
    "alive": "branches that are not pruned, finished ones included, in opening order",
    "finished": "finished branches, in order of finishing",
    "pruned": "branches that were pruned, in opening order",
}

VALUES = {
    "beta": BuiltinValue(Type.REAL, "the one knob: how much to spend, from 0 to 1"),
    "steps": BuiltinValue(
        Type.INTEGER, "steps completed so far: 0 in `start` and in the first step"
    ),
    "spent": BuiltinValue(Type.INTEGER, "tokens charged so far"),
    "budget": BuiltinValue(
        Type.INTEGER,
        "the most tokens that may be spent; the largest integer if there is no limit",
    ),
    "interval": BuiltinValue(Type.INTEGER, "Δ: tokens of one advance"),
    "available": BuiltinValue(Type.INTEGER, "branches left to open"),
}

ATTRIBUTES = {
    ".answer": BuiltinValue(Type.ANSWER, "the latest revealed answer, `none` before the first"),
    ".depth": BuiltinValue(Type.INTEGER, "advances made, the finishing one included"),
    ".tokens": BuiltinValue(
        Type.INTEGER, "tokens generated on this branch; probes are not counted"
    ),
    ".streak": BuiltinValue(
        Type.INTEGER, "earlier reveals in a row with the same answer, 0 at the first"
    ),
    ".changes": BuiltinValue(
        Type.INTEGER, "how often a revealed answer differed from the one before"
    ),
    ".age": BuiltinValue(Type.INTEGER, "steps since it was opened"),
    ".index": BuiltinValue(Type.INTEGER, "its position in opening order, from 0"),
    ".seen": BuiltinValue(Type.TRUTH, "whether the answer at its present depth has been revealed"),
    ".finished": BuiltinValue(Type.TRUTH, "whether it has finished"),
    ".pruned": BuiltinValue(Type.TRUTH, "whether it was pruned"),
    ".cut_off": BuiltinValue(Type.TRUTH, "whether it ended at the bound on its tokens"),
    ".entropy": BuiltinValue(
        Type.REAL,
        "entropy in nats after the end of thinking at the latest probe, 0 before the first",
        "entropy",
    ),
    ".logprob": BuiltinValue(
        Type.REAL, "mean log-probability of the tokens of the latest interval", "logprob"
    ),
    ".top_logprob": BuiltinValue(
        Type.REAL,
        "mean log-probability of the 20 likeliest tokens over the latest interval",
        "top_logprob",
    ),
}


class ArgumentKind(Enum):
    """What an argument must be; the text is how messages speak of it."""

    NUMBER = "a number"
    INTEGER = "an integer"
    BRANCHES = "a set of branches"
    WINDOW = "a window"
    ANSWER = "an answer"
    OVER = "`e of S`, a number of each branch"


class ResultKind(Enum):
    """How the type of a call follows, where it is not one fixed type."""

    LIKE_ARGUMENTS = "an integer if all arguments are, else a real"
    LIKE_WEIGHT = "an integer without weights, a real with them"


class Signature(NamedTuple):
    """One way of calling a function."""

    takes: tuple[ArgumentKind, ...]
    gives: Type | ResultKind
    weighted: bool = False
    """Whether ``weight = e`` may follow."""
    more: bool = False
    """Whether the last argument may be repeated."""


class BuiltinFunction(NamedTuple):
    """A function: how it is called and what it gives."""

    forms: tuple[Signature, ...]
    shown: str
    """The call as documentation writes it."""
    meaning: str


_B, _W, _N, _I, _A, _O = (
    ArgumentKind.BRANCHES,
    ArgumentKind.WINDOW,
    ArgumentKind.NUMBER,
    ArgumentKind.INTEGER,
    ArgumentKind.ANSWER,
    ArgumentKind.OVER,
)
_REAL, _INTEGER, _TRUTH, _ANSWER = Type.REAL, Type.INTEGER, Type.TRUTH, Type.ANSWER

COUNTING = {
    "count": BuiltinFunction(
        (Signature((_B,), _INTEGER), Signature((_W,), _INTEGER)),
        "count(S)",
        "how many branches S holds; `count(w)`: how many values a window holds",
    ),
    "empty": BuiltinFunction((Signature((_B,), _TRUTH),), "empty(S)", "whether S is empty"),
}

VOTING = {
    "winner": BuiltinFunction(
        (Signature((_B,), _ANSWER, weighted=True),),
        "winner(S)",
        "the answer with the most votes in S, the first seen on a tie; branches without an answer"
        " do not vote; `none` if no branch votes",
    ),
    "runner_up": BuiltinFunction(
        (Signature((_B,), _ANSWER, weighted=True),),
        "runner_up(S)",
        "the answer with the second most votes, the first seen on a tie; `none` below two answers",
    ),
    "votes": BuiltinFunction(
        (
            Signature((_B,), ResultKind.LIKE_WEIGHT, weighted=True),
            Signature((_B, _A), ResultKind.LIKE_WEIGHT, weighted=True),
        ),
        "votes(S)",
        "the votes of the winner; `votes(S, a)`: of the answer a",
    ),
    "total": BuiltinFunction(
        (Signature((_B,), ResultKind.LIKE_WEIGHT, weighted=True),),
        "total(S)",
        "all votes together",
    ),
    "share": BuiltinFunction(
        (Signature((_B,), _REAL, weighted=True), Signature((_B, _A), _REAL, weighted=True)),
        "share(S)",
        "the winner's share of all votes, 0 to 1; `share(S, a)`: that of the answer a",
    ),
    "margin": BuiltinFunction(
        (Signature((_B,), _REAL, weighted=True),),
        "margin(S)",
        "the winner's share less the runner-up's, 0 to 1",
    ),
    "distinct": BuiltinFunction(
        (Signature((_B,), _INTEGER),),
        "distinct(S)",
        "how many different answers S holds",
    ),
    "entropy": BuiltinFunction(
        (Signature((_B,), _REAL, weighted=True),),
        "entropy(S)",
        "Shannon entropy of the votes over the answers, in nats; 0 when unanimous",
    ),
    "confidence": BuiltinFunction(
        (Signature((_B,), _REAL, weighted=True),),
        "confidence(S)",
        "Adaptive-Consistency's confidence in the winner: `beta_confidence` of the two largest"
        " votes",
    ),
    "dirichlet_confidence": BuiltinFunction(
        (Signature((_B,), _REAL, weighted=True),),
        "dirichlet_confidence(S)",
        "the same against all other answers, by a Dirichlet distribution",
    ),
}

FOLDING = {
    "sum": BuiltinFunction(
        (Signature((_O,), ResultKind.LIKE_ARGUMENTS), Signature((_W,), _REAL)),
        "sum(e of S)",
        "the sum over S, in set order; `sum(w)` over a window",
    ),
    "mean": BuiltinFunction(
        (Signature((_O,), _REAL), Signature((_W,), _REAL)),
        "mean(e of S)",
        "the mean; `mean(w)` of a window",
    ),
    "variance": BuiltinFunction(
        (Signature((_O,), _REAL), Signature((_W,), _REAL)),
        "variance(e of S)",
        "the mean squared distance from the mean; `variance(w)` of a window",
    ),
    "median": BuiltinFunction(
        (Signature((_O,), _REAL),), "median(e of S)", "`quantile(e of S, 0.5)`"
    ),
    "quantile": BuiltinFunction(
        (Signature((_O, _N), _REAL),),
        "quantile(e of S, q)",
        "the value at part q of the sorted values, between two of them in proportion",
    ),
    "rank": BuiltinFunction(
        (Signature((_O,), _INTEGER),),
        "rank(e of S)",
        "how many branches of S have a smaller e than the branch of the dot around it",
    ),
    "min": BuiltinFunction(
        (
            Signature((_O,), ResultKind.LIKE_ARGUMENTS),
            Signature((_W,), _REAL),
            Signature((_N, _N), ResultKind.LIKE_ARGUMENTS, more=True),
        ),
        "min(a, b, …)",
        "the smallest of the numbers; `min(e of S)` over a set, `min(w)` over a window",
    ),
    "max": BuiltinFunction(
        (
            Signature((_O,), ResultKind.LIKE_ARGUMENTS),
            Signature((_W,), _REAL),
            Signature((_N, _N), ResultKind.LIKE_ARGUMENTS, more=True),
        ),
        "max(a, b, …)",
        "the largest of the numbers; `max(e of S)` over a set, `max(w)` over a window",
    ),
}

WINDOWS = {
    "window": BuiltinFunction(
        (Signature((_I,), Type.WINDOW),),
        "window(n)",
        "a window of the last n values pushed onto it, at least 1; in `memory`, or in `each branch`"
        " as `window(n) of e`",
    ),
    "oldest": BuiltinFunction(
        (Signature((_W,), _REAL),), "oldest(w)", "the first value that w still holds"
    ),
    "newest": BuiltinFunction(
        (Signature((_W,), _REAL),), "newest(w)", "the value last pushed onto w"
    ),
    "rise": BuiltinFunction(
        (Signature((_W,), _REAL),), "rise(w)", "newest less oldest, 0 below two values"
    ),
    "full": BuiltinFunction(
        (Signature((_W,), _TRUTH),), "full(w)", "whether w holds as many values as it can"
    ),
}

NUMBERS = {
    "abs": BuiltinFunction(
        (Signature((_N,), ResultKind.LIKE_ARGUMENTS),), "abs(x)", "x without its sign"
    ),
    "floor": BuiltinFunction(
        (Signature((_N,), _INTEGER),), "floor(x)", "the integer at or below x"
    ),
    "ceil": BuiltinFunction((Signature((_N,), _INTEGER),), "ceil(x)", "the integer at or above x"),
    "round": BuiltinFunction(
        (Signature((_N,), _INTEGER), Signature((_N, _I), _REAL)),
        "round(x)",
        "the nearest integer, the even one on a tie; in a schedule `round(x, n)` rounds to n"
        " decimals",
    ),
    "sqrt": BuiltinFunction((Signature((_N,), _REAL),), "sqrt(x)", "the square root, 0 below 0"),
    "exp": BuiltinFunction((Signature((_N,), _REAL),), "exp(x)", "e to the power x"),
    "log": BuiltinFunction(
        (Signature((_N,), _REAL),), "log(x)", "the natural logarithm, 0 at or below 0"
    ),
    "pow": BuiltinFunction(
        (Signature((_N, _N), _REAL),), "pow(x, y)", "x to the power y; 0 if x is 0 or less"
    ),
    "clamp": BuiltinFunction(
        (Signature((_N, _N, _N), ResultKind.LIKE_ARGUMENTS),),
        "clamp(x, low, high)",
        "x kept between the two: min(max(x, low), high)",
    ),
    "beta_confidence": BuiltinFunction(
        (Signature((_N, _N), _REAL),),
        "beta_confidence(v1, v2)",
        "1 - BetaCDF(0.5; v1 + 1, v2 + 1): the probability that an answer with v1 votes is more"
        " frequent than one with v2",
    ),
}

CHANCE = {
    "chance": BuiltinFunction((Signature((_N,), _TRUTH),), "chance(p)", "true with probability p"),
    "draw_beta": BuiltinFunction(
        (Signature((_N, _N), _REAL),), "draw_beta(a, b)", "a draw from the Beta(a, b) distribution"
    ),
}

FUNCTIONS = {**COUNTING, **VOTING, **FOLDING, **WINDOWS, **NUMBERS, **CHANCE}

FREE = frozenset({"total", "median", "quantile", "rank", ".cut_off"})
"""Names that a program may declare too. A call is the function, and a name is the program's own; a
field of the program takes the place of the attribute."""


def describe_signal(name: str) -> BuiltinValue:
    """Return what a signal of a recording is to a program, by its name without a dot."""
    return ATTRIBUTES.get(f".{name}") or BuiltinValue(
        Type.REAL, f"the signal `{name}` that the recording declares", name
    )


def signal_name_fault(name: str) -> str | None:
    """Return why a named signal cannot have a name, or ``None``.

    A program reads the signal ``reward`` as ``.reward``, so the name may be that of nothing else.
    """
    if name in KEYWORDS:
        return f"`{name}` is a keyword of the language"
    if name in SIGNALS:
        return None
    if f".{name}" in ATTRIBUTES:
        return f"`.{name}` is an attribute of every branch"
    if name in FUNCTIONS:
        return f"`{name}` is a function of the language"
    return None


NAMES = frozenset({*SETS, *VALUES, *FUNCTIONS} - FREE)
"""Names that a program cannot declare."""
