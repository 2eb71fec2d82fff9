"""Variation of numbers: curves move, literals become knobs, knobs become literals."""

from math import sqrt

from agents.variation.constants import bounds, curves, quantity_of
from agents.variation.curves import LARGEST, Curve, defaults, ends, line
from agents.variation.draft import Draft, Variant
from agents.variation.draws import stepped, weighted
from agents.variation.quantities import Quantity, Scale
from agents.variation.rewriting import (
    NOWHERE,
    copied,
    name,
    number,
    replaced,
    section,
    walk,
    with_section,
)
from agents.variation.survey import Purpose, Site
from dsl import tree
from dsl.checker.constants import constant
from dsl.types import Type

SMALL, LARGE = 0.3, 1.0
"""Sizes of steps; most are small."""

OFTEN_LARGE = 0.15


def tweak(draft: Draft) -> Variant | None:
    """Moves one to three knobs a little; where none can be moved, one is made to follow β."""
    known = curves(draft.seen)
    if not known:
        return release(draft)
    count = weighted(draft.random, [(6, 1), (3, 2), (1, 3)])
    chosen = draft.random.sample(list(known), min(count, len(known)))
    moved = {knob: _moved(draft, knob, known[knob]) for knob in chosen}
    words = ", ".join(_told(knob, known[knob], moved[knob]) for knob in chosen)
    return draft.done("tweak", f"moves {words}", with_lines(draft.program, moved))


def _moved(draft: Draft, knob: str, curve: Curve) -> Curve:
    random = draft.random
    found = bounds(curve, quantity_of(knob, curve, draft.seen))
    size = LARGE if random.random() < OFTEN_LARGE else SMALL
    at_zero, at_one = curve.at_zero, curve.at_one
    which = random.random()
    if at_zero == at_one:
        # A fixed knob most often stays so: the ends go apart by their own operator.
        at_zero = at_one = stepped(at_zero, found, size, random)
    elif which < 0.35:
        at_zero = stepped(at_zero, found, size, random)
    elif which < 0.7:
        at_one = stepped(at_one, found, size, random)
    else:
        at_zero, at_one = (stepped(end, found, size, random) for end in (at_zero, at_one))
    return Curve(curve.integer, curve.geometric, at_zero, at_one).short()


def reshape(draft: Draft) -> Variant | None:
    """Gives a knob another course: fixed, moving, turned round, even or geometric."""
    schedule = section(draft.program, tree.Schedule)
    item = draft.one(schedule.items) if schedule else None
    if item is None:
        return None
    knob = item.name.text
    curve = curves(draft.seen).get(knob)
    if curve is None:
        return _straightened(draft, item)
    new = _reshaped(draft, knob, curve).short()
    if new == curve:
        return None
    words = f"moves {_told(knob, curve, new)}"
    if (new.at_zero, new.at_one) == (curve.at_zero, curve.at_one):
        words = f"moves `{knob}` {'by a factor' if new.geometric else 'evenly'} along β"
    return draft.done("reshape", words, with_lines(draft.program, {knob: new}))


def _straightened(draft: Draft, item: tree.Scheduled) -> Variant | None:
    """Writes a line that is no curve as the even curve between its ends."""
    known = defaults(draft.program)
    if not {n.text for n in walk(item.value) if isinstance(n, tree.Name)} <= {*known, "beta"}:
        return None
    new = ends(item, draft.seen.types, known)
    if new is None:
        return None
    words = f"moves `{item.name.text}` evenly along β"
    return draft.done("reshape", words, with_lines(draft.program, {item.name.text: new}))


def _reshaped(draft: Draft, knob: str, curve: Curve) -> Curve:
    random = draft.random
    found = bounds(curve, quantity_of(knob, curve, draft.seen))
    low, high = curve.at_zero, curve.at_one
    if low == high:
        apart = [stepped(low, found, LARGE / 2, random), low]
        random.shuffle(apart)
        return Curve(curve.integer, curve.geometric, *apart)
    which = random.random()
    if which < 0.4:
        middle = sqrt(low * high) if low > 0 and high > 0 else (low + high) / 2
        flat = random.choice([low, high, middle])
        return Curve(curve.integer, curve.geometric, flat, flat)
    if which < 0.6:
        return Curve(curve.integer, curve.geometric, high, low)
    return curve._replace(geometric=not curve.geometric)


def release(draft: Draft) -> Variant | None:
    """Lets a free knob follow β, from its default on."""
    knobs = section(draft.program, tree.Knobs)
    if knobs is None:
        return None
    told = {n.text for each in knobs.items for n in walk(each) if isinstance(n, tree.Name)}
    free = [
        each
        for each in knobs.items
        if each.name.text not in told
        and each.name.text in defaults(draft.program)
        and not _uses_knobs(each)
    ]
    knob = draft.one(free)
    if knob is None:
        return None
    default = constant(knob.default)
    assert default is not None
    integer = draft.seen.knobs[knob.name.text] is Type.INTEGER
    fixed = Curve(integer, False, default, default)
    found = bounds(fixed, quantity_of(knob.name.text, fixed, draft.seen))
    other = stepped(default, found, LARGE / 2, draft.random)
    new = Curve(integer, found.scale is Scale.RATIO, *sorted((default, other))).short()
    rest = tuple(each for each in knobs.items if each is not knob)
    program = with_section(draft.program, tree.Knobs(NOWHERE, rest))
    schedule = section(program, tree.Schedule)
    # In front, since lines further down may use it.
    lines = (line(knob.name.text, new), *(schedule.items if schedule else ()))
    program = with_section(program, tree.Schedule(NOWHERE, lines))
    words = f"lets `{knob.name.text}` follow β, {_span(new)}"
    return draft.done("release", words, program)


