"""What each reserved word means, with a line that shows it in use."""

from typing import NamedTuple


class Word(NamedTuple):
    """A reserved word."""

    shown: str
    meaning: str


_STRUCTURE = {
    "needs": Word("needs entropy", "the optional signals that a recording must hold"),
    "controller": Word('controller name "title" { … }', "the program: one controller"),
    "schedule": Word(
        "schedule { … }", "knobs that follow from `beta` alone, each in one direction"
    ),
    "knobs": Word("knobs { n = 64 in 1..64 }", "free hyperparameters, with default and range"),
    "memory": Word("memory { ema = 0.0 }", "what is kept from step to step, with its first value"),
    "each": Word("each branch { .dissent = 0 }", "fields of every branch, with their first values"),
    "branch": Word("each branch { .dissent = 0 }", "fields of every branch"),
    "start": Word("start { open 4 }", "what is done once, before the first step"),
    "step": Word(
        "step at most 500 { … }",
        "what is repeated until no branch is active and none was opened, or to the cap",
    ),
    "at": Word("step at most 500 { … }", "declares the most steps; 500 where nothing is said"),
    "most": Word("step at most 500 { … }", "declares the most steps; 500 where nothing is said"),
    "finally": Word("finally { answer … }", "what is done at the end, where nothing answered yet"),
    "rising": Word("rising n = round(2 + 6 * beta)", "a knob that never falls as `beta` rises"),
    "falling": Word("falling slack = 1 - beta", "a knob that never rises as `beta` rises"),
    "fixed": Word("fixed k = 3", "a knob that `beta` does not move"),
    "in": Word("n = 64 in 1..64", "the range of a free knob, both ends included"),
}

_VERBS = {
    "open": Word("open n", "opens up to n branches, each through its first interval, and looks"),
    "unseen": Word("open n unseen", "opens branches without revealing their answers"),
    "sample": Word("sample n", "reads up to n new branches whole, to their ends"),
    "advance": Word("advance S for k", "takes branches on by k intervals, looking at each"),
    "extend": Word("extend S for k", "takes branches on by k intervals without looking"),
    "probe": Word("probe S", "reveals the answers of branches at their present depth"),
    "prune": Word("prune S", "gives branches up; what they revealed stays"),
    "answer": Word("answer a else b", "ends the episode with the first answer that is not `none`"),
    "stop": Word("stop", "ends the steps and goes on to `finally`"),
    "because": Word('stop because "why"', "the reason that the trace shows"),
}

_STATEMENTS = {
    "let": Word(
        "let x = e", "names a value up to the end of the block; of a verb: what it touched"
    ),
    "push": Word("push e onto w", "adds a value to a window, whose oldest falls out if it is full"),
    "onto": Word("push e onto w", "names the window"),
    "if": Word(
        "if c { … } else { … }",
        "does one of two blocks; `if c then a else b` is one of two values",
    ),
    "then": Word("if c then a else b", "the value where the condition holds"),
    "else": Word("if c { … } else { … }", "what is done, or the value, where it does not hold"),
    "update": Word("update S { .x = e }", "assigns fields of each branch of a set, in set order"),
    "for": Word("advance S for k", "for how many intervals; a dot means the branch"),
}

_EXPRESSIONS = {
    "first": Word("first n of S", "the first n branches of a set; binds loosest"),
    "of": Word("mean(.tokens of S)", "says whose: `first n of S`, `e of S`"),
    "where": Word(
        "S where c", "the branches for which the condition holds; a dot means the branch"
    ),
    "by": Word("S by key", "the set sorted by a number, smallest first, stable"),
    "except": Word("S except T", "the branches of S that are not in T"),
    "and": Word("a and b", "both hold; b is not looked at where a does not"),
    "or": Word("a or b", "either holds; b is not looked at where a does"),
    "not": Word("not a", "a does not hold"),
    "true": Word("true", "a truth"),
    "false": Word("false", "a truth"),
    "none": Word("none", "no answer"),
}

MEANINGS = {**_STRUCTURE, **_VERBS, **_STATEMENTS, **_EXPRESSIONS}
"""Every reserved word."""
