"""Words of other languages, and their equivalents in Rheo.

Each table maps a foreign word to the help that a message gives; where one word is simply
another, to the word that replaces it.
"""

from dsl.vocabulary import Suggestion


def _table(*rows: tuple[str, Suggestion]) -> dict[str, Suggestion]:
    return {word: suggestion for words, suggestion in rows for word in words.split()}


def _write(replacement: str) -> Suggestion:
    return Suggestion(f"write `{replacement}`", replacement)


STATEMENTS = _table(
    ("elif elsif elseif elseIf", _write("else if")),
    (
        "while loop repeat until do",
        Suggestion("`step` is a loop already; end it with `if … { stop }`"),
    ),
    (
        "for foreach",
        Suggestion(
            "verbs act on whole sets: `advance active for 2`; to set fields of each branch write"
            " `update active { .x = … }`"
        ),
    ),
    (
        "return yield submit",
        Suggestion("write `answer …`; to leave the answer to `finally`, write `stop`", "answer"),
    ),
    (
        "break exit quit halt terminate",
        Suggestion("write `stop`: it ends the steps and goes to `finally`", "stop"),
    ),
    (
        "continue pass skip noop",
        Suggestion(
            "to do nothing, leave the block empty: `{ }`; to continue branches, write "
            "`advance active`"
        ),
    ),
    (
        "print println printf log echo console debug",
        Suggestion(
            'a controller cannot print; to record why a verb acts, write `stop because "…"`'
        ),
    ),
    (
        "var const val auto mut local global nonlocal int float double bool str string",
        Suggestion("name a value with `let x = …`; what changes is declared in `memory`"),
    ),
    (
        "def function func fn fun lambda class struct proc sub method",
        Suggestion("programs cannot define functions; name a value with `let x = …`"),
    ),
    (
        "import from include use using require package module",
        Suggestion("programs cannot import; everything is built in"),
    ),
    (
        "try catch raise throw with assert except",
        Suggestion("a running controller raises no errors; remove it"),
    ),
    (
        "switch match case select when cond",
        Suggestion("write `if … { … } else if … { … } else { … }`"),
    ),
    ("unless", Suggestion("write `if not …`", "if not")),
    ("spawn create launch", _write("open")),
    (
        "fork clone duplicate split branch_from",
        Suggestion("a branch cannot be copied; `open 2` starts new ones from the question"),
    ),
    (
        "resample regenerate retry restart rewind rollback backtrack",
        Suggestion(
            "a branch is generated once; `prune` it, and start another with `open 1` or `sample 1`"
        ),
    ),
    (
        "finish complete finalize",
        Suggestion(
            "a branch finishes by itself: `advance` it, or run whole ones with `sample`; to answer,"
            " write `answer …`"
        ),
    ),
    ("kill drop discard remove abandon cut delete", _write("prune")),
    ("look peek reveal ask", _write("probe")),
    ("append enqueue", Suggestion("write `push … onto w`")),
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
    ("not", Suggestion("write `!=`, or `not` in front of the whole comparison")),
    ("xor", Suggestion("write `!=` between two truth values")),
    ("over", _write("of")),
    ("if", Suggestion("the condition comes first: `if c then a else b`")),
    ("with filter having such", _write("where")),
    ("sorted order ordered sort", _write("by")),
    ("without minus less", _write("except")),
    ("reason since comment", _write("because")),
    ("to into", _write("onto")),
    ("do", Suggestion("write a block in braces: `{ … }`")),
    ("times", _write("for")),
    ("from", Suggestion("`open` and `sample` take a number of new branches: `sample 2`")),
    ("once unique distinct", Suggestion("write `S once .answer`: the first branch of each answer")),
    (
        "union intersect intersection",
        Suggestion(
            "there is no union: sort or filter a larger set, such as `alive` or `opened`; "
            "branches in both are `S except (S except T)`"
        ),
    ),
    ("desc descending reverse", Suggestion("to sort largest first, write `by -key`")),
    ("asc ascending", Suggestion("remove it; `by` sorts smallest first")),
    ("limit top", Suggestion("write `first n of (S by …)`")),
    ("percent", Suggestion("write a share: `0.9` for 90 %")),
    (
        "branches intervals steps samples chains tokens",
        Suggestion("remove it; a number is enough: `open 4`, `advance active for 2`"),
    ),
    (
        "in",
        Suggestion(
            "compare with each value, `x == a or x == b`; branches of S that are in T are "
            "`S except (S except T)`"
        ),
    ),
)
"""Between two operands."""

NAMES = _table(
    ("True TRUE yes", _write("true")),
    ("False FALSE no", _write("false")),
    ("None NULL null nil undefined Nothing nothing", _write("none")),
    (
        "self this it branch b",
        Suggestion(
            "a dot refers to the current branch: write `.answer` inside `where`, `by`, "
            "`for` or `update`"
        ),
    ),
    ("all branches everything", Suggestion("every branch opened so far is `opened`", "opened")),
    (
        "running live unfinished",
        Suggestion("branches that can be advanced are `active`", "active"),
    ),
    (
        "done completed complete ended",
        Suggestion("branches that have ended are `finished`", "finished"),
    ),
    (
        "step t round_number iteration",
        Suggestion("the steps completed so far are `steps`", "steps"),
    ),
    ("cost used tokens_used", Suggestion("the tokens charged so far are `spent`", "spent")),
    (
        "inf infinity Infinity INF",
        Suggestion("infinite numbers do not exist; write a large number"),
    ),
    ("nan NaN", Suggestion("NaN does not exist; x / 0 is 0")),
)
"""Names that nothing declares."""

