"""The proxy process: listen, serve, and shut down gracefully."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette

from harness.errors import ExternalError
from harness.proxy.connections import bounded_protocol

_IDLE = 75
"""Keep-alive timeout of a connection, in seconds."""


class ListenOptions(NamedTuple):
    """Options of the listening socket."""

    host: str = "127.0.0.1"
    port: int = 8008
    """The port; 0 for any free one."""
    grace: int = 30
    """Seconds to complete running requests at shutdown."""
    arrival: float = 30.0
    """Timeout of a request's head, in seconds."""


async def serve(app: Starlette, listening: ListenOptions, started: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then accept no more requests and wait for running ones.

    Args:
        app: The application.
        listening: Options of the socket.
        started: Called with the address once connections are accepted.

    Raises:
        ExternalError: The address is not available.
    """
    config = uvicorn.Config(
        app, host=listening.host, port=listening.port, log_config=None, access_log=False,
        lifespan="off", timeout_keep_alive=_IDLE, timeout_graceful_shutdown=listening.grace,
        server_header=False, http=bounded_protocol(listening.arrival), ws="none",
    )  # fmt: skip
    try:
        socket = config.bind_socket()
    except SystemExit as problem:  # uvicorn sets this if it failed to start
        raise ExternalError(
            f"cannot listen on {listening.host}:{listening.port}",
            hint="another program may use the port; use --port 0 for a free one",
        ) from problem
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    host, port = socket.getsockname()[:2]
    started(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    await serving


class _QuietServer(uvicorn.Server):
    """Shut down gracefully on a signal, and do not raise it again: this is not a failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        for signal_number in caught:
            loop.add_signal_handler(signal_number, self.handle_exit, signal_number, None)
        try:
            yield
        finally:
            for signal_number in caught:
                loop.remove_signal_handler(signal_number)
