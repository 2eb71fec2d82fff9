"""How `rheostat inspect` shows records of trials: a page for one, a row for each of several."""

from collections.abc import Sequence

from harness.cli.table import Cell, Column, Table
from harness.escaping import escape_line
from harness.explanation.trials import TrialsInspection

_LABEL = 14


def trials_page(found: TrialsInspection) -> str:
    """Everything about one record."""
    pairs = [
        ("record", found.path),
        ("pipeline", found.pipeline),
        ("digest", found.digest),
        *(("stage", f"{each.stage}: {', '.join(each.models)}") for each in found.stages),
        ("questions", f"{found.questions}, scored by {found.metric}"),
        ("trials", str(found.trials)),
    ]
    if found.best is not None:
        best = found.best
        pairs.append(("best", f"{100 * best.score:.2f} % for {best.cost:.4g}: {best.allocation}"))
    if found.torn is not None:
        pairs.append(("torn", f"{found.torn}; the next trial takes its place"))
    lines = "".join(f"{name:<{_LABEL}}{escape_line(text)}\n" for name, text in pairs)
    if found.per_question is None:
        return lines
    return f"{lines}\n{trials_questions([found]).text()}"


def trials_overview(records: Sequence[TrialsInspection]) -> Table:
    """A row for each record."""
    columns = [
        Column("record", name=True), Column("pipeline"), Column("questions"), Column("trials"),
        Column("best_score", "best, %", 2), Column("cost", decimals=1), Column("torn"),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            each.path,
            each.pipeline,
            each.questions,
            each.trials,
            None if each.best is None else 100 * each.best.score,
            None if each.best is None else each.best.cost,
            "no" if each.torn is None else "yes",
        )
        for each in records
    ]
    return Table(columns, rows)


def trials_questions(records: Sequence[TrialsInspection]) -> Table:
    """A row for each question of each record."""
    columns = [
        Column("record", name=True), Column("question"), Column("mean", "mean, %", 2),
        Column("best", "best trial, %", 2),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (each.path, one.id, 100 * one.mean, 100 * one.best)
        for each in records
        for one in each.per_question or ()
    ]
    return Table(columns, rows)
