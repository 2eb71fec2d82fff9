"""Programs at random, of the space that variation searches.

Each has a way to open and advance branches, some rules, and an answer. Every number is a knob of
the schedule.
"""

from random import Random

from agents.variation import answers, conditions, measures, rules, sets, subtrees, verbs
from agents.variation.draft import Draft
from agents.variation.draws import weighted
from agents.variation.rewriting import copied, replaced, section
from agents.variation.survey import Env, Part
from agents.variation.tidying import tidy
from agents.variation.varying import Operator
from dsl import tree
from dsl.parser import parse
from dsl.source import Source

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
    (4, rules.insert_stopping),
    (3, rules.insert_pruning),
    (2, rules.insert_opening),
    (1, rules.insert_pacing),
)
_CHANGES: tuple[tuple[float, Operator], ...] = (
    (2, subtrees.subtree),
    (1, conditions.add_condition),
    (1, sets.narrow),
    (1, measures.weight),
    (1, answers.answer),
    (1, verbs.burst),
    (1, verbs.smooth),
)


def generate(random: Random) -> tree.Program:
    """A sound program that the checker has nothing to say of."""
    program = _skeleton(random)
    for _ in range(weighted(random, [(2, 1), (3, 2), (3, 3), (2, 4)])):
        program = _changed(program, weighted(random, _RULES), random)
    for _ in range(weighted(random, [(3, 0), (2, 1), (2, 2)])):
        program = _changed(program, weighted(random, _CHANGES), random)
    return program


def _changed(program: tree.Program, operator: Operator, random: Random) -> tree.Program:
    variant = operator(Draft(program, random))
    return program if variant is None else variant.program


def _skeleton(random: Random) -> tree.Program:
    """A program without rules."""
    text = weighted(random, _SKELETONS)
    ending = "finally { answer LEADER else winner(finished) else winner(alive) }"
    parsed = parse(Source(f"controller drawn {{ {text} {ending} }}"))
    assert parsed.program is not None, text
    draft = Draft(copied(parsed.program), random)
    program: tree.Program = parsed.program
    changes = {}
    for kind, part in (
        (tree.Start, Part.START),
        (tree.Step, Part.STEP),
        (tree.Finally, Part.FINALLY),
    ):
        body = section(program, kind)
        if body is not None:
            changes[body] = draft.writer.filled(body, Env(part), {})
    return tidy(draft.additions.applied(replaced(program, changes)))
