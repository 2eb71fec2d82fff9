"""One vLLM server over HTTP.

Requests that fail in a way that may pass (429, 5xx, a connection that breaks, a reply that is cut
off or stalls) are made again within `Limits`; any other status of 4xx ends the work at once,
whether it is that of the reply or is in an event of a stream. A reply that is not one to what
was requested raises `InconsistentResponse`, and nothing of it is returned. To cancel a task that
waits here closes its connection, upon which vLLM drops the request.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from store.serving.engine import PrefixCacheCounters, Served, read_counters
from store.serving.errors import InconsistentResponse, Refused, Unreachable
from store.serving.event_stream import iterate_events
from store.serving.identity import Identity, ModelCard, identify, list_served_names
from store.serving.replies import (
    UNFINISHED,
    CompletionResult,
    ErrorDocument,
    InvalidReply,
    MalformedReply,
    decode_reply,
    error_document,
    read_reply,
)
from store.serving.requests import CompletionRequest, encode_request
from store.serving.retries import Limits, retry_call
from store.serving.streams import StreamAssembler, StreamChunk

T = TypeVar("T")

PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which it may help to ask again."""

RANK_HEADER = "X-data-parallel-rank"


class _Models(msgspec.Struct, frozen=True):
    data: list[ModelCard]


class _Detail(msgspec.Struct, frozen=True):
    """An error in the shape of FastAPI."""

    detail: Any


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Tokens(msgspec.Struct, frozen=True):
    tokens: list[int]
    count: int


class _Text(msgspec.Struct, frozen=True):
    prompt: str


_MODELS = msgspec.json.Decoder(_Models)
_VERSION = msgspec.json.Decoder(_Version)
_TOKENS = msgspec.json.Decoder(_Tokens)
_TEXT = msgspec.json.Decoder(_Text)


