"""The part of a report on the search itself: what each proposer says of it.

Proposers say what they like. Plain values stand in a row for each round; counts under names are
added up over rounds; lists are shown as the last round has them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.report.document import Block, Fold, Heading, Paragraph
from agents.report.records import Report
from agents.report.sheets import Sheet

Said = Sequence[Mapping[str, Any]]
"""What one proposer said, by round."""


def searching(report: Report) -> list[Block]:
    """The part; nothing where no proposer said anything."""
    if not report.diagnostics:
        return []
    found: list[Block] = [Heading(2, "The search")]
    for proposer, said in report.diagnostics.items():
        parts: list[Block] = [_by_round(said)]
        for name in _names(said, _is_counts):
            parts += [Paragraph([f"{name}, over all rounds"]), _added(said, name)]
        for name in _names(said, _is_list):
            parts += [Paragraph([f"{name}, in the last round"]), _last(said, name)]
        found.append(Fold(f"What {proposer} says of its search", parts))
    return found


def _by_round(said: Said) -> Sheet:
    names = [
        name
        for name in dict.fromkeys(key for each in said for key in each)
        if not any(_is_counts(each.get(name)) or _is_list(each.get(name)) for each in said)
    ]
    return Sheet(names, [[_spelt(each.get(name)) for name in names] for each in said])


def _added(said: Said, name: str) -> Sheet:
    """Counts under names, each name a row."""
    sums: dict[str, dict[str, float]] = {}
    for each in said:
        for row, counts in (each.get(name) or {}).items():
            into = sums.setdefault(row, {})
            for column, count in (counts if isinstance(counts, Mapping) else {"": counts}).items():
                if isinstance(count, int | float):
                    into[column] = into.get(column, 0) + count
    columns = list(dict.fromkeys(column for counts in sums.values() for column in counts))
    rows = [[row, *(_spelt(sums[row].get(each)) for each in columns)] for row in sorted(sums)]
    return Sheet([name, *columns], rows)


def _last(said: Said, name: str) -> Sheet:
    rows: Sequence[Mapping[str, Any]] = next(
        (each[name] for each in reversed(said) if each.get(name)), []
    )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    texts = [each for each in columns if any(isinstance(row.get(each), str) for row in rows)]
    columns = [*texts, *(each for each in columns if each not in texts)]
    cells = [[_spelt(row.get(each)) for each in columns] for row in rows]
    return Sheet(columns, cells, max(1, len(texts)))


def _names(said: Said, kind: Callable[[object], bool]) -> list[str]:
    return list(dict.fromkeys(name for each in said for name, value in each.items() if kind(value)))


def _is_counts(value: object) -> bool:
    """Whether it is counts under names, or under names of names."""
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
