"""The memory of a program in the trace screen: cells, windows, and what each branch has."""

from collections.abc import Collection, Sequence

from rich.text import Text

from dsl.text_width import measure_text
from harness.escaping import escape_line
from harness.explanation.episode_trace import MemoryState, Value
from harness.presentation.table import align, truncate

LAST_VALUES = 6
"""Values of a window that are shown, the latest."""

LAST_OF_BRANCH = 3
"""Values of a branch window that are shown."""

_WIDEST = 24
"""Columns of one value of a branch."""


def describe_memory(memory: MemoryState, acted: Collection[int]) -> Text:
    """Return the memory as the program had it when it sent a verb.

    Args:
        memory: the memory.
        acted: the branches that the verb acted on; their rows are bold.
    """
    text = Text()
    for name, value in memory.cells.items():
        text.append(f"{name} = {_value(value)}\n", "cyan")
    for name, values in memory.windows.items():
        text.append(f"{name} = {_window(values, LAST_VALUES)}\n", "cyan")
    for name, let in memory.lets.items():
        text_of_value = f"{len(let)} branches" if isinstance(let, tuple) else _value(let)
        text.append(f"{name} = {text_of_value[:40]}\n", "cyan")
    return text.append_text(_branches(memory, acted))


def _branches(memory: MemoryState, acted: Collection[int]) -> Text:
    """Return fields, running values and branch windows: a row for each branch, in opening order."""
    columns = {name: [_value(value) for value in row] for name, row in memory.fields.items()}
    for name, windows in memory.branch_windows.items():
        columns[name] = [_window(values, LAST_OF_BRANCH) for values in windows]
    count = max(map(len, columns.values()), default=0)
    if not count:
        return Text()
    rows = [["branch", *columns]]
    rows += [[str(branch), *(one[branch] for one in columns.values())] for branch in range(count)]
    rows = [[truncate(cell, _WIDEST) for cell in row] for row in rows]
    widths = [max(map(measure_text, cells)) for cells in zip(*rows, strict=True)]
    text = Text()
    for number, row in enumerate(rows):
        cells = (
            align(cell, width, right=not index)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        style = "dim" if not number else ("bold cyan" if number - 1 in acted else "cyan")
        text.append("  ".join(cells).rstrip() + "\n", style)
    return text


def _value(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case None:
            return "none"
        case _:
            return escape_line(str(value))


def _window(values: Sequence[float], most: int) -> str:
    """Return the latest values; an ellipsis is in place of earlier ones."""
    earlier = ["…"] if len(values) > most else []
    return f"[{', '.join([*earlier, *(f'{value:.6g}' for value in values[-most:])])}]"
