"""Client of one worker: its messages must be valid and in time."""

import time
from collections.abc import Iterator

from sandbox.faults import ControllerError, Fault, Reason, truncate_text
from sandbox.host.interfaces import WorkerChannel, WorkerLauncher, WorkerLost
from sandbox.worker.messages import (
    VERSION,
    DropEpisode,
    EpisodeMove,
    FromWorker,
    Heartbeat,
    LoadController,
    LoadResult,
    MoveBatch,
    Order,
    StepBatch,
    ToWorker,
    WorkerReady,
    decode_from_worker,
    encode,
)
from store.decode_errors import DECODE_ERRORS, describe_decode_error

START_SECONDS = 60.0
"""Timeout for the start of a container on a busy machine, in seconds."""

MOST_SIGNS = 1000
"""Maximum signs of life before one answer."""


class WorkerClient:
    """A started worker with a controller loaded.

    Args:
        place: Launcher of the worker.
        load: Controller to load.
        patience: Seconds without a sign of life after which it is abandoned.

    Raises:
        ExternalError: The worker cannot be started.
        WorkerLost: The worker fails before it is ready.
        ControllerError: Loading the controller fails.
    """

    def __init__(self, launcher: WorkerLauncher, load: LoadController, patience: float):
        self._patience = patience
        self._pending: tuple[int, ...] = ()
        self._channel: WorkerChannel = launcher.start()
        self.findings: tuple[Fault, ...] = ()
        """Why the policy forbids the controller; empty if it does not."""
        try:
            self._greet(load)
        except BaseException:
            self.end()
            raise

    def _greet(self, load: LoadController) -> None:
        ready = self._heard(START_SECONDS)
        if not isinstance(ready, WorkerReady) or ready.version != VERSION:
            raise self._lost(Reason.GARBLED, f"it does not speak version {VERSION}")
        try:
            self._say(load)
            loaded = self._heard(START_SECONDS)
        except WorkerLost as lost:
            fault = lost.fault
        else:
            if isinstance(loaded, LoadResult):
                self.findings = loaded.findings
                return
            fault = Fault(Reason.GARBLED, "it sent an unexpected answer to loading the code")
        # The worker was well until it was given this code.
        raise ControllerError(fault)

    def ask(self, orders: tuple[Order, ...]) -> None:
        """Send one barrier of each of many episodes.

        Raises:
            WorkerLost: The worker is gone or does not read.
        """
        if self._channel.has_unread:
            raise self._lost(Reason.GARBLED, "it sent an unrequested message")
        self._pending = tuple(order.key for order in orders if not isinstance(order, DropEpisode))
        self._say(StepBatch(orders))

    def answered(self) -> Iterator[EpisodeMove]:
        """Yield the resulting moves, one for each order, in order, as they arrive.

        Raises:
            WorkerLost: They do not arrive, or are invalid.
        """
        pending = self._pending
        # A compromised worker can send signs of life forever, so their number is limited.
        until = time.monotonic() + self._patience * (1 + len(self._pending))
        for _ in range(MOST_SIGNS + len(pending)):
            if not pending:
                return
            message = self._heard(min(self._patience, until - time.monotonic()))
            if isinstance(message, Heartbeat):
                continue
            if not isinstance(message, MoveBatch):
                break
            met = tuple(move.key for move in message.moves)
            if not met or met != pending[: len(met)]:
                raise self._lost(Reason.GARBLED, "it moved other episodes than requested")
            pending = pending[len(met) :]
            yield from message.moves
        raise self._lost(Reason.GARBLED, "it sent an unexpected answer")

    def end(self) -> None:
        """End the worker."""
        self._channel.end()

    def _say(self, message: ToWorker) -> None:
        self._channel.send(encode(message), self._patience)

    def _heard(self, seconds: float) -> FromWorker:
        try:
            message: FromWorker = decode_from_worker(self._channel.receive(seconds))
        except DECODE_ERRORS as problem:
            reason = describe_decode_error(problem)
        else:
            return message
        raise self._lost(Reason.GARBLED, reason)

    def _lost(self, reason: Reason, text: str) -> WorkerLost:
        self.end()
        return WorkerLost(Fault(reason, truncate_text(f"the worker's message: {text}")))
