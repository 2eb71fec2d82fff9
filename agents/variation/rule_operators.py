"""Variation of rules: whole statements are put in, taken out, moved, repeated and guarded."""

from agents.variation.program_edit import ProgramEdit, ProgramVariant, quote_expression
from agents.variation.sampling import sample_curve
from agents.variation.simplification import always_ends_step
from agents.variation.survey import Lets, ProgramSection, SiteContext, StatementSite
from agents.variation.templates import instantiate_rule, load_templates
from agents.variation.tree_transforms import (
    NOWHERE,
    block,
    copy_tree,
    find_section,
    rename_names,
    replace_nodes,
    walk,
    with_section,
)
from dsl import tree
from dsl.types import Type

NESTED = 0.12
"""How likely a rule is put into a block inside of `step`."""

LATE = 0.6
"""How likely a rule is put behind all others."""


def insert_stopping(draft: ProgramEdit) -> ProgramVariant | None:
    """Put in a rule that answers or stops."""
    return _insert(draft, "stopping")


def insert_pruning(draft: ProgramEdit) -> ProgramVariant | None:
    """Put in a rule that prunes."""
    return _insert(draft, "pruning")


def insert_opening(draft: ProgramEdit) -> ProgramVariant | None:
    """Put in a rule that opens branches, never beyond a width."""
    return _insert(draft, "opening")


def insert_pacing(draft: ProgramEdit) -> ProgramVariant | None:
    """Put in a rule on which branches advance, and how far."""
    return _insert(draft, "pacing")


def _insert(draft: ProgramEdit, kind: str) -> ProgramVariant | None:
    step = draft.seen.step()
    if step is None:
        return None
    random = draft.random
    template = random.choice(load_templates(kind))
    target, index, env = _place(draft, step)
    new = instantiate_rule(template, draft.writer, draft.additions, env, random)
    program = replace_nodes(draft.program, {target: splice_block(target, index, 0, new.step)})
    if new.start:
        start = find_section(program, tree.Start)
        before = start.body.statements if start else ()
        program = with_section(program, tree.Start(NOWHERE, block((*before, *new.start))))
    return draft.done(f"{kind} rule", new.words, program)


def _place(draft: ProgramEdit, step: tree.Step) -> tuple[tree.Block, int, SiteContext]:
    """Return a place for a rule: a block, an index in it, and what is in reach there."""
    random = draft.random
    inner = draft.spots(
        lambda s: s.env.part is ProgramSection.STEP and s.level > 0 and not s.updating
    )
    if inner and random.random() < NESTED:
        spot = random.choice(inner)
        return spot.block, spot.at, spot.env
    own = draft.spots(lambda spot: spot.block is step.body)
    count = len(own)
    index = count if random.random() < LATE else random.randint(0, count)
    if index == count and own and always_ends_step(own[-1].statement):
        index -= 1
    if index < count:
        return step.body, index, own[index].env
    lets: Lets = ()
    if own:
        lets = own[-1].env.lets
        last = own[-1].statement
        if isinstance(last, tree.Let):
            lets = (*lets, (last.name.text, _kind(draft, last)))
    return step.body, count, SiteContext(ProgramSection.STEP, lets=lets)


def splice_block(
    body: tree.Block, index: int, removed: int, new: tuple[tree.Statement, ...]
) -> tree.Block:
    """Return a block with some statements in place of others."""
    return block((*body.statements[:index], *new, *body.statements[index + removed :]))


def _kind(draft: ProgramEdit, let: tree.Let) -> Type:
    if isinstance(let.value, tree.Open | tree.Sample):
        return Type.BRANCHES
    return draft.seen.types[let.value]


# Fewer rules


