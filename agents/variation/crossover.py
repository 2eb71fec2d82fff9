"""Crossover: copy rules, expressions or numbers of a donor, with their dependencies."""

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
    with_section,
)
from dsl import tree
from dsl.builtins import SIGNALS
from dsl.traversal import is_equivalent, walk
from dsl.types import Type

_SIGNALS = {f".{signal}" for signal in SIGNALS}

Sources = dict[str, tree.Scheduled | tree.Knob | tree.Cell]


def cross(receiver: tree.Program, donor: tree.Program, random: Random) -> ProgramVariant | None:
    """Return a program with a part of another one.

    Args:
        receiver: A sound program; most of the result comes from it.
        donor: A sound program that contributes rules, expressions, numbers or a section.
        random: The random generator, the only source of randomness.

    Returns:
        A sound program without unused code; ``None`` where the selected operator does
        not apply to these programs.
    """
    draft = ProgramEdit(receiver, random)
    donor_survey = survey_program(make_lets_distinct(copy_tree(donor)))
    operator = choose_weighted(random, _OPERATORS)
    return operator(draft, donor_survey)


# Rules


class _Carried(NamedTuple):
    """Statements of the donor with all that they depend on, as positions in its sections."""

    start: list[int]
    step: list[int]
    names: set[str]


def _cross_rules(draft: ProgramEdit, donor_survey: ProgramSurvey) -> ProgramVariant | None:
    """Insert a rule of the donor, with the state that it reads and the code that updates it."""
    step, own = donor_survey.step(), draft.survey.step()
    if step is None or own is None or not step.body.statements:
        return None
    wanted = [
        index
        for index, statement in enumerate(step.body.statements)
        if not isinstance(statement, tree.Let | tree.Assign | tree.Push)
    ]
    index = draft.choose(wanted)
    if index is None:
        return None
    carried = _collect_dependencies(donor_survey, step, index)
    statements = [step.body.statements[index] for index in carried.step]
    start = find_section(donor_survey.program, tree.Start)
    first = [start.body.statements[index] for index in carried.start] if start else []
    sources = _collect_declarations(donor_survey.program)
    declared = [sources[name] for name in _close_dependencies(sources, carried.names)]
    read = [*statements, *first, *declared]
    if _reads_signals(read, draft.program, donor_survey.program):
        return None
    names = _declare_dependencies(draft.additions, donor_survey, carried.names)
    statements = [rename_names(statement, names) for statement in statements]
    targets = _find_targets(own.body.statements, statements)
    target = draft.choose(targets)
    if target is None:
        return None
    body = splice_block(own.body, target, 0, tuple(statements))
    program = replace_nodes(draft.program, {own.body: body})
    if first:
        mine = find_section(program, tree.Start)
        before = mine.body.statements if mine else ()
        new = block((*before, *(rename_names(statement, names) for statement in first)))
        program = with_section(program, tree.Start(NOWHERE, new))
    description = describe_statement(rename_names(step.body.statements[index], names))
    summary = f"{description}, as `{donor_survey.program.name.text}` does"
    return draft.build_variant("cross rules", summary, program)


def _collect_dependencies(donor_survey: ProgramSurvey, step: tree.Step, position: int) -> _Carried:
    """Return a rule with the `let`s and the assignments that it depends on."""
    start = find_section(donor_survey.program, tree.Start)
    setup = start.body.statements if start else ()
    needed, early = {position}, set[int]()
    names: set[str] = set()
    while True:
        before = len(names)
        for index in sorted(needed):
            names |= _used_names(step.body.statements[index])
        for index in sorted(early):
            names |= _used_names(setup[index])
        for index, statement in enumerate(step.body.statements):
            if _assigned_names(statement) & names:
                needed.add(index)
        for index, statement in enumerate(setup):
            if _assigned_names(statement) & names:
                early.add(index)
        if len(names) == before:
            return _Carried(sorted(early), sorted(needed), names)


