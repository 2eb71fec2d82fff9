"""Check a valid allocation against a pipeline: stages, models, and the cost at every β.

The language does not define pipelines or costs; they are passed in as plain data.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from dsl.allocation import tree
from dsl.allocation.checker import CheckedAllocation, ResolvedStage
from dsl.diagnostics import Diagnostic, Edit, Mark
from dsl.source import Span
from dsl.traversal import walk
from dsl.tree import Text
from dsl.vocabulary import did_you_mean, nearest

CODE = "RH806"
"""Of everything that does not fit."""

SLACK = 1e-9
"""By which a cost may pass a budget: sums of thirds are not exact."""


def is_within_budget(cost: float, budget: float) -> bool:
    """Return whether a budget affords a cost, up to rounding."""
    return cost <= budget + SLACK


class PipelineShape(NamedTuple):
    """What an allocation has to fit."""

    name: str
    """Of the pipeline."""
    models: Mapping[str, Sequence[str]]
    """By stage, in order, the models that it may use."""
    governable: Mapping[str, Sequence[str]]
    """By stage, the models with which a controller can govern it."""
    cost: Callable[[ResolvedStage], float]
    """What a stage costs with samples of one of its models, in the pipeline's unit."""


def find_misfits(
    checked: CheckedAllocation, shape: PipelineShape, betas: Sequence[float]
) -> list[Diagnostic]:
    """List what does not fit, each problem once, at the first β where it occurs.

    What a controller costs shows when it is played: a governed stage counts nothing here.

    Args:
        checked: a valid allocation.
        shape: the pipeline to compare with.
        betas: values of β to check, from 0 to 1.
    """
    diagnostics = [*_stages(checked, shape)]
    reported: set[tuple[Span, str]] = set()
    for beta in betas:
        resolved = {stage.stage: stage for stage in checked.at(beta).stages}
        for stage in checked.program.stages:
            if stage.name.text not in shape.models:
                continue
            wrong = _model(stage, resolved[stage.name.text], shape)
            if wrong is not None and (wrong.mark.span, wrong.message) not in reported:
                reported.add((wrong.mark.span, wrong.message))
                diagnostics.append(wrong)
    # A cost is that of a pipeline's own stages and models alone.
    return diagnostics or _costs(checked, shape, betas)


def _stages(checked: CheckedAllocation, shape: PipelineShape) -> list[Diagnostic]:
    diagnostics = []
    listed = {stage.name.text for stage in checked.program.stages}
    missing = [model for model in shape.models if model not in listed]
    for stage in checked.program.stages:
        name, span = stage.name.text, stage.name.span
        if name in shape.models:
            continue
        near = nearest(name, missing)
        diagnostics.append(
            Diagnostic(
                CODE,
                f"{shape.name} has no stage `{name}`",
                Mark(span),
                help=did_you_mean(name, missing) or f"it has {_listed(shape.models)}",
                edit=None if near is None else Edit(span, near),
            )
        )
        missing = [name for name in missing if name != near]
    return diagnostics + [
        Diagnostic(
            CODE,
            f"`{checked.name}` does not list the stage `{name}` of {shape.name}",
            Mark(checked.program.name.span),
            help=f'add `stage {name} {{ model = "{shape.models[name][0]}" samples = 1 }}`',
        )
        for name in missing
    ]


def _model(
    stage: tree.StageBlock, resolved: ResolvedStage, shape: PipelineShape
) -> Diagnostic | None:
    """Return what is wrong with the model that a stage is given, or with its controller."""
    models = shape.models[resolved.stage]
    if resolved.model not in models:
        span = _spelt(stage, resolved.model)
        near = nearest(resolved.model, models)
        return Diagnostic(
            CODE,
            f'stage `{resolved.stage}` of {shape.name} may not use a model "{resolved.model}"',
            Mark(span),
            help=did_you_mean(resolved.model, models, '"') or f"it may use {_listed(models)}",
            edit=None if near is None else Edit(span, f'"{near}"'),
        )
    if resolved.controller and resolved.model not in shape.governable.get(resolved.stage, ()):
        governor = next(setting for setting in stage.settings if isinstance(setting, tree.Governor))
        return Diagnostic(
            CODE,
            f"{shape.name} has no recording of the stage `{resolved.stage}` with"
            f" {resolved.model}, so it cannot use a controller",
            Mark(governor.span),
            help="use `samples`, or add a recording under [stage.recordings]",
        )
    return None


def _spelt(stage: tree.StageBlock, model: str) -> Span:
    """Where a model is written in a stage; the whole setting where it is put together."""
    setting = next(setting for setting in stage.settings if isinstance(setting, tree.Model))
    texts = [node for node in walk(setting) if isinstance(node, Text)]
    return next((text.span for text in texts if text.text == model), setting.value.span)


def _costs(
    checked: CheckedAllocation, shape: PipelineShape, betas: Sequence[float]
) -> list[Diagnostic]:
    """Return the first β at which its cost passes its budget."""
    for beta in betas:
        resolved = checked.at(beta)
        costs = {
            stage.stage: shape.cost(stage) for stage in resolved.stages if not stage.controller
        }
        total = sum(costs.values())
        if is_within_budget(total, resolved.budget):
            continue
        where = f"at beta = {beta:g} " if checked.scheduled else ""
        costliest = max(costs, key=lambda cost: costs[cost])
        span = checked.program.budgets[0].value.span
        stage = next(stage for stage in checked.program.stages if stage.name.text == costliest)
        return [
            Diagnostic(
                CODE,
                f"{where}`{checked.name}` costs {total:.6g} on {shape.name}, but its budget is"
                f" {resolved.budget:.6g}",
                Mark(span, f"{resolved.budget:.6g}"),
                also=(Mark(stage.name.span, f"costs {costs[costliest]:.6g}"),),
                help="raise the budget, or give a stage fewer samples or a smaller model",
            )
        ]
    return []


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
