"""Mutation operators on numbers: move curves, turn literals into knobs and knobs into literals."""

from collections.abc import Iterator
from math import sqrt

from agents.variation.curves import LARGEST, KnobCurve, find_defaults, fit_even_curve, write_line
from agents.variation.program_edit import ProgramEdit, ProgramVariant
from agents.variation.quantities import Quantity, Scale
from agents.variation.sampling import choose_weighted, step_value
from agents.variation.schedule_constants import compute_bounds, find_knob_curves, infer_quantity
from agents.variation.survey import ExpressionSite, ProgramSection, Purpose, SiteContext
from agents.variation.tree_transforms import (
    NOWHERE,
    copy_tree,
    find_section,
    name,
    number,
    replace_nodes,
    with_section,
)
from dsl import tree
from dsl.checker.symbols import constant_value
from dsl.traversal import walk
from dsl.types import Type

SMALL, LARGE = 0.3, 1.0
"""Sizes of steps; most are small."""

OFTEN_LARGE = 0.15


def move_knobs(draft: ProgramEdit) -> ProgramVariant | None:
    """Move one to three knobs a little; if none can move, let a fixed one follow β."""
    known = find_knob_curves(draft.survey)
    if not known:
        return release_knob(draft)
    count = choose_weighted(draft.random, [(6, 1), (3, 2), (1, 3)])
    chosen = draft.random.sample(list(known), min(count, len(known)))
    moved = {knob: _move_curve(draft, knob, known[knob]) for knob in chosen}
    summary = ", ".join(_describe_move(knob, known[knob], moved[knob]) for knob in chosen)
    return draft.build_variant("tweak", f"moves {summary}", replace_lines(draft.program, moved))


def _move_curve(draft: ProgramEdit, knob: str, curve: KnobCurve) -> KnobCurve:
    random = draft.random
    bounds = compute_bounds(curve, infer_quantity(knob, curve, draft.survey))
    size = LARGE if random.random() < OFTEN_LARGE else SMALL
    at_zero, at_one = curve.at_zero, curve.at_one
    which = random.random()
    if at_zero == at_one:
        # A fixed knob stays fixed: `reshape_knob` is the operator that separates its ends.
        at_zero = at_one = step_value(at_zero, bounds, size, random)
    elif which < 0.35:
        at_zero = step_value(at_zero, bounds, size, random)
    elif which < 0.7:
        at_one = step_value(at_one, bounds, size, random)
    else:
        at_zero, at_one = (step_value(end, bounds, size, random) for end in (at_zero, at_one))
    return KnobCurve(curve.integer, curve.geometric, at_zero, at_one).short()


def reshape_knob(draft: ProgramEdit) -> ProgramVariant | None:
    """Change the shape of a knob's curve: fixed, moving, reversed, linear or geometric."""
    schedule = find_section(draft.program, tree.Schedule)
    item = draft.choose(schedule.items) if schedule else None
    if item is None:
        return None
    knob = item.name.text
    curve = find_knob_curves(draft.survey).get(knob)
    if curve is None:
        return _straighten(draft, item)
    new = _reshape_curve(draft, knob, curve).short()
    if new == curve:
        return None
    summary = f"moves {_describe_move(knob, curve, new)}"
    if (new.at_zero, new.at_one) == (curve.at_zero, curve.at_one):
        summary = f"moves `{knob}` {'by a factor' if new.geometric else 'evenly'} along β"
    return draft.build_variant("reshape", summary, replace_lines(draft.program, {knob: new}))


def _straighten(draft: ProgramEdit, item: tree.Scheduled) -> ProgramVariant | None:
    """Write a line that is not a curve as the linear curve between its ends."""
    known = find_defaults(draft.program)
    if not {n.text for n in walk(item.value) if isinstance(n, tree.Name)} <= {*known, "beta"}:
        return None
    new = fit_even_curve(item, draft.survey.types, known)
    if new is None:
        return None
    summary = f"moves `{item.name.text}` evenly along β"
    return draft.build_variant(
        "reshape", summary, replace_lines(draft.program, {item.name.text: new})
    )