def delete_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Take out a statement; what only it needed goes with it."""
    spot = draft.one(draft.spots(_can_go))
    if spot is None:
        return None
    program = replace_nodes(draft.program, {spot.block: splice_block(spot.block, spot.at, 1, ())})
    return draft.done("delete", f"no longer: {describe_statement(spot.statement)}", program)


def inline_let(draft: ProgramEdit) -> ProgramVariant | None:
    """Write the value of a `let` where it was used."""
    spots = draft.spots(
        lambda s: (
            isinstance(s.statement, tree.Let)
            and not isinstance(s.statement.value, tree.Open | tree.Sample)
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    let = spot.statement
    assert isinstance(let, tree.Let)
    assert not isinstance(let.value, tree.Open | tree.Sample)
    name = let.name.text
    uses = {
        node: copy_tree(let.value)
        for node in walk(spot.block)
        if isinstance(node, tree.Name) and node.text == name
    }
    program = replace_nodes(draft.program, uses)
    return draft.done("inline", f"writes {quote_expression(let.value)} out for `{name}`", program)


def _can_go(spot: StatementSite) -> bool:
    if spot.env.part is ProgramSection.FINALLY or isinstance(spot.statement, tree.Let):
        return False
    return not (spot.env.part is ProgramSection.START and len(spot.block.statements) == 1)


# The same rules, elsewhere


def move_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Move a statement to another place in its block where all that it needs is known."""
    spots = draft.spots(
        lambda s: (
            s.env.part is not ProgramSection.FINALLY
            and not s.updating
            and len(s.block.statements) > 1
            and not always_ends_step(s.statement)
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    statements = list(spot.block.statements)
    moved = statements.pop(spot.at)
    targets = [
        at
        for at in range(len(statements) + 1)
        if at != spot.at and is_ordered([*statements[:at], moved, *statements[at:]])
    ]
    target = draft.one(targets)
    if target is None:
        return None
    statements.insert(target, moved)
    program = replace_nodes(draft.program, {spot.block: block(statements)})
    where = "earlier" if target < spot.at else "later"
    return draft.done("move", f"{describe_statement(moved)} {where} in a step", program)


def is_ordered(statements: list[tree.Statement]) -> bool:
    """Whether each `let` of a block stands before what uses it, and nothing behind the end."""
    later = {s.name.text for s in statements if isinstance(s, tree.Let)}
    for at, statement in enumerate(statements):
        used = {n.text for n in walk(statement) if isinstance(n, tree.Name)}
        if used & later:
            return False
        if isinstance(statement, tree.Let):
            later.discard(statement.name.text)
        if always_ends_step(statement) and at + 1 < len(statements):
            return False
    return True


def repeat_rule(draft: ProgramEdit) -> ProgramVariant | None:
    """Repeats a rule behind itself, with one of its numbers or sets to be varied from then on."""
    spots = draft.spots(
        lambda s: (
            s.env.part is ProgramSection.STEP
            and not s.updating
            and isinstance(s.statement, tree.If | tree.Prune | tree.Advance)
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    lets = [n.name.text for n in walk(spot.statement) if isinstance(n, tree.Let)]
    twin = rename_names(spot.statement, {each: draft.additions.name(each) for each in lets})
    twin = _with_own_knobs(draft, twin)
    if tree.is_equivalent(twin, spot.statement):
        return None
    body = splice_block(spot.block, spot.at + 1, 0, (twin,))
    program = replace_nodes(draft.program, {spot.block: body})
    return draft.done(
        "repeat", f"{describe_statement(spot.statement)}, and again with other numbers", program
    )


def _with_own_knobs(draft: ProgramEdit, twin: tree.Statement) -> tree.Statement:
    """Return a statement whose knobs are new ones for the same quantities."""
    names = {}
    for node in walk(twin):
        if isinstance(node, tree.Name) and node.text not in names:
            quantity = draft.seen.uses.get(node.text)
            integer = draft.seen.knobs.get(node.text) is Type.INTEGER
            if quantity is not None and quantity.range.integer is integer:
                curve = sample_curve(quantity, draft.random)
                names[node.text] = draft.additions.knob(node.text, curve)
    return rename_names(twin, names)


def guard_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Put a condition around a statement."""
    spots = draft.spots(
        lambda s: (
            s.env.part is ProgramSection.STEP
            and not s.updating
            and not isinstance(s.statement, tree.Let | tree.If | tree.Answer | tree.Stop)
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    condition = draft.writer.write("CONDITION", spot.env)
    guarded = tree.If(NOWHERE, condition, block((spot.statement,)), None)
    program = replace_nodes(draft.program, {spot.statement: guarded})
    words = f"only where {quote_expression(condition)}: {describe_statement(spot.statement)}"
    return draft.done("guard", words, program)


def unguard_statements(draft: ProgramEdit) -> ProgramVariant | None:
    """Take the condition away from statements that do not end the step."""
    spots = draft.spots(
        lambda s: (
            isinstance(s.statement, tree.If)
            and s.env.part is not ProgramSection.FINALLY
            and s.statement.otherwise is None
            and len(s.statement.then.statements) > 0
            and not any(map(always_ends_step, s.statement.then.statements))
        )
    )
    spot = draft.one(spots)
    if spot is None:
        return None
    statement = spot.statement
    assert isinstance(statement, tree.If)
    body = splice_block(spot.block, spot.at, 1, statement.then.statements)
    program = replace_nodes(draft.program, {spot.block: body})
    first = statement.then.statements[0]
    words = (
        f"always, not only where {quote_expression(statement.condition)}:"
        f" {describe_statement(first)}"
    )
    return draft.done("unguard", words, program)


def describe_statement(statement: tree.Statement) -> str:
    """Return what a statement does, in a few words."""
    match statement:
        case tree.Let(name=place):
            return f"names `{place.text}`"
        case tree.Assign(name=place) | tree.SetField(field=place):
            return f"sets `{place.text}`"
        case tree.Push(window=place):
            return f"pushes onto `{place.text}`"
        case tree.If(condition=condition, then=then):
            inner = describe_statement(then.statements[0]) if then.statements else "does nothing"
            return f"{inner} where {quote_expression(condition)}"
        case tree.Update(branches=branches):
            return f"updates {quote_expression(branches)}"
        case tree.Open(count=count):
            return f"opens {quote_expression(count)}"
        case tree.Sample(count=count):
            return f"samples {quote_expression(count)}"
        case tree.Advance(branches=branches, look=look):
            return f"{'advances' if look else 'extends'} {quote_expression(branches)}"
        case tree.Probe(branches=branches):
            return f"probes {quote_expression(branches)}"
        case tree.Prune(branches=branches):
            return f"prunes {quote_expression(branches)}"
        case tree.Answer(choices=(first, *_)):
            return f"answers {quote_expression(first)}"
    return "stops"
