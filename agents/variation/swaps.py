"""Variation of expressions: one gives way to another that makes sense in its place.

Sets, measures, weights, conditions and answers have operators of their own; whatever is of one type
has one more.
"""

from agents.variation.draft import Draft, Variant, shown
from agents.variation.draws import weighted
from agents.variation.quantities import Quantity
from agents.variation.rewriting import NOWHERE, binary, copied, identifier, name, replaced
from agents.variation.simplify import chained, conjuncts, negated
from agents.variation.survey import Env, Part, Purpose, Site
from dsl import tree
from dsl.builtins import SETS
from dsl.types import Type

_DECIDING = {Purpose.CONDITION, Purpose.TEST, Purpose.CHOOSING}
_VOTING = {"winner", "runner_up", "votes", "share", "margin", "entropy", "confidence"}


def _swap(draft: Draft, site: Site, new: tree.Expression, operator: str) -> Variant | None:
    words = f"reads {shown(new)} in place of {shown(site.node)}"
    return draft.done(operator, words, replaced(draft.program, {site.node: new}))


# Sets


def other_set(draft: Draft) -> Variant | None:
    """Takes another set of the language where one is named."""
    site = draft.one(draft.sites(lambda s: isinstance(s.node, tree.Name) and s.node.text in SETS))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    acted = site.purpose is Purpose.ACTED
    choices = ["active", "alive", "opened"] if acted else ["finished", "alive", "active", "opened"]
    # Where verbs act, the active ones are all that counts.
    if acted:
        return None
    other = draft.random.choice([each for each in choices if each != site.node.text])
    return _swap(draft, site, name(other), "other set")


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
    return _swap(draft, site, new, "narrow")


def widen(draft: Draft) -> Variant | None:
    """Takes away what narrows or sorts a set."""
    kinds = (tree.Where, tree.By, tree.Except, tree.First)
    site = draft.one(draft.sites(lambda s: isinstance(s.node, kinds)))
    if site is None:
        return None
    assert isinstance(site.node, kinds)
    return _swap(draft, site, copied(site.node.branches), "widen")


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


# Measures and votes

_TABLES = {
    Quantity.PART: ("SURENESS", Type.REAL),
    Quantity.BRANCHES: ("COUNTING", Type.INTEGER),
    Quantity.FEW: ("COUNTING", Type.INTEGER),
    Quantity.STEPS: ("DURATION", Type.INTEGER),
}
_SISTERS = {
    "confidence": ["share", "margin"],
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


def measure(draft: Draft) -> Variant | None:
    """Reads another measure of the same quantity."""
    site = draft.one(
        draft.sites(
            lambda s: (
                s.quantity in _TABLES
                and isinstance(s.node, tree.Call | tree.Field)
                and s.purpose is not Purpose.AMOUNT
            )
        )
    )
    if site is None:
        return None
    assert site.quantity is not None
    table, kind = _TABLES[site.quantity]
    if kind is Type.REAL and site.takes is not Type.REAL:
        return None
    if site.env.dotted and isinstance(site.node, tree.Field):
        table = "PACE"
    return _swap(draft, site, draft.writer.write(table, site.env), "measure")


def sister(draft: Draft) -> Variant | None:
    """Calls a function of the same kind on the same branches."""
    site = draft.one(
        draft.sites(
            lambda s: (
                isinstance(s.node, tree.Call)
                and s.node.function.text in _SISTERS
                and len(s.node.arguments) == 1
                and s.purpose is not Purpose.CHOICE
                and not isinstance(s.node.arguments[0], tree.Name)
                | (isinstance(s.node.arguments[0], tree.Name) and s.node.arguments[0].text in SETS)
            )
        )
    )
    if site is None:
        return None
    assert isinstance(site.node, tree.Call)
    argument = site.node.arguments[0]
    over = isinstance(argument, tree.Over)
    if over is not (site.node.function.text in {"max", "min", "mean"}):
        return None
    names = _SISTERS[site.node.function.text]
    if over and site.takes is Type.INTEGER:
        names = [each for each in names if each != "mean"]
    other = draft.random.choice(names)
    new = tree.Call(NOWHERE, identifier(other), (copied(argument),))
    return _swap(draft, site, new, "measure")


def weight(draft: Draft) -> Variant | None:
    """Gives votes a weight, another weight, or none."""
    site = draft.one(
        draft.sites(
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
    plain = [copied(a) for a in site.node.arguments if not isinstance(a, tree.Keyword)]
    was = len(plain) < len(site.node.arguments)
    if was and draft.random.random() < 0.4:
        new = tree.Call(NOWHERE, identifier(site.node.function.text), tuple(plain))
    else:
        by = draft.writer.write("WEIGHING", site.env)
        keyword = tree.Keyword(NOWHERE, identifier("weight"), by)
        function = identifier(site.node.function.text)
        new = tree.Call(NOWHERE, function, (*plain, keyword))
    return _swap(draft, site, new, "weight")


# Conditions


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
    return _swap(draft, site, new, "turn condition")


def other_condition(draft: Draft) -> Variant | None:
    """Asks for something else."""
    site = draft.one(draft.sites(lambda s: s.purpose in _DECIDING and s.type is Type.TRUTH))
    if site is None:
        return None
    return _swap(draft, site, _written(draft, site), "other condition")


def _is_whole_condition(site: Site) -> bool:
    return site.purpose in _DECIDING and site.type is Type.TRUTH


# Whatever is of one type


def subtree(draft: Draft) -> Variant | None:
    """Puts something new in the place of any expression that has a table."""
    site = draft.one(draft.sites(lambda s: table_for(s, draft) is not None))
    if site is None:
        return None
    table = table_for(site, draft)
    assert table is not None
    return _swap(draft, site, draft.writer.write(table, site.env), "subtree")


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
    if site.purpose in {Purpose.KEY, Purpose.WEIGHT, Purpose.BURST}:
        return _BY_PURPOSE[site.purpose]
    if site.quantity not in _TABLES:
        return None
    table, kind = _TABLES[site.quantity]
    if kind is Type.REAL and site.takes is not Type.REAL:
        return None
    return "PACE" if site.env.dotted and table == "DURATION" else table


def _is_knob(node: tree.Expression, draft: Draft) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.seen.knobs


# Answers


def answer(draft: Draft) -> Variant | None:
    """Answers something else, or has something else to fall back on."""
    spots = draft.spots(lambda s: isinstance(s.statement, tree.Answer))
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Answer)
    new = draft.writer.write("LEADER", Env(spot.env.part, False, spot.env.lets))
    choices = [copied(each) for each in old.choices]
    at = draft.random.randrange(len(choices))
    if draft.random.random() < 0.5:
        words = f"answers {shown(new)} in place of {shown(choices[at])}"
        choices[at] = new
        if at == len(choices) - 1:
            choices.append(copied(old.choices[-1]))
    else:
        words = f"answers {shown(new)} before {shown(choices[at])}"
        choices.insert(at, new)
    changed = tree.Answer(NOWHERE, tuple(choices), old.because)
    return draft.done("answer", words, replaced(draft.program, {old: changed}))


def drop_answer(draft: Draft) -> Variant | None:
    """Does without one of the answers to fall back on."""
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
    words = f"no longer answers {shown(gone)} first"
    return draft.done("answer", words, replaced(draft.program, {old: changed}))