def _reshape_curve(draft: ProgramEdit, knob: str, curve: KnobCurve) -> KnobCurve:
    random = draft.random
    bounds = compute_bounds(curve, infer_quantity(knob, curve, draft.survey))
    low, high = curve.at_zero, curve.at_one
    if low == high:
        apart = [step_value(low, bounds, LARGE / 2, random), low]
        random.shuffle(apart)
        return KnobCurve(curve.integer, curve.geometric, *apart)
    which = random.random()
    if which < 0.4:
        middle = sqrt(low * high) if low > 0 and high > 0 else (low + high) / 2
        flat = random.choice([low, high, middle])
        return KnobCurve(curve.integer, curve.geometric, flat, flat)
    if which < 0.6:
        return KnobCurve(curve.integer, curve.geometric, high, low)
    return curve._replace(geometric=not curve.geometric)


def release_knob(draft: ProgramEdit) -> ProgramVariant | None:
    """Let a free knob follow β, starting at or ending at its default."""
    knobs = find_section(draft.program, tree.Knobs)
    if knobs is None:
        return None
    referenced = {n.text for item in knobs.items for n in walk(item) if isinstance(n, tree.Name)}
    free = [
        item
        for item in knobs.items
        if item.name.text not in referenced
        and item.name.text in find_defaults(draft.program)
        and not _uses_knobs(item)
    ]
    knob = draft.choose(free)
    if knob is None:
        return None
    default = constant_value(knob.default)
    assert default is not None
    integer = draft.survey.knobs[knob.name.text] is Type.INTEGER
    fixed = KnobCurve(integer, False, default, default)
    bounds = compute_bounds(fixed, infer_quantity(knob.name.text, fixed, draft.survey))
    other = step_value(default, bounds, LARGE / 2, draft.random)
    new = KnobCurve(integer, bounds.scale is Scale.RATIO, *sorted((default, other))).short()
    remaining = tuple(item for item in knobs.items if item is not knob)
    program = with_section(draft.program, tree.Knobs(NOWHERE, remaining))
    schedule = find_section(program, tree.Schedule)
    # First, since later lines may use it.
    lines = (write_line(knob.name.text, new), *(schedule.items if schedule else ()))
    program = with_section(program, tree.Schedule(NOWHERE, lines))
    summary = f"lets `{knob.name.text}` follow β, {_span(new)}"
    return draft.build_variant("release", summary, program)


def _uses_knobs(knob: tree.Knob) -> bool:
    return any(isinstance(node, tree.Name) for node in walk(knob))


def hoist_number(draft: ProgramEdit) -> ProgramVariant | None:
    """Replace a literal number by a new knob."""
    running = filter(_is_decisive, _find_running_numbers(draft))
    site = draft.choose([*draft.find_sites(_is_decisive, bounds=True), *running])
    if site is None:
        return None
    assert isinstance(site.node, tree.Number)
    value = site.node.value
    integer = site.type is Type.INTEGER
    quantity = site.quantity or (Quantity.STEPS if integer else Quantity.WEIGHT)
    if quantity.range.integer is not integer:
        quantity = Quantity.STEPS if integer else Quantity.WEIGHT
    fixed = KnobCurve(integer, False, value, value)
    other = step_value(value, compute_bounds(fixed, quantity), LARGE / 2, draft.random)
    both = [value, other]
    draft.random.shuffle(both)
    curve = KnobCurve(integer, False, *both).short()
    knob = draft.additions.knob(quantity.range.stem, curve)
    program = replace_nodes(draft.program, {site.node: name(knob)})
    summary = f"makes a knob `{knob}`, {_span(curve)}, of {site.node.written}"
    return draft.build_variant("hoist", summary, program)


