"""Build the report as blocks: its statements, order and tables."""

from collections.abc import Sequence

from agents.formatting import format_estimate, format_gain, join_words
from agents.report import plots, tables
from agents.report.controllers import REFERENCES
from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    InlineText,
    Paragraph,
    Quote,
    ReportImage,
)
from agents.report.evaluation import get_overall_label
from agents.report.held_out import describe_openings
from agents.report.records import ControllerRole, RunPhase, RunReport, Side, TokenRatio
from agents.report.sections import build_course_section, build_search_section, build_winner_section
from agents.search.objective import describe_objective
from harness.evaluation.cost_axis import CostAxis
from harness.evaluation.scores import MEAN
from harness.messages import format_count
from harness.pages.sweep_plots import plot_in_terminal

DIGEST = 12
"""Characters of a digest to show."""


def build_blocks(report: RunReport) -> list[Block]:
    """Build the whole report."""
    return [
        Heading(1, "Report of a discovery"),
        *_build_verdict(report),
        Heading(2, "On the search set"),
        *_build_side(report, report.search, "search"),
        Heading(2, "On held-out recordings"),
        *_build_held_out(report),
        *build_winner_section(report),
        Heading(2, "How it was found"),
        *build_course_section(report),
        *build_search_section(report),
        *_build_decisions(report),
        Heading(2, "How the figures are computed"),
        *_build_methods(report),
        Heading(2, "Every point"),
        *_build_point_tables(report.search),
        *(_build_point_tables(report.unseen) if report.unseen is not None else []),
    ]


def describe_verdict(report: RunReport) -> list[InlineText]:
    """Describe the result in sentences: the status of the run, then the winner's objective."""
    sentences: list[InlineText] = [_describe_status(report)]
    winner = next(
        (
            controller
            for controller in report.controllers
            if controller.role is ControllerRole.WINNER
        ),
        None,
    )
    if winner is None:
        best = report.search.best_baseline
        sentences.append(["The best baseline is ", CodeSpan(best), "."])
        return sentences
    for side, name in (
        (report.search, "On the search set"),
        (report.unseen, "On held-out recordings"),
    ):
        if side is not None and winner.label not in side.left_out:
            sentences.append(_describe_objective(side, winner.label, name))
    return sentences


def _build_verdict(report: RunReport) -> list[Block]:
    return [Bullets(describe_verdict(report))]


def _describe_status(report: RunReport) -> InlineText:
    winner = next(
        (
            controller
            for controller in report.controllers
            if controller.role is ControllerRole.WINNER
        ),
        None,
    )
    ended = report.state is RunPhase.ENDED
    start = (
        f"The run has ended: {report.says}." if ended else f"The run has not ended: {report.says}."
    )
    if winner is None:
        nothing = "No controller was selected" if ended else "No controller beats the baselines yet"
        return [f"{start} {nothing}."]
    title = f", “{winner.title}”" if winner.title else ""
    role = "Selected is " if ended else "The best so far is "
    return [f"{start} {role}", CodeSpan(winner.label), f", the controller {winner.name}{title}."]


def _describe_objective(side: Side, winner: str, name: str) -> InlineText:
    recording = get_overall_label(side)
    estimate = tables.find_worth(side, winner, recording)
    sentence: list[str | CodeSpan] = [
        (
            f"{name}, its objective is"
            f" {format_estimate(estimate.value, estimate.low, estimate.high)}:"
            f" {format_gain(estimate.gain, estimate.gain_low, estimate.gain_high)} over "
        ),
        CodeSpan(side.best_baseline),
        ", the best baseline." if name == "On the search set" else ".",
        *_describe_seed_gain(side),
    ]
    for reference in dict.fromkeys((side.best_baseline, *REFERENCES)):
        ratio = tables.find_ratio(side, winner, reference, recording)
        if ratio is None:
            continue
        if ratio.ratio is None:
            sentence += [" It never reaches the accuracy of ", CodeSpan(reference), "."]
            continue
        missed = (
            f"; {ratio.missed} of {ratio.points} points are not reached" if ratio.missed else ""
        )
        sentence += [
            (
                f" It needs {format_estimate(ratio.ratio, ratio.low, ratio.high)}"
                " times the tokens of "
            ),
            CodeSpan(reference),
            f" for the same accuracy{_describe_latency(ratio)}{missed}.",
        ]
    return sentence


def _describe_latency(ratio: TokenRatio) -> str:
    """Describe how long the controller takes where it has the accuracy of a reference."""
    return "" if ratio.sequential is None else f" and {ratio.sequential:.2f} times the latency"


def _describe_seed_gain(side: Side) -> InlineText:
    """Describe the gain of the search over the seed that the winner was built from."""
    estimate = side.over_seed
    if estimate is None:
        return []
    gain = format_gain(estimate.gain, estimate.gain_low, estimate.gain_high)
    return [f" Over the seed that it was built from, it gains {gain}."]


def _build_side(report: RunReport, side: Side, name: str) -> list[Block]:
    labels = [recording.label for recording in side.recordings]
    blocks: list[Block] = [
        Paragraph([_describe_recordings(side)]),
        tables.build_overall_table(report, side),
        *_list_left_out(side),
        Gallery(_plot_frontiers(report, side, name)),
        Heading(3, "At comparable costs"),
        Paragraph(
            [
                (
                    "Accuracy in percent, at tokens for each question: of each controller the point"
                    " nearest to the middle of the baselines' costs, by ratio."
                )
            ]
        ),
        tables.build_comparison_table(report, side),
        *_build_profiles(report, side),
    ]
    if len(labels) > 1:
        blocks += [
            Heading(3, "By recording"),
            Paragraph(["The objective, with its interval of 95 %."]),
            tables.build_recording_table(report, side),
        ]
        for reference in dict.fromkeys((side.best_baseline, *REFERENCES)):
            if reference not in side.left_out:
                blocks += [
                    Paragraph(
                        ["Tokens for the accuracy of ", CodeSpan(reference), ", in its tokens."]
                    ),
                    tables.build_ratio_table(report, side, reference),
                ]
    return blocks


