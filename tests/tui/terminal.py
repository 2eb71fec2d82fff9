"""A real terminal: tmux, in which programs are started, typed at, and looked at."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 180.0


class Terminal:
    """One window.

    Args:
        socket: of a tmux server of its own.
    """

    def __init__(self, socket: Path):
        self._socket = socket

    def tmux(self, *words: str) -> str:
        """One command of tmux's."""
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, check=False
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        """Presses keys, as tmux names them."""
        for key in keys:
            self.tmux("send-keys", key)
            time.sleep(0.15)

    def text(self) -> str:
        """What it shows."""
        return self.tmux("capture-pane", "-p")

    def wait_for(self, *words: str) -> str:
        """Waits until it shows all of some words, and gives all that it shows."""
        deadline = time.monotonic() + PATIENCE
        while not all(word in (text := self.text()) for word in words):
            assert time.monotonic() < deadline, f"{words} did not come:\n{text}"
            time.sleep(0.1)
        return text

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Waits until something holds beside it."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.text()}"
            time.sleep(0.1)


def has_tmux() -> bool:
    """Whether there is one."""
    return shutil.which("tmux") is not None


@contextmanager
def terminal(
    words: Sequence[str], folder: Path, socket: Path, size: tuple[int, int] = (120, 40)
) -> Iterator[Terminal]:
    """Runs a command in a terminal for the length of a block.

    Args:
        words: the command.
        folder: where it works.
        socket: a path for a tmux server of its own.
        size: columns and rows.
    """
    result = Terminal(socket)
    # The window stays when the command has ended, so that its last words can be read.
    line = f"env -u COLUMNS -u LINES {shlex.join(words)}; echo ended with $?; sleep 600"
    result.tmux(
        "-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]),
        "-c", str(folder), line,
    )  # fmt: skip
    try:
        yield result
    finally:
        result.tmux("kill-server")
