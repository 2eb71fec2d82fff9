"""Variation of what is done, and of how decisions take their time.

Verbs act on other branches, for another number of intervals, with or without a look; conditions
come to hold for several steps, measures are averaged over them.
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
    walk,
    with_section,
)
from dsl import tree
from dsl.types import Type


def change_burst(draft: ProgramEdit) -> ProgramVariant | None:
    """Advances by more at a time, by less, or by something else."""
    verb = draft.one(draft.spots(lambda s: isinstance(s.statement, tree.Advance)))
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
    words = f"advances {quote_expression(old.branches)} by `{far}`"
    return draft.done("burst", words, replace_nodes(draft.program, {old: changed}))


def replace_acted_set(draft: ProgramEdit) -> ProgramVariant | None:
    """Advances, prunes or probes other branches."""
    site = draft.one(draft.sites(_is_acted_whole))
    if site is None:
        return None
    new = draft.writer.write("ACTED", site.env)
    words = f"acts on {quote_expression(new)} in place of {quote_expression(site.node)}"
    return draft.done("acts on", words, replace_nodes(draft.program, {site.node: new}))


def _is_acted_whole(site: ExpressionSite) -> bool:
    return site.purpose is Purpose.ACTED


def change_probing(draft: ProgramEdit) -> ProgramVariant | None:
    """Look at branches only now and then as they advance, or at each interval again."""
    spot = draft.one(draft.spots(lambda s: isinstance(s.statement, tree.Advance)))
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.Advance)
    changed = tree.Advance(NOWHERE, old.branches, old.burst, not old.look, old.because)
    if not old.look:
        program = replace_nodes(draft.program, {old: changed})
        return draft.done(
            "look", f"looks at {quote_expression(old.branches)} as they advance", program
        )
    if spot.env.part is not ProgramSection.STEP:
        program = replace_nodes(draft.program, {old: changed})
        return draft.done("look", f"does not look at {quote_expression(old.branches)} yet", program)
    pause = draft.additions.knob("pause", sample_curve(Quantity.BURST, draft.random, rises=0.3))
    due = binary("==", binary("%", name("steps"), call("max", number(1), name(pause))), number(0))
    unseen = tree.FilterSet(NOWHERE, name("active"), tree.Unary(NOWHERE, "not", _field(".seen")))
    probing = tree.If(NOWHERE, due, block([tree.Probe(NOWHERE, unseen, None)]), None)
    body = splice_block(spot.block, spot.at, 1, (changed, probing))
    program = replace_nodes(draft.program, {spot.block: body})
    words = f"looks at branches every `{pause}` steps only"
    return draft.done("look", words, program)


def _field(text: str) -> tree.Field:
    return tree.Field(NOWHERE, text)


def change_open_count(draft: ProgramEdit) -> ProgramVariant | None:
    """Open another number of branches, always within a bound."""
    spot = draft.one(draft.spots(lambda s: isinstance(_opening(s.statement), tree.Node)))
    if spot is None:
        return None
    old = _opening(spot.statement)
    assert old is not None
    new: tree.Expression
    if spot.env.part is ProgramSection.STEP:
        new = draft.writer.write("AMOUNT", spot.env)
    else:
        new = name(
            draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9))
        )
    words = f"opens {quote_expression(new)} in place of {quote_expression(old.count)}"
    return draft.done("amount", words, replace_nodes(draft.program, {old.count: new}))


def _opening(statement: tree.Statement) -> tree.Open | tree.Sample | None:
    node = statement.value if isinstance(statement, tree.Let) else statement
    return node if isinstance(node, tree.Open | tree.Sample) else None


def toggle_sampling(draft: ProgramEdit) -> ProgramVariant | None:
    """Open branches instead of reading whole chains, or the reverse.

    What is open then is advanced in `step`.
    """
    spot = draft.one(draft.spots(lambda s: _opening(s.statement) is not None))
    if spot is None:
        return None
    old = _opening(spot.statement)
    assert old is not None
    if isinstance(old, tree.Open):
        whole = tree.Sample(NOWHERE, old.count, old.because)
        words = f"reads {quote_expression(old.count)} chains to their end at once"
        return draft.done("read inside", words, replace_nodes(draft.program, {old: whole}))
    count = old.count
    if spot.env.part is ProgramSection.STEP:
        # A cap on the steps may have been what bounded the branches.
        count = call("min", copy_tree(old.count), _left(draft))
    opened = tree.Open(NOWHERE, count, look=True, because=old.because)
    program = replace_nodes(draft.program, {old: opened})
    if not any(isinstance(node, tree.Advance) for node in walk(program)):
        program = _advancing(program)
    words = f"looks inside of {quote_expression(old.count)} chains as they grow"
    return draft.done("read inside", words, program)


def _left(draft: ProgramEdit) -> tree.Expression:
    """How many branches a step may open so that they come to no more than the steps may be."""
    step = draft.seen.step()
    cap = None if step is None else step.cap
    if cap is None:
        cap = name(
            draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9))
        )
    return binary("-", copy_tree(cap), call("count", name("opened")))


def _advancing(program: tree.Program) -> tree.Program:
    """Return the program with `advance active` at the beginning of each step, without a cap."""
    step = find_section(program, tree.Step)
    advance = tree.Advance(NOWHERE, name("active"), None, look=True, because=None)
    body = block([advance, *(step.body.statements if step else ())])
    return with_section(program, tree.Step(NOWHERE, None, body))


def add_opening_start(draft: ProgramEdit) -> ProgramVariant | None:
    """Open branches in `start` where there is none."""
    if find_section(draft.program, tree.Start) is not None:
        return None
    count = name(draft.additions.knob("width", sample_curve(Quantity.BRANCHES, draft.random, 0.9)))
    opening = tree.Open(NOWHERE, count, look=True, because=None)
    start = tree.Start(NOWHERE, block([opening]))
    program = with_section(draft.program, start)
    if not any(isinstance(node, tree.Advance) for node in walk(program)):
        program = _advancing(program)
    return draft.done("start", f"opens {quote_expression(count)} branches at first", program)


def toggle_step_cap(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove or add the limit of steps."""
    step = draft.seen.step()
    if step is None:
        return None
    if step.cap is not None:
        changed = tree.Step(NOWHERE, None, step.body)
        words = f"no longer ends after {quote_expression(step.cap)} steps"
    else:
        cap = name(draft.additions.knob("most", KnobCurve(True, False, 20, 80)))
        changed = tree.Step(NOWHERE, cap, step.body)
        words = f"ends after {quote_expression(cap)} steps"
    return draft.done("cap", words, with_section(draft.program, changed))


