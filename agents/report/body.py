"""Build the report as blocks: its statements, order and tables."""

from collections.abc import Mapping, Sequence

from agents.formatting import format_bounds, format_number, format_signed, join_words
from agents.report import plots, tables
from agents.report.controllers import PUBLISHED
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
from agents.report.sections import build_search_section, build_winner_section
from agents.report.tables import TextTable
from harness.evaluation.scores import MEAN
from harness.messages import format_count
from harness.pages.sweep_plots import plot_in_terminal

DIGEST = 12
"""Characters of a digest to show."""


def build_blocks(report: RunReport) -> list[Block]:
    """Build the whole report."""
    return [
        Heading(1, "Report of a discovery"),
        *_opening(report),
        Heading(2, "On the search set"),
        *_side(report, report.search, "search"),
        Heading(2, "On held-out recordings"),
        *_unseen(report),
        *build_winner_section(report),
        Heading(2, "How it was found"),
        *_course(report),
        *build_search_section(report),
        *_people(report),
        Heading(2, "How the figures are computed"),
        *_made(report),
        Heading(2, "Every point"),
        *_every_point(report.search),
        *(_every_point(report.unseen) if report.unseen is not None else []),
    ]


def describe_verdict(report: RunReport) -> list[InlineText]:
    """Describe the result in sentences: status of the run, then the winner's objective."""
    found: list[InlineText] = [_standing(report)]
    winner = next((each for each in report.controllers if each.role is ControllerRole.WINNER), None)
    if winner is None:
        best = report.search.best_baseline
        found.append(["The best baseline is ", CodeSpan(best), "."])
        return found
    for side, name in (
        (report.search, "On the search set"),
        (report.unseen, "On held-out recordings"),
    ):
        if side is not None and winner.label not in side.left_out:
            found.append(_worth(side, winner.label, name))
    return found


def _opening(report: RunReport) -> list[Block]:
    return [Bullets(describe_verdict(report))]


def _standing(report: RunReport) -> InlineText:
    winner = next((each for each in report.controllers if each.role is ControllerRole.WINNER), None)
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


def _worth(side: Side, winner: str, name: str) -> InlineText:
    where = get_overall_label(side)
    worth = tables.find_worth(side, winner, where)
    words: list[str | CodeSpan] = [
        (
            f"{name}, its objective is {format_number(worth.value)}"
            f" ({format_bounds(worth.low, worth.high)}):"
            f" {format_signed(worth.gain)} ({format_bounds(worth.gain_low, worth.gain_high)}) over "
        ),
        CodeSpan(side.best_baseline),
        ", the best baseline." if name == "On the search set" else ".",
        *_over_seed(side),
    ]
    for reference in dict.fromkeys((side.best_baseline, *PUBLISHED)):
        ratio = tables.find_ratio(side, winner, reference, where)
        if ratio is None:
            continue
        if ratio.ratio is None:
            words += [" It never reaches the accuracy of ", CodeSpan(reference), "."]
            continue
        missed = (
            f"; {ratio.missed} of {ratio.points} points are not reached" if ratio.missed else ""
        )
        words += [
            (
                f" It needs {ratio.ratio:.2f} ({format_bounds(ratio.low, ratio.high)})"
                " times the tokens of "
            ),
            CodeSpan(reference),
            f" for the same accuracy{_describe_latency(ratio)}{missed}.",
        ]
    return words


def _describe_latency(ratio: TokenRatio) -> str:
    """Describe how long the controller takes where it has the accuracy of a reference."""
    return "" if ratio.sequential is None else f" and {ratio.sequential:.2f} times the latency"


def _over_seed(side: Side) -> InlineText:
    """Describe the gain of the search over the seed that the winner was built from."""
    own = side.over_seed
    if own is None:
        return []
    around = format_bounds(own.gain_low, own.gain_high)
    return [
        f" Over the seed that it was built from, it gains {format_signed(own.gain)} ({around})."
    ]