class Server:
    """The client of one server. Use it as an asynchronous context manager.

    Args:
        base_url: ``http://HOST:PORT``, with or without ``/v1``.
        model: the model's name at the server.
        key: the API key, if the server wants one.
        limits: deadlines and patience.
    """

    def __init__(
        self, base_url: str, model: str, *, key: str | None = None, limits: Limits | None = None
    ):
        self.address = base_url.rstrip("/").removesuffix("/v1")
        self.model = model
        self.limits = limits or Limits()
        self._key = key
        self._session: aiohttp.ClientSession | None = None
        self._identity: Identity | None = None

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

    async def served(self) -> Served:
        """Return what is served, after a check that it is the model that was named.

        Raises:
            PolicyViolation: it serves no such model.
            Unreachable: it does not answer, for as long as patience lasts.
        """
        identity = await self._identify()
        if identity.context is None:
            raise Refused(
                f"does not report the context length of {self.model}, so it is not a vLLM server",
                address=self.address,
            )
        version = await self._get("/version", _VERSION)
        return Served(identity.name, identity.context, version.version, identity.aliases)

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text.

        Args:
            text: what is tokenised.
            special: add what the tokenizer puts around a text, such as a beginning token.
        """
        return await self._tokens({"prompt": text, "add_special_tokens": special})

    async def tokenize_chat(
        self,
        messages: Sequence[Mapping[str, str]],
        template: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Tokenize a conversation in the model's own chat template, up to where it replies.

        Args:
            messages: each with ``role`` and ``content``.
            template: arguments of the template, such as ``enable_thinking``.
        """
        body: dict[str, Any] = {"messages": list(messages), "add_generation_prompt": True}
        if template:
            body["chat_template_kwargs"] = dict(template)
        return await self._tokens(body)

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""
        body = msgspec.json.encode({"model": self.model, "tokens": tokens})

        async def attempt() -> str:
            reply = await self._read_body("POST", "/detokenize", body, None)
            with self._judged():
                return decode_reply(_TEXT, reply).prompt

        return await retry_call(attempt, self.limits)

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Completions as a whole: prompt after prompt, child after child.

        Args:
            request: the completion to request.
            rank: the data-parallel engine that is to do it: the one that holds the prefix.

        Raises:
            Unreachable: patience is at its end.
            PolicyViolation: the server does not take the request.
            InconsistentResponse: the reply is not one to the request.
        """
        body = encode_request(request, self.model)
        names = await self._names()

        async def attempt() -> list[CompletionResult]:
            reply = await self._read_body("POST", "/v1/completions", body, rank)
            with self._judged():
                results = read_reply(reply, request, names)
            for result in results:
                self._refuse_unfinished(result)
            return results

        return await retry_call(attempt, self.limits)

    async def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        """Stream completions, about ``every`` tokens at a time, without retries.

        Args:
            request: the request.
            every: tokens per piece, about.
            rank: the data-parallel engine; ``None`` for any.

        Raises:
            Unreachable: the stream broke off or stalled; children given out before are good.
            PolicyViolation, InconsistentResponse: as `complete`.
        """
        body = encode_request(request, self.model, every=every)
        assembly = StreamAssembler(request, await self._names())
        async with self._open("POST", "/v1/completions", body, rank, self.limits.stall) as response:
            pieces = iterate_events(response.content.iter_any())
            while (data := await self._next(pieces)) is not None:
                with self._judged():
                    piece = assembly.take(data)
                if piece.finished is not None:
                    self._refuse_unfinished(piece.finished.given)
                yield piece
        with self._judged():
            assembly.refuse_unclosed()

    async def counters(self) -> PrefixCacheCounters | None:
        """Return the counters of the server's prefix cache; ``None`` if it reports none."""
        try:
            page = await self._read_body("GET", "/metrics", None, None)
        except (Refused, Unreachable):
            return None
        return read_counters(page.decode("utf-8", "replace"))

    async def _identify(self) -> Identity:
        """Find the model among those that the server lists.

        Raises:
            PolicyViolation: it serves none of this name.
        """
        cards = (await self._get("/v1/models", _MODELS)).data
        self._identity = identify(cards, self.model)
        if self._identity is None:
            names = list_served_names(cards, self.model) or [card.id for card in cards]
            raise Refused(
                f"does not serve the model {self.model}",
                address=self.address,
                hint=f"it serves {', '.join(names[:8]) or 'none'}",
            )
        return self._identity

    async def _names(self) -> frozenset[str]:
        """Return the names that a reply of the model may carry; they are requested once."""
        return (self._identity or await self._identify()).names

    async def _tokens(self, request: Mapping[str, Any]) -> list[int]:
        body = msgspec.json.encode({"model": self.model, **request})

        async def attempt() -> list[int]:
            reply = await self._read_body("POST", "/tokenize", body, None)
            with self._judged():
                tokens = decode_reply(_TOKENS, reply)
                if tokens.count != len(tokens.tokens):
                    raise InvalidReply(
                        f"it counts {tokens.count} tokens but returns {len(tokens.tokens)}"
                    )
            return tokens.tokens

        return await retry_call(attempt, self.limits)

    async def _get(self, path: str, decoder: msgspec.json.Decoder[T]) -> T:
        async def attempt() -> T:
            reply = await self._read_body("GET", path, None, None)
            with self._judged():
                return decode_reply(decoder, reply)

        return await retry_call(attempt, self.limits)

    async def _read_body(
        self, method: str, path: str, body: bytes | None, rank: int | None
    ) -> bytes:
        try:
            async with asyncio.timeout(self.limits.whole):
                async with self._open(method, path, body, rank) as response:
                    return await response.read()
        except TimeoutError as error:
            raise self._unreachable(
                f"no complete reply within {self.limits.whole:.0f} s"
            ) from error

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        body: bytes | None,
        rank: int | None,
        patience: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Return a reply whose head has come, within ``patience`` seconds, with status 200."""
        if self._session is None:
            raise RuntimeError("a server is used inside `async with`")
        headers = {} if rank is None else {RANK_HEADER: str(rank)}
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
            return "a vLLM server is needed here"
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

    def _refuse_unfinished(self, result: CompletionResult) -> None:
        if result.finish in UNFINISHED:
            raise self._unreachable(f"a completion ended with the reason {result.finish}")

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