# Over time


def sustain_condition(draft: ProgramEdit) -> ProgramVariant | None:
    """Asks that the condition of a rule hold for some steps in a row."""
    step = draft.seen.step()
    if step is None:
        return None
    spots = draft.spots(
        lambda s: (
            s.block is step.body
            and isinstance(s.statement, tree.If)
            and not _is_counter(s.statement.condition)
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    old = spot.statement
    assert isinstance(old, tree.If)
    held = draft.additions.cell("held", number(0))
    calm = draft.writer.knob(Quantity.STEPS)
    more = binary("+", name(held), number(1))
    counted = tree.Conditional(NOWHERE, copy_tree(old.condition), more, number(0))
    counting = tree.Assign(NOWHERE, identifier(held), counted)
    condition = binary(">=", name(held), calm)
    changed = tree.If(NOWHERE, condition, old.then, old.otherwise)
    body = splice_block(spot.block, spot.at, 1, (counting, changed))
    words = (
        f"asks that {quote_expression(old.condition)} hold for"
        f" {quote_expression(calm)} steps: {describe_statement(old)}"
    )
    return draft.done("sustain", words, replace_nodes(draft.program, {spot.block: body}))


def _is_counter(condition: tree.Expression) -> bool:
    return isinstance(condition, tree.Binary) and isinstance(condition.left, tree.Name)


def smooth_measure(draft: ProgramEdit) -> ProgramVariant | None:
    """Read a measure averaged over the steps: a moving average, or a window."""
    step = draft.seen.step()
    if step is None:
        return None
    sites = draft.sites(
        lambda s: (
            s.quantity is Quantity.PART
            and s.type is Type.REAL
            and s.env.part is ProgramSection.STEP
            and not s.env.dotted
            and isinstance(s.node, tree.Call)
            and s.node.function.text in {"confidence", "share", "margin", "beta_confidence"}
        )
    )
    site = draft.one(sites)
    if site is None:
        return None
    spots = draft.spots(lambda s: s.block is step.body)
    spot = next(s for s in spots if any(node is site.node for node in walk(s.statement)))
    reach = {each for each, _ in spot.env.lets}
    here = {each for each, _ in site.env.lets}
    used = {node.text for node in walk(site.node) if isinstance(node, tree.Name)}
    if used & (here - reach):
        return None
    keeping, reading = _kept(draft, site.node)
    changed = replace_nodes(spot.statement, {site.node: reading})
    body = splice_block(spot.block, spot.at, 1, (keeping, changed))
    words = (
        f"reads {quote_expression(site.node)} over several steps, as {quote_expression(reading)}"
    )
    return draft.done("smooth", words, replace_nodes(draft.program, {spot.block: body}))


def _kept(draft: ProgramEdit, node: tree.Expression) -> tuple[tree.Statement, tree.Expression]:
    """Return what keeps a measure over the steps, and what reads it."""
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
