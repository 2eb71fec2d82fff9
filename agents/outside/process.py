"""Agents as plain processes: with the rights of whoever began the run."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from agents.outside.places import GRACE, Ran, Tail, ended_in_time
from agents.proposers import Payer
from harness.errors import SurroundingsError
from store.lifetime import ParentPipe


class ProcessPlace:
    """Runs agents as processes of this machine; see `agents.outside.places.Place`."""

    warning = (
        "the agent runs with your rights: it may read and send what you may, recordings too;"
        " --agent-image runs it in a container"
    )
    interpreter = f"{sys.executable} -I"

    def run(self, command: str, folder: Path, prompt: str, *, seconds: float, bench: Payer) -> Ran:
        """See `agents.outside.places.Place.run`. What leaves its process group outlives it."""
        words = shlex.split(command)
        environ = {name: value for name, value in os.environ.items() if _passes(name)}
        environ |= {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
        pipe = ParentPipe()
        try:
            process = subprocess.Popen(
                words, cwd=folder, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, pass_fds=(pipe.descriptor,),
            )  # fmt: skip
        except OSError as problem:
            pipe.close()
            raise SurroundingsError(
                f"--proposer command: {words[0]}: {(problem.strerror or str(problem)).lower()}"
            ) from problem
        pipe.bind(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        tail = Tail()
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, prompt.encode()), daemon=True),
            threading.Thread(target=_drain, args=(process.stdout, tail), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            in_time = ended_in_time(lambda most: _ended(process, most), seconds, bench)
        finally:
            _end(process)
            pipe.close()
            for thread in threads:
                thread.join(GRACE)
        return Ran(process.returncode if in_time else None, tail.text)


def _passes(name: str) -> bool:
    """Whether a variable is the agent's to see: ours could say where things lie."""
    return not name.startswith("RHEOSTAT_") and name not in ("PWD", "OLDPWD")


def _ended(process: "subprocess.Popen[bytes]", most: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(most)
    return process.returncode is not None


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


def _drain(stream: IO[bytes], tail: Tail) -> None:
    """Reads all that it prints."""
    with stream:
        while chunk := os.read(stream.fileno(), 1 << 16):
            tail.put(chunk)
