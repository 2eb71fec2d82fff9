"""One worker from the host's side: messages that must be what they should be, in time."""

import time
from collections.abc import Iterator

import msgspec

from sandbox.faults import ControllerFailed, Fault, Reason, cut
from sandbox.host.places import Channel, Place, WorkerLost
from sandbox.worker.messages import (
    VERSION,
    Drop,
    FromWorker,
    Load,
    Loaded,
    Move,
    Moves,
    Order,
    Ready,
    Step,
    ToWorker,
    Working,
    decode_from_worker,
    encode,
)

START_SECONDS = 60.0
"""A machine under load may take this long to start a container."""

MOST_SIGNS = 1000
"""Signs of life before one answer."""


class Worker:
    """A started worker with a controller loaded.

    Args:
        place: where it runs.
        load: the controller.
        patience: seconds without a sign of life after which it is given up.

    Raises:
        SurroundingsError: it cannot be started.
        WorkerLost: it fails before it is ready.
        ControllerFailed: it fails at loading the controller.
    """

    def __init__(self, place: Place, load: Load, patience: float):
        self._patience = patience
        self._asked: tuple[int, ...] = ()
        self._channel: Channel = place.start()
        self.findings: tuple[Fault, ...] = ()
        """Why the policy does not admit the controller, if it does not."""
        try:
            self._greet(load)
        except BaseException:
            self.end()
            raise

    def _greet(self, load: Load) -> None:
        ready = self._heard(START_SECONDS)
        if not isinstance(ready, Ready) or ready.version != VERSION:
            raise self._lost(Reason.GARBLED, f"it does not speak version {VERSION}")
        try:
            self._say(load)
            loaded = self._heard(START_SECONDS)
        except WorkerLost as lost:
            fault = lost.fault
        else:
            if isinstance(loaded, Loaded):
                self.findings = loaded.findings
                return
            fault = Fault(Reason.GARBLED, "it answers something else than that code was loaded")
        # The worker was well until it was given this code.
        raise ControllerFailed(fault)

    def ask(self, orders: tuple[Order, ...]) -> None:
        """Sends one barrier of each of many episodes.

        Raises:
            WorkerLost: it is gone or does not listen.
        """
        if self._channel.unread:
            raise self._lost(Reason.GARBLED, "it says what nobody asked for")
        self._asked = tuple(order.key for order in orders if not isinstance(order, Drop))
        self._say(Step(orders))

    def answered(self) -> Iterator[Move]:
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
            if isinstance(message, Working):
                continue
            if not isinstance(message, Moves):
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
        return WorkerLost(Fault(reason, cut(f"the worker's message: {text}")))
