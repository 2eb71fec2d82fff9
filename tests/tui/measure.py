"""Measures the app on a large run, ``python -m tests.tui.measure RUN``.

RUN is a run of `rheostat discover`. A copy of it is made with 500 candidates and an event log of
100,000 lines; the app is opened on it, and driven from screen to screen. Printed are the seconds
until the run is shown, the longest time for which the event loop stood still on each screen, and
the memory of the process.
"""

import asyncio
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import DataTable

from tui.app import RheostatApp

CANDIDATES, EVENTS = 500, 100_000


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
        self.longest = 0.0

    async def watch(self) -> None:
        """Ticks every millisecond, and keeps the longest gap beyond it."""
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            self.longest = max(self.longest, now - before - 0.001)
            before = now

    def take(self) -> float:
        """The longest gap since it was last taken, in milliseconds."""
        result, self.longest = self.longest * 1000, 0.0
        return result


async def settled(pilot: "Pilot[None]") -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def main(run: Path) -> None:
    """Drives the app."""
    begun = time.perf_counter()
    app = RheostatApp(run)
    async with app.run_test(size=(160, 48)) as pilot:
        stalls = Stalls()
        watching = asyncio.create_task(stalls.watch())
        while (
            not app.screen.query("#candidates")
            or not app.screen.query_one("#candidates", DataTable).row_count
        ):
            await asyncio.sleep(0.005)
        say("run shown after, s", time.perf_counter() - begun)
        say("rows", app.screen.query_one("#candidates", DataTable).row_count)
        await settled(pilot)
        say("opening: longest stall, ms", stalls.take())
        for key in ("down", "up", "s", "s", "right_square_bracket"):
            await pilot.press(key)
            await settled(pilot)
            say(f"{key}: longest stall, ms", stalls.take())
        await asyncio.sleep(3)
        say("three seconds of following: longest stall, ms", stalls.take())
        for key in ("enter", "4", "t", "left", "left", "home", "end", "v", "n"):
            await pilot.press(key)
            await settled(pilot)
            say(f"{key}: longest stall, ms", stalls.take())
        watching.cancel()
    say("memory at the most, MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def say(what: str, value: float) -> None:
    sys.stdout.write(f"{what:<50}{value:>10.2f}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(enlarged(Path(sys.argv[1]), Path(folder) / "run")))
