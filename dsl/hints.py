"""What to do about the commonest slips that need no diagnostic of their own."""

from dsl import expectation
from dsl.site import Site
from dsl.words import SECTIONS


def hint(site: Site) -> str | None:
    """What to do about the commonest slips that need no diagnostic of their own."""
    for rule in (_missing_value, _missing_word, _missing_sign):
        told = rule(site)
        if told is not None:
            return told
    return None


_AFTER = {
    "SAMPLE": "say how many: `sample 1`",
    "OPEN": "say how many: `open 4`",
    "ADVANCE": "say which branches: `advance active`",
    "EXTEND": "say which branches: `extend active`",
    "PROBE": "say which branches: `probe active`",
    "PRUNE": "say which branches: `prune active where …`",
    "UPDATE": "say which branches: `update active { … }`",
    "ANSWER": "say what: `answer winner(finished) else winner(alive)`",
    "PUSH": "say what: `push x onto w`",
    "BECAUSE": 'a reason is a text in double quotes: `because "the votes agree"`',
    "CONTROLLER": 'a controller has a name, then perhaps a title: `controller mine "My own"`',
    "LET": "`let` needs a name: `let x = …`",
    "FIRST": "say how many and of which set: `first 2 of active`",
    "NEEDS": "say which signal: `needs entropy`",
    "ONTO": "a window that `memory` declares stands behind `onto`, by its name",
}


_VERBS = {"ADVANCE", "EXTEND", "PROBE", "PRUNE", "ANSWER", "STOP", "PUSH", "UPDATE"}


def _missing_value(site: Site) -> str | None:
    before = site.before
    if before is None:
        return None
    if before.type == "EQUAL" and site.token.type in _VERBS:
        return f"`{site.token}` gives no value; `open` and `sample` give the branches they touch"
    if before.type == "OPEN" and site.token.type == "UNSEEN":
        return "the number stands in front of `unseen`: `open n unseen`"
    if before.type == "COMMA" and site.token.type == "RPAR":
        return "remove the `,` before the `)`"
    if before.type in _AFTER and not expectation.is_behind_operand(site.expected):
        return _AFTER[before.type]
    if site.token.type == "ELSE" and expectation.is_statement(site.expected):
        return "`else` follows the `}` of an `if`, or a choice of `answer`"
    if expectation.is_operand(site.expected):
        return f"something is missing behind `{before}`"
    return None


def _missing_word(site: Site) -> str | None:
    expected, token = site.expected, site.token
    if token.type == "LBRACE" and "THEN" in expected:
        return "inside an expression write `if c then a else b`; a block's `if` begins a statement"
    if "THEN" in expected and "LBRACE" not in expected:
        return "inside an expression write `if c then a else b`"
    if token.type == "THEN":
        return "a statement's `if` has a block: `if … { … }`"
    if "ELSE" in expected and site.waits_for_else():
        return "an `if` inside an expression needs both `then` and `else`"
    if "OF" in expected and site.waits_for_of():
        return "`first` goes with `of`: `first 2 of active`"
    if "ONTO" in expected:
        return "write `push … onto w`, with a window that `memory` declares"
    if "IN" in expected and site.section() == "knobs":
        return "a free knob has a range: `n = 64 in 1..128`"
    if "__ANON_0" in expected and site.section() == "knobs":
        return "a range has two dots: `1..64`"
    if "BRANCH" in expected:
        return "the section is called `each branch`"
    return None


def _missing_sign(site: Site) -> str | None:
    expected, token = site.expected, site.token
    if "RPAR" in expected and site.open_parentheses():
        return "a `)` is missing before this"
    if "LBRACE" in expected:
        return "a block stands in braces: `{ … }`"
    if token.type == "COMMA":
        return "`,` stands between the arguments of a function; elsewhere a line break is enough"
    if token.type == "FOR" and expectation.is_statement(expected):
        return "`for` follows the set of an `advance` or `extend`: `advance active for 2`"
    if token.type == "EQUAL" and expectation.is_statement(expected):
        return "one name is assigned at a time: `x = …`"
    if token.type == "AT":
        return "the cap stands in front of the block: `step at most 5 { … }`"
    if token.type == "UNSEEN":
        return "`unseen` follows the number of an `open`: `open 4 unseen`"
    if token.type in {"NUMBER", "STRING", "NAME", "TRUE", "FALSE", "NONE"} and site.before:
        return f"an operator is missing between `{site.before}` and `{token}`"
    if expectation.is_section(expected) and token.type == "LBRACE":
        names = ("each branch" if word == "each" else word for word in SECTIONS)
        return (
            f"a block begins with the name of a section: {', '.join(f'`{one}`' for one in names)}"
        )
    return None
