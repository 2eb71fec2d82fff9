"""Remove the containers of a process after it ended for any reason.

The kernel cannot end a container with the process that started it, as `store.lifetime` does for
child processes. So each process that starts containers has a guard: a process in its own session
that waits for the end of a pipe which the guarded process holds open.
"""

import contextlib
import os
import subprocess
import sys
import time
from multiprocessing.util import Finalize
from pathlib import Path

import sandbox
from sandbox.host.container_base import MACHINE_LABEL, PROCESS_LABEL, ContainerOwner, this_process

_ROUNDS = 3
"""Number of checks: the engine may still be creating the last container."""

_guards: dict[tuple[int, str | None], "subprocess.Popen[bytes]"] = {}


def ensure_guard() -> None:
    """Start the guard of this process and engine, unless it has one."""
    key = (os.getpid(), os.environ.get("DOCKER_HOST"))
    if key in _guards:
        return
    guard = subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", "sandbox.host.guard", *this_process()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(sandbox.__file__).parents[1])},
        start_new_session=True,
    )
    _guards[key] = guard
    # After an orderly end, the containers are already removed.
    Finalize(None, _dismiss, (guard,), exitpriority=0)


def _dismiss(guard: "subprocess.Popen[bytes]") -> None:
    guard.kill()
    guard.wait()
    assert guard.stdin is not None
    guard.stdin.close()


def main(owner: ContainerOwner) -> None:
    """Wait for the end of standard input, and remove the owner's containers."""
    while sys.stdin.buffer.read(1):
        pass
    from harness.errors import ExternalError
    from sandbox.host.connection import connect
    from sandbox.host.container_base import remove_container

    labels = [f"{MACHINE_LABEL}={owner.machine}", f"{PROCESS_LABEL}={owner.process}"]
    # Without an engine there is nothing to remove.
    with contextlib.suppress(ExternalError), contextlib.closing(connect()) as client:
        for remaining in reversed(range(_ROUNDS)):
            for container in client.containers.list(
                all=True, filters={"label": labels}, ignore_removed=True
            ):
                remove_container(container)
            time.sleep(1 if remaining else 0)


if __name__ == "__main__":
    main(ContainerOwner(*sys.argv[1:]))
