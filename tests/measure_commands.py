"""Measure the processor time and peak memory of a command, of several builds in turn.

    python -m tests.measure_commands --build rheostat --build other/bin/rheostat check cmc

Each round runs the command once with every build, so that other load on the machine affects all
builds alike. The first round is not counted: it fills caches. Processor time is user and system
time, of the command and of its children.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click


class CommandRun(NamedTuple):
    """What one run of a command took."""

    seconds: float
    """Processor time."""
    peak: int
    """Peak memory, in bytes."""


def measure_command(command: list[str]) -> CommandRun:
    """Run a command once, its output discarded.

    Raises:
        SystemExit: It failed.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{message.decode(errors='replace')}")
    return CommandRun(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--build", "builds", multiple=True, required=True, help="The `rheostat` of a build.")
@click.option("--repeats", default=9, show_default=True)
@click.option("--fresh", type=click.Path(path_type=Path), help="Remove this file before each run.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def measure(
    builds: tuple[str, ...], repeats: int, fresh: Path | None, arguments: tuple[str, ...]
) -> None:
    """Measure a command of several builds; ratios are to the first of them."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    runs: dict[str, list[CommandRun]] = {build: [] for build in builds}
    for _ in range(repeats + 1):
        for build, taken in runs.items():
            if fresh is not None:
                fresh.unlink(missing_ok=True)
            taken.append(measure_command([build, *arguments]))
    first = median(run.seconds for run in runs[builds[0]][1:])
    for build, taken in runs.items():
        seconds = median(run.seconds for run in taken[1:])
        peak = max(run.peak for run in taken[1:]) / 1e6
        click.echo(f"{build}: {seconds:.3f} s, peak {peak:,.0f} MB, {seconds / first:.2f} times")


if __name__ == "__main__":
    measure()
