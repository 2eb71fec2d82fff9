"""Report of an allocation run: blocks for Markdown and HTML, plots, and the terminal summary.

Plots are SVG in the text colour of the page.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.allocation.report_choice import (
    build_choice_blocks,
    build_profile_sheet,
    describe_choice,
    describe_profiles,
)
from agents.allocation.results import (
    AllocationComparison,
    AllocationResult,
    HeldOutResult,
    OptimumSummary,
    SaturationCurves,
    ScoreEstimate,
    StageAllocation,
    TrialSummary,
    compute_saturation,
    format_amount,
)
from agents.formatting import NO_VALUE, format_estimate, format_gain, format_number, join_words
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
from agents.report.plots import PANEL, WINNER_COLOUR, add_legend, render_svg
from agents.report.tables import TextTable, format_table
from harness.escaping import escape_line
from harness.evaluation.curve_styles import COLOURS, curve_style, plot_text
from harness.messages import format_count

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_TRIAL_COLOUR = "#868e96"


def build_held_out_blocks(result: HeldOutResult | None) -> list[Block]:
    """Build the held-out section of a report or a card."""
    if result is None:
        return []
    blocks: list[Block] = [Heading(2, "On held-out questions")]
    if result.unseen is None:
        blocks.append(
            Paragraph(
                [
                    f"{format_count(result.questions, 'question')} are held out and not opened; ",
                    CodeSpan("rheostat report"),
                    " opens them once the run has ended, on servers with ",
                    CodeSpan("--open-held-out"),
                    ".",
                ]
            )
        )
    else:
        blocks += describe_openings(result.opened, "allocations")
    if result.search is not None:
        blocks.append(build_comparison_sheet(result.search, result.unseen))
    blocks += [Paragraph([sentence]) for sentence in describe_held_out(result)]
    baseline = join_words([f"{stage.stage} {format_amount(stage)}" for stage in result.baseline])
    blocks.append(Paragraph([f"The baseline costs {result.baseline_cost:.4g}: {baseline}."]))
    return blocks


def build_comparison_sheet(
    search: AllocationComparison, unseen: AllocationComparison | None
) -> TextTable:
    """Build the table that compares the selected allocation with the baseline."""
    rows = [
        [name, f"{comparison.questions:,}", _score(comparison.selected),
         _score(comparison.baseline), _gain(comparison.gain)]
        for name, comparison in (("search", search), ("held out", unseen))
        if comparison is not None
    ]  # fmt: skip
    return TextTable(["questions", "number", "selected, %", "baseline, %", "gain (95 %)"], rows)


def describe_held_out(result: HeldOutResult) -> Sequence[str]:
    """Describe the held-out figures."""
    sentences = []
    if result.search is not None and result.unseen is not None:
        difference = 100 * (result.unseen.selected.value - result.search.selected.value)
        sentences.append(
            "The score of the best of many trials is usually too high on the questions of the"
            " search. On held-out questions the selected allocation scores"
            f" {format_number(abs(difference))} points"
            f" {'less' if difference < 0 else 'more'} than in the search."
        )
    if result.met_before:
        sentences.append(
            "The held-out questions had been opened before this allocation was reviewed, so its"
            " figures on them are no longer those of unseen data."
        )
    return sentences


def _score(estimate: ScoreEstimate | None) -> str:
    if estimate is None:
        return NO_VALUE
    low, high = 100 * estimate.low, 100 * estimate.high
    return format_estimate(100 * estimate.value, low, high, bound_decimals=1)


def _gain(estimate: ScoreEstimate | None) -> str:
    if estimate is None:
        return NO_VALUE
    low, high = 100 * estimate.low, 100 * estimate.high
    return format_gain(100 * estimate.value, low, high, bound_decimals=1)


def build_report_blocks(result: AllocationResult) -> list[Block]:
    """Build the report in reading order."""
    blocks: list[Block] = [
        Heading(1, f"Allocation: {result.pipeline}"),
        Paragraph([_headline(result)]),
    ]
    if result.best is not None:
        blocks += [Heading(2, "The best allocation"), build_stages_sheet(result.best.stages)]
    if result.optimum is not None:
        blocks.append(Paragraph([_optimum(result.optimum)]))
    blocks += build_choice_blocks(result)
    blocks += build_held_out_blocks(result.held_out)
    if result.guidelines:
        blocks += [
            Heading(2, "Guidelines"),
            Bullets([[guideline] for guideline in result.guidelines]),
        ]
    if result.trials:
        blocks += [*_progress(result), *_saturation(result), _all_trials(result)]
    return blocks


def _optimum(known: OptimumSummary) -> str:
    return (
        f"The optimum scores {100 * known.score:.2f} % for {known.cost:.4g}; of a simulated"
        " pipeline it is known."
    )


def _headline(result: AllocationResult) -> str:
    spent = result.trials[-1].spent if result.trials else 0.0
    summary = (
        f"{format_count(len(result.trials), 'trial')} by {', '.join(result.proposers)},"
        f" of {result.space:,}"
        f" allocations within a budget of {result.budget:g}; together they cost {spent:,.4g}."
    )
    if result.best is None:
        return f"{summary} Nothing was selected."
    best = result.best
    return (
        f"{summary} The selected one scores {100 * best.score:.2f} % for {best.cost:.4g}, and was"
        f" found in trial {best.trial}."
    )


def build_stages_sheet(stages: Sequence[StageAllocation]) -> TextTable:
    """Build the table of each stage's allocation and cost."""
    rows = [[stage.stage, format_amount(stage), f"{stage.cost:.4g}"] for stage in stages]
    return TextTable(heads=["stage", "is given", "costs"], rows=rows, texts=2)


