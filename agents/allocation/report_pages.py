"""Report of an allocation run: blocks for Markdown and HTML, and the terminal summary."""

from collections.abc import Sequence

from agents.allocation.results import (
    AllocationComparison,
    AllocationResult,
    HeldOutResult,
    OptimumSummary,
    ScoreEstimate,
    StageAllocation,
    compute_saturation,
    format_amount,
)
from agents.allocation.trial_plots import plot_progress, plot_saturation
from agents.formatting import (
    NO_VALUE,
    format_estimate,
    format_gain,
    format_number,
    join_words,
)
from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    Paragraph,
    ReportImage,
)
from agents.report.held_out import describe_openings
from agents.report.tables import TextTable, format_table
from harness.escaping import escape_line
from harness.messages import format_count


def build_held_out_blocks(told: HeldOutResult | None) -> list[Block]:
    """Build the held-out section of a report or a card."""
    if told is None:
        return []
    page: list[Block] = [Heading(2, "On held-out questions")]
    if told.unseen is None:
        page.append(
            Paragraph(
                [
                    f"{format_count(told.questions, 'question')} are held out and not opened; ",
                    CodeSpan("rheostat report"),
                    " opens them once the run has ended, on servers with ",
                    CodeSpan("--open-held-out"),
                    ".",
                ]
            )
        )
    else:
        page += describe_openings(told.opened, "allocations")
    if told.search is not None:
        page.append(build_comparison_sheet(told.search, told.unseen))
    page += [Paragraph([each]) for each in describe_held_out(told)]
    given = join_words([f"{each.stage} {format_amount(each)}" for each in told.baseline])
    page.append(Paragraph([f"The baseline costs {told.baseline_cost:.4g}: {given}."]))
    return page


def build_comparison_sheet(
    search: AllocationComparison, unseen: AllocationComparison | None
) -> TextTable:
    """Build the table that compares the selected allocation with the baseline."""
    rows = [
        [name, f"{each.questions:,}", _score(each.selected), _score(each.baseline),
         _gain(each.gain)]
        for name, each in (("search", search), ("held out", unseen))
        if each is not None
    ]  # fmt: skip
    return TextTable(["questions", "number", "selected, %", "baseline, %", "gain (95 %)"], rows)


def describe_held_out(told: HeldOutResult) -> Sequence[str]:
    """Describe the held-out figures."""
    found = []
    if told.search is not None and told.unseen is not None:
        apart = 100 * (told.unseen.selected.value - told.search.selected.value)
        found.append(
            "The best of many trials is, as a rule, flattered by its own questions; on those held"
            f" out the selected allocation scores {format_number(abs(apart))} points"
            f" {'less' if apart < 0 else 'more'} than in the search."
        )
    if told.met_before:
        found.append(
            "The held-out questions had been opened before this allocation was reviewed, so its"
            " figures on them are no longer those of unseen data."
        )
    return found


def _score(found: ScoreEstimate | None) -> str:
    if found is None:
        return NO_VALUE
    low, high = 100 * found.low, 100 * found.high
    return format_estimate(100 * found.value, low, high, bound_decimals=1)


def _gain(found: ScoreEstimate | None) -> str:
    if found is None:
        return NO_VALUE
    return format_gain(100 * found.value, 100 * found.low, 100 * found.high, bound_decimals=1)


def build_report_blocks(found: AllocationResult) -> list[Block]:
    """Build the report in reading order."""
    page: list[Block] = [Heading(1, f"Allocation: {found.pipeline}"), Paragraph([_headline(found)])]
    if found.best is not None:
        page += [Heading(2, "The best allocation"), build_stages_sheet(found.best.stages)]
    if found.optimum is not None:
        page.append(Paragraph([_optimum(found.optimum)]))
    page += build_held_out_blocks(found.held_out)
    if found.guidelines:
        page += [Heading(2, "Guidelines"), Bullets([[each] for each in found.guidelines])]
    if found.trials:
        page += [*_progress(found), *_saturation(found), _all_trials(found)]
    return page


def _optimum(known: OptimumSummary) -> str:
    return (
        f"The optimum scores {100 * known.score:.2f} % for {known.cost:.4g}; of a simulated"
        " pipeline it is known."
    )


