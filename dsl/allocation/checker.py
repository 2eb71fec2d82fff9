"""Check an allocation: each stage once, with a model, and with samples or a controller.

What the stages of a pipeline are called and which models they have is not known here:
`dsl.allocation.pipeline_fit` checks an allocation against its pipeline.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dsl.allocation import tree
from dsl.checker import expressions
from dsl.checker.scope import ExpressionPosition, Scope
from dsl.diagnostics import Edit, Mark
from dsl.operations import Number, answer_text, evaluate_expression
from dsl.source import Source
from dsl.traversal import walk
from dsl.tree import Expression, Identifier, Name
from dsl.types import Type

STEPS = 20
"""Number of steps of β at which values are checked."""


class ResolvedStage(NamedTuple):
    """What an allocation gives a stage at one β."""

    stage: str
    model: str
    samples: int
    """0 where a controller governs."""
    controller: str
    beta: float


class ResolvedAllocation(NamedTuple):
    """The budget and the stages of an allocation, evaluated at one β."""

    budget: float
    stages: list[ResolvedStage]


class CheckedAllocation(NamedTuple):
    """An allocation that passed."""

    source: Source
    program: tree.Allocation
    scope: Scope

    @property
    def name(self) -> str:
        """As it is written."""
        return self.program.name.text

    @property
    def scheduled(self) -> bool:
        """Whether it follows β."""
        return any(
            (isinstance(node, Name) and node.text == "beta")
            or (isinstance(node, tree.Governor) and node.beta is None)
            for node in walk(self.program)
        )

    def at(self, beta: float) -> ResolvedAllocation:
        """Return what it gives at a β from 0 to 1."""
        number = _evaluator(self.scope, beta)
        stages = []
        for stage in self.program.stages:
            model, samples, controller, own = "", 0, "", 0.0
            for setting in stage.settings:
                match setting:
                    case tree.Model():
                        model = answer_text(number(setting.value)) or ""
                    case tree.Samples():
                        samples = int(number(setting.value))
                    case tree.Governor():
                        controller = setting.name.text
                        own = beta if setting.beta is None else float(number(setting.beta))
            stages.append(ResolvedStage(stage.name.text, model, samples, controller, own))
        return ResolvedAllocation(float(number(self.program.budgets[0].value)), stages)


def _evaluator(scope: Scope, beta: float) -> Callable[[Expression], Number]:
    """Return values at one β."""
    return lambda node: evaluate_expression(node, scope.types, {"beta": float(beta)})


def check_allocation(
    program: tree.Allocation, source: Source
) -> tuple[CheckedAllocation | None, Scope]:
    """Check an allocation; the first is ``None`` where there was an error."""
    scope = Scope()
    _budgets(scope, program)
    first_settings: dict[str, Identifier] = {}
    for stage in program.stages:
        earlier = first_settings.setdefault(stage.name.text, stage.name)
        if earlier is not stage.name:
            scope.error(
                "RH803", f"duplicate stage `{stage.name.text}`", stage.name.span, "the second",
                also=(Mark(earlier.span, "the first"),), help="keep one of the two",
            )  # fmt: skip
        _stage(scope, stage)
    if not first_settings:
        scope.error(
            "RH803", "the allocation has no stages", program.name.span,
            help='add `stage NAME { model = "…" samples = 1 }` for each stage of the pipeline',
        )  # fmt: skip
    if not any(diagnostic.is_error for diagnostic in scope.diagnostics):
        _ranges(scope, program)
    if any(diagnostic.is_error for diagnostic in scope.diagnostics):
        return None, scope
    return CheckedAllocation(source, program, scope), scope


def _budgets(scope: Scope, program: tree.Allocation) -> None:
    budgets = program.budgets
    if not budgets:
        scope.error(
            "RH802", f"`{program.name.text}` has no budget", program.name.span,
            help="add `budget 1000`, in the unit of the pipeline",
        )  # fmt: skip
    for budget in budgets[1:]:
        scope.error(
            "RH802", "duplicate budget", budget.span, "the second",
            also=(Mark(budgets[0].span, "the first"),), help="keep one",
        )  # fmt: skip
    for budget in budgets:
        _expect(scope, budget.value, Type.REAL, "`budget` takes")


def _stage(scope: Scope, stage: tree.StageBlock) -> None:
    models = [setting for setting in stage.settings if isinstance(setting, tree.Model)]
    amounts = [setting for setting in stage.settings if not isinstance(setting, tree.Model)]
    for what, some, missing in (
        ("model", models, 'add `model = "…"`'),
        ("samples and no controller", amounts, "add `samples = 1`"),
    ):
        if not some:
            scope.error(
                "RH804", f"stage `{stage.name.text}` has no {what}", stage.name.span, help=missing
            )
        elif len(some) > 1:
            _check_repeated(scope, stage, some[0], some[1])
    for setting in stage.settings:
        match setting:
            case tree.Model():
                _model(scope, setting.value)
            case tree.Samples():
                _expect(scope, setting.value, Type.INTEGER, "`samples` takes")
            case tree.Governor(beta=beta) if beta is not None:
                _expect(scope, beta, Type.REAL, "`beta` takes")


def _check_repeated(
    scope: Scope, stage: tree.StageBlock, first: tree.Setting, second: tree.Setting
) -> None:
    """Report a setting that is given twice, or samples beside a controller."""
    both = type(first) is not type(second)
    which = "both samples and a controller" if both else f"its {_KINDS[type(first)]} twice"
    scope.error(
        "RH804", f"stage `{stage.name.text}` has {which}", second.span, "the second",
        also=(Mark(first.span, "the first"),),
        help="a controller decides the number of samples; keep one" if both else "keep one",
    )  # fmt: skip


_KINDS: dict[type[tree.Setting], str] = {
    tree.Model: "model", tree.Samples: "samples", tree.Governor: "controller",
}  # fmt: skip


def _model(scope: Scope, written: Expression) -> None:
    """Check that a model is a text, and report a name written without quotes."""
    if isinstance(written, Name) and written.text != "beta":
        scope.error(
            "RH301", "`model` takes a text, but this is a name", written.span, "a name",
            help=f'write it in quotes: `"{written.text}"`',
            edit=Edit(written.span, f'"{written.text}"'),
        )  # fmt: skip
        return
    _expect(scope, written, Type.ANSWER, "`model` takes")


def _expect(scope: Scope, expression: Expression, wanted: Type, where: str) -> None:
    with scope.at(ExpressionPosition.SCHEDULE):
        expressions.expect(scope, expression, wanted, where)


def _ranges(scope: Scope, program: tree.Allocation) -> None:
    """Check at every β that the budget, the samples and the models are within their ranges."""
    betas = [step / STEPS for step in range(STEPS + 1)]
    _first_wrong(scope, program.budgets[0].value, betas, lambda value: value > 0,
                 "the budget must be more than 0")  # fmt: skip
    for stage in program.stages:
        for setting in stage.settings:
            match setting:
                case tree.Model(value=expression):
                    _first_wrong(scope, expression, betas, lambda value: answer_text(value) or "",
                                 "the model must have a name")  # fmt: skip
                case tree.Samples(value=expression):
                    _first_wrong(scope, expression, betas, lambda value: value >= 1,
                                 "samples must be 1 or more")  # fmt: skip
                case tree.Governor(beta=beta) if beta is not None:
                    _first_wrong(scope, beta, betas, lambda value: 0 <= value <= 1,
                                 "beta must be from 0 to 1")  # fmt: skip


def _first_wrong(
    scope: Scope,
    expression: Expression,
    betas: Sequence[float],
    right: Callable[[Number], object],
    rule: str,
) -> None:
    for beta in betas:
        value = _evaluator(scope, beta)(expression)
        if not right(value):
            text = repr(answer_text(value)) if scope.types[expression] is Type.ANSWER else value
            scope.error(
                "RH805", f"{rule}, but at beta = {beta:g} this is {text}", expression.span,
                help="`max(1, …)` keeps it there" if "samples" in rule else None,
            )  # fmt: skip
            return
