"""Survey the sites of a program: replaceable expressions, and statements with their scope.

Names and types come from the checker. This module adds the context of each site: which type it
takes, whether a dot means a branch, which `let`s are in scope, and what the value is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import NamedTuple, TypeAlias

from agents.variation.quantities import Quantities, Quantity
from agents.variation.tree_transforms import find_section
from dsl import tree
from dsl.checker.declarations import check_declarations, check_sections
from dsl.checker.scope import Scope
from dsl.checker.statements import check_bodies
from dsl.checker.symbols import Role as Declared
from dsl.traversal import walk
from dsl.types import Type

Lets: TypeAlias = tuple[tuple[str, Type], ...]
"""The names in scope at a site, with their types."""


class ProgramSection(Enum):
    """The section that contains a site."""

    START = auto()
    STEP = auto()
    FINALLY = auto()


class Purpose(Enum):
    """What the value of an expression is for."""

    CONDITION = auto()
    """It decides whether statements are run."""
    TEST = auto()
    """It decides whether a branch belongs to a set."""
    CHOOSING = auto()
    """It decides which of two values is taken."""
    VOTERS = auto()
    """Branches that are counted or vote."""
    ACTED = auto()
    """Branches that a verb acts on."""
    MEMBERS = auto()
    """Branches for anything else."""
    KEY = auto()
    WEIGHT = auto()
    FIRST = auto()
    """How many branches are taken of a set."""
    AMOUNT = auto()
    """How many branches are opened."""
    BOUND = auto()
    """A part of such an amount: what keeps the branches within a bound."""
    BURST = auto()
    CHOICE = auto()
    """What is answered."""
    VALUE = auto()


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What can be written at a site."""

    part: ProgramSection
    dotted: bool = False
    lets: Lets = ()

    def names(self, kind: Type) -> list[str]:
        """Return the `let`s of a type."""
        return [name for name, type_ in self.lets if type_ is kind]


@dataclass(frozen=True, slots=True)
class _SiteExpectation:
    """What the surrounding code determines about a site, independent of the expression there."""

    env: SiteContext
    takes: Type
    purpose: Purpose
    wanted: Quantity | None = None


class ExpressionSite(NamedTuple):
    """An expression that another one may replace."""

    node: tree.Expression
    type: Type
    takes: Type
    """`REAL` where any number will do."""
    purpose: Purpose
    quantity: Quantity | None
    env: SiteContext


class StatementSite(NamedTuple):
    """A statement with its position and scope."""

    statement: tree.Statement
    block: tree.Block
    position: int
    env: SiteContext
    """The scope before the statement."""
    updating: bool
    level: int
    """How many blocks contain it, without that of the section."""


@dataclass(slots=True)
class ProgramSurvey:
    """All sites of a program, with the types of its names."""

    program: tree.Program
    types: dict[tree.Node, Type]
    kinds: dict[str, Type]
    """The types of memory cells and fields."""
    knobs: dict[str, Type]
    """The types of knobs, free ones and those of the schedule."""
    quantities: Quantities
    sites: list[ExpressionSite] = field(default_factory=list)
    statements: list[StatementSite] = field(default_factory=list)
    uses: dict[str, Quantity] = field(default_factory=dict)
    """The quantity of each knob, from its uses."""

    def step(self) -> tree.Step | None:
        """Return the section `step`, where there is one."""
        return find_section(self.program, tree.Step)

    def cells(self, kind: Type) -> list[str]:
        """Return the memory cells of a type."""
        return [n for n, type_ in self.kinds.items() if type_ is kind and not n.startswith(".")]

    def fields(self, kind: Type) -> list[str]:
        """Return the fields of a type."""
        return [n for n, type_ in self.kinds.items() if type_ is kind and n.startswith(".")]


