"""Write new expressions for a site of a program.

Holes are filled from the grammar's tables, with knobs, and with names that the program declares.
"""

from collections.abc import Callable, Collection
from random import Random
from typing import Any

from agents.variation.grammar import (
    KNOBS,
    Production,
    find_filler,
    find_holes,
    get_knob_stem,
    is_hole,
    load_productions,
)
from agents.variation.quantities import Quantity
from agents.variation.sampling import choose_weighted, sample_curve
from agents.variation.scopes import NewDeclarations
from agents.variation.survey import ProgramSurvey, SiteContext
from agents.variation.tree_transforms import (
    NOWHERE,
    binary,
    copy_tree,
    identifier,
    name,
    transform_tree,
)
from dsl import tree
from dsl.builtins import signal_name_fault
from dsl.types import Type

DEPTH = 3
"""The greatest depth to which tables are filled from tables."""

OWN = 0.35
"""The probability that a hole is filled with a name of the program, where one is suitable."""

SHARED = 0.12
"""The probability that an existing knob is used, where one is suitable."""

SIGNAL = 0.2
"""The probability that a weight, a key or a test reads a named signal, where there are any."""

INHERITED = 0.7
"""The probability that a nested expression uses the voters of the expression around it."""

FilledHoles = dict[str, tree.Expression]
"""The expressions that fill the holes of one text, by hole."""


