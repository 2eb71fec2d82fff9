"""The table of runs, from their directories."""

from collections.abc import Sequence
from datetime import UTC, datetime

from agents.run.damage import DAMAGED, WAITING, describe_state, find_damage
from agents.run.directory import RunDirectory
from agents.run.events import count_minutes
from agents.run.records import ResourceUsage
from harness.cli import console
from harness.presentation.table import Cell, Column, Table

RUN_COLUMNS = (
    Column("run", name=True),
    Column("state"),
    Column("waiting"),
    Column("rounds"),
    Column("best"),
    Column("objective", decimals=2),
    Column("gain", decimals=2),
    Column("evaluations", "played", grouped=True),
    Column("tokens", grouped=True),
    Column("usd", decimals=2),
    Column("minutes", decimals=1),
    Column("last", "last event"),
    Column("last_event"),
    Column("reason", "ended by"),
)


_FOR_PROGRAMS = ("objective", "reason", "waiting", "last_event")
"""Columns that do not fit on a terminal, or appear there in another form."""

_FOR_PEOPLE = ("last",)
"""Columns that depend on the time of the command."""

_IF_SPENT = ("tokens", "usd")
"""Columns that a terminal shows only if some run used a language model."""


def build_run_table(runs: Sequence[RunDirectory], *, for_terminal: bool) -> Table:
    """Build a table with a row for each run.

    Args:
        runs: Runs, in table order.
        for_terminal: Whether to omit the columns that do not fit on a terminal.
    """
    now = datetime.now(UTC)
    rows = [_row(run, now, for_terminal=for_terminal) for run in runs]
    columns = [
        index
        for index, column in enumerate(RUN_COLUMNS)
        if (not for_terminal and column.key not in _FOR_PEOPLE)
        or (
            for_terminal
            and column.key not in _FOR_PROGRAMS
            and (column.key not in _IF_SPENT or any(row[index] for row in rows))
        )
    ]
    return Table(
        [RUN_COLUMNS[index] for index in columns],
        [[row[index] for index in columns] for row in rows],
    )


def _row(run: RunDirectory, now: datetime, *, for_terminal: bool) -> list[Cell]:
    log, damage = run.events(), find_damage(run)
    age = int((now - log[-1].at).total_seconds()) if log else None
    times: list[Cell] = [
        count_minutes(log),
        None if age is None else _format_age(age),
        log[-1].at.isoformat() if log else None,
    ]
    name = run.path.name or str(run.path)
    if damage:
        console.warn(damage[0])
        unread: list[Cell] = [None] * (len(RUN_COLUMNS) - len(times) - 3)
        return [name, DAMAGED, *unread, *times, None]
    used, summaries = ResourceUsage(), run.summaries()
    for summary in summaries:
        used += summary.usage
    last = summaries[-1] if summaries else None
    best = last.best if last is not None else None
    ending = run.ending
    gain = run.review(best).baseline_gain if best is not None else None
    state = describe_state(run, ended=ending is not None, waiting=run.waiting, damage=damage)
    is_waiting = state.startswith(WAITING)
    return [
        name,
        WAITING if is_waiting and not for_terminal else state,
        run.waiting if is_waiting else None,
        len(summaries),
        best,
        None if last is None else last.objective,
        None if gain is None else gain.value,
        used.evaluations,
        used.tokens_in + used.tokens_out,
        used.usd,
        *times,
        ending.reason if ending is not None else None,
    ]


def _format_age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