def _progress(result: AllocationResult) -> list[Block]:
    optimum = None if result.optimum is None else result.optimum.score
    caption = f"The best so far rises to {100 * result.trials[-1].best:.2f} % over the trials."
    steps = [trial for index, trial in enumerate(result.trials) if not index
             or trial.best > result.trials[index - 1].best]  # fmt: skip
    sheet = TextTable(
        heads=["trial", "score, %", "spent by then"],
        rows=[
            [str(trial.trial), f"{100 * trial.best:.2f}", f"{trial.spent:,.4g}"] for trial in steps
        ],
        texts=0,
    )
    images = [
        ReportImage(plot_progress(result.trials, optimum, by=by, name=f"progress-{by}"), caption)
        for by in ("trial", "spent")
    ]
    return [Heading(2, "Score over trials"), Gallery(images), sheet]


def _saturation(result: AllocationResult) -> list[Block]:
    """Build, for each stage, the plot of the best score by model and samples."""
    images = []
    rows = []
    for index, stage in enumerate(result.trials[0].stages):
        points = compute_saturation(result.trials, index)
        if points:
            caption = f"{stage.stage}: the best score by samples, for each model."
            images.append(
                ReportImage(plot_saturation(points, stage.stage, f"stage-{index}"), caption)
            )
        rows += [
            [stage.stage, model, str(samples), f"{100 * score:.2f}"]
            for model, scores in points.items()
            for samples, score in scores
        ]
    sheet = TextTable(heads=["stage", "model", "samples", "best score, %"], rows=rows, texts=2)
    return [
        Heading(2, "Saturation, stage by stage"),
        Paragraph(["The best score of the trials that gave a stage so many samples of a model."]),
        Gallery(images),
        CollapsibleSection("The same as a table", [sheet]),
    ]


