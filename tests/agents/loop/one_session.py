"""A session in a separate process that kills itself at a given event.

python one_session.py RUN [KIND COUNT]: kills itself with SIGKILL at the COUNTth event of KIND.
"""

import os
import signal
import sys
from pathlib import Path

from agents.chat.settings import ChatSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.run.directory import RunDirectory, open_run
from agents.run.events import Event
from agents.run.records import Decision


class Killer:
    """Count events, and kill the process at one of them."""

    def __init__(self, kind: str, count: int):
        self._kind = kind
        self._left = count

    def hear(self, event: Event) -> None:
        if event.kind == self._kind:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        run.write_text("selected.rheo", run.source(candidate))


def main() -> None:
    run = open_run(Path(sys.argv[1]))
    killer = Killer(sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else Killer("", 1)
    manner = SessionOptions(workers=1, wait=False, listen=killer.hear)
    run_session(
        run,
        discovery_task_factory(
            build_proposers(
                run.request.proposers, ProposerResources(run, run.request.asking, ChatSettings())
            )
        ),
        finish,
        manner,
    )


if __name__ == "__main__":
    main()
