"""Close connections whose client does not send its request in time.

uvicorn limits the time between two requests, but not that of a request's head or body: a client
that stops in the middle of one, or sends a byte a minute, would keep its connection forever.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_DOCUMENT = (
    b'{"error":{"message":"the request did not arrive in time","type":"invalid_request_error",'
    b'"param":null,"code":"request_timeout"}}'
)

GRACE = 5.0
"""Seconds until a connection is closed after the application has given up on its body."""


def bounded_protocol(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's protocol with a timeout for requests.

    Args:
        seconds: Timeout of a request's head, from its first byte or the connection. A body has the
            same time again plus `GRACE`, so that the application can respond before the connection
            closes.
    """

    class BoundedProtocol(H11Protocol):
        """One connection."""

        _deadline: asyncio.TimerHandle | None = None
        _awaited: type[h11.IDLE] | type[h11.SEND_BODY] | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._await(h11.IDLE)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._await(None)
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Wait for the rest of what the client has started to send."""
            state = self.conn.their_state
            begun = bool(self.conn.trailing_data[0]) or self.timeout_keep_alive_task is None
            if state is h11.SEND_BODY or (state is h11.IDLE and begun):
                self._await(state)
            else:
                self._await(None)

        def _await(self, state: type[h11.IDLE] | type[h11.SEND_BODY] | None) -> None:
            if state is self._awaited and state is not None:
                return  # the timeout starts at the first byte, not at the latest
            if self._deadline is not None:
                self._deadline.cancel()
            self._awaited, self._deadline = state, None
            if state is not None:
                timeout = seconds if state is h11.IDLE else seconds + GRACE
                self._deadline = self.loop.call_later(timeout, self._end)

        def _end(self) -> None:
            if self._awaited is h11.IDLE and self.conn.trailing_data[0]:
                self.transport.write(_LATE % (len(_DOCUMENT), _DOCUMENT))
            self.transport.close()

    return BoundedProtocol
