"""Measures the app on a large run, ``python -m tests.tui.measure RUN [SESSIONS]``.

RUN is a run of `rheostat discover`. A copy of it is made with 500 candidates and an event log of
100,000 lines; the app is opened on it in a process of its own, SESSIONS times, and
driven from screen to screen. Printed are, for each operation, the longest time for which the event
loop stood still, the median and the best of the sessions: by the clock, which includes what other
processes of the machine take, and in processor time of the thread of the event loop. What is done
several times in a session counts with its longest time.
"""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from tui.app import RheostatApp
from tui.widgets.row_table import RowTable

CANDIDATES, EVENTS, SESSIONS = 500, 100_000, 5

OPERATIONS: Sequence[tuple[str, Sequence[str]]] = (
    ("moving the cursor", ("down", "up", "down", "pagedown", "pageup")),
    ("sorting the candidates", ("s",) * 5),
    ("moving β over the candidates", ("right_square_bracket",) * 3 + ("left_square_bracket",) * 3),
    ("opening a candidate", ("enter",)),
    ("opening its questions", ("4",)),
    ("sorting the questions", ("s",) * 5),
    ("moving β over the questions", ("right_square_bracket",) * 2),
    ("opening its other tabs", ("2", "3", "5", "1")),
    ("opening an episode", ("t",)),
    ("stepping through the episode", ("left", "left", "home", "end")),
    ("two controllers side by side", ("v",)),
    ("the next question", ("n",)),
    ("going back to the run", ("escape", "escape")),
    ("opening a candidate again", ("enter",)),
)
"""What is done on the screen of the run, one after the other, and its keys."""


class Stall(NamedTuple):
    """The longest time without a turn of the event loop, in milliseconds."""

    wall: float
    processor: float
    """Processor time of the thread of the event loop."""


def enlarged(run: Path, target: Path) -> Path:
    """A copy with many candidates and a long log."""
    shutil.copytree(run, target, ignore=shutil.ignore_patterns("*.sqlite*"))
    result = sorted((target / "candidates").glob("r*"))
    for number in range(len(result), CANDIDATES):
        source = result[number % len(result)]
        name = f"r{100 + number // 3:03d}-{1 + number % 3}"
        folder = target / "candidates" / name
        if folder.exists():
            continue
        shutil.copytree(source, folder)
        for record in ("draft.json", "review.json"):
            path = folder / record
            document = json.loads(path.read_text())
            document["candidate"] = name
            path.write_text(json.dumps(document))
    log = target / "events.jsonl"
    lines = log.read_text().splitlines()
    searching = next(line for line in lines if '"searching"' in line)
    log.write_text("\n".join([*lines[:-1], *[searching] * (EVENTS - len(lines)), lines[-1]]) + "\n")
    return target


class Stalls:
    """Watches how long the event loop stands still."""

    def __init__(self) -> None:
        self._longest = Stall(0.0, 0.0)

    async def watch(self) -> None:
        """Ticks every millisecond, and keeps the longest gap beyond it."""
        before, used = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now, use = time.perf_counter(), time.thread_time()
            gap = Stall(1000 * (now - before) - 1, 1000 * (use - used))
            self._longest = Stall(*map(max, self._longest, gap))
            before, used = now, use

    def take(self) -> Stall:
        """The longest gap since it was last taken."""
        result, self._longest = self._longest, Stall(0.0, 0.0)
        return result


async def settled(pilot: "Pilot[None]") -> None:
    """Waits until no worker works any more, and all is drawn."""
    with suppress(WorkerCancelled):  # a later request replaces a poll, or what is played
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def session(run: Path, say: Callable[..., None]) -> None:
    """Drives the app through all operations, and reports what it measured."""
    begun = time.perf_counter()
    app = RheostatApp(run)
    async with app.run_test(size=(160, 48)) as pilot:
        stalls = Stalls()
        watching = asyncio.create_task(stalls.watch())
        while not any(table.row_count for table in app.screen.query(RowTable)):
            await asyncio.sleep(0.005)
        say("shown", time.perf_counter() - begun)
        await settled(pilot)
        say("opening the run", *stalls.take())
        await asyncio.sleep(3)
        say("following the run for three seconds", *stalls.take())
        for operation, keys in OPERATIONS:
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            say(operation, *stalls.take())
        watching.cancel()
    say("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(run: Path, sessions: int) -> None:
    """Prints what sessions measured, each in a process of its own."""
    measured: dict[str, list[list[float]]] = {}
    load = [os.getloadavg()[0]]
    for _ in range(sessions):
        command = [sys.executable, "-m", "tests.tui.measure", "--session", str(run)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            operation, *values = json.loads(line)
            measured.setdefault(operation, []).append(values)
        load.append(os.getloadavg()[0])
    shown = [values[0] for values in measured.pop("shown")]
    memory = [values[0] for values in measured.pop("memory")]
    write(f"load {min(load):.1f} to {max(load):.1f} on {os.cpu_count()} processors")
    write(f"the run is shown after {median(shown):.2f} s, at the best {min(shown):.2f} s")
    write(f"peak memory {max(memory):.0f} MB")
    write(f"{'longest stall, ms':<40}{'wall':>8}{'best':>8}{'processor':>12}{'best':>8}")
    for operation, stalls in measured.items():
        wall, processor = zip(*stalls, strict=True)
        write(
            f"{operation:<40}{median(wall):>8.1f}{min(wall):>8.1f}"
            f"{median(processor):>12.1f}{min(processor):>8.1f}"
        )


def write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(words: Sequence[str]) -> None:
    """Measures a run, or drives one session on an enlarged run."""
    if words[0] == "--session":
        asyncio.run(session(Path(words[1]), lambda *values: write(json.dumps(values))))
        return
    sessions = int(words[1]) if len(words) > 1 else SESSIONS
    with tempfile.TemporaryDirectory() as folder:
        measure(enlarged(Path(words[0]), Path(folder) / "run"), sessions)


if __name__ == "__main__":
    main(sys.argv[1:])
