"""Run a worker: ``python -m sandbox.worker`` plays controllers for a host over a pipe.

Nothing depends on the worker being trustworthy: the host accepts only what
`sandbox.worker.messages` admits. Only messages are written to the pipe, whatever a controller's
code does.
"""

import gc
import os
import select
import sys
import time
from typing import BinaryIO

from sandbox.faults import Fault, Reason, truncate_text
from sandbox.python.controller import PythonController
from sandbox.python.policy import PolicyViolation
from sandbox.worker.episodes import VerbClock, WaitingEpisodes
from sandbox.worker.messages import (
    HEAD,
    MOST_FINDINGS,
    OUT_OF_MEMORY,
    VERSION,
    EpisodeFault,
    EpisodeMove,
    FromWorker,
    Heartbeat,
    LoadController,
    LoadResult,
    MoveBatch,
    StepBatch,
    WorkerReady,
    decode_to_worker,
    encode,
)

_STILL_HERE = 0.5
"""Interval of signs of life, in seconds, while the host waits."""


_SOON = 0.1
"""Seconds in which the next message usually comes."""

_GARBAGE_THRESHOLD = 50_000
"""New objects between two runs of the garbage collector, which visits the held episodes."""


class WorkerLoop:
    """Answer messages until the host is gone."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO, hang_report: int):
        self._requests = requests
        self._replies = replies
        self._hang_report = hang_report
        self._episodes: WaitingEpisodes | None = None

    def run(self) -> None:
        """Send the first message, then answer requests."""
        self._say(WorkerReady(VERSION))
        while len(head := self._read_head()) == HEAD.size:
            (length,) = HEAD.unpack(head)
            match decode_to_worker(self._requests.read(length)):
                case LoadController() as load:
                    self._say(self._load(load))
                case StepBatch(orders=orders):
                    assert self._episodes is not None
                    moves: list[EpisodeMove] = []
                    last_sign = time.monotonic()
                    with self._episodes.clock.ticking():
                        for move in self._episodes.step(orders):
                            moves.append(move)
                            if isinstance(move, EpisodeFault):
                                self._say(MoveBatch(tuple(moves)))
                                moves.clear()
                            elif time.monotonic() - last_sign > _STILL_HERE:
                                self._say(Heartbeat())
                                last_sign = time.monotonic()
                    if moves:
                        self._say(MoveBatch(tuple(moves)))

    def _read_head(self) -> bytes:
        """Return the length prefix of the next message; less of it if the host is gone."""
        # The host sends nothing before it has its answer, so no message is in the buffer.
        if self._episodes is not None and not any(select.select([self._requests], [], [], _SOON)):
            self._episodes.clock.rest()
        return self._requests.read(HEAD.size)

    def _load(self, load: LoadController) -> LoadResult:
        try:
            controller = PythonController(
                load.text, most_turns=load.most_turns, counting=load.counting
            )
        except PolicyViolation as refusal:
            return LoadResult(
                tuple(
                    Fault(
                        Reason.REFUSED, truncate_text(finding.reason), finding.line, finding.column
                    )
                    for finding in refusal.findings[:MOST_FINDINGS]
                )
            )
        self._episodes = WaitingEpisodes(controller, VerbClock(load.seconds, self._hang_report))
        return LoadResult()

    def _say(self, message: FromWorker) -> None:
        payload = encode(message)
        self._replies.write(HEAD.pack(len(payload)) + payload)
        self._replies.flush()


def main() -> None:
    """Reserve the pipe and redirect the standard streams to nowhere."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    hang_report = os.dup(2)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2) if "--loud" not in sys.argv else (0, 1):
        os.dup2(nowhere, stream)
    # What was imported never becomes garbage, and reference counts free nearly all of the rest.
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)
    try:
        WorkerLoop(requests, replies, hang_report).run()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:  # the host is gone
        os._exit(0)


if __name__ == "__main__":
    main()