def survey_program(program: tree.Program) -> ProgramSurvey:
    """Survey a sound program in which no two positions share a node."""
    scope = Scope()
    check_sections(scope, program)
    check_declarations(scope, program)
    check_bodies(scope, program)
    symbols = [*scope.globals.values(), *scope.fields.values()]
    stored_roles = {Declared.MEMORY, Declared.FIELD, Declared.RUNNING}
    kinds = {symbol.name: symbol.type for symbol in symbols if symbol.role in stored_roles}
    knobs = {symbol.name: symbol.type for symbol in symbols if symbol.role not in stored_roles}
    survey = ProgramSurvey(program, scope.types, kinds, knobs, Quantities(program, kinds))
    _SurveyWalk(survey).program()
    return survey


_SECTIONS = (
    (tree.Start, ProgramSection.START),
    (tree.Step, ProgramSection.STEP),
    (tree.Finally, ProgramSection.FINALLY),
)
_COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
_VOTING = {
    "winner", "runner_up", "votes", "share", "margin", "entropy", "confidence",
    "dirichlet_confidence",
}  # fmt: skip
_THROUGH = {"abs", "min", "max", "clamp", "sum"}
"""Functions whose value has the quantity of their arguments."""


class _SurveyWalk:
    """Visits one program from the sections down and records its sites."""

    def __init__(self, survey: ProgramSurvey):
        self._survey = survey
        self._types = survey.types
        self._of = survey.quantities.of

    def program(self) -> None:
        for section in self._survey.program.sections:
            if isinstance(section, tree.Memory | tree.EachBranch):
                self._first_values(section)
            part = next((part for kind, part in _SECTIONS if isinstance(section, kind)), None)
            if part is None:
                continue
            if isinstance(section, tree.Step) and section.cap is not None:
                self._cap(section)
            assert isinstance(section, tree.Start | tree.Step | tree.Finally)
            self._block(section.body, SiteContext(part), updating=False, level=0)

    def _first_values(self, section: tree.Memory | tree.EachBranch) -> None:
        """Infer the quantities of knobs in initial and running values, which are no sites."""
        for cell in section.items:
            named = self._survey.quantities.named.get(cell.name.text)
            window = self._survey.kinds.get(cell.name.text) is Type.WINDOW
            parts = [(cell.value, Quantity.WINDOW if window else named)]
            if isinstance(cell, tree.RunningValue | tree.BranchWindow):
                parts.append((cell.following, named))
            for part, quantity in parts:
                read = (node.text for node in walk(part) if isinstance(node, tree.Name))
                for knob in read:
                    if quantity is not None and knob in self._survey.knobs:
                        self._survey.uses.setdefault(knob, quantity)

    def _cap(self, step: tree.Step) -> None:
        """Infer the quantity of a knob in the cap on steps, which is no site."""
        samples = any(isinstance(node, tree.Sample) for node in walk(step.body))
        assert step.cap is not None
        for node in walk(step.cap):
            if isinstance(node, tree.Name) and node.text in self._survey.knobs:
                quantity = Quantity.BRANCHES if samples else Quantity.STEPS
                self._survey.uses.setdefault(node.text, quantity)

    # Statements

    def _block(self, block: tree.Block, env: SiteContext, *, updating: bool, level: int) -> None:
        for index, statement in enumerate(block.statements):
            spot = StatementSite(statement, block, index, env, updating, level)
            self._survey.statements.append(spot)
            self._statement(statement, env, updating=updating, level=level)
            if isinstance(statement, tree.Let):
                acting = isinstance(statement.value, tree.Open | tree.Sample)
                kind = Type.BRANCHES if acting else self._types[statement.value]
                env = replace(env, lets=(*env.lets, (statement.name.text, kind)))

    def _statement(
        self, node: tree.Statement, env: SiteContext, *, updating: bool, level: int
    ) -> None:
        match node:
            case tree.Let(value=value):
                self._let(node.name.text, value, env)
            case tree.Assign(name=target, value=value) | tree.SetField(field=target, value=value):
                self._stored(target.text, value, env)
            case tree.Push(value=value):
                wanted = self._survey.quantities.named.get(node.window.text)
                self._visit(value, _SiteExpectation(env, Type.REAL, Purpose.VALUE, wanted))
            case tree.If():
                self._visit(node.condition, _SiteExpectation(env, Type.TRUTH, Purpose.CONDITION))
                self._block(node.then, env, updating=updating, level=level + 1)
                if isinstance(node.otherwise, tree.Block):
                    self._block(node.otherwise, env, updating=updating, level=level + 1)
                elif node.otherwise is not None:
                    self._statement(node.otherwise, env, updating=updating, level=level)
            case tree.Update():
                self._visit(node.branches, _SiteExpectation(env, Type.BRANCHES, Purpose.MEMBERS))
                inside = replace(env, dotted=True)
                self._block(node.body, inside, updating=True, level=level + 1)
            case tree.Answer(choices=choices):
                for choice in choices:
                    self._visit(choice, _SiteExpectation(env, Type.ANSWER, Purpose.CHOICE))
            case tree.Stop():
                pass
            case _:
                self._verb(node, env)

    def _let(
        self, name: str, value: tree.Expression | tree.Open | tree.Sample, env: SiteContext
    ) -> None:
        if isinstance(value, tree.Open | tree.Sample):
            self._verb(value, env)
        else:
            self._stored(name, value, env)

    def _stored(self, name: str, value: tree.Expression, env: SiteContext) -> None:
        takes = self._survey.kinds.get(name, self._types[value])
        purpose = Purpose.MEMBERS if takes is Type.BRANCHES else Purpose.VALUE
        wanted = self._survey.quantities.named.get(name)
        self._visit(value, _SiteExpectation(env, takes, purpose, wanted))

    def _verb(self, node: tree.Verb, env: SiteContext) -> None:
        match node:
            case tree.Open(count=count) | tree.Sample(count=count):
                way = _SiteExpectation(env, Type.INTEGER, Purpose.AMOUNT, Quantity.BRANCHES)
                self._visit(count, way)
            case tree.Advance(branches=branches, burst=burst):
                self._visit(branches, _SiteExpectation(env, Type.BRANCHES, Purpose.ACTED))
                if burst is not None:
                    inside = replace(env, dotted=True)
                    way = _SiteExpectation(inside, Type.INTEGER, Purpose.BURST, Quantity.BURST)
                    self._visit(burst, way)
            case tree.Probe(branches=branches) | tree.Prune(branches=branches):
                self._visit(branches, _SiteExpectation(env, Type.BRANCHES, Purpose.ACTED))

    # Expressions

    def _visit(self, node: tree.Expression, way: _SiteExpectation) -> None:
        kind = self._types[node]
        quantity = (self._of(node) or way.wanted) if kind.is_number else None
        self._survey.sites.append(
            ExpressionSite(node, kind, way.takes, way.purpose, quantity, way.env)
        )
        if way.purpose is Purpose.AMOUNT:
            way = replace(way, purpose=Purpose.BOUND)
        match node:
            case tree.Name(text=text):
                if text in self._survey.knobs and way.wanted is not None:
                    self._survey.uses.setdefault(text, way.wanted)
            case tree.Fallback():
                self._visit(node.otherwise, replace(way, takes=Type.REAL))
            case tree.Unary():
                self._visit(node.operand, way)
            case tree.Binary():
                self._binary(node, way)
            case tree.Conditional():
                choosing = replace(way, takes=Type.TRUTH, purpose=Purpose.CHOOSING, wanted=None)
                self._visit(node.condition, choosing)
                for side in (node.then, node.otherwise):
                    self._visit(side, way)
            case tree.Call():
                self._call(node, way)
            case (
                tree.FilterSet()
                | tree.SortSet()
                | tree.ExcludeSet()
                | tree.OnceSet()
                | tree.TakeFirst()
            ):
                self._set(node, way)

    def _binary(self, node: tree.Binary, way: _SiteExpectation) -> None:
        left, right = node.left, node.right
        operator = node.operator
        takes: Sequence[Type] = (way.takes, way.takes)
        wanted = [way.wanted or self._of(right), way.wanted or self._of(left)]
        purpose = way.purpose
        if operator in _COMPARISONS:
            purpose = Purpose.VALUE
            kind = self._types[left]
            takes = (Type.REAL, Type.REAL) if kind.is_number else (kind, kind)
            wanted = [self._of(right), self._of(left)]
        elif operator == "/":
            takes, wanted = (Type.REAL, Type.REAL), [None, None]
        elif operator in {"//", "%"}:
            takes = (Type.INTEGER, Type.INTEGER)
            wanted[1] = None
        elif operator == "*":
            wanted = [None, None]
        for side, kind, quantity in zip((left, right), takes, wanted, strict=True):
            inner = replace(way, takes=kind, purpose=purpose, wanted=quantity)
            self._visit(side, inner)

    def _set(
        self,
        node: tree.FilterSet | tree.SortSet | tree.ExcludeSet | tree.OnceSet | tree.TakeFirst,
        way: _SiteExpectation,
    ) -> None:
        self._visit(node.branches, way)
        inside = replace(way.env, dotted=True)
        match node:
            case tree.FilterSet():
                self._visit(node.condition, _SiteExpectation(inside, Type.TRUTH, Purpose.TEST))
            case tree.SortSet():
                self._visit(node.key, _SiteExpectation(inside, Type.REAL, Purpose.KEY))
            case tree.ExcludeSet():
                self._visit(node.without, replace(way, purpose=Purpose.MEMBERS))
            case tree.TakeFirst():
                count = _SiteExpectation(way.env, Type.INTEGER, Purpose.FIRST, Quantity.BRANCHES)
                self._visit(node.count, count)

    def _call(self, node: tree.Call, way: _SiteExpectation) -> None:
        function = node.function.text
        number = Type.REAL
        wanted: Quantity | None = None
        if function in _THROUGH:
            number = way.takes if way.takes.is_number else Type.REAL
            wanted = way.wanted or self._of(node)
        elif function in {"floor", "ceil", "round"}:
            wanted = way.wanted
        elif function in {"beta_confidence", "draw_beta"}:
            wanted = Quantity.BRANCHES
        elif function == "chance":
            wanted = Quantity.PART
        elif function in {"sqrt", "exp", "log", "pow"}:
            wanted = None
        for argument in node.arguments:
            self._argument(argument, replace(way, takes=number, wanted=wanted))

    def _argument(
        self,
        argument: tree.Expression | tree.PerBranch | tree.KeywordArgument,
        way: _SiteExpectation,
    ) -> None:
        inside = replace(way.env, dotted=True)
        match argument:
            case tree.KeywordArgument(value=value):
                weight = _SiteExpectation(inside, Type.REAL, Purpose.WEIGHT, Quantity.WEIGHT)
                self._visit(value, weight)
            case tree.PerBranch(value=value, branches=branches):
                self._visit(value, _SiteExpectation(inside, way.takes, Purpose.VALUE, way.wanted))
                self._visit(branches, _SiteExpectation(way.env, Type.BRANCHES, Purpose.VOTERS))
            case _:
                kind = self._types[argument]
                if kind is Type.WINDOW or (kind is Type.BRANCHES and way.purpose is Purpose.BOUND):
                    return
                if kind is Type.BRANCHES:
                    self._visit(argument, _SiteExpectation(way.env, kind, Purpose.VOTERS))
                elif kind is Type.ANSWER:
                    self._visit(argument, _SiteExpectation(way.env, kind, Purpose.VALUE))
                else:
                    bound = way.purpose is Purpose.BOUND
                    purpose = Purpose.BOUND if bound else Purpose.VALUE
                    self._visit(argument, replace(way, purpose=purpose))
