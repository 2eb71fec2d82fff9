"""Runners of command-line agents: the protocol, the plain process, and which one a run uses.

An agent runs in a container if an image is named, and otherwise as a process with the permissions
of the user. A runner ends everything that the agent started.
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
from harness.request.option_names import name_option
from store.lifetime import ParentPipe

MAX_OUTPUT_BYTES = 64 * 1024
"""Number of last bytes of an agent's output that are stored."""

POLL_SECONDS = 0.1
"""Seconds between two checks of an agent."""

GRACE_SECONDS = 2.0
"""Seconds between terminating an agent and killing it."""


class AgentResult(NamedTuple):
    """Result of an agent."""

    status: int | None
    """Exit status; ``None`` if its time was over."""
    output: str
    """The end of its output."""


class AgentRunner(Protocol):
    """A way to run agents."""

    @property
    def warning(self) -> str:
        """Warning if agents are not isolated; empty if they are."""
        ...

    @property
    def interpreter(self) -> str:
        """Interpreter in the first line of the client shim, after ``#!``."""
        ...

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """Run a command in a directory, and end it with all processes that it started.

        It is ended when its time is over, and when the session is interrupted.

        Args:
            command: Command line, split as in a shell; no shell runs it.
            folder: Working directory; its ``bin`` comes first in ``PATH``.
            prompt: Standard input of the command.
            seconds: Maximum time in seconds.
            bench: Reports interrupts and the end of the run's time.

        Raises:
            ExternalError: The command does not exist, or cannot be started.
            KeyboardInterrupt: A stop was requested.
        """
        ...


class OutputTail:
    """The last bytes of an agent's output."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._size = 0

    def append(self, part: bytes) -> None:
        """Append output, and drop what exceeds the limit from the start."""
        self._parts.append(part)
        self._size += len(part)
        while self._size - len(self._parts[0]) > MAX_OUTPUT_BYTES:
            self._size -= len(self._parts.popleft())

    @property
    def text(self) -> str:
        """The stored output as text."""
        return b"".join(self._parts)[-MAX_OUTPUT_BYTES:].decode(errors="replace")


def wait_for_end(ended: Callable[[float], bool], seconds: float, bench: BudgetGuard) -> bool:
    """Wait for the end of an agent; return ``False`` if its time is over first.

    Args:
        ended: Waits for a number of seconds at most, and returns whether the agent has ended.
        seconds: Maximum time in seconds.
        bench: Reports interrupts and the end of the run's time.

    Raises:
        KeyboardInterrupt: A stop was requested.
    """
    until = time.monotonic() + seconds
    while not ended(POLL_SECONDS):
        bench.check_interrupt()
        if time.monotonic() > until or bench.is_out_of_time():
            return False
    return True


class AgentProcessRunner:
    """Run agents as processes of this machine; see `AgentRunner`."""

    interpreter = f"{sys.executable} -I"

    @property
    def warning(self) -> str:
        """See `AgentRunner`."""
        return (
            "the agent runs with your permissions: it can read and send any file that you can,"
            f" recordings included; use {name_option('agent_image')} to run it in a container"
        )

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """Run a command as a process; see `AgentRunner.run`.

        A process that leaves the process group of the agent is not ended with it.

        Args:
            command: Command line, split as in a shell; no shell runs it.
            folder: Working directory.
            prompt: Standard input of the command.
            seconds: Maximum time in seconds.
            bench: Reports interrupts and the end of the run's time.

        Raises:
            ExternalError: The command does not exist, or cannot be started.
            KeyboardInterrupt: A stop was requested.
        """
        arguments = shlex.split(command)
        environ = {name: value for name, value in os.environ.items() if _is_passed_on(name)}
        environ |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        pipe = ParentPipe()
        try:
            process = subprocess.Popen(
                arguments,
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
            reason = (problem.strerror or str(problem)).lower()
            name = name_option("proposers", f"command:{arguments[0]}")
            raise ExternalError(f"{name}: {reason}") from problem
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
    """Return whether an agent gets an environment variable: ours could reveal paths of a run."""
    return not name.startswith("RHEOSTAT_") and name not in ("PWD", "OLDPWD")


def _has_ended(process: "subprocess.Popen[bytes]", most: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(most)
    return process.returncode is not None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Terminate the process group if its leader is running, then kill it."""
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
    with suppress(BrokenPipeError), stream:  # the agent need not read its input
        stream.write(prompt)


def _drain(stream: IO[bytes], tail: OutputTail) -> None:
    """Read the whole output."""
    with stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail.append(chunk)


def select_runner(asking: ModelOptions, settings: AgentSettings) -> AgentRunner:
    """Return a runner in containers if an image is named, else one of plain processes.

    Args:
        asking: Model options, with the image, the network and the variables.
        settings: Resource limits of the containers.

    Raises:
        InputError: See `agents.external_agents.container.AgentContainerRunner`.
        ExternalError: See `agents.external_agents.container.AgentContainerRunner`.
    """
    if not asking.agent_image:
        return AgentProcessRunner()
    from agents.external_agents.container import AgentContainerRunner

    return AgentContainerRunner(
        asking.agent_image, asking.agent_network, asking.agent_env, settings
    )
