"""Workers as plain processes of this machine: the same protocol, without the second wall.

For tests, and for controllers of one's own. A process has a limit on memory and nothing to write
to, but it can read what its user can.
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
"""Neither the user's packages nor the working directory are searched."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
"""Sets of texts have one order in every worker."""


class ProcessWorkerLauncher:
    """Starts workers with this interpreter."""

    name = "process"

    def __init__(self, limits: WorkerLimits = WorkerLimits()):  # noqa: B008 - it is immutable
        self._limits = limits

    def start(self) -> WorkerChannel:
        """Starts one; see `sandbox.host.interfaces.WorkerLauncher`."""
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
        heard, said, errors = process.stdin, process.stdout, process.stderr
        os.set_blocking(errors.fileno(), False)

        def end() -> None:
            process.kill()
            process.wait()
            pipe.close()
            heard.close()
            said.close()
            errors.close()

        def explain() -> Fault | None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return explained(process.wait(_TO_END), errors.read(MOST_ERRORS) or b"")
            return None

        return StreamChannel(heard.fileno(), said.fileno(), bytes, end, explain)


_TO_END = 5
"""Seconds that a process may take to end after its output has."""


_ADDRESSES = 256 << 20
"""An interpreter takes addresses that it never uses."""
