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
    walk,
)
from dsl import tree
from dsl.builtins import SETS
from dsl.types import Type


def change_answer(draft: ProgramEdit) -> ProgramVariant | None:
    """Answers something else, or has something else to fall back on."""
    spots = draft.spots(lambda s: isinstance(s.statement, tree.Answer))
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    new = draft.writer.write("LEADER", SiteContext(spot.env.part, False, spot.env.lets))
    choices = [copy_tree(each) for each in old.choices]
    at = draft.random.randrange(len(choices))
    if draft.random.random() < 0.5:
        words = f"answers {quote_expression(new)} in place of {quote_expression(choices[at])}"
        choices[at] = new
        if at == len(choices) - 1:
            choices.append(copy_tree(old.choices[-1]))
    else:
        words = f"answers {quote_expression(new)} before {quote_expression(choices[at])}"
        choices.insert(at, new)
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    return draft.done("answer", words, replace_nodes(draft.program, {old: changed}))


def drop_answer(draft: ProgramEdit) -> ProgramVariant | None:
    """Do without one of the answers to fall back on."""
    spots = draft.spots(
        lambda s: isinstance(s.statement, tree.Answer) and len(s.statement.choices) > 1
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    choices = list(old.choices)
    gone = choices.pop(draft.random.randrange(len(choices) - 1))
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    words = f"no longer answers {quote_expression(gone)} first"
    return draft.done("answer", words, replace_nodes(draft.program, {old: changed}))


_DECIDING = {Purpose.CONDITION, Purpose.TEST, Purpose.CHOOSING}


def _written(draft: ProgramEdit, site: ExpressionSite) -> tree.Expression:
    """Return a condition for a place: on a branch where one is meant, mostly."""
    tested = site.purpose is Purpose.TEST or (site.env.dotted and draft.random.random() < 0.6)
    return draft.writer.write("TEST" if tested else "CONDITION", site.env)


def add_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Asks for one thing more, or lets one thing more suffice."""
    site = draft.one(draft.sites(_is_whole_condition))
    if site is None:
        return None
    new = _written(draft, site)
    word = choose_weighted(draft.random, [(3, "and"), (1, "or")])
    parts = [copy_tree(site.node), new]
    if draft.random.random() < 0.5:
        parts.reverse()
    said = "asks also for" if word == "and" else "is content with"
    both = binary(word, *parts)
    program = replace_nodes(draft.program, {site.node: both})
    return draft.done(
        "add condition", f"{said} {quote_expression(new)} at {quote_expression(site.node)}", program
    )


def drop_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Asks for one thing less."""
    site = draft.one(
        draft.sites(lambda s: isinstance(s.node, tree.Binary) and s.node.operator in {"and", "or"})
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
    return draft.done("drop condition", f"no longer asks for {quote_expression(gone)}", program)


def flip_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Reverse a comparison, or replace ``and`` by ``or``."""
    site = draft.one(
        draft.sites(
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
    return draft.swapped(site, new, "turn condition")


def replace_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Asks for something else."""
    site = draft.one(draft.sites(lambda s: s.purpose in _DECIDING and s.type is Type.TRUTH))
    if site is None:
        return None
    return draft.swapped(site, _written(draft, site), "other condition")


def _is_whole_condition(site: ExpressionSite) -> bool:
    return site.purpose in _DECIDING and site.type is Type.TRUTH


def replace_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Take another set of the language where one is named."""
    site = draft.one(draft.sites(_is_named_set))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    choices = ["finished", "alive", "active", "opened"]
    other = draft.random.choice([each for each in choices if each != site.node.text])
    return draft.swapped(site, name(other), "other set")


def _is_named_set(site: ExpressionSite) -> bool:
    """Whether a set of the language is named where others would tell other branches."""
    known = isinstance(site.node, tree.Name) and site.node.text in SETS
    return known and site.purpose is not Purpose.ACTED


def narrow_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Narrows a set by a test, or to the first of it."""
    site = draft.one(draft.sites(lambda s: s.type is Type.BRANCHES))
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
    return draft.swapped(site, new, "narrow")


def widen_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Take away what narrows or sort a set."""
    kinds = (tree.FilterSet, tree.SortSet, tree.ExcludeSet, tree.TakeFirst)
    site = draft.one(draft.sites(lambda s: isinstance(s.node, kinds)))
    if site is None:
        return None
    assert isinstance(site.node, kinds)
    return draft.swapped(site, copy_tree(site.node.branches), "widen")


def change_sort_key(draft: ProgramEdit) -> ProgramVariant | None:
    """Sorts a set by something else, or the other way round."""
    site = draft.one(draft.sites(lambda s: isinstance(s.node, tree.SortSet)))
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
    words = f"sorts by {quote_expression(key)} in place of {quote_expression(old)}"
    return draft.done("other key", words, replace_nodes(draft.program, {old: copy_tree(key)}))


def replace_subtree(draft: ProgramEdit) -> ProgramVariant | None:
    """Put something new in the place of any expression that has a table."""
    site = draft.one(draft.sites(lambda s: find_table(s, draft) is not None))
    if site is None:
        return None
    table = find_table(site, draft)
    assert table is not None
    return draft.swapped(site, draft.writer.write(table, site.env), "subtree")


def shrink_expression(draft: ProgramEdit) -> ProgramVariant | None:
    """Leaves one part of an expression in the place of the whole."""
    wholes = draft.sites(lambda s: isinstance(s.node, tree.Binary | tree.Conditional | tree.Call))
    site = draft.one(wholes)
    if site is None:
        return None
    below = {node for node in walk(site.node) if node is not site.node}
    parts = draft.sites(
        lambda s: (
            s.node in below
            and s.type is site.type
            and s.quantity is site.quantity
            and not isinstance(s.node, tree.Number)
            and (site.env.dotted or not has_free_dot(s.node))
        )
    )
    part = draft.one(parts)
    return None if part is None else draft.swapped(site, copy_tree(part.node), "shrink")


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
    """Return the table that fits a place."""
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
        return None  # a part of a key or a weight that must be whole, as their tables are not
    if site.purpose in {Purpose.KEY, Purpose.WEIGHT, Purpose.BURST}:
        return _BY_PURPOSE[site.purpose]
    if site.quantity not in TABLES:
        return None
    table, kind = TABLES[site.quantity]
    if kind is Type.REAL and site.takes is not Type.REAL:
        return None
    return "PACE" if site.env.dotted and table == "DURATION" else table


def _is_knob(node: tree.Expression, draft: ProgramEdit) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.seen.knobs
