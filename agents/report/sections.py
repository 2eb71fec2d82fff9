"""Report sections on the winner and on the search.

The winner's section shows its descent, its schedule and its lines. The search section shows each
proposer's diagnostics: plain values as a row per round, counts summed over rounds, lists as of the
last round.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.formatting import format_setting, join_words
from agents.report import plots, tables
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
from harness.messages import format_count
from harness.pages.profile_page import format_hindsight


def build_winner_section(report: RunReport) -> list[Block]:
    """Build the winner's section; empty if there is no winner or it was not analysed."""
    winner = report.winner
    if winner is None:
        return []
    return [
        Heading(2, "The controller"),
        *_origin(winner),
        *_schedule(winner),
        Heading(3, "Line profile"),
        Paragraph([_profiled(winner)]),
        ProfiledSource(winner.profile),
        PreformattedText(format_hindsight(winner.profile.hindsight)),
    ]


def _origin(winner: Winner) -> list[Block]:
    found: list[Block] = [Heading(3, "Descent")]
    if winner.tuned:
        found.append(Paragraph([f"Its constants were fitted: {join_words(winner.tuned)}."]))
    for each in winner.descent:
        found += _ancestor(each)
    return found


def _ancestor(each: Ancestor) -> list[Block]:
    main, others = each.parents[:1], each.parents[1:]
    crossed = f", with {join_words(others)}" if others else ""
    if not main:
        found: list[Block] = [
            Paragraph([CodeSpan(each.candidate), f", by {each.proposer}, from nothing."])
        ]
    else:
        changed = f": {each.headline}." if each.headline else "."
        found = [
            Paragraph(
                [
                    CodeSpan(each.candidate),
                    f", by {each.proposer}, from ",
                    CodeSpan(main[0]),
                    f"{crossed}{changed}",
                ]
            )
        ]
    if each.words:
        found.append(Quote(each.words))
    if each.details:
        found.append(Bullets([parse_spans(detail) for detail in each.details]))
    return found


def _schedule(winner: Winner) -> list[Block]:
    if not winner.schedule:
        return []
    return [
        Heading(3, "Knobs over beta"),
        Gallery([ReportImage(plots.plot_schedule(winner, "schedule"), "Each knob over beta")]),
        tables.build_knob_table(winner.schedule, winner.betas),
    ]


def _profiled(winner: Winner) -> str:
    at = format_setting(0.5 if winner.schedule else None, winner.settings)
    profile = winner.profile
    share = 100 * profile.right / max(profile.episodes, 1)
    return (
        f"Over the search set at {at}, {format_count(winner.profile_seeds, 'shuffle')}:"
        f" {profile.episodes:,} episodes, {share:.1f} % right, {profile.tokens:,} tokens. A line"
        " has the tokens that its verbs were charged, and the episodes that it ended, with the"
        " share of them that were right."
    )


ProposerDiagnostics = Sequence[Mapping[str, Any]]
"""Diagnostics of one proposer, by round."""


def build_search_section(report: RunReport) -> list[Block]:
    """Build the search section; empty if no proposer reported diagnostics."""
    if not report.diagnostics:
        return []
    found: list[Block] = [Heading(2, "The search")]
    for proposer, said in report.diagnostics.items():
        parts: list[Block] = [_by_round(said)]
        for name in _names(said, _is_counts):
            parts += [Paragraph([f"{name}, over all rounds"]), _added(said, name)]
        for name in _names(said, _is_list):
            parts += [Paragraph([f"{name}, in the last round"]), _last(said, name)]
        found.append(CollapsibleSection(f"Diagnostics of {proposer}", parts))
    return found


def _by_round(said: ProposerDiagnostics) -> TextTable:
    names = [
        name
        for name in dict.fromkeys(key for each in said for key in each)
        if not any(_is_counts(each.get(name)) or _is_list(each.get(name)) for each in said)
    ]
    return TextTable(names, [[_spelt(each.get(name)) for name in names] for each in said])


def _added(said: ProposerDiagnostics, name: str) -> TextTable:
    """Sum counts by name, one row per name."""
    sums: dict[str, dict[str, float]] = {}
    for each in said:
        for row, counts in (each.get(name) or {}).items():
            into = sums.setdefault(row, {})
            for column, count in (counts if isinstance(counts, Mapping) else {"": counts}).items():
                if isinstance(count, int | float):
                    into[column] = into.get(column, 0) + count
    columns = list(dict.fromkeys(column for counts in sums.values() for column in counts))
    rows = [[row, *(_spelt(sums[row].get(each)) for each in columns)] for row in sorted(sums)]
    return TextTable([name, *columns], rows)


def _last(said: ProposerDiagnostics, name: str) -> TextTable:
    rows: Sequence[Mapping[str, Any]] = next(
        (each[name] for each in reversed(said) if each.get(name)), []
    )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [each for each in columns if any(isinstance(row.get(each), str) for row in rows)]
    columns = [*texts, *(each for each in columns if each not in texts)]
    cells = [[_spelt(row.get(each)) for each in columns] for row in rows]
    return TextTable(columns, cells, max(1, len(texts)))


def _names(said: ProposerDiagnostics, kind: Callable[[object], bool]) -> list[str]:
    return list(dict.fromkeys(name for each in said for name, value in each.items() if kind(value)))


def _is_counts(value: object) -> bool:
    """Return whether a value is a mapping of counts, or of such mappings."""
    return isinstance(value, Mapping)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _spelt(value: object) -> str:
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
            return ", ".join(map(_spelt, value)) or "-"
        case _:
            return str(value)
