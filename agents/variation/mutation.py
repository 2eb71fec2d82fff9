"""Mutate programs, and generate random ones.

`vary` applies one operator, chosen by weight, where it is applicable. `generate` starts from a
skeleton that opens and advances branches, then adds rules and changes; every number is a knob of
the schedule.
"""

from collections.abc import Callable, Collection
from random import Random

from agents.variation import (
    action_operators,
    expression_operators,
    knob_operators,
    measure_operators,
    rule_operators,
)
from agents.variation.cleanup import tidy
from agents.variation.program_edit import ProgramEdit, ProgramVariant
from agents.variation.sampling import choose_weighted
from agents.variation.survey import ProgramSection, SiteContext
from agents.variation.tree_transforms import copy_tree, find_section, replace_nodes
from dsl import tree
from dsl.parser import parse
from dsl.source import Source

Operator = Callable[[ProgramEdit], ProgramVariant | None]

OPERATORS: tuple[tuple[float, Operator], ...] = (
    # Numbers
    (44, knob_operators.move_knobs),
    (5, knob_operators.reshape_knob),
    (3, knob_operators.hoist_number),
    (1, knob_operators.inline_knob),
    (2, knob_operators.release_knob),
    (1, knob_operators.link_knobs),
    (0.7, knob_operators.unlink_knob),
    # Sets
    (4, expression_operators.replace_set),
    (2.5, expression_operators.narrow_set),
    (3, expression_operators.widen_set),
    (2, expression_operators.change_sort_key),
    # Measures
    (3, measure_operators.replace_measure),
    (2, measure_operators.replace_with_related_call),
    (2, measure_operators.change_vote_weight),
    (1.5, action_operators.smooth_measure),
    # Conditions
    (2.5, expression_operators.add_condition),
    (4, expression_operators.drop_condition),
    (1.5, expression_operators.flip_condition),
    (1.5, expression_operators.replace_condition),
    (0.8, action_operators.sustain_condition),
    # Verbs
    (2, action_operators.change_burst),
    (2, action_operators.replace_acted_set),
    (1, action_operators.change_probing),
    (2, action_operators.change_open_count),
    (1, action_operators.toggle_sampling),
    (0.5, action_operators.add_opening_start),
    (0.5, action_operators.toggle_step_cap),
    # Rules
    (3.2, rule_operators.insert_stopping),
    (2.5, rule_operators.insert_pruning),
    (2, rule_operators.insert_opening),
    (1.2, rule_operators.insert_pacing),
    (10, rule_operators.delete_statement),
    (1.5, rule_operators.inline_let),
    (2, rule_operators.move_statement),
    (0.7, rule_operators.repeat_rule),
    (1.2, rule_operators.guard_statement),
    (1.5, rule_operators.unguard_statements),
    # Any expression
    (3, expression_operators.replace_subtree),
    (3, expression_operators.shrink_expression),
    (2, expression_operators.change_answer),
    (1, expression_operators.drop_answer),
)
"""The operators with their weights: two of five changes are changes of numbers, and a change that
makes a program longer is about as likely as one that makes it shorter.
"""


def vary(
    program: tree.Program, random: Random, signals: Collection[str] = ()
) -> ProgramVariant | None:
    """Return a program one mutation away.

    Args:
        program: A sound program.
        random: The random generator, the only source of randomness.
        signals: Named signals that the recordings have, which the mutation may read.

    Returns:
        A sound program without unused code; ``None`` where the selected operator does
        not apply to this program. The caller may try again.
    """
    operator = choose_weighted(random, OPERATORS)
    return operator(ProgramEdit(program, random, signals))


_SKELETONS = (
    (6, "start { open WIDTH } step { advance active }"),
    (2, "start { open WIDTH } step { advance active for BURSTS }"),
    (2, "start { open WIDTH } step { advance ACTED }"),
    (2, "start { open FEW } step { advance active open min(FEW_B, WIDTH - count(opened)) }"),
    (1, "start { open WIDTH extend active for PATIENCE } step { advance active }"),
    (1, "step { sample min(FEW, WIDTH - count(opened)) }"),
    (1, "start { sample WIDTH }"),
)

_RULES: tuple[tuple[float, Operator], ...] = (
    (4, rule_operators.insert_stopping),
    (3, rule_operators.insert_pruning),
    (2, rule_operators.insert_opening),
    (1, rule_operators.insert_pacing),
)
_CHANGES: tuple[tuple[float, Operator], ...] = (
    (2, expression_operators.replace_subtree),
    (1, expression_operators.add_condition),
    (1, expression_operators.narrow_set),
    (1, measure_operators.change_vote_weight),
    (1, expression_operators.change_answer),
    (1, action_operators.change_burst),
    (1, action_operators.smooth_measure),
)


def generate(random: Random) -> tree.Program:
    """Return a random sound program without unused code."""
    program = _skeleton(random)
    for _ in range(choose_weighted(random, [(2, 1), (3, 2), (3, 3), (2, 4)])):
        program = _changed(program, choose_weighted(random, _RULES), random)
    for _ in range(choose_weighted(random, [(3, 0), (2, 1), (2, 2)])):
        program = _changed(program, choose_weighted(random, _CHANGES), random)
    return program


def _changed(program: tree.Program, operator: Operator, random: Random) -> tree.Program:
    variant = operator(ProgramEdit(program, random))
    return program if variant is None else variant.program


def _skeleton(random: Random) -> tree.Program:
    """Return a random program that opens and advances branches, without rules."""
    text = choose_weighted(random, _SKELETONS)
    ending = "finally { answer LEADER else winner(finished) else winner(alive) }"
    parsed = parse(Source(f"controller drawn {{ {text} {ending} }}"))
    assert parsed.program is not None, text
    draft = ProgramEdit(copy_tree(parsed.program), random)
    program: tree.Program = parsed.program
    changes = {}
    for kind, part in (
        (tree.Start, ProgramSection.START),
        (tree.Step, ProgramSection.STEP),
        (tree.Finally, ProgramSection.FINALLY),
    ):
        body = find_section(program, kind)
        if body is not None:
            changes[body] = draft.writer.filled(body, SiteContext(part), {})
    return tidy(draft.additions.apply(replace_nodes(program, changes)))
