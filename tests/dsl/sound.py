"""Programs at random that the checker passes, for properties of whatever runs or rewrites them.

Expressions are drawn by the type that is wanted, over the names in scope.
"""

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from dsl import tree
from dsl.formatter import print_tree
from dsl.parser import parse
from dsl.source import Source
from dsl.types import Type

INTEGER, REAL, TRUTH, ANSWER, BRANCHES, WINDOW = (
    Type.INTEGER, Type.REAL, Type.TRUTH, Type.ANSWER, Type.BRANCHES, Type.WINDOW,
)  # fmt: skip

SETS = ["active", "alive", "opened", "finished", "pruned"]
BRANCH = {
    INTEGER: [".depth", ".streak", ".changes", ".age", ".tokens", ".index"],
    REAL: [],
    TRUTH: [".seen", ".finished", ".pruned"],
    ANSWER: [".answer"],
    BRANCHES: [],
}
VALUES = {
    INTEGER: ["0", "1", "2", "7", "steps", "available", "interval"],
    REAL: ["0.0", "0.5", "1.5", "1e-3", "beta"],
    TRUTH: ["true", "false"],
    ANSWER: ["none", '"17"', '"ERR"'],
    BRANCHES: SETS,
}
FORMS = {
    INTEGER: [
        "{i} + {i}", "{i} - {i}", "{i} * {i}", "{i} // {i}", "{i} % {i}", "-{i}", "count({b})",
        "distinct({b})", "votes({b})", "votes({b}, {a})", "min({i}, {i})", "max({i}, {i}, {i})",
        "abs({i})", "clamp({i}, {i}, {i})", "floor({r})", "ceil({r})", "round({r})",
        "sum({.i} of {b})", "max({.i} of {b})", "if {t} then {i} else {i}", "count({w})",
    ],
    REAL: [
        "{r} + {i}", "{i} - {r}", "{r} * {r}", "{i} / {r}", "{r} / {i}", "-{r}", "confidence({b})",
        "confidence({b}, weight = {.r})", "share({b})", "share({b}, {a})", "margin({b})",
        "entropy({b}, weight = {.i})", "mean({.r} of {b})", "variance({.i} of {b})",
        "min({.r} of {b})", "sum({.r} of {b})", "sqrt({r})", "exp({r})", "log({r})",
        "pow({r}, {r})", "beta_confidence({i}, {i})", "draw_beta({r}, {r})", "rise({w})",
        "mean({w})", "oldest({w})", "newest({w})", "if {t} then {r} else {i}",
    ],
    TRUTH: [
        "{i} < {r}", "{r} >= {i}", "{i} == {i}", "{a} == {a}", "{a} != {a}", "{t} and {t}",
        "{t} or {t}", "not {t}", "empty({b})", "chance({r})", "full({w})",
        "if {t} then {t} else {t}",
    ],
    ANSWER: [
        "winner({b})", "winner({b}, weight = {.r})", "runner_up({b})", "if {t} then {a} else {a}",
    ],
    BRANCHES: [
        "{b} where {.t}", "{b} by {.i}", "{b} by {.r}", "{b} by {.i} by -{.r}", "{b} except {b}",
        "first {i} of {b}", "if {t} then {b} else {b}",
    ],
}  # fmt: skip
KINDS = [INTEGER, REAL, TRUTH, ANSWER, BRANCHES, WINDOW]
LETTERS = {"i": INTEGER, "r": REAL, "t": TRUTH, "a": ANSWER, "b": BRANCHES}


def _none() -> dict[Type, list[str]]:
    return {kind: [] for kind in KINDS}


@dataclass
class Names:
    """The names in scope by type, and those used up."""

    cells: dict[Type, list[str]] = field(default_factory=_none)
    lets: dict[Type, list[str]] = field(default_factory=_none)
    fields: dict[Type, list[str]] = field(default_factory=_none)
    knobs: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def inner(self) -> "Names":
        """The same inside a block, whose `let`s end with it."""
        return replace(self, lets={kind: list(names) for kind, names in self.lets.items()})

    def fresh(self, stem: str) -> str:
        """A name that nothing has."""
        name = f"{stem}{len(self.taken)}"
        self.taken.append(name)
        return name