def _used_names(statement: tree.Statement) -> set[str]:
    """Return the names that a statement reads or assigns."""
    return {
        node.text
        for node in walk(statement)
        if isinstance(node, tree.Name | tree.Field | tree.Identifier)
    }


def _assigned_names(statement: tree.Statement) -> set[str]:
    """Return the names that a statement assigns: its `let`, and the cells and fields within."""
    names = {statement.name.text} if isinstance(statement, tree.Let) else set[str]()
    for node in walk(statement):
        match node:
            case tree.Assign(name=target) | tree.SetField(field=target) | tree.Push(window=target):
                names.add(target.text)
    return names


def _reads_signals(nodes: Iterable[tree.Node], receiver: tree.Program, donor: tree.Program) -> bool:
    """Return whether parts of a donor read a signal that the receiver does not need.

    A recording without that signal could not run the receiver any more.
    """
    read = {n.text for node in nodes for n in walk(node) if isinstance(n, tree.Field)}
    return bool(read & _missing_signals(receiver, donor))


def _missing_signals(receiver: tree.Program, donor: tree.Program) -> set[str]:
    """Return the attributes of signals that a donor may read and the receiver does not need."""
    needed, available = (
        {f".{signal.text}" for signal in program.needs} for program in (donor, receiver)
    )
    return (_SIGNALS | needed) - available


def _find_targets(own: Sequence[tree.Statement], new: Sequence[tree.Statement]) -> list[int]:
    """Return the indexes at which statements can be inserted without unreachable code."""
    ends = any(always_ends_step(statement) for statement in new)
    return [
        index
        for index in range(len(own) + 1)
        if not (index > 0 and always_ends_step(own[index - 1])) and not (ends and index < len(own))
    ]


def _declare_dependencies(
    additions: NewDeclarations, donor_survey: ProgramSurvey, names: set[str]
) -> dict[str, str]:
    """Add the donor's declarations of some names to the receiver, and return their new names.

    What these declarations use is added, too.
    """
    sources = _collect_declarations(donor_survey.program)
    wanted = _close_dependencies(sources, names)
    new_names: dict[str, str] = {}
    for name in wanted:
        new_names[name] = additions.name(name)
    for name in wanted:
        new: Any = rename_names(sources[name], new_names)
        if isinstance(new, tree.Scheduled):
            additions.lines.append(new)
        elif isinstance(new, tree.Knob):
            additions.knobs.append(new)
        else:
            (additions.fields if name.startswith(".") else additions.cells).append(new)
    for node in walk(donor_survey.program):
        if isinstance(node, tree.Let):
            new_names[node.name.text] = additions.name(node.name.text)
    return new_names


def _close_dependencies(sources: Sources, names: set[str]) -> list[str]:
    """Return the declared names among some names, with all that their declarations use.

    A line of the schedule and an initial value use knobs; a running value uses fields, too.
    """
    wanted: set[str] = set()
    waiting = [source for source in sources if source in names]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(
                node.text
                for node in walk(sources[name])
                if isinstance(node, tree.Name | tree.Field) and node.text in sources
            )
    return [source for source in sources if source in wanted]


def _collect_declarations(program: tree.Program) -> Sources:
    """Return the declarations of a program by name, in an order in which they are valid."""
    sources: Sources = {}
    for kind in (tree.Knobs, tree.Schedule, tree.Memory, tree.EachBranch):
        part: Any = find_section(program, kind)
        for item in part.items if part else ():
            sources[item.name.text] = item
    return sources


# Parts


def _cross_parts(draft: ProgramEdit, donor_survey: ProgramSurvey) -> ProgramVariant | None:
    """Replace an expression by one of the donor of the same type."""
    mine = draft.choose(draft.find_sites(_is_part))
    if mine is None:
        return None
    theirs = [s for s in donor_survey.sites if _can_replace(s, mine, donor_survey)]
    chosen = draft.choose(theirs)
    if chosen is None or is_equivalent(chosen.node, mine.node):
        return None
    read = {n.text for n in walk(chosen.node) if isinstance(n, tree.Field)}
    if read & _missing_signals(draft.program, donor_survey.program):
        return None
    used = {n.text for n in walk(chosen.node) if isinstance(n, tree.Name)}
    names = _declare_dependencies(draft.additions, donor_survey, used & set(donor_survey.knobs))
    new = rename_names(chosen.node, names)
    summary = (
        f"takes {quote_expression(new)} of `{donor_survey.program.name.text}` in place"
        f" of {quote_expression(mine.node)}"
    )
    return draft.build_variant(
        "cross parts", summary, replace_nodes(draft.program, {mine.node: new})
    )


