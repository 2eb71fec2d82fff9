"""Runners of command-line agents: the protocol, the plain process, and which one a run uses.

An agent runs in a container where an image is named, and otherwise as a process with the user's
rights. A runner ends everything that the agent started.
"""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from agents.external_agents.settings import AgentSettings
from agents.run.budget_guard import BudgetGuard
from agents.run.records import ModelOptions
from harness.errors import ExternalError
from store.lifetime import ParentPipe

MAX_OUTPUT_BYTES = 64 * 1024
"""Bytes of an agent's output that are kept, the last ones."""

POLL_SECONDS = 0.1
"""Seconds between two looks at it."""

GRACE_SECONDS = 2.0
"""Seconds between asking it to end and ending it."""


class AgentResult(NamedTuple):
    """How an agent came to its end."""

    status: int | None
    """Its exit status; ``None`` where its time was over."""
    output: str
    """The end of what it printed."""


class AgentRunner(Protocol):
    """Runs agents."""

    @property
    def warning(self) -> str:
        """What holds an agent back too little here; empty where a wall does."""
        ...

    @property
    def interpreter(self) -> str:
        """The first line of the agent's ``rheostat``, behind ``#!``."""
        ...

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """Run a command in a directory, and end it with all processes that it started.

        It is ended when its time is over, and when the session is interrupted.

        Args:
            command: as in a shell, but for no shell.
            folder: where it works; the ``bin`` in it comes first in its path.
            prompt: its standard input.
            seconds: that it may take.
            bench: says when the run's own time is over, and when somebody asks for an end.

        Raises:
            ExternalError: there is no such command, or it cannot be started.
            KeyboardInterrupt: somebody asked for an end.
        """
        ...


class OutputTail:
    """The end of what an agent prints."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def put(self, part: bytes) -> None:
        """Add new output, and drop what is too old."""
        self._parts.append(part)
        self._size += len(part)
        while self._size - len(self._parts[0]) > MAX_OUTPUT_BYTES:
            self._size -= len(self._parts.popleft())

    @property
    def text(self) -> str:
        """What is kept."""
        return b"".join(self._parts)[-MAX_OUTPUT_BYTES:].decode(errors="replace")


def wait_for_end(ended: Callable[[float], bool], seconds: float, bench: BudgetGuard) -> bool:
    """Wait for an agent's end; ``False`` where its time was over before.

    Args:
        ended: waits so many seconds at most, and says whether it has ended.
        seconds: that it may take.
        bench: see `AgentRunner.run`.

    Raises:
        KeyboardInterrupt: somebody asked for an end.
    """
    until = time.monotonic() + seconds
    while not ended(POLL_SECONDS):
        bench.check_interrupt()
        if time.monotonic() > until or bench.is_out_of_time():
            return False
    return True


class AgentProcessRunner:
    """Runs agents as processes of this machine; see `AgentRunner`."""

    warning = (
        "the agent runs with your rights: it may read and send what you may, recordings too;"
        " --agent-image runs it in a container"
    )
    interpreter = f"{sys.executable} -I"

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """See `AgentRunner.run`. What leaves its process group outlives it."""
        words = shlex.split(command)
        environ = {name: value for name, value in os.environ.items() if _is_passed_on(name)}
        environ |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        pipe = ParentPipe()
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(pipe.descriptor,),
            )
        except OSError as problem:
            pipe.close()
            raise ExternalError(
                f"--proposer command: {words[0]}: {(problem.strerror or str(problem)).lower()}"
            ) from problem
        pipe.bind(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        tail = OutputTail()
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, prompt.encode()), daemon=True),
            threading.Thread(target=_drain, args=(process.stdout, tail), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            in_time = wait_for_end(lambda most: _has_ended(process, most), seconds, bench)
        finally:
            _end(process)
            pipe.close()
            for thread in threads:
                thread.join(GRACE_SECONDS)
        return AgentResult(process.returncode if in_time else None, tail.text)


def _is_passed_on(name: str) -> bool:
    """Whether a variable is the agent's to see: ours could say where things lie."""
    return not name.startswith("RHEOSTAT_") and name not in ("PWD", "OLDPWD")


def _has_ended(process: "subprocess.Popen[bytes]", most: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(most)
    return process.returncode is not None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the whole group: politely while its leader lives, then for good."""
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _feed(stream: IO[bytes], prompt: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # it need not read what it is told
        stream.write(prompt)


def _drain(stream: IO[bytes], tail: OutputTail) -> None:
    """Read the whole output."""
    with stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail.put(chunk)


def select_runner(asking: ModelOptions, settings: AgentSettings) -> AgentRunner:
    """Return a container where an image is named, and else a plain process.

    Args:
        asking: names the image, the network and the variables.
        settings: what an agent may use in a container.

    Raises:
        InputError: and `ExternalError`: see
        `agents.external_agents.container.AgentContainerRunner`.
    """
    if not asking.agent_image:
        return AgentProcessRunner()
    from agents.external_agents.container import AgentContainerRunner

    return AgentContainerRunner(
        asking.agent_image, asking.agent_network, asking.agent_env, settings
    )