def _find_running_numbers(draft: ProgramEdit) -> Iterator[ExpressionSite]:
    """Yield the numbers of running values and branch windows, which only knobs can replace."""
    survey = draft.survey
    env = SiteContext(ProgramSection.STEP, dotted=True)
    for line in walk(draft.program):
        if not isinstance(line, tree.RunningValue | tree.BranchWindow):
            continue
        parts = [(line.following, survey.quantities.named.get(line.name.text))]
        if isinstance(line, tree.BranchWindow):
            parts.append((line.value, Quantity.WINDOW))
        for part, quantity in parts:
            for node in walk(part):
                if isinstance(node, tree.Number):
                    kind = survey.types[node]
                    yield ExpressionSite(node, kind, kind, Purpose.CHOOSING, quantity, env)


def _is_decisive(site: ExpressionSite) -> bool:
    """Return whether a number affects decisions, unlike increments and bounds at 0."""
    if not isinstance(site.node, tree.Number) or not 0 < site.node.value <= LARGEST:
        return False
    if site.node.value == 1 and site.purpose in {Purpose.VALUE, Purpose.KEY, Purpose.WEIGHT}:
        return False
    return site.quantity is not None


def link_knobs(draft: ProgramEdit) -> ProgramVariant | None:
    """Use one knob where another of the same quantity was used."""
    site = draft.choose(draft.find_sites(lambda s: _is_knob(draft, s.node), bounds=True))
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    old = site.node.text
    others = [
        knob
        for knob, used in draft.survey.uses.items()
        if knob != old
        and used is draft.survey.uses.get(old)
        and draft.survey.knobs[knob] is draft.survey.knobs[old]
    ]
    other = draft.choose(others)
    if other is None:
        return None
    program = replace_nodes(draft.program, {site.node: name(other)})
    return draft.build_variant("link", f"uses `{other}` where it used `{old}`", program)


def unlink_knob(draft: ProgramEdit) -> ProgramVariant | None:
    """Give one of the uses of a shared knob a knob of its own."""
    known = find_knob_curves(draft.survey)
    uses = [site.node.text for site in draft.survey.sites if isinstance(site.node, tree.Name)]
    shared = {knob for knob in known if uses.count(knob) > 1}
    site = draft.choose(
        draft.find_sites(lambda s: isinstance(s.node, tree.Name) and s.node.text in shared)
    )
    if site is None:
        return None
    assert isinstance(site.node, tree.Name)
    old = site.node.text
    curve = _move_curve(draft, old, known[old])
    new = draft.additions.knob(old, curve)
    program = replace_nodes(draft.program, {site.node: name(new)})
    summary = f"has a knob of its own, `{new}`, {_span(curve)}, for one of the uses of `{old}`"
    return draft.build_variant("unlink", summary, program)


def _is_knob(draft: ProgramEdit, node: tree.Expression) -> bool:
    return isinstance(node, tree.Name) and node.text in draft.survey.knobs


def inline_knob(draft: ProgramEdit) -> ProgramVariant | None:
    """Write the value of a fixed knob where it is used."""
    fixed = {
        knob: curve
        for knob, curve in find_knob_curves(draft.survey).items()
        if curve.at_zero == curve.at_one
    }
    knob = draft.choose(list(fixed))
    if knob is None:
        return None
    value = fixed[knob].at_zero
    literal = number(int(value) if fixed[knob].integer else value)
    uses = {
        node: copy_tree(literal)
        for node in walk(draft.program)
        if isinstance(node, tree.Name) and node.text == knob
    }
    program = replace_nodes(draft.program, uses)
    return draft.build_variant("inline", f"writes {value:g} for `{knob}`", program)


def replace_lines(program: tree.Program, new: dict[str, KnobCurve]) -> tree.Program:
    """Return the program with new curves for some knobs of the schedule."""
    schedule = find_section(program, tree.Schedule)
    assert schedule is not None
    items = tuple(
        write_line(item.name.text, new[item.name.text]) if item.name.text in new else item
        for item in schedule.items
    )
    return with_section(program, tree.Schedule(NOWHERE, items))


def _describe_move(knob: str, before: KnobCurve, after: KnobCurve) -> str:
    return f"`{knob}` from {_span(before)} to {_span(after)}"


def _span(curve: KnobCurve) -> str:
    if curve.at_zero == curve.at_one:
        return f"{curve.at_zero:g}"
    return f"{curve.at_zero:g} … {curve.at_one:g}"
