"""The meaning of each reserved word, with an example line."""

from typing import NamedTuple


class KeywordMeaning(NamedTuple):
    """A reserved word."""

    shown: str
    meaning: str


_STRUCTURE = {
    "needs": KeywordMeaning("needs entropy", "the optional signals that a recording must hold"),
    "controller": KeywordMeaning('controller name "title" { … }', "the program: one controller"),
    "schedule": KeywordMeaning(
        "schedule { … }", "knobs that follow from `beta` alone, each in one direction"
    ),
    "knobs": KeywordMeaning(
        "knobs { n = 64 in 1..64 }", "free hyperparameters, with default and range"
    ),
    "memory": KeywordMeaning(
        "memory { ema = 0.0 }", "what is kept from step to step, with its first value"
    ),
    "each": KeywordMeaning(
        "each branch { .dissent = 0 }", "fields of every branch, with their first values"
    ),
    "branch": KeywordMeaning("each branch { .dissent = 0 }", "fields of every branch"),
    "start": KeywordMeaning("start { open 4 }", "what is done once, before the first step"),
    "step": KeywordMeaning(
        "step at most 500 { … }",
        "what is repeated until no branch is active and none was opened, or to the cap",
    ),
    "at": KeywordMeaning(
        "step at most 500 { … }", "declares the most steps; 500 where nothing is said"
    ),
    "most": KeywordMeaning(
        "step at most 500 { … }", "declares the most steps; 500 where nothing is said"
    ),
    "finally": KeywordMeaning(
        "finally { answer … }", "what is done at the end, where nothing answered yet"
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
        "open n", "opens up to n branches, each through its first interval, and looks"
    ),
    "unseen": KeywordMeaning("open n unseen", "opens branches without revealing their answers"),
    "sample": KeywordMeaning("sample n", "reads up to n new branches whole, to their ends"),
    "advance": KeywordMeaning(
        "advance S for k", "takes branches on by k intervals, looking at each"
    ),
    "extend": KeywordMeaning("extend S for k", "takes branches on by k intervals without looking"),
    "probe": KeywordMeaning("probe S", "reveals the answers of branches at their present depth"),
    "prune": KeywordMeaning("prune S", "gives branches up; what they revealed stays"),
    "answer": KeywordMeaning(
        "answer a else b", "ends the episode with the first answer that is not `none`"
    ),
    "stop": KeywordMeaning("stop", "ends the steps and goes on to `finally`"),
    "because": KeywordMeaning('stop because "why"', "the reason that the trace shows"),
}

_STATEMENTS = {
    "let": KeywordMeaning(
        "let x = e", "names a value up to the end of the block; of a verb: what it touched"
    ),
    "push": KeywordMeaning(
        "push e onto w", "adds a value to a window, whose oldest falls out if it is full"
    ),
    "onto": KeywordMeaning("push e onto w", "names the window"),
    "if": KeywordMeaning(
        "if c { … } else { … }",
        "does one of two blocks; `if c then a else b` is one of two values",
    ),
    "then": KeywordMeaning("if c then a else b", "the value where the condition holds"),
    "else": KeywordMeaning(
        "if c { … } else { … }", "what is done, or the value, where it does not hold"
    ),
    "update": KeywordMeaning(
        "update S { .x = e }", "assigns fields of each branch of a set, in set order"
    ),
    "for": KeywordMeaning("advance S for k", "for how many intervals; a dot means the branch"),
}

_EXPRESSIONS = {
    "first": KeywordMeaning("first n of S", "the first n branches of a set; binds loosest"),
    "of": KeywordMeaning("mean(.tokens of S)", "says whose: `first n of S`, `e of S`"),
    "where": KeywordMeaning(
        "S where c", "the branches for which the condition holds; a dot means the branch"
    ),
    "by": KeywordMeaning("S by key", "the set sorted by a number, smallest first, stable"),
    "except": KeywordMeaning("S except T", "the branches of S that are not in T"),
    "and": KeywordMeaning("a and b", "both hold; b is not looked at where a does not"),
    "or": KeywordMeaning("a or b", "either holds; b is not looked at where a does"),
    "not": KeywordMeaning("not a", "a does not hold"),
    "true": KeywordMeaning("true", "a truth"),
    "false": KeywordMeaning("false", "a truth"),
    "none": KeywordMeaning("none", "no answer"),
}

KEYWORD_MEANINGS = {**_STRUCTURE, **_VERBS, **_STATEMENTS, **_EXPRESSIONS}
"""Every reserved word."""
