"""Tables of the evaluation server: curves, settings and comparisons, beside reference programs."""

from collections.abc import Mapping, Sequence

import numpy as np

from agents.formatting import format_gain
from agents.search.measurements import ProgramComparison, ProgramScore, SettingFigures
from agents.search.objective import CurvePoints
from harness.evaluation.frontier import accuracy_at, build_curve
from harness.evaluation.grid import format_knobs
from harness.presentation.table import Cell, Column, Table

References = Sequence[tuple[str, ProgramScore]]
"""Programs to show beside every figure, on the same part of the search set."""

MAX_QUESTIONS = 12
"""Maximum number of questions that a comparison lists."""


def format_score(
    name: str, score: ProgramScore, labels: Sequence[str], references: References
) -> str:
    """Format the objective of a program, and its curve on each recording.

    Args:
        name: What the program is called, with a colon; empty if it is the only one.
        score: Its score.
        labels: Labels of the recordings, in the order of the score.
        references: Programs whose accuracy at the same tokens is shown beside each point.
    """
    parts = [f"{name}objective {score.score:.2f}, the mean over what this round shows"]
    if not score.steady:
        parts.append("its tokens fall somewhere as beta rises, so it cannot be selected")
    for index, label in enumerate(labels):
        curve = score.curves[index]
        beside = [
            _accuracies_at(reference.curves[index], curve.cost) for _, reference in references
        ]
        rows: list[list[Cell]] = []
        for point, (accuracy, cost, sequential) in enumerate(
            zip(curve.accuracy, curve.cost, curve.sequential, strict=True)
        ):
            figures: list[Cell] = [float(accuracy), round(float(cost)), round(float(sequential))]
            rows.append([point + 1, *figures, *(column[point] for column in beside)])
        table = Table([Column("point"), *_FIGURES, *_reference_columns(references)], rows)
        parts.append(
            f"\n{label}: objective {score.by_recording[index]:.2f}\n{table.text().rstrip()}"
        )
    return "\n".join(parts)


def format_settings(
    settings: Sequence[Mapping[str, int | float]],
    figures: SettingFigures,
    labels: Sequence[str],
    references: References,
) -> str:
    """Format the figures of settings of a program, as means over recordings.

    Args:
        settings: Values of the free knobs.
        figures: Figures of each setting.
        labels: Labels of the recordings.
        references: Programs whose accuracy at the same tokens is shown beside each setting.
    """
    accuracy, cost = figures.accuracy.mean(axis=1), figures.cost.mean(axis=1)
    sequential = figures.sequential.mean(axis=1)
    beside = []
    for _, reference in references:
        by_recording = [
            _accuracies_at(curve, figures.cost[:, index])
            for index, curve in enumerate(reference.curves)
        ]
        beside.append([_mean(values) for values in zip(*by_recording, strict=True)])
    rows: list[list[Cell]] = []
    for position, setting in enumerate(settings):
        cheaper = cost <= cost[position]
        better = (
            cheaper
            & (accuracy >= accuracy[position])
            & ((cost < cost[position]) | (accuracy > accuracy[position]))
        )
        row: list[Cell] = [format_knobs(setting) or "defaults", float(accuracy[position])]
        row += [round(float(cost[position])), round(float(sequential[position]))]
        row += [column[position] for column in beside]
        row += [float(value) for value in figures.accuracy[position]] if len(labels) > 1 else []
        rows.append([*row, not better.any()])
    by_label = [Column(label, decimals=2) for label in labels] if len(labels) > 1 else []
    columns = [Column("setting"), *_FIGURES, *_reference_columns(references), *by_label]
    return Table([*columns, Column("frontier")], rows).text().rstrip()


def format_comparison(comparison: ProgramComparison) -> str:
    """Format a paired gain, and the questions on which two programs differ."""
    gain = comparison.gain
    figures = format_gain(gain.value, gain.low, gain.high, signed_bounds=True, separator=" to ")
    verdict = "" if gain.counts else f"; {gain.caveat}"
    listed = comparison.questions[:MAX_QUESTIONS]
    count = len(comparison.questions)
    lines = [f"gain {figures} over {gain.against}{verdict}"]
    if not listed:
        return "\n".join([*lines, "no question differs"])
    shown = "" if count == len(listed) else f"; the {len(listed)} with the largest difference"
    lines.append(f"{count} questions differ, over all beta{shown}")
    rows: list[list[Cell]] = [
        [row.recording, row.question, f"{row.difference:+.1f}", round(row.tokens),
         round(row.other_tokens)]
        for row in listed
    ]  # fmt: skip
    columns = [
        Column("recording"),
        Column("question"),
        Column("difference"),
        Column("tokens", grouped=True),
        Column("tokens of the other", grouped=True),
    ]
    return "\n".join([*lines, Table(columns, rows).text().rstrip()])


_FIGURES = (
    Column("accuracy %", decimals=2),
    Column("tokens", grouped=True),
    Column("sequential", grouped=True),
)


def _reference_columns(references: References) -> list[Column]:
    return [Column(f"{name} at these tokens", decimals=2) for name, _ in references]


def _accuracies_at(curve: CurvePoints, cost: np.ndarray) -> list[float | None]:
    """Return a curve's accuracy at each number of tokens; ``None`` left of its first point."""
    built = build_curve(curve.cost, curve.accuracy)
    repeated = type(built)(*(np.broadcast_to(part, (len(cost), len(part))) for part in built))
    values = accuracy_at(repeated, np.asarray(cost, float)).tolist()
    first = float(built.cost[0])
    return [value if tokens >= first else None for value, tokens in zip(values, cost, strict=True)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
