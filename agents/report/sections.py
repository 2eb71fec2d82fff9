"""Report sections on the winner, on the course of the run and on the search.

The winner's section shows its descent, its schedule and its lines. The course is the cost of the
run, its proposers and its trajectory. The search section shows each proposer's diagnostics: plain
values as a row per round, counts summed over rounds, lists as of the last round.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.formatting import (
    format_bounds,
    format_gain,
    format_number,
    format_setting,
    format_signed,
    join_words,
)
from agents.report import plots, tables
from agents.report.carry_over import format_kept_share
from agents.report.document import (
    Block,
    Bullets,
    CodeSpan,
    CollapsibleSection,
    Gallery,
    Heading,
    Paragraph,
    PreformattedText,
    ProfiledSource,
    Quote,
    ReportImage,
    parse_spans,
)
from agents.report.records import Ancestor, RunReport, Winner
from agents.report.tables import TextTable
from agents.run.records import Gain
from harness.messages import format_count
from harness.pages.profile_page import format_hindsight


def build_winner_section(report: RunReport) -> list[Block]:
    """Build the winner's section; empty if there is no winner or it was not analysed."""
    winner = report.winner
    if winner is None:
        return []
    return [
        Heading(2, "The controller"),
        *_build_descent(winner),
        *_build_schedule(winner),
        Heading(3, "Line profile"),
        Paragraph([_describe_profile(winner)]),
        ProfiledSource(winner.profile),
        PreformattedText(format_hindsight(winner.profile.hindsight)),
    ]


def _build_descent(winner: Winner) -> list[Block]:
    blocks: list[Block] = [Heading(3, "Descent")]
    if winner.tuned:
        blocks.append(Paragraph([f"Its constants were fitted: {join_words(winner.tuned)}."]))
    for ancestor in winner.descent:
        blocks += _build_ancestor(ancestor)
    return blocks


def _build_ancestor(ancestor: Ancestor) -> list[Block]:
    main, others = ancestor.parents[:1], ancestor.parents[1:]
    crossed = f", with {join_words(others)}" if others else ""
    if not main:
        blocks: list[Block] = [
            Paragraph([CodeSpan(ancestor.candidate), f", by {ancestor.proposer}, from nothing."])
        ]
    else:
        changed = f": {ancestor.headline}." if ancestor.headline else "."
        blocks = [
            Paragraph(
                [
                    CodeSpan(ancestor.candidate),
                    f", by {ancestor.proposer}, from ",
                    CodeSpan(main[0]),
                    f"{crossed}{changed}",
                ]
            )
        ]
    if ancestor.words:
        blocks.append(Quote(ancestor.words))
    if ancestor.details:
        blocks.append(Bullets([parse_spans(detail) for detail in ancestor.details]))
    return blocks


def _build_schedule(winner: Winner) -> list[Block]:
    if not winner.schedule:
        return []
    return [
        Heading(3, "Knobs over beta"),
        Gallery([ReportImage(plots.plot_schedule(winner, "schedule"), "Each knob over beta")]),
        tables.build_knob_table(winner.schedule, winner.betas),
    ]


def _describe_profile(winner: Winner) -> str:
    setting = format_setting(0.5 if winner.schedule else None, winner.settings)
    profile = winner.profile
    share = 100 * profile.right / max(profile.episodes, 1)
    return (
        f"Over the search set at {setting}, {format_count(winner.profile_seeds, 'permutation')}:"
        f" {profile.episodes:,} episodes, {share:.1f} % right, {profile.tokens:,} tokens. A line"
        " has the tokens that its verbs were charged, and the episodes that it ended, with the"
        " share of them that were right."
    )


def build_course_section(report: RunReport) -> list[Block]:
    """Build the section on the course of the search: its cost, proposers and trajectory."""
    cost = report.cost
    parts = [
        (
            f"{format_count(cost.rounds, 'round')}, {format_count(cost.candidates, 'candidate')},"
            f" {format_count(cost.usage.evaluations, 'program')} played,"
            f" {cost.minutes:.1f} minutes of"
            " work"
        )
    ]
    spent = cost.usage.tokens_in + cost.usage.tokens_out
    if spent or cost.usage.usd:
        parts.append(f"{spent:,} tokens of language models, {cost.usage.usd:.2f} dollars")
    blocks: list[Block] = [
        Paragraph([f"{', '.join(parts)}. Proposed by {join_words(report.proposers)}."]),
    ]
    if not report.trajectory:
        return [*blocks, Paragraph(["No round is over yet."])]
    blocks += [
        _build_proposer_table(report),
        *_describe_carry_over(report),
        *_describe_choice(report),
    ]
    plot = plots.plot_trajectory(report.trajectory, report.search.best_baseline, "trajectory")
    return [
        *blocks,
        Gallery([ReportImage(plot, "The objective of the best so far over rounds")]),
        Paragraph(
            [
                (
                    f"The objective is as it was reviewed, under {report.seeds} permutations; the"
                    " gain is that of the best so far over the best baseline."
                )
            ]
        ),
        _build_trajectory_table(report),
    ]