class ExpressionWriter:
    """Writes expressions for one change of one program.

    Args:
        survey: The sites and types of the program.
        additions: Receives the declarations of new knobs.
        random: The random generator.
        signals: Named signals that the recordings have.
    """

    def __init__(
        self,
        survey: ProgramSurvey,
        additions: NewDeclarations,
        random: Random,
        signals: Collection[str] = (),
    ):
        # A field of the program takes the place of a signal of its name, and a recording that was
        # not imported may have signals of names that no program can read.
        taken = survey.kinds.keys()
        self._signals = sorted(
            name for name in signals if f".{name}" not in taken and signal_name_fault(name) is None
        )
        self._survey = survey
        self._additions = additions
        self._random = random

    def write(self, table: str, env: SiteContext) -> tree.Expression:
        """Return an expression of a table that is valid in ``env``."""
        return self._fill(table, env, {}, 0)

    def filled(self, node: Any, env: SiteContext, filled: FilledHoles) -> Any:  # noqa: ANN401 - any node
        """Return a tree with its holes filled.

        Args:
            node: The tree.
            env: The context of the site where the tree is inserted.
            filled: The expressions of the holes so far; new ones are added.
        """
        return self._filled(node, env, filled, 0)

    def knob(self, quantity: Quantity, rises: float = 0.65, stem: str | None = None) -> tree.Name:
        """Return a knob for a quantity: most of the time a new one.

        Args:
            quantity: What the knob is a number of.
            rises: The probability that the curve of a new knob rises with β.
            stem: The name of a new knob; a number is appended where it is in use. By default that
                of the quantity.
        """
        bounds = quantity.range
        known = [
            knob
            for knob, used in self._survey.uses.items()
            if used is quantity
            and self._survey.knobs[knob] is (Type.INTEGER if bounds.integer else Type.REAL)
        ]
        if known and self._random.random() < SHARED:
            return name(self._random.choice(known))
        return name(
            self._additions.knob(stem or bounds.stem, sample_curve(quantity, self._random, rises))
        )

    def _filled(self, node: Any, env: SiteContext, filled: FilledHoles, depth: int) -> Any:  # noqa: ANN401
        for hole in find_holes(node):
            if hole not in filled:
                filled[hole] = self._hole(hole, env, filled, depth)

        def change(part: Any) -> Any:  # noqa: ANN401
            if isinstance(part, tree.Name) and is_hole(part.text):
                return copy_tree(filled[part.text])
            return part

        return transform_tree(copy_tree(node), change)

    def _hole(
        self, hole: str, env: SiteContext, filled: FilledHoles, depth: int
    ) -> tree.Expression:
        kind = find_filler(hole)
        if kind in KNOBS:
            return self.knob(KNOBS[kind], stem=get_knob_stem(kind))
        return self._fill(kind, env, filled, depth)

    def _fill(
        self, table: str, env: SiteContext, above: FilledHoles, depth: int
    ) -> tree.Expression:
        # Without signals nothing is drawn: runs over other recordings stay the same.
        if self._signals and table in _SIGNAL_TABLES and self._random.random() < SIGNAL:
            return self._signal(table)
        own = _OWN.get(table)
        if own is not None and self._random.random() < OWN:
            own_choices = own(self, env)
            if own_choices:
                return self._random.choice(own_choices)
        choices = [
            (production.weight, production)
            for production in load_productions(table)
            if _fits(production, depth)
        ]
        chosen = choose_weighted(self._random, choices)
        inside: FilledHoles = {}
        if "VOTERS" in above and self._random.random() < INHERITED:
            inside["VOTERS"] = above["VOTERS"]
        result: tree.Expression = self._filled(chosen.expression, env, inside, depth + 1)
        return result

    def _signal(self, table: str) -> tree.Expression:
        """Return an expression of a table that reads a named signal of a branch."""
        chosen = self._random.choice(self._signals)
        self._additions.signal(chosen)
        first = self.knob(Quantity.WEIGHT, stem="prior")

        def read() -> tree.Fallback:
            return tree.Fallback(NOWHERE, tree.Field(NOWHERE, f".{chosen}"), copy_tree(first))

        if table == "WEIGHING":
            return read()
        if table == "KEY":
            return read() if self._random.random() < 0.5 else tree.Unary(NOWHERE, "-", read())
        part = self.knob(Quantity.PART, stem="part")
        over = tree.PerBranch(NOWHERE, read(), name("alive"))
        level = tree.Call(NOWHERE, identifier("quantile"), (over, part))
        return binary(self._random.choice([">=", "<"]), read(), level)

    # Names of the program

    def _names(self, kind: Type, quantity: Quantity | None, env: SiteContext) -> list[str]:
        """Return the `let`s and cells of a type, and of a quantity where that counts."""
        of = self._survey.quantities.named
        known = [*env.names(kind), *self._survey.cells(kind)]
        return [name for name in known if quantity is None or of.get(name) is quantity]

    def _voters(self, env: SiteContext) -> list[tree.Expression]:
        return [name(label) for label in env.names(Type.BRANCHES)]

    def _leader(self, env: SiteContext) -> list[tree.Expression]:
        return [name(label) for label in self._names(Type.ANSWER, None, env)]

    def _sureness(self, env: SiteContext) -> list[tree.Expression]:
        return [name(label) for label in self._names(Type.REAL, Quantity.PART, env)]

    def _duration(self, env: SiteContext) -> list[tree.Expression]:
        return [name(label) for label in self._names(Type.INTEGER, Quantity.STEPS, env)]

    def _pace(self, env: SiteContext) -> list[tree.Expression]:
        return [tree.Field(NOWHERE, field) for field in self._survey.fields(Type.INTEGER)]

    def _key(self, env: SiteContext) -> list[tree.Expression]:
        plain = self._pace(env)
        return [*plain, *(tree.Unary(NOWHERE, "-", copy_tree(key)) for key in plain)]

    def _test(self, env: SiteContext) -> list[tree.Expression]:
        fields = self._survey.fields(Type.INTEGER)
        tests: list[tree.Expression] = [
            tree.Field(NOWHERE, label) for label in self._survey.fields(Type.TRUTH)
        ]
        if fields:
            field = tree.Field(NOWHERE, self._random.choice(fields))
            sign = self._random.choice([">=", "<"])
            tests.append(binary(sign, field, self.knob(Quantity.STEPS)))
        leaders = self._leader(env)
        if leaders:
            sign = self._random.choice(["==", "!="])
            leader = self._random.choice(leaders)
            tests.append(binary(sign, tree.Field(NOWHERE, ".answer"), leader))
        return tests

    def _condition(self, env: SiteContext) -> list[tree.Expression]:
        """Return at most one condition on stored values, since each one declares a knob."""
        makers: list[Callable[[], tree.Expression]] = []
        parts, durations = self._sureness(env), self._duration(env)
        truths = self._names(Type.TRUTH, None, env)
        if parts:
            part = self._random.choice(parts)
            makers.append(lambda: binary(">=", part, self.knob(Quantity.PART)))
        if durations:
            duration = self._random.choice(durations)
            makers.append(lambda: binary(">=", duration, self.knob(Quantity.STEPS)))
        if truths:
            makers.append(lambda: name(self._random.choice(truths)))
        return [self._random.choice(makers)()] if makers else []


def _fits(production: Production, depth: int) -> bool:
    return depth < DEPTH or not production.holes


_SIGNAL_TABLES = frozenset({"WEIGHING", "KEY", "TEST"})
"""The tables of expressions of one branch that may read a named signal."""

_OWN: dict[str, Callable[[ExpressionWriter, SiteContext], list[tree.Expression]]] = {
    "VOTERS": ExpressionWriter._voters,  # noqa: SLF001 - its own table
    "LEADER": ExpressionWriter._leader,  # noqa: SLF001
    "SURENESS": ExpressionWriter._sureness,  # noqa: SLF001
    "DURATION": ExpressionWriter._duration,  # noqa: SLF001
    "PACE": ExpressionWriter._pace,  # noqa: SLF001
    "KEY": ExpressionWriter._key,  # noqa: SLF001
    "TEST": ExpressionWriter._test,  # noqa: SLF001
    "CONDITION": ExpressionWriter._condition,  # noqa: SLF001
}
