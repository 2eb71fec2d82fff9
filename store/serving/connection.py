"""One connection to a model server over HTTP, whatever its interface.

Requests that fail in a way that may pass (429, 5xx, a connection that breaks, a reply that is cut
off or stalls) are made again within `Limits`; any other status of 4xx ends the work at once,
whether it is that of the reply or is in an event of a stream. A reply that is not one to what
was requested raises `InconsistentResponse`, and nothing of it is returned. To cancel a task that
waits here closes its connection, upon which servers drop the request.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import aiohttp
import msgspec

from store.serving.errors import InconsistentResponse, Refused, Unreachable
from store.serving.replies import (
    ErrorDocument,
    InvalidReply,
    MalformedReply,
    decode_reply,
    error_document,
)
from store.serving.retries import Limits, retry_call

T = TypeVar("T")

PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which it may help to ask again."""


class _Detail(msgspec.Struct, frozen=True):
    """An error in the shape of FastAPI."""

    detail: Any


class ServerConnection:
    """The connection to one server. Use it as an asynchronous context manager.

    Args:
        base_url: ``http://HOST:PORT``, with or without ``/v1``.
        model: the model's name at the server.
        key: the API key, if the server wants one.
        limits: deadlines and patience.
    """

    software: ClassVar[str] = "vLLM"
    """The server that is expected at the address, for messages."""

    def __init__(
        self, base_url: str, model: str, *, key: str | None = None, limits: Limits | None = None
    ):
        self.address = base_url.rstrip("/").removesuffix("/v1")
        self.model = model
        self.limits = limits or Limits()
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = aiohttp.ClientSession(
            # How many requests are under way is the caller's to bound, and no pool's.
            connector=aiohttp.TCPConnector(limit=0),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.limits.connect),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def _get(self, path: str, decoder: msgspec.json.Decoder[T]) -> T:
        async def attempt() -> T:
            reply = await self._read_body("GET", path, None)
            with self._judged():
                return decode_reply(decoder, reply, self.software)

        return await retry_call(attempt, self.limits)

    async def _post(self, path: str, body: object, decoder: msgspec.json.Decoder[T]) -> T:
        encoded = msgspec.json.encode(body)

        async def attempt() -> T:
            reply = await self._read_body("POST", path, encoded)
            with self._judged():
                return decode_reply(decoder, reply, self.software)

        return await retry_call(attempt, self.limits)

    async def _read_body(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> bytes:
        """Return the body of a reply, which has to come within ``deadline`` seconds."""
        seconds = self.limits.whole if deadline is None else deadline
        try:
            async with asyncio.timeout(seconds):
                async with self._open(method, path, body, headers) as response:
                    return await response.read()
        except TimeoutError as error:
            raise self._unreachable(f"no complete reply within {seconds:.0f} s") from error

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Return a reply whose head has come, within ``patience`` seconds, with status 200."""
        if self._session is None:
            raise RuntimeError("a server is used inside `async with`")
        try:
            async with asyncio.timeout(patience) as waiting:
                async with self._session.request(
                    method, self.address + path, data=body, headers=headers
                ) as response:
                    # From here on, the reader of the body has its own deadline.
                    waiting.reschedule(None)
                    if response.status != 200:
                        raise await self._status(response, path)
                    yield response
        except aiohttp.InvalidURL as error:
            raise Refused("not an address; write http://HOST:PORT", address=self.address) from error
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(f"cannot connect: {_describe(error.os_error)}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(f"no answer: {str(error) or type(error).__name__}") from error

    async def _status(self, response: aiohttp.ClientResponse, path: str) -> Refused | Unreachable:
        words = _message(await response.read())
        problem = f"{path} answers {response.status} {response.reason}: {words}"
        retry_after = response.headers.get("Retry-After", "")
        wait = float(retry_after) if retry_after.isdigit() else None
        return self._failure(response.status, problem, wait=wait)

    def _failure(
        self, status: int, problem: str, wait: float | None = None
    ) -> Refused | Unreachable:
        """Return the error for a status: retried if it may pass, else final."""
        if status in PASSING or status >= 500:
            return self._unreachable(problem, wait=wait)
        return Refused(problem, address=self.address, hint=self._hint(status))

    def _hint(self, status: int) -> str | None:
        if status == 404:
            return f"a server of {self.software} is needed here"
        if status not in (401, 403):
            return None
        if self._key:
            return "the server does not accept the key in OPENAI_API_KEY"
        return "set OPENAI_API_KEY to the key of the server"

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self.limits.stall):
                return await anext(pieces, None)
        except TimeoutError as error:
            problem = f"a stream stalled for {self.limits.stall:.0f} s"
            raise self._unreachable(problem) from error

    def _unreachable(self, problem: str, wait: float | None = None) -> Unreachable:
        return Unreachable(problem, address=self.address, wait=wait)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Turn what is wrong with a reply into the error of the server that gave it."""
        try:
            yield
        except ErrorDocument as error:
            problem = f"returned an error, code {error.status}: {error}"
            raise self._failure(error.status, problem) from error
        except MalformedReply as error:
            raise Unreachable(str(error), address=self.address) from error
        except InvalidReply as error:
            raise InconsistentResponse(str(error), address=self.address) from error


def _describe(error: OSError) -> str:
    """Describe why a connection failed, in the words of the system where it has some."""
    if error.errno is not None and error.errno > 0:  # those of name resolution are below 0
        return os.strerror(error.errno).lower()
    return (error.strerror or str(error)).lower()


def _message(body: bytes) -> str:
    """Return the description of an error reply, in a line."""
    if (reported := error_document(body)) is not None:
        return str(reported)
    try:
        text = msgspec.json.decode(body, type=_Detail).detail
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = body[:200].decode("utf-8", "replace")
    return " ".join(str(text).split())[:300] or "no reason given"
