"""Connections whose client does not send its request in time are ended.

uvicorn bounds the time between two requests, and neither that of a request's head nor that of its
body: a client that stops in the middle of one, or sends a byte a minute, would keep its connection
for ever.
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
"""Seconds after which a connection is ended whose body the application has given up."""


def bounded_protocol(seconds: float) -> type[H11Protocol]:
    """Return the protocol of uvicorn, with bounds on the time in which a request arrives.

    Args:
        seconds: for a request's head, from its first byte or the connection on. A body has as long
            again, and `GRACE`, for which the application answers before the connection ends.
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
            """Await what the client has begun to send and has not sent yet."""
            state = self.conn.their_state
            begun = bool(self.conn.trailing_data[0]) or self.timeout_keep_alive_task is None
            if state is h11.SEND_BODY or (state is h11.IDLE and begun):
                self._await(state)
            else:
                self._await(None)

        def _await(self, state: type[h11.IDLE] | type[h11.SEND_BODY] | None) -> None:
            if state is self._awaited and state is not None:
                return  # the time is counted from the beginning, whatever came since
            if self._deadline is not None:
                self._deadline.cancel()
            self._awaited, self._deadline = state, None
            if state is not None:
                whole = seconds if state is h11.IDLE else seconds + GRACE
                self._deadline = self.loop.call_later(whole, self._end)

        def _end(self) -> None:
            if self._awaited is h11.IDLE and self.conn.trailing_data[0]:
                self.transport.write(_LATE % (len(_DOCUMENT), _DOCUMENT))
            self.transport.close()

    return BoundedProtocol