def _build_proposer_table(report: RunReport) -> TextTable:
    """Return what each proposer brought, for what it cost."""
    rows = []
    for proposer in report.by_proposer:
        gain, usage = proposer.gain, proposer.usage
        rows.append(
            [
                proposer.proposer,
                str(proposer.rounds),
                str(proposer.candidates),
                proposer.best or "-",
                "-" if proposer.objective is None else format_number(proposer.objective),
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
    estimate = report.carry_over
    if estimate is None:
        return []
    if estimate.share is None:
        return [Paragraph(["No candidate gained over the best baseline on what its round showed."])]
    kept = format_kept_share(estimate.share, estimate.low, estimate.high)
    sentence = (
        f"On the questions and recordings that a round withheld, its candidates kept {kept} of"
        " their gain over the best baseline on the part that it showed"
        f" ({format_count(estimate.candidates, 'candidate')}). Expect about as much of the gain on"
        " other questions and models."
    )
    return [Paragraph([sentence])]


def _describe_choice(report: RunReport) -> list[Block]:
    """Describe what choosing among the candidates is worth where the choice did not look."""
    validation = report.cross_validation
    if validation is None:
        return []
    questions, recordings = validation.questions, validation.recordings
    text = (
        "Chosen by its objective on three quarters of the questions and scored on the others, a"
        f" candidate gains {_format_gain(questions)} over {questions.against}"
    )
    if recordings is not None:
        text += (
            f"; chosen on all recordings but one and scored on that one, {_format_gain(recordings)}"
        )
    text += ". The choice does not flatter these gains, but candidates were made on all questions."
    return [Paragraph([text])]


def _format_gain(gain: Gain) -> str:
    return format_gain(gain.value, gain.low, gain.high)


def _build_trajectory_table(report: RunReport) -> TextTable:
    rows = []
    for summary in report.trajectory:
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in summary.verdicts.items())
        gain = summary.gain
        rows.append(
            [
                str(summary.round),
                verdicts or "-",
                summary.best or "-",
                format_number(summary.objective),
                "-" if gain is None else format_signed(gain.value),
                "-" if gain is None else format_bounds(gain.low, gain.high),
                f"{summary.usage.evaluations:,}",
            ]
        )
    heads = ["round", "candidates", "best", "objective", "gain", "95 %", "played"]
    return TextTable(heads, rows, 3)


ProposerDiagnostics = Sequence[Mapping[str, Any]]
"""Diagnostics of one proposer, by round."""


def build_search_section(report: RunReport) -> list[Block]:
    """Build the search section; empty if no proposer reported diagnostics."""
    if not report.diagnostics:
        return []
    blocks: list[Block] = [Heading(2, "The search")]
    for proposer, diagnostics in report.diagnostics.items():
        parts: list[Block] = [_build_rounds(diagnostics)]
        for name in _names(diagnostics, _is_counts):
            parts += [Paragraph([f"{name}, over all rounds"]), _build_sums(diagnostics, name)]
        for name in _names(diagnostics, _is_list):
            parts += [
                Paragraph([f"{name}, in the last round"]),
                _build_last_round(diagnostics, name),
            ]
        blocks.append(CollapsibleSection(f"Diagnostics of {proposer}", parts))
    return blocks


def _build_rounds(diagnostics: ProposerDiagnostics) -> TextTable:
    names = [
        name
        for name in dict.fromkeys(key for diagnostic in diagnostics for key in diagnostic)
        if not any(
            _is_counts(diagnostic.get(name)) or _is_list(diagnostic.get(name))
            for diagnostic in diagnostics
        )
    ]
    return TextTable(
        names,
        [[_format_value(diagnostic.get(name)) for name in names] for diagnostic in diagnostics],
    )


def _build_sums(diagnostics: ProposerDiagnostics, name: str) -> TextTable:
    """Sum counts by name, one row per name."""
    sums: dict[str, dict[str, float]] = {}
    for diagnostic in diagnostics:
        for row, counts in (diagnostic.get(name) or {}).items():
            totals = sums.setdefault(row, {})
            for column, count in (counts if isinstance(counts, Mapping) else {"": counts}).items():
                if isinstance(count, int | float):
                    totals[column] = totals.get(column, 0) + count
    columns = list(dict.fromkeys(column for counts in sums.values() for column in counts))
    rows = [
        [row, *(_format_value(sums[row].get(column)) for column in columns)] for row in sorted(sums)
    ]
    return TextTable([name, *columns], rows)


def _build_last_round(diagnostics: ProposerDiagnostics, name: str) -> TextTable:
    rows: Sequence[Mapping[str, Any]] = next(
        (diagnostic[name] for diagnostic in reversed(diagnostics) if diagnostic.get(name)), []
    )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [column for column in columns if any(isinstance(row.get(column), str) for row in rows)]
    columns = [*texts, *(column for column in columns if column not in texts)]
    cells = [[_format_value(row.get(column)) for column in columns] for row in rows]
    return TextTable(columns, cells, max(1, len(texts)))


def _names(diagnostics: ProposerDiagnostics, kind: Callable[[object], bool]) -> list[str]:
    return list(
        dict.fromkeys(
            name for diagnostic in diagnostics for name, value in diagnostic.items() if kind(value)
        )
    )


def _is_counts(value: object) -> bool:
    """Return whether a value is a mapping of counts, or of such mappings."""
    return isinstance(value, Mapping)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _format_value(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
        case list() | tuple():
            return ", ".join(map(_format_value, value)) or "-"
        case _:
            return str(value)
