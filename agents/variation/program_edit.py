"""One change of one program: its sites, the declarations to add, and the resulting variant."""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from agents.variation.cleanup import compute_size, tidy
from agents.variation.expression_writer import ExpressionWriter
from agents.variation.scopes import NewDeclarations, make_lets_distinct
from agents.variation.survey import ExpressionSite, Purpose, StatementSite, survey_program
from agents.variation.tree_transforms import (
    NOWHERE,
    copy_tree,
    format_expression,
    number,
    replace_nodes,
)
from dsl import tree
from dsl.checker.first_values import find_early_reads
from dsl.traversal import is_equivalent, walk

LARGEST = 220
"""The size above which a change may not make a program larger, so that it stays readable."""

LONGEST = 90
"""The most characters of an expression in a summary."""

T = TypeVar("T")


class ProgramVariant(NamedTuple):
    """A program derived from another one."""

    program: tree.Program
    operator: str
    """The short name of the operator that was applied."""
    summary: str
    """What changed, as a clause for readers: "prunes branches that …"."""


class ProgramEdit:
    """A change of one program, as the operators see it.

    Args:
        program: A sound program.
        random: The random generator, the only source of randomness.
        signals: Named signals that the recordings have, which new expressions may read.
    """

    def __init__(self, program: tree.Program, random: Random, signals: Collection[str] = ()):
        self.program = make_lets_distinct(copy_tree(program))
        self.random = random
        self.survey = survey_program(self.program)
        self.additions = NewDeclarations(self.program)
        self.writer = ExpressionWriter(self.survey, self.additions, random, signals)

    def find_sites(
        self, wanted: Callable[[ExpressionSite], bool], *, bounds: bool = False
    ) -> list[ExpressionSite]:
        """Return the expressions that meet a condition.

        Args:
            wanted: The condition.
            bounds: Whether to include expressions that bound the number of opened branches.
        """
        return [
            site
            for site in self.survey.sites
            if wanted(site) and (bounds or site.purpose is not Purpose.BOUND)
        ]

    def find_statements(self, wanted: Callable[[StatementSite], bool]) -> list[StatementSite]:
        """Return the statements that meet a condition."""
        return [spot for spot in self.survey.statements if wanted(spot)]

    def choose(self, items: Sequence[T]) -> T | None:
        """Return a random item, or ``None`` where there are none."""
        return self.random.choice(items) if items else None

    def replace_expression(
        self, site: ExpressionSite, new: tree.Expression, operator: str
    ) -> ProgramVariant | None:
        """Replace one expression by another.

        Args:
            site: The expression to replace.
            new: The replacement.
            operator: The short name of the operator.

        Returns:
            The variant; ``None`` where it is not worth evaluating.
        """
        summary = f"reads {quote_expression(new)} in place of {quote_expression(site.node)}"
        return self.build_variant(operator, summary, replace_nodes(self.program, {site.node: new}))

    def build_variant(
        self, operator: str, summary: str, program: tree.Program
    ) -> ProgramVariant | None:
        """Tidy a changed program and return it as a variant.

        Args:
            operator: The short name of the operator.
            summary: What changed, as a clause for readers.
            program: The changed program, without the new declarations.

        Returns:
            The variant; ``None`` where the program is unchanged, too large, or never gets an
            answer.
        """
        after = _cover_early_reads(tidy(self.additions.apply(program)))
        if is_equivalent(after, self.program):
            return None
        if compute_size(after) > LARGEST and compute_size(after) > compute_size(self.program):
            return None
        if not _gets_answers(after):
            return None
        return ProgramVariant(after, operator, summary)


def _cover_early_reads(program: tree.Program) -> tree.Program:
    """Return the program with a value for each signal that, after a change, may have none yet."""
    covered = {
        field: tree.Fallback(NOWHERE, copy_tree(field), number(0.0))
        for field in find_early_reads(program)
    }
    return replace_nodes(program, covered) if covered else program


def _gets_answers(program: tree.Program) -> bool:
    """Return whether branches can finish: chains are sampled, or opened and advanced."""
    kinds = {type(node) for node in walk(program)}
    return tree.Sample in kinds or {tree.Open, tree.Advance} <= kinds


def quote_expression(node: tree.Expression) -> str:
    """Return an expression on one line, in backquotes and truncated to `LONGEST` characters."""
    text = format_expression(node)
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + '…'}`"
