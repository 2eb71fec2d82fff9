"""Variation of whatever has a type: something new in its place, or a part of it."""

from agents.variation.draft import Draft, Variant
from agents.variation.measures import TABLES
from agents.variation.rewriting import (
    copied,
    has_free_dot,
    walk,
)
from agents.variation.survey import Part, Purpose, Site
from dsl import tree
from dsl.types import Type


def subtree(draft: Draft) -> Variant | None:
    """Puts something new in the place of any expression that has a table."""
    site = draft.one(draft.sites(lambda s: table_for(s, draft) is not None))
    if site is None:
        return None
    table = table_for(site, draft)
    assert table is not None
    return draft.swapped(site, draft.writer.write(table, site.env), "subtree")


def shrink(draft: Draft) -> Variant | None:
    """Leaves one part of an expression in the place of the whole."""
    wholes = draft.sites(lambda s: isinstance(s.node, tree.Binary | tree.Choice | tree.Call))
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
    return None if part is None else draft.swapped(site, copied(part.node), "shrink")


_BY_PURPOSE = {
    Purpose.VOTERS: "VOTERS",
    Purpose.MEMBERS: "VOTERS",
    Purpose.ACTED: "ACTED",
    Purpose.KEY: "KEY",
    Purpose.WEIGHT: "WEIGHING",
    Purpose.BURST: "BURSTS",
    Purpose.CHOICE: "LEADER",
}


def table_for(site: Site, draft: Draft) -> str | None:
    """The table that fits a place."""
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


def _number_table(site: Site, draft: Draft) -> str | None:
    if isinstance(site.node, tree.Number) or _is_knob(site.node, draft):
        return None
    if site.purpose is Purpose.AMOUNT:
        return "AMOUNT" if site.env.part is Part.STEP else None
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


def _is_knob(node: tree.Expression, draft: Draft) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.seen.knobs
