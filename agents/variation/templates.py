"""Rules that variation inserts into programs: small Rheo programs with holes, one per file.

The folders of `rules` are the kinds of rules. A rule consists of the statements of its `step`, and
of its `start` if it has one, with the knobs, cells and fields that it declares. The title describes
what it does. Holes are those of `agents.variation.grammar`. The line of a knob gives its usual
values and its direction; the values vary a little between uses of the rule.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

from agents.variation.curves import KnobCurve, parse_curve
from agents.variation.expression_writer import ExpressionWriter, FilledHoles
from agents.variation.quantities import Range, Scale
from agents.variation.sampling import step_value
from agents.variation.scopes import NewDeclarations
from agents.variation.survey import SiteContext
from agents.variation.tree_transforms import (
    copy_tree,
    find_section,
    format_expression,
    rename_names,
)
from dsl import tree
from dsl.checker.declarations import check_declarations
from dsl.checker.scope import Scope
from dsl.parser import parse
from dsl.source import Source
from dsl.traversal import walk

KINDS = ("stopping", "pruning", "opening", "pacing")
"""The kinds of rules."""

SPREAD = 0.5
"""The size of the random step of the ends of a rule's knobs; see `step_value`."""


class RuleTemplate(NamedTuple):
    """A rule with holes."""

    name: str
    summary: str
    program: tree.Program
    curves: Mapping[str, KnobCurve]


class RuleInstance(NamedTuple):
    """A rule for one program, with new names that are declared among its additions."""

    start: tuple[tree.Statement, ...]
    step: tuple[tree.Statement, ...]
    summary: str


@cache
def load_templates(kind: str) -> tuple[RuleTemplate, ...]:
    """Return the rules of a kind, sorted by name and parsed once per process."""
    folder = files(__package__) / "rules" / kind
    named = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
    return tuple(
        _template(file.name.removesuffix(".rheo"), file.read_text(encoding="utf-8"))
        for file in named
        if file.name.endswith(".rheo")
    )


def _template(name: str, text: str) -> RuleTemplate:
    parsed = parse(Source(text, name))
    assert parsed.program is not None, (name, parsed.diagnostics)
    assert parsed.program.title is not None, name
    program = copy_tree(parsed.program)
    scope = Scope()
    check_declarations(scope, program)
    schedule = find_section(program, tree.Schedule)
    curves = {}
    for item in schedule.items if schedule else ():
        curve = parse_curve(item, scope.types, {})
        assert curve is not None, (name, item.name.text)
        curves[item.name.text] = curve
    return RuleTemplate(name, parsed.program.title.text, program, curves)


def instantiate_rule(
    template: RuleTemplate,
    writer: ExpressionWriter,
    additions: NewDeclarations,
    env: SiteContext,
    random: Random,
) -> RuleInstance:
    """Turn a template into a rule for one site of a program.

    Args:
        template: The rule with holes.
        writer: Fills the holes.
        additions: Receives the declarations of the rule, under new names.
        env: The context of the site where the rule is inserted.
        random: The random generator, for the values of the knobs.
    """
    names: dict[str, str] = {}
    for knob, curve in template.curves.items():
        names[knob] = additions.knob(knob, _vary_curve(curve, random))
    for node in walk(template.program):
        if isinstance(node, tree.Cell | tree.Let):
            names[node.name.text] = additions.name(node.name.text)
    program = rename_names(template.program, names)
    memory, branch_fields = (
        find_section(program, tree.Memory),
        find_section(program, tree.EachBranch),
    )
    additions.cells.extend(memory.items if memory else ())
    additions.fields.extend(branch_fields.items if branch_fields else ())
    filled: FilledHoles = {}
    start, step = find_section(program, tree.Start), find_section(program, tree.Step)
    parts = [
        () if part is None else tuple(writer.filled(s, env, filled) for s in part.body.statements)
        for part in (start, step)
    ]
    return RuleInstance(parts[0], parts[1], _fill_summary(template.summary, names, filled))


def _vary_curve(curve: KnobCurve, random: Random) -> KnobCurve:
    """Return a random curve near another one, with the same direction or fixed."""
    low, high = sorted((curve.at_zero, curve.at_one))
    parts = not curve.integer and high <= 1
    scale = Scale.ODDS if parts else Scale.RATIO
    least = 1.0 if curve.integer else 0.0 if parts else 0.01
    most = 1.0 if parts else max(128.0, 100 * high)
    bounds = Range(curve.integer, least, most, scale, (low, high), "")
    both = random.gauss(0.0, SPREAD / 2)
    ends = [
        step_value(step_value(end, bounds, abs(both), random), bounds, SPREAD, random)
        for end in (curve.at_zero, curve.at_one)
    ]
    if (ends[0] < ends[1]) != (curve.at_zero < curve.at_one):
        ends[1] = ends[0]
    return KnobCurve(curve.integer, curve.geometric, ends[0], ends[1]).short()


def _fill_summary(text: str, names: Mapping[str, str], filled: FilledHoles) -> str:
    """Return the title with the names and expressions of this rule."""

    def quote(match: "re.Match[str]") -> str:
        word = match[1]
        if word in filled:
            return f"`{format_expression(filled[word])}`"
        return f"`{names.get(word, word)}`"

    return re.sub("`([^`]+)`", quote, text)
