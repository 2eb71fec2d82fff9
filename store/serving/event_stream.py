"""Decode a stream of server-sent events, as the HTML standard defines it.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import re
from collections.abc import AsyncIterator

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")


class EventStreamDecoder:
    """Decodes the data of events from bytes that arrive in chunks of any size.

    Lines end with CRLF, LF or CR, and an event with a blank line. Several ``data`` lines of one
    event are joined by LF. Comments and other fields are ignored, and so is an event without data.
    An event that the stream ends within is never returned.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._is_first_line = True
        self._is_after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of the events that end within a chunk."""
        if not chunk:
            return []
        # A CR ends its line at once, so that an event never waits for the next chunk.
        if self._is_after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._is_after_cr = chunk.endswith(b"\r")
        *ends, rest = _LINE_END.split(chunk)
        events = []
        for end in ends:
            self._line += end
            if self._end_line():
                events.append(b"\n".join(self._data))
                self._data.clear()
        self._line += rest
        return events

    def _end_line(self) -> bool:
        """Apply the line that is complete; return whether it dispatches an event."""
        line = bytes(self._line)
        self._line.clear()
        if self._is_first_line:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._is_first_line = False
        if not line:
            return bool(self._data)
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
        return False


async def iterate_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return the data of each server-sent event, as soon as its last byte has come."""
    decoder = EventStreamDecoder()
    async for chunk in chunks:
        for data in decoder.feed(chunk):
            yield data
