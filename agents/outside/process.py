"""Runs an agent: with a prompt on its standard input, for so long and no longer."""

import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from agents.proposers import Bench
from harness.errors import SurroundingsError

KEPT = 64 * 1024
"""Bytes of an agent's output that are kept, the last ones."""

LOOK = 0.1
"""Seconds between two looks at it."""

GRACE = 2.0
"""Seconds between asking it to end and ending it."""


class Ran(NamedTuple):
    """How an agent came to its end."""

    status: int | None
    """Its exit status; ``None`` where its time was over."""
    output: str
    """The end of what it printed."""


def run(command: str, folder: Path, prompt: str, *, seconds: float, bench: Bench) -> Ran:
    """Runs a command in a directory.

    It and whatever it started in its process group are ended when it ends, when its time is over,
    and when the session is interrupted.

    Args:
        command: as in a shell, but for no shell.
        folder: where it works; the ``bin`` in it comes first in its path.
        prompt: its standard input.
        seconds: that it may take.
        bench: says when the run's own time is over, and when somebody asks for an end.

    Raises:
        SurroundingsError: there is no such command.
        KeyboardInterrupt: somebody asked for an end.
    """
    words = shlex.split(command)
    environ = {name: value for name, value in os.environ.items() if _passes(name)}
    environ |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        process = subprocess.Popen(
            words, cwd=folder, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as problem:
        raise SurroundingsError(
            f"--proposer command: {words[0]}: {(problem.strerror or str(problem)).lower()}"
        ) from problem
    assert process.stdin is not None
    assert process.stdout is not None
    tail: deque[bytes] = deque()
    threads = [
        threading.Thread(target=_feed, args=(process.stdin, prompt.encode()), daemon=True),
        threading.Thread(target=_drain, args=(process.stdout, tail), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        status = _waited(process, time.monotonic() + seconds, bench)
    finally:
        _end(process)
        for thread in threads:
            thread.join(GRACE)
    return Ran(status, b"".join(tail)[-KEPT:].decode(errors="replace"))


def _passes(name: str) -> bool:
    """Whether a variable is the agent's to see: ours could say where things lie."""
    return not name.startswith("RHEOSTAT_") and name not in ("PWD", "OLDPWD")


def _waited(process: "subprocess.Popen[bytes]", until: float, bench: Bench) -> int | None:
    while process.poll() is None:
        bench.heed()
        if time.monotonic() > until or bench.out_of_time():
            return None
        time.sleep(LOOK)
    return process.returncode


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the whole group: politely while its leader lives, then for good."""
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _feed(stream: IO[bytes], prompt: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # it need not read what it is told
        stream.write(prompt)


def _drain(stream: IO[bytes], tail: deque[bytes]) -> None:
    """Reads all that it prints, and keeps the end."""
    size = 0
    with stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail.append(chunk)
            size += len(chunk)
            while size - len(tail[0]) > KEPT:
                size -= len(tail.popleft())
