"""One worker from the host's side: messages that must be what they should be, in time."""

import time
from collections.abc import Iterator

import msgspec

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

START_SECONDS = 60.0
"""A machine under load may take this long to start a container."""

MOST_SIGNS = 1000
"""Signs of life before one answer."""


class WorkerClient:
    """A started worker with a controller loaded.

    Args:
        place: where it runs.
        load: the controller.
        patience: seconds without a sign of life after which it is given up.

    Raises:
        ExternalError: it cannot be started.
        WorkerLost: it fails before it is ready.
        ControllerError: it fails at loading the controller.
    """

    def __init__(self, place: WorkerLauncher, load: LoadController, patience: float):
        self._patience = patience
        self._asked: tuple[int, ...] = ()
        self._channel: WorkerChannel = place.start()
        self.findings: tuple[Fault, ...] = ()
        """Why the policy does not admit the controller, if it does not."""
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
            fault = Fault(Reason.GARBLED, "it answers something else than that code was loaded")
        # The worker was well until it was given this code.
        raise ControllerError(fault)

    def ask(self, orders: tuple[Order, ...]) -> None:
        """Sends one barrier of each of many episodes.

        Raises:
            WorkerLost: it is gone or does not listen.
        """
        if self._channel.has_unread:
            raise self._lost(Reason.GARBLED, "it says what nobody asked for")
        self._asked = tuple(order.key for order in orders if not isinstance(order, DropEpisode))
        self._say(StepBatch(orders))

    def answered(self) -> Iterator[EpisodeMove]:
        """The moves that the orders led to, one for each, in their order, as they come.

        Raises:
            WorkerLost: they do not come, or are not what they should be.
        """
        left = self._asked
        # Signs of life prove nothing of a worker that has gone over, so patience ends all the same.
        until = time.monotonic() + self._patience * (1 + len(self._asked))
        for _ in range(MOST_SIGNS + len(left)):
            if not left:
                return
            message = self._heard(min(self._patience, until - time.monotonic()))
            if isinstance(message, Heartbeat):
                continue
            if not isinstance(message, MoveBatch):
                break
            met = tuple(move.key for move in message.moves)
            if not met or met != left[: len(met)]:
                raise self._lost(Reason.GARBLED, "it moves other episodes than it was asked to")
            left = left[len(met) :]
            yield from message.moves
        raise self._lost(Reason.GARBLED, "it does not answer what it was asked")

    def end(self) -> None:
        """Ends it, whatever it does."""
        self._channel.end()

    def _say(self, message: ToWorker) -> None:
        self._channel.send(encode(message), self._patience)

    def _heard(self, seconds: float) -> FromWorker:
        try:
            message: FromWorker = decode_from_worker(self._channel.receive(seconds))
        except msgspec.DecodeError as problem:
            reason = str(problem)
        else:
            return message
        raise self._lost(Reason.GARBLED, reason)

    def _lost(self, reason: Reason, text: str) -> WorkerLost:
        self.end()
        return WorkerLost(Fault(reason, truncate_text(f"the worker's message: {text}")))
