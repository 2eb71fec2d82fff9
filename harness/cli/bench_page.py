"""How a run of the benchmark is shown."""

from harness.bench.side_by_side import Report
from harness.cli.table import Column, Table


def standings(report: Report) -> Table:
    """A row for each contender."""
    return Table(
        [
            Column("contender"),
            Column("episodes"),
            Column("reads"),
            Column("seconds", decimals=2),
            Column("elapsed", decimals=2),
            Column("ns_per_read", "ns/read", decimals=2),
            Column("ratio", "to minimal", decimals=2),
            Column("peak_mb", "peak MB", decimals=0),
        ],
        [
            (
                each.contender, each.episodes, each.reads, each.seconds, each.elapsed,
                each.ns_per_read, each.ratio, each.peak_mb,
            )
            for each in report.standings
        ],
    )  # fmt: skip


def page(report: Report) -> str:
    """The whole report as text."""
    lines = [" · ".join(report.machine.values()), "", standings(report).text().rstrip("\n"), ""]
    if report.compile_ms is not None:
        lines.append(f"CMC is compiled in {report.compile_ms:.0f} ms of the processor.")
    compared = [each.contender for each in report.measured if each.cells]
    if len(compared) > 1 and not report.differing:
        lines.append(f"Equal, episode by episode: {', '.join(compared)}.")
    return "\n".join([*lines, *report.differing])
