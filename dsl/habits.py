"""What people who come from other languages write, and how Rheo says it.

Each table maps a foreign word to the help that a message gives; where one word simply stands for
another, to the word that replaces it.
"""

from typing import NamedTuple


class Habit(NamedTuple):
    """How to say something in Rheo."""

    help: str
    replacement: str | None = None
    """What to write instead, where it can be put in the same place."""


def _table(*rows: tuple[str, Habit]) -> dict[str, Habit]:
    return {word: habit for words, habit in rows for word in words.split()}


def _write(replacement: str) -> Habit:
    return Habit(f"write `{replacement}`", replacement)


STATEMENTS = _table(
    ("elif elsif elseif elseIf", _write("else if")),
    (
        "while loop repeat until do",
        Habit("`step` repeats by itself; say inside it when to end: `if … { stop }`"),
    ),
    (
        "for foreach",
        Habit(
            "verbs act on whole sets: `advance active for 2`; to set fields of each branch write"
            " `update active { .x = … }`"
        ),
    ),
    (
        "return yield submit",
        Habit("write `answer …`; to answer in `finally`, write `stop`", "answer"),
    ),
    (
        "break exit quit halt terminate",
        Habit("write `stop`: it ends the steps and goes to `finally`", "stop"),
    ),
    (
        "continue pass skip noop",
        Habit(
            "to do nothing, leave the block empty: `{ }`; to take branches further, write"
            " `advance active`"
        ),
    ),
    (
        "print println printf log echo console debug",
        Habit('a controller prints nothing; a verb can say why it acts: `stop because "…"`'),
    ),
    (
        "var const val auto mut local global nonlocal int float double bool str string",
        Habit("name a value with `let x = …`; what changes is declared in `memory`"),
    ),
    (
        "def function func fn fun lambda class struct proc sub method",
        Habit("there are no functions of one's own; name a value with `let x = …`"),
    ),
    (
        "import from include use using require package module",
        Habit("a program imports nothing: all that it can use is built in"),
    ),
    (
        "try catch raise throw with assert except",
        Habit("nothing fails while a controller runs; remove it"),
    ),
    (
        "switch match case select when cond",
        Habit("write `if … { … } else if … { … } else { … }`"),
    ),
    ("unless", Habit("write `if not …`", "if not")),
    ("spawn create launch fork", _write("open")),
    ("kill drop discard remove abandon cut delete", _write("prune")),
    ("look peek reveal ask", _write("probe")),
    ("append enqueue", Habit("write `push … onto w`")),
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
    ("not", Habit("write `!=`, or `not` in front of the whole comparison")),
    ("xor", Habit("write `!=` between two truths")),
    ("over", _write("of")),
    ("if", Habit("the condition stands first: `if c then a else b`")),
    ("with filter having such", _write("where")),
    ("sorted order ordered sort", _write("by")),
    ("without minus less", _write("except")),
    ("reason since comment", _write("because")),
    ("to into", _write("onto")),
    ("do", Habit("a block stands in braces: `{ … }`")),
)
"""Between two operands."""

NAMES = _table(
    ("True TRUE yes", _write("true")),
    ("False FALSE no", _write("false")),
    ("None NULL null nil undefined Nothing nothing", _write("none")),
    (
        "self this it branch b",
        Habit("the dot alone means the branch: `.answer`, inside `where`, `by`, `for` or `update`"),
    ),
    ("all branches everything", Habit("every branch opened so far is `opened`", "opened")),
    ("running live unfinished", Habit("branches that can be advanced are `active`", "active")),
    ("done completed complete ended", Habit("branches that have ended are `finished`", "finished")),
    ("step t round_number iteration", Habit("the steps completed so far are `steps`", "steps")),
    ("cost used tokens_used", Habit("the tokens charged so far are `spent`", "spent")),
    ("inf infinity Infinity INF", Habit("there are no infinite numbers; write a large one")),
    ("nan NaN", Habit("there is no such number: x / 0 is 0")),
)
"""Names that nothing declares."""

FUNCTIONS = _table(
    ("len length size n card", _write("count")),
    ("majority mode vote plurality most_common consensus top best", _write("winner")),
    ("second second_best", _write("runner_up")),
    ("avg average", _write("mean")),
    ("var", _write("variance")),
    ("std stddev stdev", Habit("write `sqrt(variance(…))`")),
    ("int trunc integer", Habit("write `floor(x)`, `ceil(x)` or `round(x)`", "floor")),
    ("float real double", Habit("an integer becomes a real number wherever one is needed")),
    ("ceiling", _write("ceil")),
    ("unique nunique n_unique uniq", _write("distinct")),
    ("is_empty isempty none_of", _write("empty")),
    ("any exists some", Habit("write `not empty(S where …)`")),
    ("all every", Habit("write `empty(S where not …)`")),
    ("filter", Habit("write `S where …`")),
    ("sorted sort order", Habit("write `S by …`")),
    ("top_k take head", Habit("write `first n of (S by …)`")),
    ("range enumerate zip map list set dict", Habit("sets are made with `where`, `by`, `first`")),
    ("ln", _write("log")),
    ("log2 log10", Habit("write `log(x) / log(2)`")),
    ("random rand uniform bernoulli coin", Habit("write `chance(p)` or `draw_beta(a, b)`")),
    ("slope delta trend diff", Habit("write `rise(w)` of a window")),
    ("last latest", _write("newest")),
    ("agreement fraction proportion", _write("share")),
    ("conf certainty", _write("confidence")),
    ("print log_ debug", STATEMENTS["print"]),
    ("str string repr", Habit("an answer is a text already")),
    ("parity bool", Habit("write a comparison: `… > 0`")),
)
"""Functions that nothing declares."""
