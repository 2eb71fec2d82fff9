"""Mutation operators on expressions: answers, conditions, sets of branches, typed subtrees."""

from agents.variation.measure_operators import TABLES
from agents.variation.program_edit import ProgramEdit, ProgramVariant, quote_expression
from agents.variation.quantities import Quantity
from agents.variation.sampling import choose_weighted
from agents.variation.simplification import join_chain, negate, split_chain
from agents.variation.survey import ExpressionSite, ProgramSection, Purpose, SiteContext
from agents.variation.tree_transforms import (
    NOWHERE,
    binary,
    copy_tree,
    has_free_dot,
    name,
    replace_nodes,
)
from dsl import tree
from dsl.builtins import SETS
from dsl.traversal import walk
from dsl.types import Type


def change_answer(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace an answer, or insert another one before it."""
    spots = draft.find_statements(lambda s: isinstance(s.statement, tree.Answer))
    spot = draft.choose(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    new = draft.writer.write("LEADER", SiteContext(spot.env.part, False, spot.env.lets))
    choices = [copy_tree(choice) for choice in old.choices]
    index = draft.random.randrange(len(choices))
    if draft.random.random() < 0.5:
        summary = f"answers {quote_expression(new)} in place of {quote_expression(choices[index])}"
        choices[index] = new
        if index == len(choices) - 1:
            choices.append(copy_tree(old.choices[-1]))
    else:
        summary = f"answers {quote_expression(new)} before {quote_expression(choices[index])}"
        choices.insert(index, new)
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    return draft.build_variant("answer", summary, replace_nodes(draft.program, {old: changed}))


def drop_answer(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove one of the answers before the last one."""
    spots = draft.find_statements(
        lambda s: isinstance(s.statement, tree.Answer) and len(s.statement.choices) > 1
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    choices = list(old.choices)
    gone = choices.pop(draft.random.randrange(len(choices) - 1))
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    summary = f"no longer answers {quote_expression(gone)} first"
    return draft.build_variant("answer", summary, replace_nodes(draft.program, {old: changed}))


_DECIDING = {Purpose.CONDITION, Purpose.TEST, Purpose.CHOOSING}


def _write_condition(draft: ProgramEdit, site: ExpressionSite) -> tree.Expression:
    """Return a condition for a site; where a dot means a branch, mostly one on that branch."""
    tested = site.purpose is Purpose.TEST or (site.env.dotted and draft.random.random() < 0.6)
    return draft.writer.write("TEST" if tested else "CONDITION", site.env)


def add_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Join another condition to one with ``and`` or ``or``."""
    site = draft.choose(draft.find_sites(_is_decision))
    if site is None:
        return None
    new = _write_condition(draft, site)
    word = choose_weighted(draft.random, [(3, "and"), (1, "or")])
    parts = [copy_tree(site.node), new]
    if draft.random.random() < 0.5:
        parts.reverse()
    effect = "also requires" if word == "and" else "accepts"
    both = binary(word, *parts)
    program = replace_nodes(draft.program, {site.node: both})
    return draft.build_variant(
        "add condition",
        f"{effect} {quote_expression(new)} at {quote_expression(site.node)}",
        program,
    )


def drop_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove one condition of a chain of ``and`` or ``or``."""
    site = draft.choose(
        draft.find_sites(
            lambda s: isinstance(s.node, tree.Binary) and s.node.operator in {"and", "or"}
        )
    )
    if site is None:
        return None
    assert isinstance(site.node, tree.Binary)
    word = site.node.operator
    parts = split_chain(site.node, word)
    gone = parts.pop(draft.random.randrange(len(parts)))
    program = replace_nodes(
        draft.program, {site.node: join_chain([copy_tree(p) for p in parts], word)}
    )
    return draft.build_variant(
        "drop condition", f"no longer requires {quote_expression(gone)}", program
    )


def flip_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Reverse a comparison, or replace ``and`` by ``or``."""
    site = draft.choose(
        draft.find_sites(
            lambda s: (
                s.purpose in _DECIDING and isinstance(s.node, tree.Binary) and s.type is Type.TRUTH
            )
        )
    )
    if site is None:
        return None
    node = site.node
    assert isinstance(node, tree.Binary)
    if node.operator in {"and", "or"}:
        other = "or" if node.operator == "and" else "and"
        new: tree.Expression = binary(other, copy_tree(node.left), copy_tree(node.right))
    else:
        new = copy_tree(negate(node))
    return draft.replace_expression(site, new, "turn condition")


def replace_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace a condition by another one."""
    site = draft.choose(draft.find_sites(lambda s: s.purpose in _DECIDING and s.type is Type.TRUTH))
    if site is None:
        return None
    return draft.replace_expression(site, _write_condition(draft, site), "other condition")


def _is_decision(site: ExpressionSite) -> bool:
    return site.purpose in _DECIDING and site.type is Type.TRUTH


def replace_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace a predefined set by another one."""
    site = draft.choose(draft.find_sites(_is_named_set))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    choices = ["finished", "alive", "active", "opened"]
    other = draft.random.choice([choice for choice in choices if choice != site.node.text])
    return draft.replace_expression(site, name(other), "other set")


def _is_named_set(site: ExpressionSite) -> bool:
    """Return whether an expression is a predefined set that no verb acts on."""
    known = isinstance(site.node, tree.Name) and site.node.text in SETS
    return known and site.purpose is not Purpose.ACTED


def narrow_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Narrow a set by a test, or to its first branches."""
    site = draft.choose(draft.find_sites(lambda s: s.type is Type.BRANCHES))
    if site is None:
        return None
    old = copy_tree(site.node)
    which = draft.random.random()
    new: tree.Expression
    if which < 0.6:
        new = tree.FilterSet(NOWHERE, old, draft.writer.write("TEST", site.env))
    elif which < 0.9:
        sorted_ = tree.SortSet(NOWHERE, old, draft.writer.write("KEY", site.env))
        new = tree.TakeFirst(NOWHERE, draft.writer.knob(Quantity.BRANCHES), sorted_)
    else:
        without = tree.FilterSet(NOWHERE, copy_tree(old), draft.writer.write("TEST", site.env))
        new = tree.ExcludeSet(NOWHERE, old, without)
    return draft.replace_expression(site, new, "narrow")


def widen_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove a filter, a sort order or a limit of a set."""
    kinds = (tree.FilterSet, tree.SortSet, tree.ExcludeSet, tree.TakeFirst)
    site = draft.choose(draft.find_sites(lambda s: isinstance(s.node, kinds)))
    if site is None:
        return None
    assert isinstance(site.node, kinds)
    return draft.replace_expression(site, copy_tree(site.node.branches), "widen")


def change_sort_key(draft: ProgramEdit) -> ProgramVariant | None:
    """Sort a set by another key, or in reverse order."""
    site = draft.choose(draft.find_sites(lambda s: isinstance(s.node, tree.SortSet)))
    if site is None:
        return None
    assert isinstance(site.node, tree.SortSet)
    old = site.node.key
    if draft.random.random() < 0.3:
        turned = isinstance(old, tree.Unary) and old.operator == "-"
        assert not turned or isinstance(old, tree.Unary)
        key = (
            copy_tree(old.operand) if isinstance(old, tree.Unary) else tree.Unary(NOWHERE, "-", old)
        )
    else:
        key = draft.writer.write("KEY", site.env)
    summary = f"sorts by {quote_expression(key)} in place of {quote_expression(old)}"
    return draft.build_variant(
        "other key", summary, replace_nodes(draft.program, {old: copy_tree(key)})
    )


def replace_subtree(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace any expression for which the grammar has a table."""
    site = draft.choose(draft.find_sites(lambda s: find_table(s, draft) is not None))
    if site is None:
        return None
    table = find_table(site, draft)
    assert table is not None
    return draft.replace_expression(site, draft.writer.write(table, site.env), "subtree")


def shrink_expression(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace an expression by one of its parts."""
    wholes = draft.find_sites(
        lambda s: isinstance(s.node, tree.Binary | tree.Conditional | tree.Call)
    )
    site = draft.choose(wholes)
    if site is None:
        return None
    below = {node for node in walk(site.node) if node is not site.node}
    parts = draft.find_sites(
        lambda s: (
            s.node in below
            and s.type is site.type
            and s.quantity is site.quantity
            and not isinstance(s.node, tree.Number)
            and (site.env.dotted or not has_free_dot(s.node))
        )
    )
    part = draft.choose(parts)
    return None if part is None else draft.replace_expression(site, copy_tree(part.node), "shrink")


_BY_PURPOSE = {
    Purpose.VOTERS: "VOTERS",
    Purpose.MEMBERS: "VOTERS",
    Purpose.ACTED: "ACTED",
    Purpose.KEY: "KEY",
    Purpose.WEIGHT: "WEIGHING",
    Purpose.BURST: "BURSTS",
    Purpose.CHOICE: "LEADER",
}


def find_table(site: ExpressionSite, draft: ProgramEdit) -> str | None:
    """Return the name of the grammar's table for a site; ``None`` where none fits."""
    match site.type:
        case Type.BRANCHES | Type.ANSWER:
            if site.type is Type.ANSWER:
                return "LEADER"
            return _BY_PURPOSE.get(site.purpose, "VOTERS")
        case Type.TRUTH:
            return "TEST" if site.purpose is Purpose.TEST else "CONDITION"
        case Type.INTEGER | Type.REAL:
            return _number_table(site, draft)
    return None


def _number_table(site: ExpressionSite, draft: ProgramEdit) -> str | None:
    if isinstance(site.node, tree.Number) or _is_knob(site.node, draft):
        return None
    if site.purpose is Purpose.AMOUNT:
        return "AMOUNT" if site.env.part is ProgramSection.STEP else None
    if site.purpose in {Purpose.KEY, Purpose.WEIGHT} and site.takes is not Type.REAL:
        return None  # the part must be an integer, which the tables of keys and weights are not
    if site.purpose in {Purpose.KEY, Purpose.WEIGHT, Purpose.BURST}:
        return _BY_PURPOSE[site.purpose]
    if site.quantity not in TABLES:
        return None
    table, kind = TABLES[site.quantity]
    if kind is Type.REAL and site.takes is not Type.REAL:
        return None
    return "PACE" if site.env.dotted and table == "DURATION" else table


def _is_knob(node: tree.Expression, draft: ProgramEdit) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.survey.knobs
