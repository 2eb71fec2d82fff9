"""The report of a run of trials, as blocks that Markdown and HTML draw alike."""

from collections.abc import Sequence

from agents.allocation.held_out_page import held_out_blocks
from agents.allocation.plots import progress, saturation
from agents.allocation.saturation import saturation_points
from agents.allocation.told import AllocationResult, OptimumTold, StageGiven, amount
from agents.report.document import (
    Block,
    Bullets,
    Fold,
    Gallery,
    Heading,
    Paragraph,
    Picture,
)
from agents.report.sheets import Sheet
from agents.run.wording import several


def blocks(found: AllocationResult) -> list[Block]:
    """The report, in the order in which people read."""
    page: list[Block] = [Heading(1, f"Allocation: {found.pipeline}"), Paragraph([_headline(found)])]
    if found.best is not None:
        page += [Heading(2, "The best allocation"), stages_sheet(found.best.stages)]
    if found.optimum is not None:
        page.append(Paragraph([_optimum(found.optimum)]))
    page += held_out_blocks(found.held_out)
    if found.guidelines:
        page += [Heading(2, "Guidelines"), Bullets([[each] for each in found.guidelines])]
    if found.trials:
        page += [*_progress(found), *_saturation(found), _all(found)]
    return page


def _optimum(known: OptimumTold) -> str:
    return (
        f"The best there is scores {100 * known.score:.2f} % for {known.cost:.4g}; of a simulated"
        " pipeline it is known."
    )


def _headline(found: AllocationResult) -> str:
    spent = found.trials[-1].spent if found.trials else 0.0
    words = (
        f"{several(len(found.trials), 'trial')} by {', '.join(found.proposers)}, of {found.space:,}"
        f" allocations within a budget of {found.budget:g}; together they cost {spent:,.4g}."
    )
    if found.best is None:
        return f"{words} Nothing was selected."
    best = found.best
    return (
        f"{words} The best scores {100 * best.score:.2f} % for {best.cost:.4g}, and was found in"
        f" trial {best.trial}."
    )


def stages_sheet(stages: Sequence[StageGiven]) -> Sheet:
    """What each stage is given, and what that costs."""
    rows = [[each.stage, amount(each), f"{each.cost:.4g}"] for each in stages]
    return Sheet(heads=["stage", "is given", "costs"], rows=rows, texts=2)


def _progress(found: AllocationResult) -> list[Block]:
    optimum = None if found.optimum is None else found.optimum.score
    says = f"The best so far rises to {100 * found.trials[-1].best:.2f} % over the trials."
    steps = [each for at, each in enumerate(found.trials) if not at
             or each.best > found.trials[at - 1].best]  # fmt: skip
    sheet = Sheet(
        heads=["trial", "score, %", "spent by then"],
        rows=[[str(each.trial), f"{100 * each.best:.2f}", f"{each.spent:,.4g}"] for each in steps],
        texts=0,
    )
    pictures = [
        Picture(progress(found.trials, optimum, by=by, name=f"progress-{by}"), says)
        for by in ("trial", "spent")
    ]
    return [Heading(2, "Score over trials"), Gallery(pictures), sheet]


def _saturation(found: AllocationResult) -> list[Block]:
    """Of each stage, the best score of any trial with a model and a number of samples."""
    pictures = []
    rows = []
    for at, stage in enumerate(found.trials[0].stages):
        points = saturation_points(found.trials, at)
        if points:
            says = f"{stage.stage}: the best score by samples, for each model."
            pictures.append(Picture(saturation(points, stage.stage, f"stage-{at}"), says))
        rows += [
            [stage.stage, model, str(samples), f"{100 * score:.2f}"]
            for model, some in points.items()
            for samples, score in some
        ]
    sheet = Sheet(heads=["stage", "model", "samples", "best score, %"], rows=rows, texts=2)
    return [
        Heading(2, "Saturation, stage by stage"),
        Paragraph(["The best score of the trials that gave a stage so many samples of a model."]),
        Gallery(pictures),
        Fold("The same as a table", [sheet]),
    ]


def _all(found: AllocationResult) -> Block:
    names = [each.stage for each in found.trials[0].stages]
    rows = [
        [
            str(each.trial), each.proposer,
            *(_short(one) for one in each.stages), each.words,
            f"{each.cost:.4g}", f"{100 * each.score:.2f}",
        ]
        for each in found.trials
    ]  # fmt: skip
    heads = ["trial", "proposer", *names, "why", "cost", "score, %"]
    best = None if found.best is None else found.best.trial - 1
    strong = frozenset() if best is None else frozenset({best})
    return Fold("All trials", [Sheet(heads=heads, rows=rows, texts=len(heads) - 2, strong=strong)])


def _short(each: StageGiven) -> str:
    if each.controller:
        return f"{each.model} {each.controller}@{each.beta:g}"
    return f"{each.model} x{each.samples}"
