"""One mutation: an operator by its weight, applied where it has a place."""

from collections.abc import Callable
from random import Random

from agents.variation import answers, conditions, measures, rules, sets, subtrees, tweaks, verbs
from agents.variation.draft import Draft, Variant
from agents.variation.draws import weighted
from dsl import tree

Operator = Callable[[Draft], Variant | None]

OPERATORS: tuple[tuple[float, Operator], ...] = (
    # Numbers
    (44, tweaks.tweak),
    (5, tweaks.reshape),
    (3, tweaks.hoist),
    (1, tweaks.inline),
    (2, tweaks.release),
    (1, tweaks.link),
    (0.7, tweaks.unlink),
    # Sets
    (4, sets.other_set),
    (2.5, sets.narrow),
    (3, sets.widen),
    (2, sets.other_key),
    # Measures
    (3, measures.measure),
    (2, measures.sister),
    (2, measures.weight),
    (1.5, verbs.smooth),
    # Conditions
    (2.5, conditions.add_condition),
    (4, conditions.drop_condition),
    (1.5, conditions.turn_condition),
    (1.5, conditions.other_condition),
    (0.8, verbs.sustain),
    # Verbs
    (2, verbs.burst),
    (2, verbs.advanced),
    (1, verbs.look),
    (2, verbs.amount),
    (1, verbs.read_inside),
    (0.5, verbs.wider_start),
    (0.5, verbs.uncap),
    # Rules
    (3.2, rules.insert_stopping),
    (2.5, rules.insert_pruning),
    (2, rules.insert_opening),
    (1.2, rules.insert_pacing),
    (10, rules.delete),
    (1.5, rules.inline_let),
    (2, rules.move),
    (0.7, rules.repeat),
    (1.2, rules.guard),
    (1.5, rules.unguard),
    # Whatever it may be
    (3, subtrees.subtree),
    (3, subtrees.shrink),
    (2, answers.answer),
    (1, answers.drop_answer),
)
"""The operators with their weights: two changes of five are changes of numbers, and what makes
programs longer is about as likely as what makes them shorter.
"""


def vary(program: tree.Program, random: Random) -> Variant | None:
    """A program one mutation away.

    Args:
        program: a sound program.
        random: the source of all chance.

    Returns:
        A sound program that the checker has nothing to say of; ``None`` where what was drawn has no
        place in this program, and the caller may draw again.
    """
    operator = weighted(random, OPERATORS)
    return operator(Draft(program, random))
