"""The meaning of each reserved word, with an example line."""

from typing import NamedTuple


class KeywordMeaning(NamedTuple):
    """A reserved word."""

    shown: str
    meaning: str


_STRUCTURE = {
    "needs": KeywordMeaning("needs entropy", "the signals that a recording must hold"),
    "controller": KeywordMeaning('controller name "title" { … }', "the program: one controller"),
    "schedule": KeywordMeaning(
        "schedule { … }", "knobs that follow from `beta` alone, each in one direction"
    ),
    "knobs": KeywordMeaning(
        "knobs { n = 64 in 1..64 }", "free hyperparameters, with default and range"
    ),
    "memory": KeywordMeaning(
        "memory { ema = 0.0 }", "values that are kept between steps, with their initial values"
    ),
    "each": KeywordMeaning(
        "each branch { .dissent = 0 }", "fields of every branch, with their initial values"
    ),
    "branch": KeywordMeaning(
        "each branch { .dissent = 0 }",
        "fields of every branch; as a value, the set of the branch that a dot refers to",
    ),
    "start": KeywordMeaning("start { open 4 }", "statements executed once, before the first step"),
    "step": KeywordMeaning(
        "step at most 500 { … }",
        "statements repeated until no branch is active and none was opened, or until the cap",
    ),
    "at": KeywordMeaning(
        "step at most 500 { … }", "declares the maximum number of steps; 500 by default"
    ),
    "most": KeywordMeaning(
        "step at most 500 { … }", "declares the maximum number of steps; 500 by default"
    ),
    "finally": KeywordMeaning(
        "finally { answer … }", "statements executed at the end if no answer was given yet"
    ),
    "rising": KeywordMeaning(
        "rising n = round(2 + 6 * beta)", "a knob that never falls as `beta` rises"
    ),
    "falling": KeywordMeaning(
        "falling slack = 1 - beta", "a knob that never rises as `beta` rises"
    ),
    "fixed": KeywordMeaning("fixed k = 3", "a knob that `beta` does not move"),
    "in": KeywordMeaning("n = 64 in 1..64", "the range of a free knob, both ends included"),
}

_VERBS = {
    "open": KeywordMeaning(
        "open n",
        "opens up to n branches, each through its first interval, and reveals their answers",
    ),
    "unseen": KeywordMeaning("open n unseen", "opens branches without revealing their answers"),
    "sample": KeywordMeaning("sample n", "reads up to n new branches to their ends"),
    "advance": KeywordMeaning(
        "advance S for k", "advances branches by k intervals and reveals the answer after each"
    ),
    "extend": KeywordMeaning(
        "extend S for k", "advances branches by k intervals without revealing answers"
    ),
    "probe": KeywordMeaning("probe S", "reveals the answers of branches at their present depth"),
    "prune": KeywordMeaning("prune S", "abandons branches; their revealed answers remain"),
    "answer": KeywordMeaning(
        "answer a else b", "ends the episode with the first answer that is not `none`"
    ),
    "stop": KeywordMeaning("stop", "ends the steps and continues with `finally`"),
    "because": KeywordMeaning('stop because "why"', "the reason that the trace shows"),
}

_STATEMENTS = {
    "let": KeywordMeaning(
        "let x = e",
        "names a value until the end of the block; for a verb, the branches it acted on",
    ),
    "push": KeywordMeaning(
        "push e onto w", "adds a value to a window; a full window drops its oldest"
    ),
    "onto": KeywordMeaning("push e onto w", "names the window"),
    "if": KeywordMeaning(
        "if c { … } else { … }",
        "executes one of two blocks; `if c then a else b` is one of two values",
    ),
    "then": KeywordMeaning(
        "if c then a else b",
        "the value if the condition is true; in `each branch`, what every interval makes of a"
        " running value",
    ),
    "else": KeywordMeaning(
        "if c { … } else { … }",
        "the block, or the value, if the condition is false; `(.reward else 0.5)`: the value where"
        " a signal has none yet",
    ),
    "update": KeywordMeaning(
        "update S { .x = e }", "assigns fields of each branch of a set, in set order"
    ),
    "for": KeywordMeaning("advance S for k", "for how many intervals; a dot means the branch"),
}

_EXPRESSIONS = {
    "first": KeywordMeaning("first n of S", "the first n branches of a set; binds loosest"),
    "of": KeywordMeaning(
        "mean(.tokens of S)",
        "names the set: `first n of S`, `e of S`; in"
        " `each branch`, what every interval pushes: `window(n) of e`",
    ),
    "where": KeywordMeaning(
        "S where c", "the branches for which the condition holds; a dot means the branch"
    ),
    "by": KeywordMeaning("S by key", "the set sorted by a number, smallest first, stable"),
    "except": KeywordMeaning("S except T", "the branches of S that are not in T"),
    "and": KeywordMeaning("a and b", "true if both are true; b is not evaluated if a is false"),
    "or": KeywordMeaning("a or b", "true if either is true; b is not evaluated if a is true"),
    "not": KeywordMeaning("not a", "true if a is false"),
    "true": KeywordMeaning("true", "a truth value"),
    "false": KeywordMeaning("false", "a truth value"),
    "none": KeywordMeaning("none", "no answer"),
}

ONCE = KeywordMeaning(
    "S once .answer", "the first branch of each answer, in the order of S; `once` is not reserved"
)

KEYWORD_MEANINGS = {**_STRUCTURE, **_VERBS, **_STATEMENTS, **_EXPRESSIONS}
"""Every reserved word."""
