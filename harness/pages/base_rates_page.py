"""The output of `rheostat explore`: base rates as a page, and as tables."""

from collections.abc import Sequence
from enum import StrEnum

from harness.escaping import escape_line
from harness.explanation.base_rates import BaseRate, BaseRates, sort_cases
from harness.explanation.episode_evidence import (
    LEADER_VOTES,
    MORE,
    WIDTH,
    EvidenceGroup,
)
from harness.presentation.table import Cell, Column, Table

LEAST = 20
"""Cases that occurred less often, over all recordings, are left out of pages."""

MAX_CASES = 6
"""The most cases of votes on pages for each number of finished branches, the most frequent ones."""


class RateUnit(StrEnum):
    """What a rate on a page is a mean over."""

    EPISODE = "episode"
    QUESTION = "question"


def rates_table(rates: Sequence[BaseRates]) -> Table:
    """Return every rate of every recording, for CSV."""
    names = BaseRate.__struct_fields__
    rows: list[list[Cell]] = [
        [getattr(rate, name) for name in names] for recording in rates for rate in recording.rates
    ]
    return Table([Column(name) for name in names], rows)


def format_base_rates(
    rates: Sequence[BaseRates],
    width: int | None,
    *,
    unit: RateUnit = RateUnit.EPISODE,
    least: int = LEAST,
) -> str:
    """Return the page: one table of rates by group, the contrasts, and the kinds of questions.

    Args:
        rates: Base rates, by recording.
        width: The column at which lines wrap; ``None`` does not wrap.
        unit: Whether rates are over episodes, or means over questions.
        least: The fewest occurrences of a case that is shown.
    """
    names = "\n".join(
        f"{letter}  {escape_line(recording.recording)}"
        for letter, recording in zip(_letters(rates), rates, strict=True)
    )
    over = "episodes" if unit is RateUnit.EPISODE else "questions, each counted equally"
    lead = (
        f"The first figure of a pair is the percentage right, over {over};"
        f"\nthe second is that of the majority of {MORE} branches in the same cases.\n"
    )
    parts = [f"{names}\n", lead]
    for group in EvidenceGroup:
        table = _group_table(rates, group, unit, least)
        if table.rows:
            parts.append(f"{_TITLES[group]}\n{table.text(width)}")
    contrasts = _contrasts_table(rates)
    if contrasts.rows:
        parts.append(f"{_CONTRASTS}\n{contrasts.text(width)}")
    return "\n".join([*parts, f"{_KINDS}\n{_kinds_table(rates).text(width)}"])


_TITLES = {
    EvidenceGroup.ORDER: f"order of finishing, of {WIDTH} branches read side by side",
    EvidenceGroup.VOTES: (
        "leader of the finished, by the two largest votes; gain: points of accuracy"
        f"\nthat {MORE} branches add there, over all episodes and recordings"
    ),
    EvidenceGroup.UNFINISHED: "answer of unfinished branches that agree",
    EvidenceGroup.DISSENT: (
        f"unfinished branch that disagrees with a leader of {LEADER_VOTES} or more finished votes:"
        "\nis it right in the end, is the leader; tokens: % that such branches still take"
    ),
}

_CONTRASTS = (
    "difference in percentage points within episodes, mean over questions, with 95 %"
    "\nover questions; what branches show is read halfway to the first end"
)

_KINDS = (
    f"how often the majority of {WIDTH} is right: questions, % of the tokens, thousands of"
    "\ntokens of a branch, % of the votes for the leader"
)


def _letters(rates: Sequence[BaseRates]) -> list[str]:
    """Name recordings by letters, beyond the alphabet by numbers, since columns are narrow."""
    few = len(rates) <= 26
    return [chr(ord("A") + index) if few else str(index + 1) for index in range(len(rates))]


