"""One mutation: an operator by its weight, applied where it has a place."""

from collections.abc import Callable
from random import Random

from agents.variation import rules, swaps, tweaks, verbs
from agents.variation.draft import Draft, Variant
from agents.variation.draws import weighted
from dsl import tree

Operator = Callable[[Draft], Variant | None]

OPERATORS: tuple[tuple[float, Operator], ...] = (
    # Numbers
    (30, tweaks.tweak),
    (5, tweaks.reshape),
    (3, tweaks.hoist),
    (1, tweaks.inline),
    (2, tweaks.release),
    # Sets
    (4, swaps.other_set),
    (3, swaps.narrow),
    (3, swaps.widen),
    (2, swaps.other_key),
    # Measures
    (3, swaps.measure),
    (2, swaps.sister),
    (2, swaps.weight),
    (2, verbs.smooth),
    # Conditions
    (3, swaps.add_condition),
    (4, swaps.drop_condition),
    (1.5, swaps.turn_condition),
    (1.5, swaps.other_condition),
    (1, verbs.sustain),
    # Verbs
    (2, verbs.burst),
    (2, verbs.advanced),
    (1, verbs.look),
    (2, verbs.amount),
    (1, verbs.read_inside),
    (0.5, verbs.wider_start),
    (0.5, verbs.uncap),
    # Rules
    (4, rules.insert_stopping),
    (3, rules.insert_pruning),
    (2.5, rules.insert_opening),
    (1.5, rules.insert_pacing),
    (8, rules.delete),
    (1.5, rules.inline_let),
    (2, rules.move),
    (1, rules.repeat),
    (1.5, rules.guard),
    (1.5, rules.unguard),
    # Whatever it may be
    (4, swaps.subtree),
    (2, swaps.answer),
    (1, swaps.drop_answer),
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
