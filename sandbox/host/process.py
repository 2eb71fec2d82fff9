"""Workers as plain processes of this machine: the same protocol, without the second barrier.

For tests, and for your own controllers. A process has a memory limit and no writable pipe besides
its own, but it can read the user's files.
"""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import sandbox
from sandbox.faults import Fault
from sandbox.host.channels import MOST_ERRORS, StreamChannel
from sandbox.host.hangs import explained
from sandbox.host.interfaces import WorkerChannel, WorkerLimits
from store.lifetime import ParentPipe

WORKER = ("-s", "-P", "-m", "sandbox.worker")
"""Search neither the user's packages nor the working directory."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
"""Fix the hash seed, so that sets of strings have one order in every worker."""


class ProcessWorkerLauncher:
    """Start workers with this interpreter."""

    name = "process"

    def __init__(self, limits: WorkerLimits = WorkerLimits()):  # noqa: B008 - it is immutable
        self._limits = limits

    def start(self) -> WorkerChannel:
        """Start a worker; see `sandbox.host.interfaces.WorkerLauncher`."""
        root = str(Path(sandbox.__file__).parents[1])
        pipe = ParentPipe()
        process = subprocess.Popen(
            [sys.executable, *WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=tempfile.gettempdir(),
            env={**ENVIRONMENT, "PYTHONPATH": root},
            start_new_session=True,
            pass_fds=(pipe.descriptor,),
        )
        pipe.bind(process.pid)
        for kind, most in (
            (resource.RLIMIT_AS, self._limits.memory + _ADDRESSES),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
        ):
            resource.prlimit(process.pid, kind, (most, most))
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        requests, replies, errors = process.stdin, process.stdout, process.stderr
        os.set_blocking(errors.fileno(), False)

        def end() -> None:
            process.kill()
            process.wait()
            pipe.close()
            requests.close()
            replies.close()
            errors.close()

        def explain() -> Fault | None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return explained(process.wait(_TO_END), errors.read(MOST_ERRORS) or b"")
            return None

        return StreamChannel(requests.fileno(), replies.fileno(), bytes, end, explain)


_TO_END = 5
"""Timeout in seconds for a process to end after its output has."""


_ADDRESSES = 256 << 20
"""Address space that an interpreter reserves and never uses."""