def _build_profiles(report: RunReport, side: Side) -> list[Block]:
    """Return which user profiles the winner meets, and at what β."""
    winner = next(
        (
            controller
            for controller in report.controllers
            if controller.role is ControllerRole.WINNER
        ),
        None,
    )
    if not report.profiles or winner is None or winner.label in side.left_out:
        return []
    return [
        Heading(3, "User profiles"),
        Paragraph(["The lowest β of the winner that meets all limits of a profile."]),
        tables.build_profile_table(report, side, winner.label),
    ]


def _build_point_tables(side: Side) -> list[Block]:
    labels = [recording.label for recording in side.recordings]
    folds: list[Block] = [
        CollapsibleSection(label, [tables.build_point_table(side, label)]) for label in labels
    ]
    if len(labels) == 1:
        return folds
    return [
        CollapsibleSection(
            f"{MEAN} of {join_words(labels)}", [tables.build_point_table(side, MEAN)]
        ),
        *folds,
    ]


def _describe_recordings(side: Side) -> str:
    descriptions = [
        f"{recording.label} ({format_count(recording.questions, 'question')},"
        f" {recording.digest[:DIGEST]})"
        for recording in side.recordings
    ]
    count = format_count(len(descriptions), "recording")
    return f"{count}, {side.seeds} permutations: {join_words(descriptions)}."


def _list_left_out(side: Side) -> list[Block]:
    if not side.left_out:
        return []
    return [
        Bullets(
            [[CodeSpan(name), f" is left out: {reason}."] for name, reason in side.left_out.items()]
        )
    ]


def _plot_frontiers(report: RunReport, side: Side, name: str) -> list[ReportImage]:
    """Build a plot for each recording over tokens, and one of the side over sequential tokens.

    As text, there is one of each for the whole side.
    """
    plotted = {
        controller.label
        for controller in report.controllers
        if controller.role in (ControllerRole.WINNER, ControllerRole.REFERENCE)
        or controller.label == side.best_baseline
    }
    rows = [row for row in side.rows if row.controller in plotted]
    overall = get_overall_label(side)
    text_plot = plot_in_terminal(rows, overall)
    sequential = ReportImage(
        plots.plot_frontier(report, side, overall, f"{name}-sequential", CostAxis.SEQUENTIAL),
        f"Accuracy over sequential tokens, {overall}",
        plot_in_terminal(rows, overall, axis=CostAxis.SEQUENTIAL),
    )
    by_recording = [
        ReportImage(
            plots.plot_frontier(report, side, recording.label, f"{name}-{index}"),
            f"Accuracy over tokens on {recording.label}",
            text_plot if index == 0 else "",
        )
        for index, recording in enumerate(side.recordings)
    ]
    return [*by_recording, sequential]


def _build_held_out(report: RunReport) -> list[Block]:
    if not report.held_out:
        return [Paragraph(["Nothing was held out."])]
    names = join_words(report.held_out)
    if report.unseen is None:
        return [
            Paragraph(
                [
                    f"Held out: {names}. This report did not open it; ",
                    CodeSpan("--open-held-out"),
                    " does.",
                ]
            )
        ]
    return [
        *describe_openings(report.opened, "programs"),
        *_build_side(report, report.unseen, "unseen"),
    ]


def _build_decisions(report: RunReport) -> list[Block]:
    if not report.decisions:
        return []
    blocks: list[Block] = [Heading(2, "Decisions")]
    for decision in report.decisions:
        reviewer = f" by {decision.by}" if decision.by else ""
        verb = "approved" if decision.approved else "rejected"
        note = ":" if decision.note else ", without a note."
        blocks.append(Paragraph([CodeSpan(decision.candidate), f" was {verb}{reviewer}{note}"]))
        if decision.note:
            blocks.append(Quote(decision.note))
    return blocks


def _build_methods(report: RunReport) -> list[Block]:
    items: Sequence[str] = [
        (
            f"The objective, {report.objective}, is {describe_objective(report.objective)}. It is"
            " in points of percent; over several recordings, its mean. The column “starts at” has"
            " the tokens of the first point."
        ),
        (
            "Intervals are of 95 %, by bootstrap over questions; gains and ratios are paired,"
            " with the same resamples for both controllers."
        ),
        (
            "Tokens for the accuracy of a reference: for each of its points, the fewest tokens at"
            " which a controller's curve is as accurate, over the tokens of the point; then the"
            " geometric mean. Below 1, the controller is cheaper. Points that its curve never"
            " reaches are missed, and not in the mean; those that are less accurate than its"
            " cheapest point count the tokens of that, so that the ratio is an upper bound. An end"
            " of an interval is left out where, in some drawings, a point is not reached."
        ),
        (
            "The best baseline is the one that was worth most on the search set; the controllers"
            " behind the winner are those of whose gain most counts; the seed is the program that"
            " evolution made the winner from."
        ),
    ]
    return [Bullets([[item] for item in items])]
