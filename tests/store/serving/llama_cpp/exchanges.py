"""Exchanges of HTTP with a real server: recorded by a proxy in front of it, and replayed.

A request is answered with what the real server answered to the same request. Requests are compared
as JSON, so their order does not matter; equal requests get the first of their replies.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.store.serving.app_thread import serve_app

Body = dict[str, Any]


class Exchange(msgspec.Struct, frozen=True):
    """A request and its reply; both bodies are JSON."""

    method: str
    path: str
    request: Body | None
    status: int
    reply: Body

    @property
    def key(self) -> str:
        """The same for equal requests."""
        return request_key(self.method, self.path, self.request)


def request_key(method: str, path: str, request: Body | None) -> str:
    """Return a text that equal requests share."""
    return json.dumps([method, path, request], sort_keys=True)


def read_exchanges(path: Path) -> list[Exchange]:
    """Read the exchanges of a file, one a line."""
    return [
        msgspec.json.decode(line, type=Exchange) for line in path.read_bytes().splitlines() if line
    ]


def write_exchanges(path: Path, exchanges: list[Exchange]) -> None:
    """Write a file of exchanges: the first to each request, in an order that does not change."""
    first = {exchange.key: exchange for exchange in reversed(exchanges)}
    lines = [first[key] for key in sorted(first)]
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


Change = Callable[[str, Body], Body]
"""Changes the reply of a path."""


@contextmanager
def replaying(
    exchanges: list[Exchange], change: Change = lambda path, reply: reply
) -> Iterator[str]:
    """Serve recorded exchanges, and give the server's address.

    Args:
        exchanges: what the real server answered.
        change: changes a reply, for a server that is at fault.
    """
    replies = {exchange.key: exchange for exchange in exchanges}

    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        exchange = replies.get(request_key(request.method, request.path, body))
        if exchange is None:
            error = {"message": f"not recorded: {body}", "code": 404}
            return web.json_response({"error": error}, status=404)
        return web.json_response(change(request.path, exchange.reply), status=exchange.status)

    with serve_app(_app(handle)) as address:
        yield address


@contextmanager
def recording(url: str, exchanges: list[Exchange]) -> Iterator[str]:
    """Serve as a proxy of a real server, whose exchanges are appended to a list.

    Args:
        url: the address of the real server.
        exchanges: the list.
    """

    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, url + request.path, json=body) as response,
        ):
            reply = await response.json()
        exchanges.append(Exchange(request.method, request.path, body, response.status, reply))
        return web.json_response(reply, status=response.status)

    with serve_app(_app(handle)) as address:
        yield address


def _app(handle: Callable[[web.Request], Awaitable[web.Response]]) -> web.Application:
    app = web.Application(client_max_size=1 << 28)
    app.router.add_route("*", "/{path:.*}", handle)
    return app
