"""Protocols of worker launchers and worker channels."""

from typing import NamedTuple, Protocol

from sandbox.faults import Fault, Reason
from sandbox.worker.messages import HEAD, MOST_MESSAGE


class WorkerLimits(NamedTuple):
    """Resource limits of a worker."""

    memory: int = 256 << 20
    """Memory limit in bytes, swap included."""
    processes: int = 16
    processors: float = 1.0
    scratch: int = 8 << 20
    """Size of /tmp in bytes, which counts towards memory."""


class WorkerLost(Exception):
    """A worker that failed and has been ended."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.reason.value}: {fault.text}")
        self.fault = fault


class WorkerChannel(Protocol):
    """Channel to one worker."""

    def send(self, payload: bytes, seconds: float) -> None:
        """Send one message.

        Raises:
            WorkerLost: The worker does not read it, or is gone.
        """
        ...

    def receive(self, seconds: float) -> bytes:
        """Receive the next message.

        Raises:
            WorkerLost: It does not come in time, is too long, or the worker has ended.
        """
        ...

    @property
    def has_unread(self) -> bool:
        """Return whether unrequested data has arrived."""
        ...

    def end(self) -> None:
        """End the worker. This is idempotent."""
        ...


class WorkerLauncher(Protocol):
    """Starts workers."""

    @property
    def name(self) -> str:
        """Name in results."""
        ...

    def start(self) -> WorkerChannel:
        """Start a worker.

        Raises:
            ExternalError: Something is missing.
        """
        ...


class MessageBuffer:
    """Split a byte stream into messages, buffering at most one of the maximum size."""

    def __init__(self) -> None:
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def put(self, part: bytes) -> None:
        """Add received bytes."""
        self._held += part

    def take(self) -> bytes | None:
        """Return the next complete message, if it has arrived.

        Raises:
            WorkerLost: It exceeds the maximum size.
        """
        if len(self._held) < HEAD.size:
            return None
        (length,) = HEAD.unpack_from(self._held)
        if length > MOST_MESSAGE:
            text = (
                f"the worker announces a message of {length} bytes; the maximum is {MOST_MESSAGE}"
            )
            raise WorkerLost(Fault(Reason.OVERSIZED, text))
        if len(self._held) < HEAD.size + length:
            return None
        message = bytes(self._held[HEAD.size : HEAD.size + length])
        del self._held[: HEAD.size + length]
        return message
