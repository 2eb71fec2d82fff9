"""Variation of conditions: they ask for more, for less, for the opposite, for something else."""

from agents.variation.draft import Draft, Variant, shown
from agents.variation.draws import weighted
from agents.variation.rewriting import (
    binary,
    copied,
    replaced,
)
from agents.variation.simplify import chained, conjuncts, negated
from agents.variation.survey import Purpose, Site
from dsl import tree
from dsl.types import Type

_DECIDING = {Purpose.CONDITION, Purpose.TEST, Purpose.CHOOSING}


def _written(draft: Draft, site: Site) -> tree.Expression:
    """A condition for a place: on a branch where one is meant, mostly."""
    tested = site.purpose is Purpose.TEST or (site.env.dotted and draft.random.random() < 0.6)
    return draft.writer.write("TEST" if tested else "CONDITION", site.env)


def add_condition(draft: Draft) -> Variant | None:
    """Asks for one thing more, or lets one thing more suffice."""
    site = draft.one(draft.sites(_is_whole_condition))
    if site is None:
        return None
    new = _written(draft, site)
    word = weighted(draft.random, [(3, "and"), (1, "or")])
    parts = [copied(site.node), new]
    if draft.random.random() < 0.5:
        parts.reverse()
    said = "asks also for" if word == "and" else "is content with"
    both = binary(word, *parts)
    program = replaced(draft.program, {site.node: both})
    return draft.done("add condition", f"{said} {shown(new)} at {shown(site.node)}", program)


def drop_condition(draft: Draft) -> Variant | None:
    """Asks for one thing less."""
    site = draft.one(
        draft.sites(lambda s: isinstance(s.node, tree.Binary) and s.node.operator in {"and", "or"})
    )
    if site is None:
        return None
    assert isinstance(site.node, tree.Binary)
    word = site.node.operator
    parts = conjuncts(site.node, word)
    gone = parts.pop(draft.random.randrange(len(parts)))
    program = replaced(draft.program, {site.node: chained([copied(p) for p in parts], word)})
    return draft.done("drop condition", f"no longer asks for {shown(gone)}", program)


def turn_condition(draft: Draft) -> Variant | None:
    """Turns a comparison round, or takes ``or`` for ``and``."""
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
        new: tree.Expression = binary(other, copied(node.left), copied(node.right))
    else:
        new = copied(negated(node))
    return draft.swapped(site, new, "turn condition")


def other_condition(draft: Draft) -> Variant | None:
    """Asks for something else."""
    site = draft.one(draft.sites(lambda s: s.purpose in _DECIDING and s.type is Type.TRUTH))
    if site is None:
        return None
    return draft.swapped(site, _written(draft, site), "other condition")


def _is_whole_condition(site: Site) -> bool:
    return site.purpose in _DECIDING and site.type is Type.TRUTH