def plot_progress(
    trials: Sequence[TrialSummary],
    optimum: float | None,
    *,
    by: str,
    name: str,
) -> str:
    """Plot the best so far against trials, or against total cost.

    Args:
        trials: Trials, at least one.
        optimum: The optimum, if it is known.
        by: ``trial`` or ``spent``.
        name: Identifier of the plot, unique on the page.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        x = [float(trial.trial if by == "trial" else trial.spent) for trial in trials]
        [dots] = panel.plot(x, [100 * trial.score for trial in trials], ".", color=_TRIAL_COLOUR)
        [best] = panel.step(
            x, [100 * trial.best for trial in trials], where="post", color=WINNER_COLOUR,
            linewidth=1.8,
        )  # fmt: skip
        named: list[tuple[Artist, str]] = [(dots, "a trial"), (best, "the best so far")]
        if optimum is not None:
            known = panel.axhline(100 * optimum, color=COLOURS[0], linestyle=":")
            named.append((known, "the optimum"))
        panel.set_xlabel("trial" if by == "trial" else "cost of all trials so far")
        panel.set_ylabel("score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        add_legend(figure, named)

    return render_svg(draw, PANEL, name)


def plot_saturation(points: SaturationCurves, stage: str, name: str) -> str:
    """Plot the best score of a stage by its samples, one curve per model.

    Args:
        points: By model, (samples, score).
        stage: Name of the stage.
        name: Identifier of the plot, unique on the page.
    """

    def draw(figure: "Figure") -> None:
        panel = figure.subplots()
        named: list[tuple[Artist, str]] = []
        for index, (model, curve) in enumerate(points.items()):
            samples, scores = zip(*curve, strict=True)
            style = curve_style(index)
            [line] = panel.plot(
                samples, [100 * score for score in scores], linestyle=style.dash,
                marker=style.marker, markersize=3.5, color=style.colour, linewidth=1.2,
            )  # fmt: skip
            named.append((line, model))
        panel.set_xscale("log")
        panel.set_title(plot_text(stage), fontsize=10)
        panel.set_xlabel("samples")
        panel.set_ylabel("best score, %")
        panel.grid(alpha=0.25, linewidth=0.5)
        add_legend(figure, named)

    return render_svg(draw, PANEL, name)


def _all_trials(result: AllocationResult) -> Block:
    names = [stage.stage for stage in result.trials[0].stages]
    rows = [
        [
            str(trial.trial), trial.proposer,
            *(_short(stage) for stage in trial.stages), trial.words,
            f"{trial.cost:.4g}", f"{100 * trial.score:.2f}",
        ]
        for trial in result.trials
    ]  # fmt: skip
    heads = ["trial", "proposer", *names, "why", "cost", "score, %"]
    best = None if result.best is None else result.best.trial - 1
    strong = frozenset() if best is None else frozenset({best})
    return CollapsibleSection(
        "All trials", [TextTable(heads=heads, rows=rows, texts=len(heads) - 2, strong=strong)]
    )


def _short(stage: StageAllocation) -> str:
    if stage.controller:
        return f"{stage.model} {stage.controller}@{stage.beta:g}"
    return f"{stage.model} x{stage.samples}"


def format_summary(result: AllocationResult) -> str:
    """Format the terminal summary."""
    head = escape_line(
        f"{result.pipeline} ({result.environment}): {format_count(len(result.trials), 'trial')} of"
        f" {result.space:,} allocations within a budget of {result.budget:g}"
    )
    lines = [head]
    if result.best is None:
        lines.append("nothing was selected")
    else:
        best = result.best
        lines.append(
            f"best: {100 * best.score:.2f} % for {best.cost:.4g}, found in trial {best.trial}"
        )
        lines += [f"  {line}" for line in _stages(best.stages)]
    if result.optimum is not None:
        lines.append(
            f"the optimum: {100 * result.optimum.score:.2f} % for {result.optimum.cost:.4g}"
        )
    lines += describe_choice(result)
    if result.profiles:
        sheet = format_table(build_profile_sheet(result.profiles)).splitlines()
        lines += [describe_profiles(result.profiles), *(f"  {line}" for line in sheet)]
    if result.held_out is not None:
        lines += _held_out(result.held_out)
    if result.guidelines:
        lines += [
            "guidelines:",
            *(f"  {escape_line(guideline)}" for guideline in result.guidelines),
        ]
    return "\n".join(lines)


def _held_out(result: HeldOutResult) -> list[str]:
    notice = f"held out: {format_count(result.questions, 'question')}; rheostat report opens them"
    if result.search is None or result.unseen is None:
        return [notice]
    return [
        "on the questions of the search, and on those held out:",
        *(
            f"  {line}"
            for line in format_table(
                build_comparison_sheet(result.search, result.unseen)
            ).splitlines()
        ),
        *describe_held_out(result),
    ]


def _stages(stages: list[StageAllocation]) -> list[str]:
    names = [escape_line(stage.stage) for stage in stages]
    width = max(map(len, names))
    return [
        f"{name:{width}}  {escape_line(format_amount(stage))}, costs {stage.cost:.4g}"
        for name, stage in zip(names, stages, strict=True)
    ]