@st.composite
def expressions(
    draw: st.DrawFn, kind: Type, names: Names, depth: int = 2, branch: bool = False
) -> str:
    """The text of an expression of a type, in parentheses where it is no leaf."""
    own = [*names.cells[kind], *names.lets[kind], *(names.knobs if kind is INTEGER else [])]
    leaves = [*VALUES[kind], *own, *own]
    if branch:
        leaves += [*BRANCH[kind], *names.fields[kind], *names.fields[kind]]
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(leaves))
    text = draw(st.sampled_from(FORMS[kind]))
    for letter, wanted in LETTERS.items():
        for slot, dotted in ((f"{{{letter}}}", branch), (f"{{.{letter}}}", True)):
            while slot in text:
                part = draw(expressions(wanted, names, depth - 1, dotted))
                text = text.replace(slot, part, 1)
    text = text.replace("{w}", names.cells[WINDOW][0])
    return f"({text})"


@st.composite
def statements(draw: st.DrawFn, names: Names, where: str, depth: int) -> str:
    """The text of a statement that may be in `step`, `finally` or `update`."""
    kinds = {"step": 12, "finally": 4, "update": 2}[where]
    branch = where == "update"

    def some(kind: Type, *, dotted: bool = branch) -> str:
        return draw(expressions(kind, names, 2, dotted))

    match draw(st.integers(1, kinds)):
        case 1:
            kind = draw(st.sampled_from(list(LETTERS.values())))
            text, name = some(kind), names.fresh("l")
            names.lets[kind].append(name)
            return f"let {name} = {text}"
        case 2 if branch:
            kind = draw(st.sampled_from([INTEGER, REAL, TRUTH, ANSWER]))
            return f"{names.fields[kind][0]} = {some(kind)}"
        case 2 | 3:
            kind = draw(st.sampled_from([INTEGER, REAL, TRUTH, ANSWER]))
            return f"{names.cells[kind][0]} = {some(kind)}"
        case 4:
            return f"push {some(REAL)} onto {names.cells[WINDOW][0]}"
        case 5 if depth:
            then = draw(blocks(names.inner(), where, depth - 1))
            otherwise = draw(blocks(names.inner(), where, depth - 1))
            return f"if {some(TRUTH)} {then}" + draw(st.sampled_from(["", f" else {otherwise}"]))
        case 6 if depth:
            return f"update {some(BRANCHES)} {draw(blocks(names.inner(), 'update', depth - 1))}"
        case 7:
            word, unseen = draw(
                st.sampled_from([("open", ""), ("open", " unseen"), ("sample", "")])
            )
            return f"{word} min(3, {some(INTEGER)}){unseen}"
        case 8:
            text, name = some(INTEGER), names.fresh("l")
            names.lets[BRANCHES].append(name)
            return f"let {name} = open min(2, {text})"
        case 9:
            burst = some(INTEGER, dotted=True)
            return f"extend {some(BRANCHES)} for min(3, {burst})"
        case 10:
            return f"{draw(st.sampled_from(['probe', 'prune']))} {some(BRANCHES)}"
        case 11:
            return f"if {some(TRUTH)} {{ stop }}"
        case _:
            return f"advance {some(BRANCHES)}"


@st.composite
def blocks(draw: st.DrawFn, names: Names, where: str, depth: int = 2) -> str:
    """The text of a block."""
    lines = [draw(statements(names, where, depth)) for _ in range(draw(st.integers(0, 4)))]
    return "{ " + "\n".join(lines) + " }"


@st.composite
def sound_texts(draw: st.DrawFn) -> str:
    """The text of a program without errors; it may well draw warnings."""
    names = Names(
        cells={INTEGER: ["mi"], REAL: ["mr"], TRUTH: ["mt"], ANSWER: ["ma"], BRANCHES: [],
               WINDOW: ["mw"]},
        fields={INTEGER: [".fi"], REAL: [".fr"], TRUTH: [".ft"], ANSWER: [".fa"], BRANCHES: []},
        knobs=["kn", "ks"],
    )  # fmt: skip
    start, step, end = (
        draw(blocks(names.inner(), where, depth))
        for where, depth in (("step", 1), ("step", 2), ("finally", 0))
    )
    scale = draw(st.integers(0, 9))
    text = f"""controller c {{
      knobs {{ kn = {draw(st.integers(1, 9))} in 1..9 }}
      schedule {{ rising ks = round(1 + {scale} * beta) }}
      memory {{ mi = 0 mr = 0.0 mt = false ma = none mw = window(kn) }}
      each branch {{ .fi = 0 .fr = 0.0 .ft = false .fa = none }}
      start {{ open ks {start[1:]}
      step at most {draw(st.integers(1, 8))} {step}
      finally {{ {end[1:-1]} answer winner(alive) else winner(opened) else none }}
    }}"""
    return print_tree(_parsed(text))


def _parsed(text: str) -> tree.Program:
    parsed = parse(Source(text))
    assert parsed.program is not None, text
    return parsed.program
