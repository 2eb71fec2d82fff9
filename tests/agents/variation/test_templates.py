"""The rules and the grammar that variation writes from."""

from random import Random

import pytest

from agents.variation.grammar import TABLES, find_filler, find_holes, is_hole, load_productions
from agents.variation.program_edit import ProgramEdit, ProgramVariant
from agents.variation.rule_operators import splice_block
from agents.variation.survey import ProgramSection, SiteContext
from agents.variation.templates import KINDS, RuleTemplate, instantiate_rule, load_templates
from agents.variation.tree_transforms import find_section, replace_nodes
from dsl import tree
from dsl.formatter import print_tree
from dsl.traversal import walk
from tests.agents.variation.programs import collect_diagnostics, program

RULES = [(kind, template) for kind in KINDS for template in load_templates(kind)]

BARE = """controller bare {
  schedule { rising n = round(4 + 28 * beta) }
  start { open n }
  step { advance active }
  finally { answer winner(finished) else winner(alive) }
}"""


def with_rule(template: RuleTemplate, random: Random) -> ProgramVariant | None:
    draft = ProgramEdit(program(BARE), random)
    new = instantiate_rule(
        template, draft.writer, draft.additions, SiteContext(ProgramSection.STEP), random
    )
    step, start = find_section(draft.program, tree.Step), find_section(draft.program, tree.Start)
    assert step is not None
    assert start is not None
    bodies = {
        step.body: splice_block(step.body, 1, 0, new.step),
        start.body: splice_block(start.body, 1, 0, new.start),
    }
    return draft.build_variant("rule", new.summary, replace_nodes(draft.program, bodies))


@pytest.mark.parametrize(
    "template", [rule for _, rule in RULES], ids=[f"{kind} {rule.name}" for kind, rule in RULES]
)
def test_every_rule_can_be_inserted(template: RuleTemplate) -> None:
    random = Random(template.name)
    for _ in range(6):
        variant = with_rule(template, random)
        assert variant is not None
        assert collect_diagnostics(variant.program) == [], print_tree(variant.program)
        assert set(template.curves) <= {
            node.name.text for node in walk(variant.program) if isinstance(node, tree.Scheduled)
        }


@pytest.mark.parametrize("kind", ["stopping"])
def test_rules_that_end_an_episode_state_a_reason(kind: str) -> None:
    for template in load_templates(kind):
        ends = [
            node for node in walk(template.program) if isinstance(node, tree.Answer | tree.Stop)
        ]
        assert ends
        assert all(node.because is not None for node in ends)


def test_every_hole_has_a_table_or_is_a_knob() -> None:
    for template in [rule for _, rule in RULES]:
        capitals = [
            node.text
            for node in walk(template.program)
            if isinstance(node, tree.Name) and node.text.isupper()
        ]
        assert all(map(is_hole, capitals)), template.name


@pytest.mark.parametrize("table", TABLES)
def test_first_line_of_every_table_needs_no_other_table(table: str) -> None:
    first, *_ = load_productions(table)
    assert first.holes == ()


@pytest.mark.parametrize("table", TABLES)
def test_every_line_of_a_table_has_only_known_holes(table: str) -> None:
    for production in load_productions(table):
        names = [n.text for n in walk(production.expression) if isinstance(n, tree.Name)]
        assert {find_filler(n) for n in find_holes(production.expression)} == {
            find_filler(n) for n in names if n.isupper()
        }