def _headline(found: AllocationResult) -> str:
    spent = found.trials[-1].spent if found.trials else 0.0
    words = (
        f"{format_count(len(found.trials), 'trial')} by {', '.join(found.proposers)},"
        f" of {found.space:,}"
        f" allocations within a budget of {found.budget:g}; together they cost {spent:,.4g}."
    )
    if found.best is None:
        return f"{words} Nothing was selected."
    best = found.best
    return (
        f"{words} The best scores {100 * best.score:.2f} % for {best.cost:.4g}, and was found in"
        f" trial {best.trial}."
    )


def build_stages_sheet(stages: Sequence[StageAllocation]) -> TextTable:
    """Build the table of each stage's allocation and cost."""
    rows = [[each.stage, format_amount(each), f"{each.cost:.4g}"] for each in stages]
    return TextTable(heads=["stage", "is given", "costs"], rows=rows, texts=2)


def _progress(found: AllocationResult) -> list[Block]:
    optimum = None if found.optimum is None else found.optimum.score
    says = f"The best so far rises to {100 * found.trials[-1].best:.2f} % over the trials."
    steps = [each for at, each in enumerate(found.trials) if not at
             or each.best > found.trials[at - 1].best]  # fmt: skip
    sheet = TextTable(
        heads=["trial", "score, %", "spent by then"],
        rows=[[str(each.trial), f"{100 * each.best:.2f}", f"{each.spent:,.4g}"] for each in steps],
        texts=0,
    )
    pictures = [
        ReportImage(plot_progress(found.trials, optimum, by=by, name=f"progress-{by}"), says)
        for by in ("trial", "spent")
    ]
    return [Heading(2, "Score over trials"), Gallery(pictures), sheet]


def _saturation(found: AllocationResult) -> list[Block]:
    """Build, for each stage, the plot of the best score by model and samples."""
    pictures = []
    rows = []
    for at, stage in enumerate(found.trials[0].stages):
        points = compute_saturation(found.trials, at)
        if points:
            says = f"{stage.stage}: the best score by samples, for each model."
            pictures.append(ReportImage(plot_saturation(points, stage.stage, f"stage-{at}"), says))
        rows += [
            [stage.stage, model, str(samples), f"{100 * score:.2f}"]
            for model, some in points.items()
            for samples, score in some
        ]
    sheet = TextTable(heads=["stage", "model", "samples", "best score, %"], rows=rows, texts=2)
    return [
        Heading(2, "Saturation, stage by stage"),
        Paragraph(["The best score of the trials that gave a stage so many samples of a model."]),
        Gallery(pictures),
        CollapsibleSection("The same as a table", [sheet]),
    ]


def _all_trials(found: AllocationResult) -> Block:
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
    return CollapsibleSection(
        "All trials", [TextTable(heads=heads, rows=rows, texts=len(heads) - 2, strong=strong)]
    )


def _short(each: StageAllocation) -> str:
    if each.controller:
        return f"{each.model} {each.controller}@{each.beta:g}"
    return f"{each.model} x{each.samples}"


def format_summary(found: AllocationResult) -> str:
    """Format the terminal summary."""
    head = escape_line(
        f"{found.pipeline} ({found.environment}): {format_count(len(found.trials), 'trial')} of"
        f" {found.space:,} allocations within a budget of {found.budget:g}"
    )
    lines = [head]
    if found.best is None:
        lines.append("nothing was selected")
    else:
        best = found.best
        lines.append(
            f"best: {100 * best.score:.2f} % for {best.cost:.4g}, found in trial {best.trial}"
        )
        lines += [f"  {line}" for line in _stages(best.stages)]
    if found.optimum is not None:
        lines.append(f"the optimum: {100 * found.optimum.score:.2f} % for {found.optimum.cost:.4g}")
    if found.held_out is not None:
        lines += _held_out(found.held_out)
    if found.guidelines:
        lines += ["guidelines:", *(f"  {escape_line(each)}" for each in found.guidelines)]
    return "\n".join(lines)


def _held_out(told: HeldOutResult) -> list[str]:
    shut = f"held out: {format_count(told.questions, 'question')}; rheostat report opens them"
    if told.search is None or told.unseen is None:
        return [shut]
    return [
        "on the questions of the search, and on those held out:",
        *(
            f"  {line}"
            for line in format_table(build_comparison_sheet(told.search, told.unseen)).splitlines()
        ),
        *describe_held_out(told),
    ]


def _stages(stages: list[StageAllocation]) -> list[str]:
    names = [escape_line(each.stage) for each in stages]
    width = max(map(len, names))
    return [
        f"{name:{width}}  {escape_line(format_amount(each))}, costs {each.cost:.4g}"
        for name, each in zip(names, stages, strict=True)
    ]
