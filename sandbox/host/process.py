"""Workers as plain processes of this machine: the same protocol, without the second wall.

For tests, and for controllers of one's own. A process has a limit on memory and nothing to write
to, but it can read what its user can.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import sandbox
from sandbox.host.places import Channel, Limits
from sandbox.host.stream import StreamChannel
from store.lifetime import ParentPipe

WORKER = ("-s", "-P", "-m", "sandbox.worker")
"""Neither the user's packages nor the working directory are searched."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
"""Sets of texts have one order in every worker."""


class ProcessPlace:
    """Starts workers with this interpreter."""

    name = "process"

    def __init__(self, limits: Limits = Limits()):  # noqa: B008 - it is immutable
        self._limits = limits

    def start(self) -> Channel:
        """Starts one; see `sandbox.host.places.Place`."""
        root = str(Path(sandbox.__file__).parents[1])
        pipe = ParentPipe()
        process = subprocess.Popen(
            [sys.executable, *WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
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
        heard, said = process.stdin, process.stdout

        def end() -> None:
            process.kill()
            process.wait()
            pipe.close()
            heard.close()
            said.close()

        return StreamChannel(heard.fileno(), said.fileno(), bytes, end)


_ADDRESSES = 256 << 20
"""An interpreter takes addresses that it never uses."""
