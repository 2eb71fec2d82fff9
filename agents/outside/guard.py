"""Ends an agent's container when the process that runs it is gone, whichever way it went.

A guard is a process of its own, in a session of its own. It waits for the end of a pipe whose other
end the run holds: the system closes that even where the run is killed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sandbox
from sandbox.host.connection import connect
from sandbox.host.walls import remove


@contextmanager
def guarded(container: str) -> Iterator[None]:
    """Has a container guarded for the length of a block.

    Args:
        container: its identity.
    """
    root = str(Path(sandbox.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", "agents.outside.guard", container],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={**os.environ, "PYTHONPATH": root},
        start_new_session=True,
    ) as guard:
        try:
            yield
        finally:
            guard.kill()


def main(container: str) -> None:
    """Waits for the end of standard input, and ends the container."""
    while sys.stdin.buffer.read(1):
        pass
    with closing(connect()) as client:
        for found in client.containers.list(all=True, filters={"id": container}):
            remove(found)


if __name__ == "__main__":
    main(sys.argv[1])
