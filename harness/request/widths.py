"""Find how many branches a program requests at given knobs, and the knob that determines it.

Only what the knobs determine is counted: ``open n``, or ``sample 1`` in a step that repeats ``n``
times. A count that depends on the course of the episode is unknown before it is played.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.checker.symbols import free_knobs, knob_type, schedule_lines
from dsl.operations import Number, evaluate_expression
from dsl.schedule import SettingsError, evaluate
from dsl.traversal import ungroup, walk
from dsl.types import Type
from harness.request.assignments import KnobValues
from harness.request.controllers import RheoController

_WITH_BRANCHES = (
    tree.Field,
    tree.FilterSet,
    tree.SortSet,
    tree.ExcludeSet,
    tree.OnceSet,
    tree.CurrentBranch,
    tree.TakeFirst,
    tree.PerBranch,
    tree.KeywordArgument,
)
_SAMPLERS = (tree.Open, tree.Sample)


class RequestedWidth(NamedTuple):
    """The number of branches that a program requests in an episode."""

    knobs: frozenset[str]
    """The knobs that determine it."""
    branches: int
    exact: bool
    """Whether it never requests more. False if some branches depend on the course of an episode."""


def requested_width(checked: CheckedProgram, knobs: Mapping[str, Number]) -> RequestedWidth | None:
    """Return how many branches a program may open, if its knobs determine that.

    Args:
        checked: The program.
        knobs: The value of every knob, free and scheduled.

    Returns:
        The width, or ``None`` if no knob determines it.
    """
    counter = _Counter(checked, knobs)
    start, step = checked.section(tree.Start), checked.section(tree.Step)
    opened = counter.block(start.body) if isinstance(start, tree.Start) else 0
    if isinstance(step, tree.Step):
        opened += counter.repeated(step)
    if not counter.knobs:
        return None
    return RequestedWidth(frozenset(counter.knobs), opened, counter.exact)


def default_widths(program: RheoController, chosen: KnobValues, most: int) -> list[KnobValues]:
    """Return widths that give a program without a schedule a curve: powers of two and its default.

    Args:
        program: The controller.
        chosen: The knobs that are set.
        most: How many branches can be opened.

    Returns:
        The setting at each width. Only ``chosen`` if the program follows β, its width is set, or no
        knob determines its width.
    """
    name = None if program.scheduled else width_knob(program.checked)
    if name is None or name in chosen:
        return [chosen]
    default = int(evaluate(program.checked, 0.0, chosen)[name])
    widths = sorted({*(1 << power for power in range(most.bit_length())), default})
    settings = [{**chosen, name: width} for width in widths if width <= most]
    return [setting for setting in settings if _opens_any(program.checked, setting)] or [chosen]


def width_knob(checked: CheckedProgram) -> str | None:
    """Return the free integer knob that determines how many branches are opened, if any.

    Of several, prefer what `start` opens, then how often a step that opens repeats, then what a
    step opens.
    """
    free = free_knobs(checked.program)
    for expression in _width_expressions(checked):
        for name in _names(_Lets(checked).inlined(expression)):
            if name in free and knob_type(free[name], checked.types) is Type.INTEGER:
                return name
    return None


def _width_expressions(checked: CheckedProgram) -> Iterator[tree.Expression]:
    start, step = checked.section(tree.Start), checked.section(tree.Step)
    if start is not None:
        yield from (node.count for node in walk(start) if isinstance(node, _SAMPLERS))
    if isinstance(step, tree.Step):
        inside = [node for node in walk(step.body) if isinstance(node, _SAMPLERS)]
        if inside and step.cap is not None:
            yield step.cap
        yield from (node.count for node in inside)


def _opens_any(checked: CheckedProgram, setting: KnobValues) -> bool:
    """Return whether a setting is in the ranges of all knobs and requests at least one branch."""
    try:
        width = requested_width(checked, evaluate(checked, 0.0, setting))
    except SettingsError:
        return False
    return width is None or width.branches > 0


class _Counter:
    """Count the branches that blocks request, and collect the knobs that determine it."""

    def __init__(self, checked: CheckedProgram, knobs: Mapping[str, Number]):
        self._checked = checked
        self._values = knobs
        self._scheduled = schedule_lines(checked.program)
        self._free = free_knobs(checked.program)
        self._lets = _Lets(checked)
        self.knobs: set[str] = set()
        self.exact = True

    def block(self, block: tree.Block) -> int:
        """Return the branches of one pass through a block; of alternatives, the larger number."""
        return sum(self._statement(statement) for statement in block.statements)

    def repeated(self, step: tree.Step) -> int:
        """Return the branches of all steps: those of one step, times its repetitions.

        What a step opens under a condition counts once, because the number of repetitions is
        unknown.
        """
        every = [statement for statement in step.body.statements if _sampler(statement) is not None]
        if sum(isinstance(node, _SAMPLERS) for node in walk(step.body)) > len(every):
            self.exact = False
        times = None if step.cap is None else self._value(step.cap)
        if times is None or not every:
            self.exact = self.exact and not every
            return self.block(step.body)
        before = set(self.knobs)
        once = sum(self._statement(statement) for statement in every)
        named = self.knobs - before | self._named(step.cap)
        # A cap that is a literal guards against endless loops and does not set a width.
        self.knobs |= named
        self.exact = self.exact and bool(named)
        return once * int(times) if named else 0

    def _statement(self, statement: tree.Statement) -> int:
        sampler = _sampler(statement)
        if sampler is not None:
            count = self._value(sampler.count)
            if count is None:
                self.exact = False
                return 0
            self.knobs |= self._named(sampler.count)
            return max(0, int(count))
        if isinstance(statement, tree.If):
            other = statement.otherwise
            if isinstance(other, tree.If):
                otherwise = self._statement(other)
            else:
                otherwise = 0 if other is None else self.block(other)
            return max(self.block(statement.then), otherwise)
        return 0

    def _named(self, expression: tree.Expression | None) -> set[str]:
        if expression is None:
            return set()
        names = set(_names(self._lets.inlined(expression)))
        return names & (self._free.keys() | self._scheduled.keys())

    def _value(self, expression: tree.Expression) -> Number | None:
        """Return the value of a count, or ``None`` if it depends on more than knobs."""
        inner = self._lets.inlined(expression)
        if any(isinstance(node, _WITH_BRANCHES) for node in walk(inner)):
            return None
        if not set(_names(inner)) <= self._values.keys():
            return None
        try:
            return evaluate_expression(inner, self._checked.types, self._values)
        except KeyError:  # a function that is random or depends on the episode
            return None


class _Lets:
    """Resolve a ``let`` to the expression that it names."""

    def __init__(self, checked: CheckedProgram):
        self._symbols = checked.symbols
        self._values = {
            node.name.span: node.value
            for node in walk(checked.program)
            if isinstance(node, tree.Let) and not isinstance(node.value, _SAMPLERS)
        }

    def inlined(self, expression: tree.Expression) -> tree.Expression:
        """Return the expression of a ``let`` if ``expression`` is its name, else ``expression``."""
        inner = ungroup(expression)
        while isinstance(inner, tree.Name):
            symbol = self._symbols.get(inner)
            named = None if symbol is None or symbol.span is None else self._values.get(symbol.span)
            if named is None or isinstance(named, tree.Open | tree.Sample):
                break
            inner = ungroup(named)
        return inner


def _sampler(statement: tree.Statement) -> tree.Open | tree.Sample | None:
    acts = statement.value if isinstance(statement, tree.Let) else statement
    return acts if isinstance(acts, _SAMPLERS) else None


def _names(node: tree.Node) -> Iterator[str]:
    return (part.text for part in walk(node) if isinstance(part, tree.Name))
