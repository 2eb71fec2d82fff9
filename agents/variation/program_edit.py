"""A program that is being changed once: what is known of it, and what the change brings along."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from agents.variation.cleanup import compute_size, tidy
from agents.variation.expression_writer import ExpressionWriter
from agents.variation.scopes import NewDeclarations, make_lets_distinct
from agents.variation.survey import ExpressionSite, Purpose, StatementSite, survey_program
from agents.variation.tree_transforms import copy_tree, format_expression, replace_nodes, walk
from dsl import tree

LARGEST = 220
"""Programs of this size grow no further: people read them."""

LONGEST = 90
"""Characters of an expression that words show."""

T = TypeVar("T")


class ProgramVariant(NamedTuple):
    """A program made of another one."""

    program: tree.Program
    operator: str
    """The short name of what was done."""
    words: str
    """What changed, as a clause for people: "prunes branches that …"."""


class ProgramEdit:
    """See the module.

    Args:
        program: a sound program.
        random: the source of all chance.
    """

    def __init__(self, program: tree.Program, random: Random):
        self.program = make_lets_distinct(copy_tree(program))
        self.random = random
        self.seen = survey_program(self.program)
        self.additions = NewDeclarations(self.program)
        self.writer = ExpressionWriter(self.seen, self.additions, random)

    def sites(
        self, wanted: Callable[[ExpressionSite], bool], *, bounds: bool = False
    ) -> list[ExpressionSite]:
        """The expressions that meet a condition; those that bound an amount only if asked for."""
        return [
            site
            for site in self.seen.sites
            if wanted(site) and (bounds or site.purpose is not Purpose.BOUND)
        ]

    def spots(self, wanted: Callable[[StatementSite], bool]) -> list[StatementSite]:
        """Return the statements that meet a condition."""
        return [spot for spot in self.seen.spots if wanted(spot)]

    def one(self, items: Sequence[T]) -> T | None:
        """One of some things, ``None`` of none."""
        return self.random.choice(items) if items else None

    def swapped(
        self, site: ExpressionSite, new: tree.Expression, operator: str
    ) -> ProgramVariant | None:
        """One expression put in the place of another."""
        words = f"reads {quote_expression(new)} in place of {quote_expression(site.node)}"
        return self.done(operator, words, replace_nodes(self.program, {site.node: new}))

    def done(self, operator: str, words: str, program: tree.Program) -> ProgramVariant | None:
        """Return the outcome of a change, in order; ``None`` where that is not worth playing."""
        after = tidy(self.additions.applied(program))
        if tree.is_equivalent(after, self.program):
            return None
        if compute_size(after) > LARGEST and compute_size(after) > compute_size(self.program):
            return None
        if not _gets_answers(after):
            return None
        return ProgramVariant(after, operator, words)


def _gets_answers(program: tree.Program) -> bool:
    """Whether branches can come to an end at all: chains that are opened are advanced, too."""
    kinds = {type(node) for node in walk(program)}
    return tree.Sample in kinds or {tree.Open, tree.Advance} <= kinds


def quote_expression(node: tree.Expression) -> str:
    """Return an expression in words: on one line, in backquotes, and not too long."""
    text = format_expression(node)
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + '…'}`"
