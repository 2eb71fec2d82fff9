"""Where workers run, and how one is spoken to: two small protocols with several makers."""

from typing import NamedTuple, Protocol

from sandbox.faults import Fault, Reason
from sandbox.worker.messages import HEAD, MOST_MESSAGE


class WorkerLimits(NamedTuple):
    """What a worker may use."""

    memory: int = 256 << 20
    """Bytes, swap included."""
    processes: int = 16
    processors: float = 1.0
    scratch: int = 8 << 20
    """Bytes of /tmp, which are part of the memory."""


class WorkerLost(Exception):
    """A worker that cannot be used any further, and why. It has been ended."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.reason.value}: {fault.text}")
        self.fault = fault


class WorkerChannel(Protocol):
    """The line to one worker."""

    def send(self, payload: bytes, seconds: float) -> None:
        """Sends one message.

        Raises:
            WorkerLost: the worker does not take it in, or is gone.
        """
        ...

    def receive(self, seconds: float) -> bytes:
        """The next message.

        Raises:
            WorkerLost: it does not come in time, or is too long, or the worker is gone.
        """
        ...

    @property
    def has_unread(self) -> bool:
        """Whether anything has come that was not asked for."""
        ...

    def end(self) -> None:
        """Ends the worker, whatever it does. Doing so twice does no harm."""
        ...


class WorkerLauncher(Protocol):
    """Starts workers."""

    @property
    def name(self) -> str:
        """What results call it."""
        ...

    def start(self) -> WorkerChannel:
        """Starts one.

        Raises:
            ExternalError: with what is missing.
        """
        ...


class MessageBuffer:
    """Cuts a stream of bytes into messages, and holds no more than one of the longest."""

    def __init__(self) -> None:
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def put(self, part: bytes) -> None:
        """Takes in what came."""
        self._held += part

    def take(self) -> bytes | None:
        """The next whole message, if it is here.

        Raises:
            WorkerLost: it says that it is longer than any may be.
        """
        if len(self._held) < HEAD.size:
            return None
        (length,) = HEAD.unpack_from(self._held)
        if length > MOST_MESSAGE:
            text = f"the worker announces a message of {length} bytes; {MOST_MESSAGE} are the most"
            raise WorkerLost(Fault(Reason.OVERSIZED, text))
        if len(self._held) < HEAD.size + length:
            return None
        message = bytes(self._held[HEAD.size : HEAD.size + length])
        del self._held[: HEAD.size + length]
        return message
