"""Words of other languages, and their equivalents in Rheo.

Each table maps a foreign word to the help that a message gives; where one word is simply
another, to the word that replaces it.
"""

from typing import NamedTuple


class ForeignIdiom(NamedTuple):
    """The Rheo equivalent of a foreign word."""

    help: str
    replacement: str | None = None
    """The replacement, if it fits in the same position."""


def _table(*rows: tuple[str, ForeignIdiom]) -> dict[str, ForeignIdiom]:
    return {word: habit for words, habit in rows for word in words.split()}


def _write(replacement: str) -> ForeignIdiom:
    return ForeignIdiom(f"write `{replacement}`", replacement)


STATEMENTS = _table(
    ("elif elsif elseif elseIf", _write("else if")),
    (
        "while loop repeat until do",
        ForeignIdiom("`step` is a loop already; end it with `if … { stop }`"),
    ),
    (
        "for foreach",
        ForeignIdiom(
            "verbs act on whole sets: `advance active for 2`; to set fields of each branch write"
            " `update active { .x = … }`"
        ),
    ),
    (
        "return yield submit",
        ForeignIdiom("write `answer …`; to leave the answer to `finally`, write `stop`", "answer"),
    ),
    (
        "break exit quit halt terminate",
        ForeignIdiom("write `stop`: it ends the steps and goes to `finally`", "stop"),
    ),
    (
        "continue pass skip noop",
        ForeignIdiom(
            "to do nothing, leave the block empty: `{ }`; to continue branches, write "
            "`advance active`"
        ),
    ),
    (
        "print println printf log echo console debug",
        ForeignIdiom(
            'a controller cannot print; to record why a verb acts, write `stop because "…"`'
        ),
    ),
    (
        "var const val auto mut local global nonlocal int float double bool str string",
        ForeignIdiom("name a value with `let x = …`; what changes is declared in `memory`"),
    ),
    (
        "def function func fn fun lambda class struct proc sub method",
        ForeignIdiom("programs cannot define functions; name a value with `let x = …`"),
    ),
    (
        "import from include use using require package module",
        ForeignIdiom("programs cannot import; everything is built in"),
    ),
    (
        "try catch raise throw with assert except",
        ForeignIdiom("a running controller raises no errors; remove it"),
    ),
    (
        "switch match case select when cond",
        ForeignIdiom("write `if … { … } else if … { … } else { … }`"),
    ),
    ("unless", ForeignIdiom("write `if not …`", "if not")),
    ("spawn create launch fork", _write("open")),
    ("kill drop discard remove abandon cut delete", _write("prune")),
    ("look peek reveal ask", _write("probe")),
    ("append enqueue", ForeignIdiom("write `push … onto w`")),
    ("go run resume", _write("advance")),
)
"""At the start of a statement."""

SECTIONS = _table(
    ("state vars variables var globals store", _write("memory")),
    ("params parameters hyperparameters config settings options constants", _write("knobs")),
    ("init setup begin initialize initially main on_start", _write("start")),
    ("loop while repeat run tick on_step each_step", _write("step")),
    ("end finish finalize final on_end after result return output", _write("finally")),
    ("branches fields per_branch", _write("each branch")),
    ("import from include use using require", STATEMENTS["import"]),
    ("def function func fn class", STATEMENTS["def"]),
)
"""At the start of a section."""

PROGRAMS = _table(
    ("policy program strategy agent algorithm def function class module", _write("controller")),
    ("import from include use using require", STATEMENTS["import"]),
    ("require requires uses", _write("needs")),
)
"""At the start of a file."""

OPERATORS = _table(
    ("is equals eq", _write("==")),
    ("isnt ne", _write("!=")),
    ("mod", _write("%")),
    ("div", _write("//")),
    ("not", ForeignIdiom("write `!=`, or `not` in front of the whole comparison")),
    ("xor", ForeignIdiom("write `!=` between two truths")),
    ("over", _write("of")),
    ("if", ForeignIdiom("the condition comes first: `if c then a else b`")),
    ("with filter having such", _write("where")),
    ("sorted order ordered sort", _write("by")),
    ("without minus less", _write("except")),
    ("reason since comment", _write("because")),
    ("to into", _write("onto")),
    ("do", ForeignIdiom("write a block in braces: `{ … }`")),
)
"""Between two operands."""

NAMES = _table(
    ("True TRUE yes", _write("true")),
    ("False FALSE no", _write("false")),
    ("None NULL null nil undefined Nothing nothing", _write("none")),
    (
        "self this it branch b",
        ForeignIdiom(
            "a dot refers to the current branch: write `.answer` inside `where`, `by`, "
            "`for` or `update`"
        ),
    ),
    ("all branches everything", ForeignIdiom("every branch opened so far is `opened`", "opened")),
    (
        "running live unfinished",
        ForeignIdiom("branches that can be advanced are `active`", "active"),
    ),
    (
        "done completed complete ended",
        ForeignIdiom("branches that have ended are `finished`", "finished"),
    ),
    (
        "step t round_number iteration",
        ForeignIdiom("the steps completed so far are `steps`", "steps"),
    ),
    ("cost used tokens_used", ForeignIdiom("the tokens charged so far are `spent`", "spent")),
    (
        "inf infinity Infinity INF",
        ForeignIdiom("infinite numbers do not exist; write a large number"),
    ),
    ("nan NaN", ForeignIdiom("NaN does not exist; x / 0 is 0")),
)
"""Names that nothing declares."""

FUNCTIONS = _table(
    ("len length size n card", _write("count")),
    ("majority mode vote plurality most_common consensus top best", _write("winner")),
    ("second second_best", _write("runner_up")),
    ("avg average", _write("mean")),
    ("var", _write("variance")),
    ("std stddev stdev", ForeignIdiom("write `sqrt(variance(…))`")),
    ("int trunc integer", ForeignIdiom("write `floor(x)`, `ceil(x)` or `round(x)`", "floor")),
    ("float real double", ForeignIdiom("integers convert to real numbers automatically")),
    ("ceiling", _write("ceil")),
    ("unique nunique n_unique uniq", _write("distinct")),
    ("is_empty isempty none_of", _write("empty")),
    ("any exists some", ForeignIdiom("write `not empty(S where …)`")),
    ("all every", ForeignIdiom("write `empty(S where not …)`")),
    ("filter", ForeignIdiom("write `S where …`")),
    ("sorted sort order", ForeignIdiom("write `S by …`")),
    ("top_k take head", ForeignIdiom("write `first n of (S by …)`")),
    (
        "range enumerate zip map list set dict",
        ForeignIdiom("sets are made with `where`, `by`, `first`"),
    ),
    ("ln", _write("log")),
    ("log2 log10", ForeignIdiom("write `log(x) / log(2)`")),
    ("random rand uniform bernoulli coin", ForeignIdiom("write `chance(p)` or `draw_beta(a, b)`")),
    ("slope delta trend diff", ForeignIdiom("write `rise(w)` of a window")),
    ("last latest", _write("newest")),
    ("agreement fraction proportion", _write("share")),
    ("conf certainty", _write("confidence")),
    ("print log_ debug", STATEMENTS["print"]),
    ("str string repr", ForeignIdiom("an answer is already a text")),
    ("parity bool", ForeignIdiom("write a comparison: `… > 0`")),
)
"""Functions that nothing declares."""
