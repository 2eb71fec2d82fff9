"""How `rheostat run` shows live episodes: a row each, and what they come to."""

from collections.abc import Sequence

from harness.cli.collecting import duration
from harness.cli.table import Cell, Column, Table
from harness.live.against import Difference, Held
from harness.live.running import Lived

_COLUMNS = (
    "question", "seed", "answer", "gold", "right", "tokens", "sequential", "barriers", "probes",
    "probe_tokens", "seconds",
)  # fmt: skip


def table(lived: Sequence[Lived]) -> Table:
    """A row for each episode."""
    return Table([_column(name) for name in _COLUMNS], [_row(each) for each in lived])


def held_table(found: Sequence[Held]) -> Table:
    """The same, each beside its replay."""
    columns = [
        *(_column(name) for name in _COLUMNS),
        Column("same"),
        Column("parts_at", "parts at"),
    ]
    rows = [(*_row(each.lived), "yes" if each.same else "no", each.parts) for each in found]
    return Table(columns, rows)


def _column(name: str) -> Column:
    grouped = name in ("tokens", "sequential")
    return Column(name, name.replace("_", " "), grouped=grouped)


def _row(each: Lived) -> tuple[Cell, ...]:
    found = each.episode
    right = None if found.right is None else ("yes" if found.right else "no")
    return (
        each.question, each.seed, found.answer, found.gold, right, found.tokens, found.sequential,
        len(found.barriers) - 1, each.probes, each.probe_tokens, each.seconds,
    )  # fmt: skip


def summary(lived: Sequence[Lived], seconds: float) -> str:
    """What a run came to, in one line.

    Args:
        lived: its episodes, at least one.
        seconds: what it took in all.
    """
    count = len(lived)
    right = sum(bool(each.episode.right) for each in lived)
    tokens = sum(each.episode.tokens for each in lived)
    sequential = sum(each.episode.sequential for each in lived)
    waits = sorted(each.seconds for each in lived)
    return (
        f"{right} of {count} right ({100 * right / count:.1f} %); {tokens // count:,} tokens and"
        f" {sequential // count:,} sequential for each question, {waits[count // 2]:.1f} s in the"
        f" middle; {tokens / max(seconds, 1e-9):,.0f} tokens/s in {duration(seconds)}"
    )


def distribution(found: Sequence[Difference]) -> str:
    """Live and replay beside each other, a line for each figure."""
    lines = ["live less replay over 100 seeds, with intervals of 95 % over questions:"]
    for each in found:
        places = 2 if each.figure == "accuracy" else 0
        low, high = each.around
        lines.append(
            f"  {each.figure:<10} {each.live:,.{places}f} - {each.replay:,.{places}f}"
            f" = {each.difference:+,.{places}f} [{low:+,.{places}f}, {high:+,.{places}f}]"
        )
    return "\n".join(lines)
