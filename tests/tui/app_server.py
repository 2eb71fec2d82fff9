"""The app served to browsers, as a process of its own."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

COMMAND = [str(Path(sys.executable).with_name("rheostat"))]


class Served(NamedTuple):
    """An app that is served."""

    url: str
    """The address that it printed."""
    port: int


@contextmanager
def served_app(place: Path) -> Iterator[Served]:
    """Serve a run or a directory of runs for the length of a block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [*COMMAND, "tui", str(place), "--serve", "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as app:
        assert app.stderr is not None
        try:
            line = app.stderr.readline()
            result = re.match(r"open (http://\S+); press Ctrl-C to stop", line)
            assert result, line
            _await_port(port)
            yield Served(result[1], port)
        finally:
            app.terminate()
            app.communicate(timeout=30)


def _await_port(port: int) -> None:
    import time

    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "it is not served"
            time.sleep(0.1)
        else:
            return
