"""Mutation operators on actions, and on how decisions depend on several steps.

Verbs act on other branches, for another number of intervals, with or without probing. Conditions
must hold for several steps, and measures are averaged over steps.
"""

from agents.variation.curves import KnobCurve
from agents.variation.program_edit import ProgramEdit, ProgramVariant, quote_expression
from agents.variation.quantities import Quantity
from agents.variation.rule_operators import describe_statement, splice_block
from agents.variation.sampling import sample_curve
from agents.variation.survey import ExpressionSite, ProgramSection, Purpose, SiteContext
from agents.variation.tree_transforms import (
    NOWHERE,
    binary,
    block,
    call,
    copy_tree,
    find_section,
    format_expression,
    identifier,
    name,
    number,
    replace_nodes,
    with_section,
)
from dsl import tree
from dsl.traversal import walk
from dsl.types import Type


def change_burst(draft: ProgramEdit) -> ProgramVariant | None:
    """Change by how many intervals branches advance at a time."""
    verb = draft.choose(draft.find_statements(lambda s: isinstance(s.statement, tree.Advance)))
    if verb is None:
        return None
    old = verb.statement
    assert isinstance(old, tree.Advance)
    inside = SiteContext(verb.env.part, True, verb.env.lets)
    new: tree.Expression | None = None
    if old.burst is None or draft.random.random() < 0.6:
        new = draft.writer.write("BURSTS", inside)
    changed = tree.Advance(NOWHERE, old.branches, new, old.look, old.because)
    far = "1" if new is None else format_expression(new)
    summary = f"advances {quote_expression(old.branches)} by `{far}`"
    return draft.build_variant("burst", summary, replace_nodes(draft.program, {old: changed}))


def replace_acted_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Advance, prune or probe other branches."""
    site = draft.choose(draft.find_sites(_is_acted_set))
    if site is None:
        return None
    new = draft.writer.write("ACTED", site.env)
    summary = f"acts on {quote_expression(new)} in place of {quote_expression(site.node)}"
    return draft.build_variant("acts on", summary, replace_nodes(draft.program, {site.node: new}))


def _is_acted_set(site: ExpressionSite) -> bool:
    return site.purpose is Purpose.ACTED


def change_probing(draft: ProgramEdit) -> ProgramVariant | None:
    """Probe advancing branches only every few steps, or at each interval again."""
    spot = draft.choose(draft.find_statements(lambda s: isinstance(s.statement, tree.Advance)))
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Advance)
    changed = tree.Advance(NOWHERE, old.branches, old.burst, not old.look, old.because)
    if not old.look:
        program = replace_nodes(draft.program, {old: changed})
        return draft.build_variant(
            "look",
            f"reveals answers of {quote_expression(old.branches)} while they advance",
            program,
        )
    if spot.env.part is not ProgramSection.STEP:
        program = replace_nodes(draft.program, {old: changed})
        return draft.build_variant(
            "look", f"does not reveal answers of {quote_expression(old.branches)} yet", program
        )
    pause = draft.additions.knob("pause", sample_curve(Quantity.BURST, draft.random, rises=0.3))
    due = binary("==", binary("%", name("steps"), call("max", number(1), name(pause))), number(0))
    unseen = tree.FilterSet(NOWHERE, name("active"), tree.Unary(NOWHERE, "not", _field(".seen")))
    probing = tree.If(NOWHERE, due, block([tree.Probe(NOWHERE, unseen, None)]), None)
    body = splice_block(spot.block, spot.position, 1, (changed, probing))
    program = replace_nodes(draft.program, {spot.block: body})
    summary = f"probes branches only every `{pause}` steps"
    return draft.build_variant("look", summary, program)


def _field(text: str) -> tree.Field:
    return tree.Field(NOWHERE, text)


def change_open_count(draft: ProgramEdit) -> ProgramVariant | None:
    """Open another number of branches, always within a bound."""
    spot = draft.choose(
        draft.find_statements(lambda s: isinstance(_find_opening(s.statement), tree.Node))
    )
    if spot is None:
        return None
    old = _find_opening(spot.statement)
    assert old is not None
    new: tree.Expression
    if spot.env.part is ProgramSection.STEP:
        new = draft.writer.write("AMOUNT", spot.env)
    else:
        new = name(
            draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9))
        )
    summary = f"opens {quote_expression(new)} in place of {quote_expression(old.count)}"
    return draft.build_variant("amount", summary, replace_nodes(draft.program, {old.count: new}))


def _find_opening(statement: tree.Statement) -> tree.Open | tree.Sample | None:
    node = statement.value if isinstance(statement, tree.Let) else statement
    return node if isinstance(node, tree.Open | tree.Sample) else None


def toggle_sampling(draft: ProgramEdit) -> ProgramVariant | None:
    """Open branches instead of sampling complete chains, or the reverse.

    Branches that are opened are advanced in `step`.
    """
    spot = draft.choose(draft.find_statements(lambda s: _find_opening(s.statement) is not None))
    if spot is None:
        return None
    old = _find_opening(spot.statement)
    assert old is not None
    if isinstance(old, tree.Open):
        sampled = tree.Sample(NOWHERE, old.count, old.because)
        summary = f"reads {quote_expression(old.count)} chains to their end at once"
        return draft.build_variant(
            "read inside", summary, replace_nodes(draft.program, {old: sampled})
        )
    count = old.count
    if spot.env.part is ProgramSection.STEP:
        # A cap on the steps may have been what bounded the branches.
        count = call("min", copy_tree(old.count), _remaining_openings(draft))
    opened = tree.Open(NOWHERE, count, look=True, because=old.because)
    program = replace_nodes(draft.program, {old: opened})
    if not any(isinstance(node, tree.Advance) for node in walk(program)):
        program = _add_advance(program)
    summary = f"looks inside of {quote_expression(old.count)} chains as they grow"
    return draft.build_variant("read inside", summary, program)


def _remaining_openings(draft: ProgramEdit) -> tree.Expression:
    """Return how many branches a step may still open within the cap on steps."""
    step = draft.survey.step()
    cap = None if step is None else step.cap
    if cap is None:
        cap = name(
            draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9))
        )
    return binary("-", copy_tree(cap), call("count", name("opened")))


def _add_advance(program: tree.Program) -> tree.Program:
    """Return the program with `advance active` at the beginning of each step, without a cap."""
    step = find_section(program, tree.Step)
    advance = tree.Advance(NOWHERE, name("active"), None, look=True, because=None)
    body = block([advance, *(step.body.statements if step else ())])
    return with_section(program, tree.Step(NOWHERE, None, body))


def add_opening_start(draft: ProgramEdit) -> ProgramVariant | None:
    """Add a `start` section that opens branches to a program without one."""
    if find_section(draft.program, tree.Start) is not None:
        return None
    count = name(draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9)))
    opening = tree.Open(NOWHERE, count, look=True, because=None)
    start = tree.Start(NOWHERE, block([opening]))
    program = with_section(draft.program, start)
    if not any(isinstance(node, tree.Advance) for node in walk(program)):
        program = _add_advance(program)
    return draft.build_variant(
        "start", f"opens {quote_expression(count)} branches at first", program
    )


def toggle_step_cap(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove or add the limit of steps."""
    step = draft.survey.step()
    if step is None:
        return None
    if step.cap is not None:
        changed = tree.Step(NOWHERE, None, step.body)
        summary = f"no longer ends after {quote_expression(step.cap)} steps"
    else:
        cap = name(draft.additions.knob("most", KnobCurve(True, False, 20, 80)))
        changed = tree.Step(NOWHERE, cap, step.body)
        summary = f"ends after {quote_expression(cap)} steps"
    return draft.build_variant("cap", summary, with_section(draft.program, changed))


