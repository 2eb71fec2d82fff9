"""The output of `rheostat explore`: base rates as a page, and as tables."""

from collections.abc import Sequence

from harness.escaping import escape_line
from harness.explanation.base_rates import MORE, WIDTH, BaseRates, sort_cases
from harness.presentation.table import Cell, Column, Table

LEAST = 20
"""Cases that occurred less often, over all recordings, are left out of pages."""


def rates_table(rates: Sequence[BaseRates]) -> Table:
    """Return every rate of every recording, for CSV."""
    names = ("recording", "group", "case", "count", "right", "more")
    rows: list[list[Cell]] = [
        [getattr(rate, name) for name in names] for recording in rates for rate in recording.rates
    ]
    return Table([Column(name) for name in names], rows)


def format_base_rates(rates: Sequence[BaseRates], width: int | None, least: int = LEAST) -> str:
    """Return the page: one table of rates by group, then the kinds of questions.

    Args:
        rates: Base rates, by recording.
        width: The column at which lines wrap; ``None`` does not wrap.
        least: The fewest occurrences of a case that is shown.
    """
    groups = dict.fromkeys(rate.group for recording in rates for rate in recording.rates)
    parts = [
        f"{escape_line(group)}\n{_group_table(rates, group, least).text(width)}" for group in groups
    ]
    parts.append(f"questions, by the majority of {WIDTH}\n{_kinds_table(rates).text(width)}")
    note = (
        f"Right: percentage of the occurrences in which the answer is right. More: the same for the"
        f" majority of {MORE} branches.\n"
    )
    return "\n".join([*parts, note])


def _group_table(recordings: Sequence[BaseRates], group: str, least: int) -> Table:
    """Return one row for each case, and two columns for each recording."""
    by_recording = [
        {rate.case: rate for rate in recording.rates if rate.group == group}
        for recording in recordings
    ]
    cases = sort_cases(case for rates in by_recording for case in rates)
    columns = [Column("case", name=True), Column("count", grouped=True)]
    for recording in recordings:
        label = recording.rates[0].recording if recording.rates else ""
        columns += [Column(f"{label} right", decimals=1), Column("more", decimals=1)]
    rows: list[list[Cell]] = []
    for case in cases:
        rates = [rates.get(case) for rates in by_recording]
        count = sum(rate.count for rate in rates if rate is not None)
        if count < least:
            continue
        row: list[Cell] = [case, count]
        for rate in rates:
            row += [None, None] if rate is None else [rate.right, rate.more]
        rows.append(row)
    return Table(columns, rows)


def _kinds_table(rates: Sequence[BaseRates]) -> Table:
    columns = [
        Column("recording", name=True),
        Column("right"),
        Column("questions"),
        Column("tokens, %", decimals=1),
    ]
    rows: list[list[Cell]] = [
        [kind.recording, kind.kind, kind.questions, kind.share]
        for rate in rates
        for kind in rate.kinds
    ]
    return Table(columns, rows)