def _side(report: RunReport, side: Side, name: str) -> list[Block]:
    labels = [each.label for each in side.recordings]
    found: list[Block] = [
        Paragraph([_recordings(side)]),
        tables.build_overall_table(report, side),
        *_left_out(side),
        Gallery(_frontiers(report, side, name)),
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
        *_profiles(report, side),
    ]
    if len(labels) > 1:
        found += [
            Heading(3, "By recording"),
            Paragraph(["The objective, with its interval of 95 %."]),
            tables.build_recording_table(report, side),
        ]
        for reference in dict.fromkeys((side.best_baseline, *PUBLISHED)):
            if reference not in side.left_out:
                found += [
                    Paragraph(
                        ["Tokens for the accuracy of ", CodeSpan(reference), ", in its tokens."]
                    ),
                    tables.build_ratio_table(report, side, reference),
                ]
    return found


def _profiles(report: RunReport, side: Side) -> list[Block]:
    """Return which user profiles the winner meets, and at what β."""
    winner = next((each for each in report.controllers if each.role is ControllerRole.WINNER), None)
    if not report.profiles or winner is None or winner.label in side.left_out:
        return []
    return [
        Heading(3, "User profiles"),
        Paragraph(["The lowest β of the winner that meets all limits of a profile."]),
        tables.build_profile_table(report, side, winner.label),
    ]


def _every_point(side: Side) -> list[Block]:
    labels = [each.label for each in side.recordings]
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


def _recordings(side: Side) -> str:
    told = [
        f"{each.label} ({format_count(each.questions, 'question')}, {each.digest[:DIGEST]})"
        for each in side.recordings
    ]
    return f"{format_count(len(told), 'recording')}, {side.seeds} shuffles: {join_words(told)}."


def _left_out(side: Side) -> list[Block]:
    if not side.left_out:
        return []
    return [
        Bullets([[CodeSpan(name), f" is left out: {why}."] for name, why in side.left_out.items()])
    ]


def _frontiers(report: RunReport, side: Side, name: str) -> list[ReportImage]:
    """Build a plot for each recording; as text, one for the whole side."""
    drawn = {
        each.label
        for each in report.controllers
        if each.role in (ControllerRole.WINNER, ControllerRole.PUBLISHED)
        or each.label == side.best_baseline
    }
    rows = [row for row in side.rows if row.controller in drawn]
    whole = plot_in_terminal(rows, get_overall_label(side))
    return [
        ReportImage(
            plots.plot_frontier(report, side, each.label, f"{name}-{place}"),
            f"Accuracy over tokens on {each.label}",
            whole if place == 0 else "",
        )
        for place, each in enumerate(side.recordings)
    ]


def _unseen(report: RunReport) -> list[Block]:
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
    return [*describe_openings(report.opened, "programs"), *_side(report, report.unseen, "unseen")]


def _course(report: RunReport) -> list[Block]:
    cost = report.cost
    words = [
        (
            f"{format_count(cost.rounds, 'round')}, {format_count(cost.candidates, 'candidate')},"
            f" {format_count(cost.usage.evaluations, 'program')} played,"
            f" {cost.minutes:.1f} minutes of"
            " work"
        )
    ]
    spent = cost.usage.tokens_in + cost.usage.tokens_out
    if spent or cost.usage.usd:
        words.append(f"{spent:,} tokens of language models, {cost.usage.usd:.2f} dollars")
    found: list[Block] = [
        Paragraph([f"{', '.join(words)}. Proposed by {join_words(report.proposers)}."]),
    ]
    if not report.trajectory:
        return [*found, Paragraph(["No round is over yet."])]
    found += [_proposers_table(report), *_describe_carry_over(report)]
    picture = plots.plot_trajectory(report.trajectory, report.search.best_baseline, "trajectory")
    return [
        *found,
        Gallery([ReportImage(picture, "The objective of the best so far over rounds")]),
        Paragraph(
            [
                (
                    f"The objective is as it was reviewed, under {report.seeds} shuffles; the gain"
                    " is that of the best so far over the best baseline."
                )
            ]
        ),
        _trajectory(report),
    ]


