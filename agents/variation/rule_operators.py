"""Mutation operators on rules: insert, delete, move, repeat and guard statements."""

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
    with_section,
)
from dsl import tree
from dsl.traversal import is_equivalent, walk
from dsl.types import Type

NESTED = 0.12
"""The probability that a rule is inserted into a block inside `step`."""

LATE = 0.6
"""The probability that a rule is inserted after all others."""


def insert_stopping(draft: ProgramEdit) -> ProgramVariant | None:
    """Insert a rule that answers or stops."""
    return _insert(draft, "stopping")


def insert_pruning(draft: ProgramEdit) -> ProgramVariant | None:
    """Insert a rule that prunes."""
    return _insert(draft, "pruning")


def insert_opening(draft: ProgramEdit) -> ProgramVariant | None:
    """Insert a rule that opens branches, never beyond a width."""
    return _insert(draft, "opening")


def insert_pacing(draft: ProgramEdit) -> ProgramVariant | None:
    """Insert a rule that decides which branches advance, and how far."""
    return _insert(draft, "pacing")


def _insert(draft: ProgramEdit, kind: str) -> ProgramVariant | None:
    step = draft.survey.step()
    if step is None:
        return None
    random = draft.random
    template = random.choice(load_templates(kind))
    target, index, env = _choose_position(draft, step)
    new = instantiate_rule(template, draft.writer, draft.additions, env, random)
    program = replace_nodes(draft.program, {target: splice_block(target, index, 0, new.step)})
    if new.start:
        start = find_section(program, tree.Start)
        before = start.body.statements if start else ()
        program = with_section(program, tree.Start(NOWHERE, block((*before, *new.start))))
    return draft.build_variant(f"{kind} rule", new.summary, program)


def _choose_position(draft: ProgramEdit, step: tree.Step) -> tuple[tree.Block, int, SiteContext]:
    """Return a position for a rule: a block, an index in it, and the context there."""
    random = draft.random
    inner = draft.find_statements(
        lambda s: s.env.part is ProgramSection.STEP and s.level > 0 and not s.updating
    )
    if inner and random.random() < NESTED:
        spot = random.choice(inner)
        return spot.block, spot.position, spot.env
    own = draft.find_statements(lambda spot: spot.block is step.body)
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
    """Return a block with some of its statements replaced.

    Args:
        body: The block.
        index: The index of the first statement to replace.
        removed: The number of statements to remove.
        new: The statements to insert.
    """
    return block((*body.statements[:index], *new, *body.statements[index + removed :]))


def _kind(draft: ProgramEdit, let: tree.Let) -> Type:
    if isinstance(let.value, tree.Open | tree.Sample):
        return Type.BRANCHES
    return draft.survey.types[let.value]


# Fewer rules


