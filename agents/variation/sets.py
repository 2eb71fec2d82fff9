"""Variation of sets: others are named, they are narrowed, widened, and sorted by something else."""

from agents.variation.draft import Draft, Variant, shown
from agents.variation.quantities import Quantity
from agents.variation.rewriting import (
    NOWHERE,
    copied,
    name,
    replaced,
)
from agents.variation.survey import Purpose, Site
from dsl import tree
from dsl.builtins import SETS
from dsl.types import Type


def other_set(draft: Draft) -> Variant | None:
    """Takes another set of the language where one is named."""
    site = draft.one(draft.sites(_is_named_set))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    choices = ["finished", "alive", "active", "opened"]
    other = draft.random.choice([each for each in choices if each != site.node.text])
    return draft.swapped(site, name(other), "other set")


def _is_named_set(site: Site) -> bool:
    """Whether a set of the language is named where others would tell other branches."""
    known = isinstance(site.node, tree.Name) and site.node.text in SETS
    return known and site.purpose is not Purpose.ACTED


def narrow(draft: Draft) -> Variant | None:
    """Narrows a set by a test, or to the first of it."""
    site = draft.one(draft.sites(lambda s: s.type is Type.BRANCHES))
    if site is None:
        return None
    old = copied(site.node)
    which = draft.random.random()
    new: tree.Expression
    if which < 0.6:
        new = tree.Where(NOWHERE, old, draft.writer.write("TEST", site.env))
    elif which < 0.9:
        sorted_ = tree.By(NOWHERE, old, draft.writer.write("KEY", site.env))
        new = tree.First(NOWHERE, draft.writer.knob(Quantity.BRANCHES), sorted_)
    else:
        without = tree.Where(NOWHERE, copied(old), draft.writer.write("TEST", site.env))
        new = tree.Except(NOWHERE, old, without)
    return draft.swapped(site, new, "narrow")


def widen(draft: Draft) -> Variant | None:
    """Takes away what narrows or sorts a set."""
    kinds = (tree.Where, tree.By, tree.Except, tree.First)
    site = draft.one(draft.sites(lambda s: isinstance(s.node, kinds)))
    if site is None:
        return None
    assert isinstance(site.node, kinds)
    return draft.swapped(site, copied(site.node.branches), "widen")


def other_key(draft: Draft) -> Variant | None:
    """Sorts a set by something else, or the other way round."""
    site = draft.one(draft.sites(lambda s: isinstance(s.node, tree.By)))
    if site is None:
        return None
    assert isinstance(site.node, tree.By)
    old = site.node.key
    if draft.random.random() < 0.3:
        turned = isinstance(old, tree.Unary) and old.operator == "-"
        assert not turned or isinstance(old, tree.Unary)
        key = copied(old.operand) if isinstance(old, tree.Unary) else tree.Unary(NOWHERE, "-", old)
    else:
        key = draft.writer.write("KEY", site.env)
    words = f"sorts by {shown(key)} in place of {shown(old)}"
    return draft.done("other key", words, replaced(draft.program, {old: copied(key)}))