def _proposers_table(report: RunReport) -> TextTable:
    """Return what each proposer brought, for what it cost."""
    rows = []
    for each in report.by_proposer:
        gain, usage = each.gain, each.usage
        rows.append(
            [
                each.proposer,
                str(each.rounds),
                str(each.candidates),
                each.best or "-",
                "-" if each.objective is None else format_number(each.objective),
                "-" if gain is None else format_signed(gain.value),
                "-" if gain is None else format_bounds(gain.low, gain.high),
                f"{usage.evaluations:,}",
                f"{usage.tokens_in + usage.tokens_out:,}",
                f"{usage.usd:.2f}",
            ]
        )
    heads = ["proposer", "rounds", "candidates", "its best", "objective", "gain", "95 %", "played",
             "tokens", "dollars"]  # fmt: skip
    return TextTable(heads, rows, 4)


def _describe_carry_over(report: RunReport) -> list[Block]:
    """Describe how much of a gain is expected on other questions and models."""
    found = report.carry_over
    if found is None:
        return []
    if found.share is None:
        return [Paragraph(["No candidate gained over the best baseline on what its round showed."])]
    bounds = format_bounds(100 * (found.low or 0.0), 100 * (found.high or 0.0), 0)
    sentence = (
        f"On the questions and recordings that a round withheld, its candidates kept"
        f" {100 * found.share:.0f} % ({bounds}) of their gain over the best baseline on the part"
        f" that it showed ({format_count(found.candidates, 'candidate')}). Expect about as much of"
        " the gain on other questions and models."
    )
    return [Paragraph([sentence])]


def _trajectory(report: RunReport) -> TextTable:
    rows = []
    for each in report.trajectory:
        verdicts = ", ".join(f"{count} {what}" for what, count in each.verdicts.items())
        gain = each.gain
        rows.append(
            [
                str(each.round),
                verdicts or "-",
                each.best or "-",
                format_number(each.objective),
                "-" if gain is None else format_signed(gain.value),
                "-" if gain is None else format_bounds(gain.low, gain.high),
                f"{each.usage.evaluations:,}",
            ]
        )
    heads = ["round", "candidates", "best", "objective", "gain", "95 %", "played"]
    return TextTable(heads, rows, 3)


def _people(report: RunReport) -> list[Block]:
    if not report.decisions:
        return []
    found: list[Block] = [Heading(2, "Decisions")]
    for each in report.decisions:
        who = f" by {each.by}" if each.by else ""
        verb = "approved" if each.approved else "rejected"
        note = ":" if each.note else ", without a note."
        found.append(Paragraph([CodeSpan(each.candidate), f" was {verb}{who}{note}"]))
        if each.note:
            found.append(Quote(each.note))
    return found


_OBJECTIVES: Mapping[str, str] = {
    "frontier": "The objective, frontier, is the mean accuracy over the logarithm of the price,"
    " between the cheapest and the most expensive baseline point of each recording: the area under"
    " the running maximum of accuracy, in points of percent. Below the price of its first point a"
    " controller cannot play, so there the baselines count: the column “starts at” has that point's"
    " tokens. Over several recordings, its mean.",
    "accuracy": "The objective, accuracy, is the best accuracy of any point, in percent; over"
    " several recordings, its mean.",
    "tradeoff": "The objective, tradeoff, is the best of any point of its accuracy minus {detail}"
    " points for every doubling of the price over the cheapest baseline; over several recordings,"
    " its mean.",
    "tokens-at": "The objective, tokens-at, is the percentage of the price of {detail} that is"
    " saved at its accuracies, a geometric mean over its points; each percentage point that is"
    " missed"
    " doubles the price of that point.",
    "meet": "The objective, meet, is the percentage of the user profiles of {detail} whose limits"
    " some point meets; the frontier, with a small weight, decides between equals.",
}


def _made(report: RunReport) -> list[Block]:
    kind, _, detail = report.objective.partition(":")
    items: Sequence[str] = [
        _OBJECTIVES[kind].format(detail=detail),
        (
            "Intervals are of 95 %, by bootstrap over questions; gains and ratios are paired, both"
            " controllers seeing the same drawings."
        ),
        (
            "Tokens for the accuracy of a reference: for each of its points, the fewest tokens at"
            " which a controller's curve is as accurate, over the tokens of the point; then the"
            " geometric mean. Below 1, the controller is the cheaper. Points that its curve never"
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
    return [Bullets([[each] for each in items])]