def _is_part(site: ExpressionSite) -> bool:
    return not isinstance(site.node, tree.Number)


def _can_replace(theirs: ExpressionSite, mine: ExpressionSite, donor_survey: ProgramSurvey) -> bool:
    """Return whether an expression of the donor has the type and the meaning of another one."""
    if theirs.purpose is not mine.purpose or isinstance(theirs.node, tree.Number):
        return False
    if mine.purpose is Purpose.AMOUNT and mine.env.part is not theirs.env.part:
        return False  # what `start` opens once, `step` would open each time
    if theirs.type is not mine.type or theirs.quantity is not mine.quantity:
        return False
    if theirs.env.dotted and not mine.env.dotted and has_free_dot(theirs.node):
        return False
    stored = {*donor_survey.kinds, *(name for name, _ in theirs.env.lets)}
    return not any(
        isinstance(node, tree.Name | tree.Field) and node.text in stored
        for node in walk(theirs.node)
    )


# Numbers and sections


def _cross_numbers(draft: ProgramEdit, donor_survey: ProgramSurvey) -> ProgramVariant | None:
    """Copy the donor's schedule lines for knobs of the same name."""
    mine, theirs = (
        find_section(draft.program, tree.Schedule),
        find_section(donor_survey.program, tree.Schedule),
    )
    if mine is None or theirs is None:
        return None
    known = {
        entry.name.text: entry
        for entry in theirs.items
        if not any(isinstance(n, tree.Name) and n.text != "beta" for n in walk(entry))
    }
    adopted = []
    items = []
    for item in mine.items:
        name = item.name.text
        other = known.get(name)
        same_type = draft.survey.knobs[name] is donor_survey.knobs.get(name, Type.WRONG)
        if other is not None and same_type and draft.random.random() < 0.5:
            adopted.append(name)
            item = copy_tree(other)
        items.append(item)
    if not adopted:
        return None
    knobs = ", ".join(f"`{knob}`" for knob in adopted)
    summary = f"takes {knobs} of `{donor_survey.program.name.text}`"
    program = with_section(draft.program, tree.Schedule(NOWHERE, tuple(items)))
    return draft.build_variant("cross numbers", summary, program)


def _cross_sections(draft: ProgramEdit, donor_survey: ProgramSurvey) -> ProgramVariant | None:
    """Copy the donor's `start` or `finally`, where it uses no memory cell or field."""
    starts = draft.random.random() < 0.5
    theirs: tree.Start | tree.Finally | None
    theirs = (
        find_section(donor_survey.program, tree.Start)
        if starts
        else find_section(donor_survey.program, tree.Finally)
    )
    if theirs is None:
        return None
    used = {n.text for n in walk(theirs) if isinstance(n, tree.Name | tree.Field)}
    if used & set(donor_survey.kinds):
        return None
    if _reads_signals(theirs.body.statements, draft.program, donor_survey.program):
        return None
    names = _declare_dependencies(draft.additions, donor_survey, used & set(donor_survey.knobs))
    program = with_section(draft.program, rename_names(theirs, names))
    word = "start" if starts else "finally"
    summary = f"has the `{word}` of `{donor_survey.program.name.text}`"
    return draft.build_variant("cross sections", summary, program)


_OPERATORS: tuple[
    tuple[float, Callable[[ProgramEdit, ProgramSurvey], ProgramVariant | None]], ...
] = (
    (5, _cross_rules),
    (3, _cross_parts),
    (1.5, _cross_numbers),
    (0.5, _cross_sections),
)