def _uses_knobs(knob: tree.Knob) -> bool:
    return any(isinstance(node, tree.Name) for node in walk(knob))


def hoist(draft: Draft) -> Variant | None:
    """Makes a knob of a number that stands in the text."""
    site = draft.one(draft.sites(_is_telling, bounds=True))
    if site is None:
        return None
    assert isinstance(site.node, tree.Number)
    value = site.node.value
    integer = site.type is Type.INTEGER
    quantity = site.quantity or (Quantity.STEPS if integer else Quantity.WEIGHT)
    if quantity.range.integer is not integer:
        quantity = Quantity.STEPS if integer else Quantity.WEIGHT
    fixed = Curve(integer, False, value, value)
    other = stepped(value, bounds(fixed, quantity), LARGE / 2, draft.random)
    both = [value, other]
    draft.random.shuffle(both)
    curve = Curve(integer, False, *both).short()
    knob = draft.additions.knob(quantity.range.stem, curve)
    program = replaced(draft.program, {site.node: name(knob)})
    words = f"makes a knob `{knob}`, {_span(curve)}, of {site.node.written}"
    return draft.done("hoist", words, program)


def _is_telling(site: Site) -> bool:
    """Whether a number decides something: counters and bounds at 0 are no decisions."""
    if not isinstance(site.node, tree.Number) or not 0 < site.node.value <= LARGEST:
        return False
    if site.node.value == 1 and site.purpose in {Purpose.VALUE, Purpose.KEY, Purpose.WEIGHT}:
        return False
    return site.quantity is not None


def link(draft: Draft) -> Variant | None:
    """Uses one knob where another of the same quantity was used."""
    site = draft.one(draft.sites(lambda s: _is_knob(draft, s.node), bounds=True))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    old = site.node.text
    others = [
        knob
        for knob, used in draft.seen.uses.items()
        if knob != old
        and used is draft.seen.uses.get(old)
        and draft.seen.knobs[knob] is draft.seen.knobs[old]
    ]
    other = draft.one(others)
    if other is None:
        return None
    program = replaced(draft.program, {site.node: name(other)})
    return draft.done("link", f"uses `{other}` where it used `{old}`", program)


def unlink(draft: Draft) -> Variant | None:
    """Gives one of the uses of a knob a knob of its own."""
    known = curves(draft.seen)
    uses = [site.node.text for site in draft.seen.sites if isinstance(site.node, tree.Name)]
    shared = {each for each in known if uses.count(each) > 1}
    site = draft.one(draft.sites(lambda s: isinstance(s.node, tree.Name) and s.node.text in shared))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    old = site.node.text
    curve = _moved(draft, old, known[old])
    new = draft.additions.knob(old, curve)
    program = replaced(draft.program, {site.node: name(new)})
    words = f"has a knob of its own, `{new}`, {_span(curve)}, for one of the uses of `{old}`"
    return draft.done("unlink", words, program)


def _is_knob(draft: Draft, node: tree.Expression) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.seen.knobs


def inline(draft: Draft) -> Variant | None:
    """Writes the value of a fixed knob where it is used."""
    fixed = {
        knob: curve for knob, curve in curves(draft.seen).items() if curve.at_zero == curve.at_one
    }
    knob = draft.one(list(fixed))
    if knob is None:
        return None
    value = fixed[knob].at_zero
    literal = number(int(value) if fixed[knob].integer else value)
    uses = {
        node: copied(literal)
        for node in walk(draft.program)
        if isinstance(node, tree.Name) and node.text == knob
    }
    program = replaced(draft.program, uses)
    return draft.done("inline", f"writes {value:g} for `{knob}`", program)


def with_lines(program: tree.Program, new: dict[str, Curve]) -> tree.Program:
    """The program with the lines of some knobs written for other curves."""
    schedule = section(program, tree.Schedule)
    assert schedule is not None
    items = tuple(
        line(each.name.text, new[each.name.text]) if each.name.text in new else each
        for each in schedule.items
    )
    return with_section(program, tree.Schedule(NOWHERE, items))


def _told(knob: str, before: Curve, after: Curve) -> str:
    return f"`{knob}` from {_span(before)} to {_span(after)}"


def _span(curve: Curve) -> str:
    if curve.at_zero == curve.at_one:
        return f"{curve.at_zero:g}"
    return f"{curve.at_zero:g} … {curve.at_one:g}"
