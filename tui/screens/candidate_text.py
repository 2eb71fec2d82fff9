"""Texts of a candidate's tabs: margin figures, schedule, results."""

from rich.text import Text

from agents.run.records import Review
from dsl.checker.symbols import schedule_lines
from dsl.schedule import evaluate
from harness.escaping import escape_line
from harness.request.controllers import Playable
from harness.request.foreign import ForeignController
from tui.model.replay import LineFigures


def margin(lines: LineFigures) -> dict[int, str]:
    """Format the margin of each line: share of tokens, episodes that it ends, and right ones."""
    margins = {}
    for number in range(1, len(lines.tokens)):
        tokens, ended, right = lines.tokens[number], lines.ended[number], lines.right[number]
        parts = f"{tokens:5.1f}%" if tokens >= 0.05 else " " * 6
        parts += f" {ended:5.1f}" if ended >= 0.05 else " " * 6
        parts += f"→{right:3.0f}✓" if ended >= 0.05 and right is not None else " " * 5
        margins[number] = parts
    return margins


def schedule_text(program: Playable | None) -> Text:
    """Format each knob over β as a line of bars."""
    if program is None:
        return Text("It has errors, so it has no schedule.")
    if isinstance(program, ForeignController):
        return Text("A Python controller follows β in its code, so there is no schedule to show.")
    names = list(schedule_lines(program.checked.program))
    if not names:
        return Text("It does not follow β.")
    betas = [step / 20 for step in range(21)]
    values = [evaluate(program.checked, beta) for beta in betas]
    text = Text("β from 0 to 1\n\n", "dim")
    for name in names:
        column = [float(knobs[name]) for knobs in values]
        low, high = min(column), max(column)
        bars = "".join(
            "▁▂▃▄▅▆▇█"[round(7 * (value - low) / (high - low))] if high > low else "▄"
            for value in column
        )
        text.append(f"{name:<16}", "bold")
        text.append(bars, "cyan")
        text.append(f"  {column[0]:g} .. {column[len(column) // 2]:g} .. {column[-1]:g}\n", "dim")
    return text


def results_text(review: Review | None) -> Text:
    """Format the curve on every recording."""
    if review is None or not review.points:
        return Text("Not reviewed yet.")
    text = Text()
    for label, points in review.points.items():
        worth = review.by_recording.get(label)
        text.append(escape_line(label), "bold")
        text.append("\n" if worth is None else f"  objective {worth:.2f}\n")
        for point in points:
            name = f"β {point.beta:g}" if point.beta is not None else str(point.settings)
            text.append(f"  {name:<10}{point.accuracy:>8.2f} %{point.cost:>14,.0f} tokens")
            if point.sequential is not None:
                text.append(f"{point.sequential:>12,.0f} sequential")
            text.append("\n")
        text.append("\n")
    return text