# Over time


def sustain_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Require the condition of a rule to hold for several consecutive steps."""
    step = draft.survey.step()
    if step is None:
        return None
    spots = draft.find_statements(
        lambda s: (
            s.block is step.body
            and isinstance(s.statement, tree.If)
            and not _is_counter(s.statement.condition)
        )
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.If)
    counter = draft.additions.cell("held", number(0))
    calm = draft.writer.knob(Quantity.STEPS)
    more = binary("+", name(counter), number(1))
    counted = tree.Conditional(NOWHERE, copy_tree(old.condition), more, number(0))
    counting = tree.Assign(NOWHERE, identifier(counter), counted)
    condition = binary(">=", name(counter), calm)
    changed = tree.If(NOWHERE, condition, old.then, old.otherwise)
    body = splice_block(spot.block, spot.position, 1, (counting, changed))
    summary = (
        f"requires that {quote_expression(old.condition)} hold for"
        f" {quote_expression(calm)} steps: {describe_statement(old)}"
    )
    return draft.build_variant("sustain", summary, replace_nodes(draft.program, {spot.block: body}))


def _is_counter(condition: tree.Expression) -> bool:
    return isinstance(condition, tree.Binary) and isinstance(condition.left, tree.Name)


def smooth_measure(draft: ProgramEdit) -> ProgramVariant | None:
    """Read a measure averaged over the steps: a moving average, or a window."""
    step = draft.survey.step()
    if step is None:
        return None
    sites = draft.find_sites(
        lambda s: (
            s.quantity is Quantity.PART
            and s.type is Type.REAL
            and s.env.part is ProgramSection.STEP
            and not s.env.dotted
            and isinstance(s.node, tree.Call)
            and s.node.function.text
            in {"confidence", "dirichlet_confidence", "share", "margin", "beta_confidence"}
        )
    )
    site = draft.choose(sites)
    if site is None:
        return None
    spots = draft.find_statements(lambda s: s.block is step.body)
    spot = next(s for s in spots if any(node is site.node for node in walk(s.statement)))
    outer_names = {name for name, _ in spot.env.lets}
    inner_names = {name for name, _ in site.env.lets}
    used = {node.text for node in walk(site.node) if isinstance(node, tree.Name)}
    if used & (inner_names - outer_names):
        return None
    keeping, reading = _smooth(draft, site.node)
    changed = replace_nodes(spot.statement, {site.node: reading})
    body = splice_block(spot.block, spot.position, 1, (keeping, changed))
    summary = (
        f"reads {quote_expression(site.node)} over several steps, as {quote_expression(reading)}"
    )
    return draft.build_variant("smooth", summary, replace_nodes(draft.program, {spot.block: body}))


def _smooth(draft: ProgramEdit, node: tree.Expression) -> tuple[tree.Statement, tree.Expression]:
    """Return the statement that records a measure over steps, and the expression that reads it."""
    if draft.random.random() < 0.5:
        ema = draft.additions.cell("ema", number(0.0))
        alpha = name(draft.additions.knob("alpha", sample_curve(Quantity.PART, draft.random, 0.1)))
        old = binary("*", binary("-", number(1), alpha), name(ema))
        new = binary("*", copy_tree(alpha), copy_tree(node))
        return tree.Assign(NOWHERE, identifier(ema), binary("+", old, new)), name(ema)
    span = name(draft.additions.knob("span", sample_curve(Quantity.WINDOW, draft.random)))
    window = draft.additions.cell("trend", call("window", span))
    fold = draft.random.choice(["mean", "min", "mean"])
    pushing = tree.Push(NOWHERE, copy_tree(node), identifier(window))
    return pushing, call(fold, name(window))
