"""Expressions written anew at a place of a program.

Holes are filled by the grammar's tables, by knobs, and by what the program itself keeps under a
name.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from agents.variation.draws import drawn, weighted
from agents.variation.grammar import (
    KNOBS,
    Production,
    holes_in,
    is_hole,
    kind_of,
    productions,
    stem_of,
)
from agents.variation.quantities import Quantity
from agents.variation.rewriting import NOWHERE, binary, copied, name, transformed
from agents.variation.scopes import Additions
from agents.variation.survey import Env, Survey
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

Filled = dict[str, tree.Expression]
"""What the holes of one text stand for."""


class Writer:
    """Writes expressions for one change of one program.

    Args:
        seen: the program.
        additions: takes the knobs that come along.
        random: the source of chance.
    """

    def __init__(self, seen: Survey, additions: Additions, random: Random):
        self._seen = seen
        self._additions = additions
        self._random = random

    def write(self, table: str, env: Env) -> tree.Expression:
        """Something of a table that can stand where ``env`` holds."""
        return self._fill(table, env, {}, 0)

    def filled(self, node: Any, env: Env, filled: Filled) -> Any:  # noqa: ANN401 - any node
        """A tree with its holes filled.

        Args:
            node: the tree.
            env: where it will stand.
            filled: what its holes stand for so far; what is filled here is added.
        """
        return self._filled(node, env, filled, 0)

    def knob(self, quantity: Quantity, rises: float = 0.65, stem: str | None = None) -> tree.Name:
        """A knob for a quantity: most of the time a new one."""
        found = quantity.range
        known = [
            knob
            for knob, used in self._seen.uses.items()
            if used is quantity
            and self._seen.knobs[knob] is (Type.INTEGER if found.integer else Type.REAL)
        ]
        if known and self._random.random() < SHARED:
            return name(self._random.choice(known))
        return name(self._additions.knob(stem or found.stem, drawn(quantity, self._random, rises)))

    def _filled(self, node: Any, env: Env, filled: Filled, depth: int) -> Any:  # noqa: ANN401
        for hole in holes_in(node):
            if hole not in filled:
                filled[hole] = self._hole(hole, env, filled, depth)

        def change(each: Any) -> Any:  # noqa: ANN401
            if isinstance(each, tree.Name) and is_hole(each.text):
                return copied(filled[each.text])
            return each

        return transformed(copied(node), change)

    def _hole(self, hole: str, env: Env, filled: Filled, depth: int) -> tree.Expression:
        kind = kind_of(hole)
        if kind in KNOBS:
            return self.knob(KNOBS[kind], stem=stem_of(kind))
        return self._fill(kind, env, filled, depth)

    def _fill(self, table: str, env: Env, above: Filled, depth: int) -> tree.Expression:
        own = _OWN.get(table)
        if own is not None and self._random.random() < OWN:
            kept = own(self, env)
            if kept:
                return self._random.choice(kept)
        choices = [(each.weight, each) for each in productions(table) if _fits(each, depth)]
        chosen = weighted(self._random, choices)
        inside: Filled = {}
        if "VOTERS" in above and self._random.random() < INHERITED:
            inside["VOTERS"] = above["VOTERS"]
        found: tree.Expression = self._filled(chosen.expression, env, inside, depth + 1)
        return found

    # What the program keeps itself

    def _names(self, kind: Type, quantity: Quantity | None, env: Env) -> list[str]:
        """The `let`s and cells of a type, and of a quantity where that counts."""
        of = self._seen.quantities.named
        known = [*env.names(kind), *self._seen.cells(kind)]
        return [each for each in known if quantity is None or of.get(each) is quantity]

    def _voters(self, env: Env) -> list[tree.Expression]:
        return [name(each) for each in env.names(Type.BRANCHES)]

    def _leader(self, env: Env) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.ANSWER, None, env)]

    def _sureness(self, env: Env) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.REAL, Quantity.PART, env)]

    def _duration(self, env: Env) -> list[tree.Expression]:
        return [name(each) for each in self._names(Type.INTEGER, Quantity.STEPS, env)]

    def _pace(self, env: Env) -> list[tree.Expression]:
        return [tree.Field(NOWHERE, each) for each in self._seen.fields(Type.INTEGER)]

    def _key(self, env: Env) -> list[tree.Expression]:
        plain = self._pace(env)
        return [*plain, *(tree.Unary(NOWHERE, "-", copied(each)) for each in plain)]

    def _test(self, env: Env) -> list[tree.Expression]:
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

    def _condition(self, env: Env) -> list[tree.Expression]:
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


_OWN: dict[str, Callable[[Writer, Env], list[tree.Expression]]] = {
    "VOTERS": Writer._voters,  # noqa: SLF001 - its own table
    "LEADER": Writer._leader,  # noqa: SLF001
    "SURENESS": Writer._sureness,  # noqa: SLF001
    "DURATION": Writer._duration,  # noqa: SLF001
    "PACE": Writer._pace,  # noqa: SLF001
    "KEY": Writer._key,  # noqa: SLF001
    "TEST": Writer._test,  # noqa: SLF001
    "CONDITION": Writer._condition,  # noqa: SLF001
}