def delete_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Remove a statement, with the declarations that only it needs."""
    spot = draft.choose(draft.find_statements(_can_go))
    if spot is None:
        return None
    program = replace_nodes(
        draft.program, {spot.block: splice_block(spot.block, spot.position, 1, ())}
    )
    return draft.build_variant(
        "delete", f"no longer: {describe_statement(spot.statement)}", program
    )


def inline_let(draft: ProgramEdit) -> ProgramVariant | None:
    """Write the value of a `let` where it was used."""
    spots = draft.find_statements(
        lambda s: (
            isinstance(s.statement, tree.Let)
            and not isinstance(s.statement.value, tree.Open | tree.Sample)
        )
    )
    spot = draft.choose(spots)
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
    return draft.build_variant(
        "inline", f"writes {quote_expression(let.value)} out for `{name}`", program
    )


def _can_go(spot: StatementSite) -> bool:
    if spot.env.part is ProgramSection.FINALLY or isinstance(spot.statement, tree.Let):
        return False
    return not (spot.env.part is ProgramSection.START and len(spot.block.statements) == 1)


# The same rules, elsewhere


def move_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Move a statement to another position in its block where all that it needs is defined."""
    spots = draft.find_statements(
        lambda s: (
            s.env.part is not ProgramSection.FINALLY
            and not s.updating
            and len(s.block.statements) > 1
            and not always_ends_step(s.statement)
        )
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    statements = list(spot.block.statements)
    moved = statements.pop(spot.position)
    targets = [
        index
        for index in range(len(statements) + 1)
        if index != spot.position and is_ordered([*statements[:index], moved, *statements[index:]])
    ]
    target = draft.choose(targets)
    if target is None:
        return None
    statements.insert(target, moved)
    program = replace_nodes(draft.program, {spot.block: block(statements)})
    where = "earlier" if target < spot.position else "later"
    return draft.build_variant("move", f"{describe_statement(moved)} {where} in a step", program)


def is_ordered(statements: list[tree.Statement]) -> bool:
    """Return whether each `let` precedes its uses, and no statement is unreachable."""
    later = {s.name.text for s in statements if isinstance(s, tree.Let)}
    for index, statement in enumerate(statements):
        used = {n.text for n in walk(statement) if isinstance(n, tree.Name)}
        if used & later:
            return False
        if isinstance(statement, tree.Let):
            later.discard(statement.name.text)
        if always_ends_step(statement) and index + 1 < len(statements):
            return False
    return True


def repeat_rule(draft: ProgramEdit) -> ProgramVariant | None:
    """Insert a copy of a rule after it, with knobs of its own."""
    spots = draft.find_statements(
        lambda s: (
            s.env.part is ProgramSection.STEP
            and not s.updating
            and isinstance(s.statement, tree.If | tree.Prune | tree.Advance)
        )
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    lets = [n.name.text for n in walk(spot.statement) if isinstance(n, tree.Let)]
    twin = rename_names(spot.statement, {name: draft.additions.name(name) for name in lets})
    twin = _with_own_knobs(draft, twin)
    if is_equivalent(twin, spot.statement):
        return None
    body = splice_block(spot.block, spot.position + 1, 0, (twin,))
    program = replace_nodes(draft.program, {spot.block: body})
    return draft.build_variant(
        "repeat", f"{describe_statement(spot.statement)}, and again with other numbers", program
    )


def _with_own_knobs(draft: ProgramEdit, twin: tree.Statement) -> tree.Statement:
    """Return a statement whose knobs are new ones for the same quantities."""
    names = {}
    for node in walk(twin):
        if isinstance(node, tree.Name) and node.text not in names:
            quantity = draft.survey.uses.get(node.text)
            integer = draft.survey.knobs.get(node.text) is Type.INTEGER
            if quantity is not None and quantity.range.integer is integer:
                curve = sample_curve(quantity, draft.random)
                names[node.text] = draft.additions.knob(node.text, curve)
    return rename_names(twin, names)


def guard_statement(draft: ProgramEdit) -> ProgramVariant | None:
    """Enclose a statement in a condition."""
    spots = draft.find_statements(
        lambda s: (
            s.env.part is ProgramSection.STEP
            and not s.updating
            and not isinstance(s.statement, tree.Let | tree.If | tree.Answer | tree.Stop)
        )
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    condition = draft.writer.write("CONDITION", spot.env)
    guarded = tree.If(NOWHERE, condition, block((spot.statement,)), None)
    program = replace_nodes(draft.program, {spot.statement: guarded})
    summary = f"only where {quote_expression(condition)}: {describe_statement(spot.statement)}"
    return draft.build_variant("guard", summary, program)


def unguard_statements(draft: ProgramEdit) -> ProgramVariant | None:
    """Take the condition away from statements that do not end the step."""
    spots = draft.find_statements(
        lambda s: (
            isinstance(s.statement, tree.If)
            and s.env.part is not ProgramSection.FINALLY
            and s.statement.otherwise is None
            and len(s.statement.then.statements) > 0
            and not any(map(always_ends_step, s.statement.then.statements))
        )
    )
    spot = draft.choose(spots)
    if spot is None:
        return None
    statement = spot.statement
    assert isinstance(statement, tree.If)
    body = splice_block(spot.block, spot.position, 1, statement.then.statements)
    program = replace_nodes(draft.program, {spot.block: body})
    first = statement.then.statements[0]
    summary = (
        f"always, not only where {quote_expression(statement.condition)}:"
        f" {describe_statement(first)}"
    )
    return draft.build_variant("unguard", summary, program)


def describe_statement(statement: tree.Statement) -> str:
    """Return a short description of what a statement does."""
    match statement:
        case tree.Let(name=target):
            return f"names `{target.text}`"
        case tree.Assign(name=target) | tree.SetField(field=target):
            return f"sets `{target.text}`"
        case tree.Push(window=target):
            return f"pushes onto `{target.text}`"
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
