"""Channels to workers: messages over two file descriptors, with timeouts.

What a Docker engine sends of a container's output is multiplexed; `StreamDemultiplexer` extracts
the wanted streams.
"""

import os
import select
import struct
import time
from collections.abc import Callable, Collection

from sandbox.faults import Fault, Reason
from sandbox.host.interfaces import MessageBuffer, WorkerLost
from sandbox.worker.messages import HEAD

STDOUT, STDERR = 1, 2

MOST_ERRORS = 8192
"""Maximum bytes kept of a worker's stderr."""


class StreamDemultiplexer:
    """Extract streams from a container's multiplexed output.

    Args:
        wanted: Streams to return; others are dropped.
    """

    _HEAD = struct.Struct(">BxxxI")

    def __init__(self, wanted: Collection[int] = (STDOUT,)) -> None:
        self._streams = frozenset(wanted)
        self._head = bytearray()
        self._left = 0
        self._wanted = False
        self._stream = 0
        self.errors = bytearray()
        """First bytes of the container's stderr, if it is not wanted."""

    def open(self, part: bytes) -> bytes:
        """Return the content of the wanted streams in received bytes."""
        content = bytearray()
        offset = 0
        while offset < len(part):
            if self._left:
                chunk = part[offset : offset + self._left]
                self._left -= len(chunk)
                offset += len(chunk)
                if self._wanted:
                    content += chunk
                elif self._stream == STDERR:
                    self.errors += chunk[: MOST_ERRORS - len(self.errors)]
                continue
            missing = self._HEAD.size - len(self._head)
            self._head += part[offset : offset + missing]
            offset += missing
            if len(self._head) == self._HEAD.size:
                self._stream, self._left = self._HEAD.unpack(self._head)
                self._wanted = self._stream in self._streams
                self._head.clear()
        return bytes(content)


_AT_ONCE = 65_536
"""Bytes per read: between reads, the system blocks a flood."""


class StreamChannel:
    """Channel over non-blocking file descriptors.

    Args:
        into: Descriptor of the worker's input.
        out: Descriptor of the worker's output.
        unpack: Decoder of received bytes; the identity, or a stream demultiplexer.
        end: Function that ends the worker.
        explain: Function that returns why a worker ended, if known.
    """

    def __init__(
        self,
        into: int,
        out: int,
        unpack: Callable[[bytes], bytes],
        end: Callable[[], None],
        explain: Callable[[], Fault | None] = lambda: None,
    ):
        self._into = into
        self._out = out
        self._unpack = unpack
        self._end: Callable[[], None] | None = end
        self._explain = explain
        self._inbox = MessageBuffer()
        os.set_blocking(into, False)
        os.set_blocking(out, False)

    @property
    def has_unread(self) -> bool:
        """Return whether unrequested data has arrived."""
        return len(self._inbox) > 0

    def send(self, payload: bytes, seconds: float) -> None:
        """Send one message; see `sandbox.host.interfaces.WorkerChannel`."""
        remaining = memoryview(HEAD.pack(len(payload)) + payload)
        until = time.monotonic() + seconds
        while remaining:
            self._wait(until, writing=True)
            try:
                remaining = remaining[os.write(self._into, remaining) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._gone() from None

    def receive(self, seconds: float) -> bytes:
        """Receive the next message; see `sandbox.host.interfaces.WorkerChannel`."""
        until = time.monotonic() + seconds
        while True:
            try:
                message = self._inbox.take()
            except WorkerLost:
                self.end()
                raise
            if message is not None:
                return message
            self._wait(until, writing=False)
            try:
                part = os.read(self._out, _AT_ONCE)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise self._gone()
            self._inbox.put(self._unpack(part))

    def end(self) -> None:
        """End the worker, once."""
        end, self._end = self._end, None
        if end is not None:
            end()

    def _wait(self, until: float, *, writing: bool) -> None:
        if self._end is None:
            raise self._gone()
        seconds = max(0.0, until - time.monotonic())
        # A stream of dropped data is always readable, so check the deadline too.
        reads, writes = ([], [self._into]) if writing else ([self._out], [])
        if not any(select.select(reads, writes, [], seconds)) or not seconds:
            self.end()
            raise WorkerLost(Fault(Reason.SILENT, "the worker does not answer"))

    def _gone(self) -> WorkerLost:
        try:
            cause = None if self._end is None else self._explain()
        finally:
            self.end()
        return WorkerLost(cause or Fault(Reason.DIED, "the worker has ended"))
