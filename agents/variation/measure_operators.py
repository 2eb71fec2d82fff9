"""Mutation operators on measures: read another number of the same quantity, reweight votes."""

from agents.variation.program_edit import ProgramEdit, ProgramVariant
from agents.variation.quantities import Quantity
from agents.variation.survey import ExpressionSite, Purpose
from agents.variation.tree_transforms import NOWHERE, copy_tree, identifier
from dsl import tree
from dsl.builtins import SETS
from dsl.types import Type

TABLES = {
    Quantity.PART: ("SURENESS", Type.REAL),
    Quantity.BRANCHES: ("COUNTING", Type.INTEGER),
    Quantity.FEW: ("COUNTING", Type.INTEGER),
    Quantity.STEPS: ("DURATION", Type.INTEGER),
}
"""The grammar's tables, with the type of their expressions, by quantity."""

_VOTING = {
    "winner", "runner_up", "votes", "share", "margin", "entropy", "confidence",
    "dirichlet_confidence",
}  # fmt: skip
_RELATED = {
    "confidence": ["share", "margin"],
    "dirichlet_confidence": ["confidence"],
    "share": ["confidence", "margin"],
    "margin": ["confidence", "share"],
    "count": ["votes", "distinct"],
    "votes": ["count", "distinct"],
    "distinct": ["votes", "count"],
    "max": ["min", "mean"],
    "min": ["max", "mean"],
    "mean": ["max", "min"],
    "winner": ["runner_up"],
}


def replace_measure(draft: ProgramEdit) -> ProgramVariant | None:
    """Read another measure of the same quantity."""
    site = draft.choose(
        draft.find_sites(
            lambda s: (
                s.quantity in TABLES
                and isinstance(s.node, tree.Call | tree.Field)
                and s.purpose is not Purpose.AMOUNT
            )
        )
    )
    if site is None:
        return None
    assert site.quantity is not None
    table, kind = TABLES[site.quantity]
    if kind is Type.REAL and site.takes is not Type.REAL:
        return None
    if site.env.dotted and isinstance(site.node, tree.Field):
        table = "PACE"
    return draft.replace_expression(site, draft.writer.write(table, site.env), "measure")


def replace_with_related_call(draft: ProgramEdit) -> ProgramVariant | None:
    """Call a function of the same kind on the same branches."""
    site = draft.choose(draft.find_sites(_has_related))
    if site is None:
        return None
    assert isinstance(site.node, tree.Call)
    names = _RELATED[site.node.function.text]
    if site.takes is Type.INTEGER:
        names = [function for function in names if function != "mean"]
    other = identifier(draft.random.choice(names))
    new = tree.Call(NOWHERE, other, (copy_tree(site.node.arguments[0]),))
    return draft.replace_expression(site, new, "measure")


def _has_related(site: ExpressionSite) -> bool:
    """Return whether a call only reads branches, and a related function could replace it."""
    node = site.node
    if not isinstance(node, tree.Call) or len(node.arguments) != 1:
        return False
    if site.purpose is Purpose.CHOICE or node.function.text not in _RELATED:
        return False
    (argument,) = node.arguments
    if isinstance(argument, tree.Name):
        return argument.text in {*SETS, *site.env.names(Type.BRANCHES)}
    over = node.function.text in {"max", "min", "mean"}
    return isinstance(argument, tree.PerBranch) is over


def change_vote_weight(draft: ProgramEdit) -> ProgramVariant | None:
    """Add, change or remove the weight of votes."""
    site = draft.choose(
        draft.find_sites(
            lambda s: (
                isinstance(s.node, tree.Call)
                and s.node.function.text in _VOTING
                and (s.type is not Type.INTEGER or s.takes is Type.REAL)
            )
        )
    )
    if site is None:
        return None
    assert isinstance(site.node, tree.Call)
    plain = [copy_tree(a) for a in site.node.arguments if not isinstance(a, tree.KeywordArgument)]
    was = len(plain) < len(site.node.arguments)
    if was and draft.random.random() < 0.4:
        new = tree.Call(NOWHERE, identifier(site.node.function.text), tuple(plain))
    else:
        by = draft.writer.write("WEIGHING", site.env)
        keyword = tree.KeywordArgument(NOWHERE, identifier("weight"), by)
        function = identifier(site.node.function.text)
        new = tree.Call(NOWHERE, function, (*plain, keyword))
    return draft.replace_expression(site, new, "weight")
