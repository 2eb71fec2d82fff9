"""Commands as processes of their own, and what is left of those that they started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
START = "import sys; from harness.cli.entry import run; sys.exit(run())"

ENDINGS = [signal.SIGTERM, signal.SIGKILL]


class Process(NamedTuple):
    """A process, told from a later one with the same number."""

    number: int
    start: str


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start ``rheostat`` in a session of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            yield command
        finally:
            command.kill()


def end(command: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """Send a signal to the one process, and give what it said on stderr."""
    command.send_signal(number)
    command.wait(30)
    assert command.stderr is not None
    return command.stderr.read()


def descendants(parent: int) -> set[Process]:
    """All processes that a process started, and that these started."""
    children: dict[int, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (found := _fields(int(entry.name))):
            children.setdefault(int(found[1]), []).append(Process(int(entry.name), found[19]))
    met: set[Process] = set()
    left = [parent]
    while left:
        for child in children.get(left.pop(), []):
            met.add(child)
            left.append(child.number)
    return met


def wait_for(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.05)


def is_alive(process: Process) -> bool:
    """Whether it runs still; one that nobody has waited for does not."""
    found = _fields(process.number)
    return bool(found) and found[19] == process.start and found[0] not in "ZX"


def command_line(process: Process) -> str:
    """What it was started with; empty where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process.number}/cmdline").read_text(errors="replace")
    return ""


def _fields(number: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []
