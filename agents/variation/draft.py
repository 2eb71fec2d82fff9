"""A program that is being changed once: what is known of it, and what the change brings along."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from agents.variation.rewriting import copied, replaced, walk, written
from agents.variation.scopes import Additions, with_distinct_lets
from agents.variation.survey import Purpose, Site, Spot, survey
from agents.variation.tidying import size, tidy
from agents.variation.writing import Writer
from dsl import tree

LARGEST = 220
"""Programs of this size grow no further: people read them."""

LONGEST = 90
"""Characters of an expression that words show."""

T = TypeVar("T")


class Variant(NamedTuple):
    """A program made of another one."""

    program: tree.Program
    operator: str
    """The short name of what was done."""
    words: str
    """What changed, as a clause for people: "prunes branches that …"."""


class Draft:
    """See the module.

    Args:
        program: a sound program.
        random: the source of all chance.
    """

    def __init__(self, program: tree.Program, random: Random):
        self.program = with_distinct_lets(copied(program))
        self.random = random
        self.seen = survey(self.program)
        self.additions = Additions(self.program)
        self.writer = Writer(self.seen, self.additions, random)

    def sites(self, wanted: Callable[[Site], bool], *, bounds: bool = False) -> list[Site]:
        """The expressions that meet a condition; those that bound an amount only if asked for."""
        return [
            site
            for site in self.seen.sites
            if wanted(site) and (bounds or site.purpose is not Purpose.BOUND)
        ]

    def spots(self, wanted: Callable[[Spot], bool]) -> list[Spot]:
        """The statements that meet a condition."""
        return [spot for spot in self.seen.spots if wanted(spot)]

    def one(self, items: Sequence[T]) -> T | None:
        """One of some things, ``None`` of none."""
        return self.random.choice(items) if items else None

    def swapped(self, site: Site, new: tree.Expression, operator: str) -> Variant | None:
        """One expression put in the place of another."""
        words = f"reads {shown(new)} in place of {shown(site.node)}"
        return self.done(operator, words, replaced(self.program, {site.node: new}))

    def done(self, operator: str, words: str, program: tree.Program) -> Variant | None:
        """The outcome of a change, in order; ``None`` where that is not worth playing."""
        after = tidy(self.additions.applied(program))
        if tree.same(after, self.program):
            return None
        if size(after) > LARGEST and size(after) > size(self.program):
            return None
        if not _gets_answers(after):
            return None
        return Variant(after, operator, words)


def _gets_answers(program: tree.Program) -> bool:
    """Whether branches can come to an end at all: chains that are opened are advanced, too."""
    kinds = {type(node) for node in walk(program)}
    return tree.Sample in kinds or {tree.Open, tree.Advance} <= kinds


def shown(node: tree.Expression) -> str:
    """An expression in words: on one line, in backquotes, and not too long."""
    text = written(node)
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + '…'}`"