VALUES = _table(
    ("fork clone duplicate split", STATEMENTS["fork"]),
    ("resample regenerate retry restart", STATEMENTS["resample"]),
    (
        "last bottom",
        Suggestion(
            "`first n of` takes from the start of a set; sort it the other way round: "
            "`first 2 of S by -.index`"
        ),
    ),
    ("top best largest max", Suggestion("write `first 2 of S by -.streak`")),
    ("smallest lowest worst min", Suggestion("write `first 2 of S by .streak`")),
    ("random any_of", Suggestion("write `first 2 of S by draw_beta(1, 1)`")),
    ("all every", Suggestion("write `empty(S where not …)`")),
    ("any some exists", Suggestion("write `not empty(S where …)`")),
    ("select", Suggestion("write `S where …`, with the set first")),
    ("lambda", Suggestion("a dot refers to each branch: `active by .depth`")),
    ("new", _write("open")),
)
"""In front of a number or a name, where a value is expected."""

ATTRIBUTES = _table(
    ("finish done complete completed ended is_finished is_done closed", _write(".finished")),
    ("active is_active alive live", Suggestion("branches that can be advanced are `active`")),
    ("is_pruned dead killed", _write(".pruned")),
    ("length len size n_tokens num_tokens token_count cost", _write(".tokens")),
    ("intervals n_intervals position level", _write(".depth")),
    ("final final_answer prediction pred output result text value", _write(".answer")),
    ("id idx number rank order", _write(".index")),
    ("stable stability consecutive run", _write(".streak")),
    ("revealed visible probed", _write(".seen")),
    ("switches flips", _write(".changes")),
    ("truncated is_truncated length_limited", _write(".cut_off")),
    (
        "votes vote share confidence conf score weight",
        Suggestion("votes belong to sets: `votes(S)`, `share(S)`, `confidence(S)`"),
    ),
)
"""Attributes that no branch has, without their dots."""

FUNCTIONS = _table(
    (
        "argmax nlargest maximum max_by",
        Suggestion("the branch with the largest value is `first 1 of S by -.streak`"),
    ),
    (
        "argmin nsmallest minimum min_by",
        Suggestion("the branch with the smallest value is `first 1 of S by .streak`"),
    ),
    (
        "softmax normalize normalise",
        Suggestion(
            "weights of a vote need no normalization: write `weight = exp(…)`; a part of all is "
            "`exp(…) / sum(exp(…) of S)`"
        ),
    ),
    (
        "union intersection",
        OPERATORS["union"],
    ),
    ("fork clone", STATEMENTS["fork"]),
    ("resample", STATEMENTS["resample"]),
    (
        "percentile nanpercentile nanquantile",
        Suggestion("write `quantile(e of S, q)`, with q from 0 to 1"),
    ),
    ("dedupe dedup drop_duplicates", Suggestion("write `S once .answer`")),
    ("time clock now perf_counter", Suggestion("there is no clock; tokens are `spent`")),
    (
        "isinstance type hasattr getattr",
        Suggestion("every value has one type, which the checker knows; remove it"),
    ),
    ("choice choices shuffle", Suggestion("write `first n of S by draw_beta(1, 1)`")),
    ("sigmoid", Suggestion("write `1 / (1 + exp(-x))`")),
    ("product prod", Suggestion("write `exp(sum(log(…) of S))`")),
    ("reversed", Suggestion("write `S by -.index`")),
    ("isnan isinf", Suggestion("every number is finite; remove it")),
    ("len length size n card", _write("count")),
    (
        "majority majority_vote mode vote plurality most_common consensus top best",
        _write("winner"),
    ),
    ("second second_best", _write("runner_up")),
    ("avg average", _write("mean")),
    ("var", _write("variance")),
    ("std stddev stdev", Suggestion("write `sqrt(variance(…))`")),
    ("int trunc integer", Suggestion("write `floor(x)`, `ceil(x)` or `round(x)`", "floor")),
    ("float real double", Suggestion("integers convert to real numbers automatically")),
    ("ceiling", _write("ceil")),
    ("unique nunique n_unique uniq", _write("distinct")),
    ("is_empty isempty none_of", _write("empty")),
    ("any exists some", Suggestion("write `not empty(S where …)`")),
    ("all every", Suggestion("write `empty(S where not …)`")),
    ("filter", Suggestion("write `S where …`")),
    ("sorted sort order", Suggestion("write `S by …`")),
    ("top_k take head", Suggestion("write `first n of (S by …)`")),
    (
        "range enumerate zip map list set dict",
        Suggestion("sets are made with `where`, `by`, `first`"),
    ),
    ("ln", _write("log")),
    ("log2 log10", Suggestion("write `log(x) / log(2)`")),
    ("random rand uniform bernoulli coin", Suggestion("write `chance(p)` or `draw_beta(a, b)`")),
    ("slope delta trend diff", Suggestion("write `rise(w)` of a window")),
    (
        "last latest",
        Suggestion(
            "the last value of a window is `newest(w)`; the last branch of a set is "
            "`first 1 of S by -.index`"
        ),
    ),
    ("agreement fraction proportion", _write("share")),
    ("conf certainty", _write("confidence")),
    ("print log_ debug", STATEMENTS["print"]),
    ("str string repr", Suggestion("an answer is already a text")),
    ("parity bool", Suggestion("write a comparison: `… > 0`")),
)
"""Functions that nothing declares."""