def _group_table(
    recordings: Sequence[BaseRates], group: EvidenceGroup, unit: RateUnit, least: int
) -> Table:
    """Return one row for each case, and one column for each recording.

    Args:
        recordings: Base rates, by recording.
        group: Group of the cases.
        unit: Whether rates are over episodes, or means over questions.
        least: The fewest occurrences of a case that is shown.
    """
    by_recording = [
        {rate.case: rate for rate in recording.rates if rate.group == group}
        for recording in recordings
    ]
    columns = [Column("case", name=True), Column("questions"), *map(Column, _letters(recordings))]
    last = {EvidenceGroup.VOTES: "gain", EvidenceGroup.DISSENT: "tokens"}.get(group)
    if last is not None:
        columns.append(Column(last, decimals=1))
    rows: list[list[Cell]] = []
    for case in select_cases(recordings, group, least, MAX_CASES):
        rates = [rates.get(case) for rates in by_recording]
        known = [rate for rate in rates if rate is not None]
        row: list[Cell] = [case, sum(rate.questions for rate in known)]
        row += [None if rate is None else _format_rate(rate, unit) for rate in rates]
        if last is not None:
            total = sum(getattr(rate, last) for rate in known)
            row.append(round(total / len(recordings), 1) + 0.0)  # without negative zero
        rows.append(row)
    return Table(columns, rows)


def select_cases(
    recordings: Sequence[BaseRates], group: EvidenceGroup, least: int, most: int
) -> list[str]:
    """List the cases of a group that are frequent enough, in order.

    Args:
        recordings: Base rates, by recording.
        group: Group of the cases.
        least: The fewest occurrences, over all recordings.
        most: The most cases of votes for each number of finished branches.
    """
    counts: dict[str, int] = {}
    for rate in (
        rate for recording in recordings for rate in recording.rates if rate.group == group
    ):
        counts[rate.case] = counts.get(rate.case, 0) + rate.count
    cases = [case for case in sort_cases(counts) if counts[case] >= least]
    if group is not EvidenceGroup.VOTES:
        return cases
    frequent: set[str] = set()
    for number in dict.fromkeys(case.partition(",")[0] for case in cases):
        same_number = [case for case in cases if case.partition(",")[0] == number]
        frequent.update(sorted(same_number, key=lambda case: -counts[case])[:most])
    return [case for case in cases if case in frequent]


def _format_rate(rate: BaseRate, unit: RateUnit) -> str:
    figures = (rate.right, rate.more)
    if unit is RateUnit.QUESTION:
        figures = (rate.right_by_question, rate.more_by_question)
    return f"{figures[0]:3.0f} {figures[1]:3.0f}"


def _contrasts_table(rates: Sequence[BaseRates]) -> Table:
    """Return two rows for each contrast: the differences, and their intervals."""
    by_recording = [{row.contrast: row for row in recording.contrasts} for recording in rates]
    rows: list[list[Cell]] = []
    for case in dict.fromkeys(case for contrasts in by_recording for case in contrasts):
        found = [contrasts.get(case) for contrasts in by_recording]
        differences = [None if row is None else f"{row.difference:+.1f}" for row in found]
        bounds = [None if row is None else f"{row.low:.1f}..{row.high:.1f}" for row in found]
        rows += [[case, *differences], ["  95 %", *bounds]]
    return Table([Column("the first, minus the others", name=True), *map(Column, _letters(rates))],
                 rows)  # fmt: skip


def _kinds_table(rates: Sequence[BaseRates]) -> Table:
    kinds = dict.fromkeys(kind.kind for recording in rates for kind in recording.kinds)
    rows: list[list[Cell]] = []
    for name in kinds:
        row: list[Cell] = [f"{name} right"]
        for recording in rates:
            [kind] = [kind for kind in recording.kinds if kind.kind == name]
            tokens = NO_FIGURE if kind.tokens is None else f"{kind.tokens / 1000:.1f}"
            votes = NO_FIGURE if kind.votes is None else f"{kind.votes:.0f}"
            row.append(f"{kind.questions:2} {kind.share:3.0f} {tokens:>4} {votes:>3}")
        rows.append(row)
    return Table([Column("majority"), *map(Column, _letters(rates))], rows)


NO_FIGURE = "-"
