"""Expressions written anew at a place of a program.

Holes are filled by the grammar's tables, by knobs, and by what the program itself keeps under a
name.
"""

from collections.abc import Callable
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
from agents.variation.tree_transforms import NOWHERE, binary, copy_tree, name, transform_tree
from dsl import tree
from dsl.types import Type

DEPTH = 3
"""How deeply tables are filled from tables."""

OWN = 0.35
"""How likely a hole is filled with something that the program keeps, where it keeps any."""

SHARED = 0.12
"""How likely a knob is one that the program has already."""

INHERITED = 0.7
"""How likely the voters in a part are those of the whole."""

FilledHoles = dict[str, tree.Expression]
"""What the holes of one text stand for."""


class ExpressionWriter:
    """Writes expressions for one change of one program.

    Args:
        seen: the program.
        additions: takes the knobs that come along.
        random: the source of chance.
    """

    def __init__(self, seen: ProgramSurvey, additions: NewDeclarations, random: Random):
        self._seen = seen
        self._additions = additions
        self._random = random

    def write(self, table: str, env: SiteContext) -> tree.Expression:
        """Something of a table that can stand where ``env`` holds."""
        return self._fill(table, env, {}, 0)

    def filled(self, node: Any, env: SiteContext, filled: FilledHoles) -> Any:  # noqa: ANN401 - any node
        """Return a tree with its holes filled.

        Args:
            node: the tree.
            env: where it will stand.
            filled: what its holes stand for so far; what is filled here is added.
        """
        return self._filled(node, env, filled, 0)

    def knob(self, quantity: Quantity, rises: float = 0.65, stem: str | None = None) -> tree.Name:
        """Return a knob for a quantity: most of the time a new one."""
        found = quantity.range
        known = [
            knob
            for knob, used in self._seen.uses.items()
            if used is quantity
            and self._seen.knobs[knob] is (Type.INTEGER if found.integer else Type.REAL)
        ]
        if known and self._random.random() < SHARED:
            return name(self._random.choice(known))
        return name(
            self._additions.knob(stem or found.stem, sample_curve(quantity, self._random, rises))
        )

    def _filled(self, node: Any, env: SiteContext, filled: FilledHoles, depth: int) -> Any:  # noqa: ANN401
        for hole in find_holes(node):
            if hole not in filled:
                filled[hole] = self._hole(hole, env, filled, depth)

        def change(each: Any) -> Any:  # noqa: ANN401
            if isinstance(each, tree.Name) and is_hole(each.text):
                return copy_tree(filled[each.text])
            return each

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
        own = _OWN.get(table)
        if own is not None and self._random.random() < OWN:
            kept = own(self, env)
            if kept:
                return self._random.choice(kept)
        choices = [(each.weight, each) for each in load_productions(table) if _fits(each, depth)]
        chosen = choose_weighted(self._random, choices)
        inside: FilledHoles = {}
        if "VOTERS" in above and self._random.random() < INHERITED:
            inside["VOTERS"] = above["VOTERS"]
        found: tree.Expression = self._filled(chosen.expression, env, inside, depth + 1)
        return found

    # What the program keeps itself

    def _names(self, kind: Type, quantity: Quantity | None, env: SiteContext) -> list[str]:
        """Return the `let`s and cells of a type, and of a quantity where that counts."""
        of = self._seen.quantities.named
        known = [*env.names(kind), *self._seen.cells(kind)]
        return [each for each in known if quantity is None or of.get(each) is quantity]

    def _voters(self, env: SiteContext) -> list[tree.Expression]:
        return [name(each) for each in env.names(Type.BRANCHES)]

    def _leader(self, env: SiteContext) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.ANSWER, None, env)]

    def _sureness(self, env: SiteContext) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.REAL, Quantity.PART, env)]

    def _duration(self, env: SiteContext) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.INTEGER, Quantity.STEPS, env)]

    def _pace(self, env: SiteContext) -> list[tree.Expression]:
        return [tree.Field(NOWHERE, each) for each in self._seen.fields(Type.INTEGER)]

    def _key(self, env: SiteContext) -> list[tree.Expression]:
        plain = self._pace(env)
        return [*plain, *(tree.Unary(NOWHERE, "-", copy_tree(each)) for each in plain)]

    def _test(self, env: SiteContext) -> list[tree.Expression]:
        fields = self._seen.fields(Type.INTEGER)
        found: list[tree.Expression] = [
            tree.Field(NOWHERE, each) for each in self._seen.fields(Type.TRUTH)
        ]
        if fields:
            field = tree.Field(NOWHERE, self._random.choice(fields))
            sign = self._random.choice([">=", "<"])
            found.append(binary(sign, field, self.knob(Quantity.STEPS)))
        leaders = self._leader(env)
        if leaders:
            sign = self._random.choice(["==", "!="])
            leader = self._random.choice(leaders)
            found.append(binary(sign, tree.Field(NOWHERE, ".answer"), leader))
        return found

    def _condition(self, env: SiteContext) -> list[tree.Expression]:
        """Conditions on what is kept; at most one, since each brings a knob."""
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
