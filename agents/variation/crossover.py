"""Crossing: a program receives rules, parts or numbers of another, with all that they depend on."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, NamedTuple

from agents.variation.program_edit import ProgramEdit, ProgramVariant, quote_expression
from agents.variation.rule_operators import describe_statement, splice_block
from agents.variation.sampling import choose_weighted
from agents.variation.scopes import NewDeclarations, make_lets_distinct
from agents.variation.simplification import always_ends_step
from agents.variation.survey import ExpressionSite, ProgramSurvey, Purpose, survey_program
from agents.variation.tree_transforms import (
    NOWHERE,
    block,
    copy_tree,
    find_section,
    has_free_dot,
    rename_names,
    replace_nodes,
    walk,
    with_section,
)
from dsl import tree
from dsl.builtins import SIGNALS
from dsl.types import Type

_SIGNALS = {f".{signal}" for signal in SIGNALS}

Sources = dict[str, tree.Scheduled | tree.Knob | tree.Cell]


def cross(receiver: tree.Program, donor: tree.Program, random: Random) -> ProgramVariant | None:
    """Return a program with something of another one.

    Args:
        receiver: a sound program, which most of the result is.
        donor: a sound program.
        random: the source of all chance.

    Returns:
        A sound program that the checker has nothing to say of; ``None`` where what was drawn has no
        place in it.
    """
    draft = ProgramEdit(receiver, random)
    given = survey_program(make_lets_distinct(copy_tree(donor)))
    operator = choose_weighted(random, _OPERATORS)
    return operator(draft, given)


# Rules


class _Carried(NamedTuple):
    """Statements of the donor with all that they depend on, as positions in its sections."""

    start: list[int]
    step: list[int]
    names: set[str]


def _cross_rules(draft: ProgramEdit, given: ProgramSurvey) -> ProgramVariant | None:
    """Return a rule of the donor, with what it reads and with what keeps that up to date."""
    step, own = given.step(), draft.seen.step()
    if step is None or own is None or not step.body.statements:
        return None
    wanted = [
        at
        for at, statement in enumerate(step.body.statements)
        if not isinstance(statement, tree.Let | tree.Assign | tree.Push)
    ]
    at = draft.one(wanted)
    if at is None:
        return None
    carried = _closure(given, step, at)
    statements = [step.body.statements[each] for each in carried.step]
    start = find_section(given.program, tree.Start)
    first = [start.body.statements[each] for each in carried.start] if start else []
    if _reads_signals([*statements, *first], draft.program):
        return None
    names = _brought(draft.additions, given, carried.names)
    statements = [rename_names(each, names) for each in statements]
    places = _places(own.body.statements, statements)
    place = draft.one(places)
    if place is None:
        return None
    body = splice_block(own.body, place, 0, tuple(statements))
    program = replace_nodes(draft.program, {own.body: body})
    if first:
        mine = find_section(program, tree.Start)
        before = mine.body.statements if mine else ()
        new = block((*before, *(rename_names(each, names) for each in first)))
        program = with_section(program, tree.Start(NOWHERE, new))
    told = describe_statement(rename_names(step.body.statements[at], names))
    words = f"{told}, as `{given.program.name.text}` does"
    return draft.done("cross rules", words, program)


def _closure(given: ProgramSurvey, step: tree.Step, at: int) -> _Carried:
    """What a rule needs: lets before it, and every statement that assigns a cell or field."""
    start = find_section(given.program, tree.Start)
    setup = start.body.statements if start else ()
    needed, early = {at}, set[int]()
    names: set[str] = set()
    while True:
        before = len(names)
        for each in sorted(needed):
            names |= _read(step.body.statements[each])
        for each in sorted(early):
            names |= _read(setup[each])
        for each, statement in enumerate(step.body.statements):
            if _gives(statement) & names:
                needed.add(each)
        for each, statement in enumerate(setup):
            if _gives(statement) & names:
                early.add(each)
        if len(names) == before:
            return _Carried(sorted(early), sorted(needed), names)


def _read(statement: tree.Statement) -> set[str]:
    """Return the names that a statement reads or assigns."""
    return {
        node.text
        for node in walk(statement)
        if isinstance(node, tree.Name | tree.Field | tree.Identifier)
    }


def _gives(statement: tree.Statement) -> set[str]:
    """The names that a statement gives a value: its `let`, and the cells and fields within."""
    found = {statement.name.text} if isinstance(statement, tree.Let) else set[str]()
    for node in walk(statement):
        match node:
            case tree.Assign(name=place) | tree.SetField(field=place) | tree.Push(window=place):
                found.add(place.text)
    return found


def _reads_signals(statements: Iterable[tree.Statement], receiver: tree.Program) -> bool:
    """Whether statements read a signal that the receiver does not need.

    Not every recording has it, so it would cost the receiver recordings that it can run on.
    """
    has = {f".{each.text}" for each in receiver.needs}
    read = {n.text for each in statements for n in walk(each) if isinstance(n, tree.Field)}
    return bool(read & (_SIGNALS - has))


def _places(own: Sequence[tree.Statement], new: Sequence[tree.Statement]) -> list[int]:
    """Where statements can be put so that what follows is still reached."""
    ends = any(always_ends_step(each) for each in new)
    return [
        at
        for at in range(len(own) + 1)
        if not (at > 0 and always_ends_step(own[at - 1])) and not (ends and at < len(own))
    ]


def _brought(additions: NewDeclarations, given: ProgramSurvey, names: set[str]) -> dict[str, str]:
    """Declare what the donor declares under some names, and return their new names.

    Lines of a schedule and first values bring along the knobs that they are made of.
    """
    sources = _sources(given.program)
    wanted: list[str] = []
    waiting = [each for each in sources if each in names]
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        wanted.append(name)
        waiting.extend(
            node.text
            for node in walk(sources[name])
            if isinstance(node, tree.Name) and node.text in sources
        )
    found: dict[str, str] = {}
    for name in [each for each in sources if each in wanted]:
        found[name] = additions.name(name)
    for name in [each for each in sources if each in wanted]:
        new: Any = rename_names(sources[name], found)
        if isinstance(new, tree.Scheduled):
            additions.lines.append(new)
        elif isinstance(new, tree.Knob):
            additions.knobs.append(new)
        else:
            (additions.fields if name.startswith(".") else additions.cells).append(new)
    for node in walk(given.program):
        if isinstance(node, tree.Let):
            found[node.name.text] = additions.name(node.name.text)
    return found


def _sources(program: tree.Program) -> Sources:
    """Return what a program declares, in the order in which it can be declared."""
    found: Sources = {}
    for kind in (tree.Knobs, tree.Schedule, tree.Memory, tree.EachBranch):
        part: Any = find_section(program, kind)
        for item in part.items if part else ():
            found[item.name.text] = item
    return found


# Parts


def _cross_parts(draft: ProgramEdit, given: ProgramSurvey) -> ProgramVariant | None:
    """Return an expression of the donor in the place of one of its type."""
    mine = draft.one(draft.sites(_is_part))
    if mine is None:
        return None
    theirs = [s for s in given.sites if _goes_for(s, mine, given)]
    chosen = draft.one(theirs)
    if chosen is None or tree.is_equivalent(chosen.node, mine.node):
        return None
    has = {f".{each.text}" for each in draft.program.needs}
    read = {n.text for n in walk(chosen.node) if isinstance(n, tree.Field)}
    if read & (_SIGNALS - has):
        return None
    used = {n.text for n in walk(chosen.node) if isinstance(n, tree.Name)}
    names = _brought(draft.additions, given, used & set(given.knobs))
    new = rename_names(chosen.node, names)
    words = (
        f"takes {quote_expression(new)} of `{given.program.name.text}` in place"
        f" of {quote_expression(mine.node)}"
    )
    return draft.done("cross parts", words, replace_nodes(draft.program, {mine.node: new}))


def _is_part(site: ExpressionSite) -> bool:
    return not isinstance(site.node, tree.Number)


def _goes_for(theirs: ExpressionSite, mine: ExpressionSite, given: ProgramSurvey) -> bool:
    """Whether an expression of the donor can stand in a place, in meaning as in type."""
    if theirs.purpose is not mine.purpose or isinstance(theirs.node, tree.Number):
        return False
    if mine.purpose is Purpose.AMOUNT and mine.env.part is not theirs.env.part:
        return False  # what `start` opens once, `step` would open each time
    if theirs.type is not mine.type or theirs.quantity is not mine.quantity:
        return False
    if theirs.env.dotted and not mine.env.dotted and has_free_dot(theirs.node):
        return False
    kept = {*given.kinds, *(each for each, _ in theirs.env.lets)}
    return not any(
        isinstance(node, tree.Name | tree.Field) and node.text in kept for node in walk(theirs.node)
    )


# Numbers and sections


def _cross_numbers(draft: ProgramEdit, given: ProgramSurvey) -> ProgramVariant | None:
    """Return the donor's lines for knobs of the same name: what it has fitted."""
    mine, theirs = (
        find_section(draft.program, tree.Schedule),
        find_section(given.program, tree.Schedule),
    )
    if mine is None or theirs is None:
        return None
    known = {
        each.name.text: each
        for each in theirs.items
        if not any(isinstance(n, tree.Name) and n.text != "beta" for n in walk(each))
    }
    taken = []
    items = []
    for item in mine.items:
        name = item.name.text
        other = known.get(name)
        same_type = draft.seen.knobs[name] is given.knobs.get(name, Type.WRONG)
        if other is not None and same_type and draft.random.random() < 0.5:
            taken.append(name)
            item = copy_tree(other)
        items.append(item)
    if not taken:
        return None
    words = f"takes {', '.join(f'`{each}`' for each in taken)} of `{given.program.name.text}`"
    program = with_section(draft.program, tree.Schedule(NOWHERE, tuple(items)))
    return draft.done("cross numbers", words, program)


def _cross_sections(draft: ProgramEdit, given: ProgramSurvey) -> ProgramVariant | None:
    """The donor's `start` or `finally`, where it needs nothing that is kept over the steps."""
    starts = draft.random.random() < 0.5
    theirs: tree.Start | tree.Finally | None
    theirs = (
        find_section(given.program, tree.Start)
        if starts
        else find_section(given.program, tree.Finally)
    )
    if theirs is None:
        return None
    used = {n.text for n in walk(theirs) if isinstance(n, tree.Name | tree.Field)}
    if used & set(given.kinds) or _reads_signals(theirs.body.statements, draft.program):
        return None
    names = _brought(draft.additions, given, used & set(given.knobs))
    program = with_section(draft.program, rename_names(theirs, names))
    word = "start" if starts else "finally"
    words = f"has the `{word}` of `{given.program.name.text}`"
    return draft.done("cross sections", words, program)


_OPERATORS: tuple[
    tuple[float, Callable[[ProgramEdit, ProgramSurvey], ProgramVariant | None]], ...
] = (
    (5, _cross_rules),
    (3, _cross_parts),
    (1.5, _cross_numbers),
    (0.5, _cross_sections),
)
