"""The proxy as a process: listens, serves, and ends when it is asked to, in order."""

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
"""Seconds that a connection may wait for its client's next request."""


class ListenOptions(NamedTuple):
    """Where and how the proxy listens."""

    host: str = "127.0.0.1"
    port: int = 8008
    """0 for one that is free."""
    grace: int = 30
    """Seconds in which requests may still be answered when the proxy is to end."""
    arrival: float = 30.0
    """Seconds in which a request's head arrives."""


async def serve(app: Starlette, listening: ListenOptions, started: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then take no more, and wait for what is under way.

    Args:
        app: the application.
        listening: where.
        started: is told the address once connections are taken.

    Raises:
        ExternalError: the address cannot be had.
    """
    config = uvicorn.Config(
        app, host=listening.host, port=listening.port, log_config=None, access_log=False,
        lifespan="off", timeout_keep_alive=_IDLE, timeout_graceful_shutdown=listening.grace,
        server_header=False, http=bounded_protocol(listening.arrival), ws="none",
    )  # fmt: skip
    try:
        socket = config.bind_socket()
    except SystemExit as problem:  # uvicorn's way to say so
        raise ExternalError(
            f"{listening.host}:{listening.port}: cannot be listened on",
            hint="another program may have the port; --port 0 takes one that is free",
        ) from problem
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[socket]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    host, port = socket.getsockname()[:2]
    started(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    await serving


class _QuietServer(uvicorn.Server):
    """Ends in order on a signal, and does not raise it again: to be ended is no failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        for each in caught:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in caught:
                loop.remove_signal_handler(each)
