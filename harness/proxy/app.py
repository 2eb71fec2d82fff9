"""The proxy's routes, and its limits on requests.

Every request passes the checks of key, size and concurrency. When a client disconnects, its episode
is cancelled: that closes every connection to the model's server, which then stops generating.
"""

import asyncio
import hmac
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dsl.episode import Inadmissible
from harness.errors import RheostatError
from harness.proxy import rejections, replies
from harness.proxy.chat_request import ChatRequest, read_chat_request
from harness.proxy.metrics import ProxyMetrics
from harness.proxy.origins import ANY, METHODS, OriginGuard
from harness.proxy.rejections import Rejection
from harness.proxy.responder import ProxyAnswer, Responder
from store.serving.errors import ServingError

log = logging.getLogger(__name__)

TRACE_HEADER = "X-Rheostat-Trace"
CLIENT_CLOSED_REQUEST = 499
"""The status under which disconnected clients are counted."""


class ProxyLimits(NamedTuple):
    """The limits of the proxy on requests."""

    at_once: int = 16
    """The most concurrent episodes; further requests are refused."""
    body: int = 1 << 20
    """The largest request body, in bytes."""
    keep_alive: float = 10.0
    """Seconds between keep-alive comments of a waiting stream."""
    key: str | None = None
    """The key that clients must send; ``None`` to allow all."""
    arrival: float = 30.0
    """Timeout of a request's body, in seconds."""
    origins: tuple[str, ...] = ()
    """Allowed origins of web pages; ``*`` for any."""
    hosts: tuple[str, ...] = (ANY,)
    """Allowed host names, besides IP addresses and ``localhost``."""


class Proxy:
    """The application's state.

    Args:
        responder: Answers requests.
        model: The name under which the model is served.
        limits: Limits on requests.
        on_finished: Called with every episode that ended, and the name of its trace.
    """

    def __init__(
        self,
        responder: Responder,
        model: str,
        limits: ProxyLimits = ProxyLimits(),  # noqa: B008 - it is immutable
        on_finished: Callable[[str, ProxyAnswer], None] = lambda name, answer: None,
    ):
        self.metrics = ProxyMetrics()
        self._responder = responder
        self._model = model
        self._limits = limits
        self._on_finished = on_finished
        self._began = int(time.time())
        self._running = 0

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/models/{name:path}", self._one_model, methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
            ],
            exception_handlers={
                Rejection: _handle_rejection, Exception: _handle_fault,
                404: _handle_not_found, 405: _handle_not_found,
            },
            middleware=[
                Middleware(OriginGuard, self._limits.origins, self._limits.hosts),
                Middleware(
                    CORSMiddleware, allow_origins=self._limits.origins, allow_methods=METHODS,
                    allow_headers=(ANY,), allow_private_network=True,
                    expose_headers=(TRACE_HEADER, "Retry-After"),
                ),
            ],
        )  # fmt: skip

    async def _health(self, request: Request) -> Response:
        return Response(status_code=200)

    async def _metrics(self, request: Request) -> Response:
        self._refuse_unauthenticated(request)
        return Response(self.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _models(self, request: Request) -> Response:
        self._refuse_unauthenticated(request)
        return JSONResponse({"object": "list", "data": [self._model_document()]})

    async def _one_model(self, request: Request) -> Response:
        self._refuse_unauthenticated(request)
        self._refuse_other_model(request.path_params["name"])
        return JSONResponse(self._model_document())

    def _model_document(self) -> dict[str, object]:
        return {
            "id": self._model, "object": "model", "created": self._began, "owned_by": "rheostat",
        }  # fmt: skip

    async def _chat(self, request: Request) -> Response:
        try:
            self._refuse_unauthenticated(request)
            _refuse_other_type(request)
            chat = read_chat_request(await self._read_body(request))
            self._refuse_other_model(chat.model)
            self._refuse_too_many()
        except Rejection as refusal:
            self.metrics.requests.labels(str(refusal.status)).inc()
            raise
        name = f"chatcmpl-{uuid.uuid4().hex}"
        waiting = _PendingRequest(
            self._start_episode(chat, name), asyncio.create_task(_wait_for_disconnect(request))
        )
        headers = {TRACE_HEADER: name}
        created = int(time.time())
        if chat.stream:
            headers |= {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return _Stream(self._events(waiting, chat, name, created), waiting, headers)
        try:
            answer = await waiting.answer()
        except Rejection as refusal:
            return _error_response(refusal, headers)
        finally:
            await waiting.end()
        if answer is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        return JSONResponse(
            replies.completion_body(answer, name, self._model, created), headers=headers
        )

    async def _events(
        self, waiting: "_PendingRequest", chat: ChatRequest, name: str, created: int
    ) -> AsyncIterator[bytes]:
        """Yield the stream: comments until the answer is ready, then its text."""
        try:
            yield replies.first_chunk(name, self._model, created)
            while not await waiting.wait(self._limits.keep_alive):
                yield b": thinking\n\n"
            answer = await waiting.answer()
            if answer is not None:
                for chunk in replies.remaining_chunks(
                    answer, name, self._model, created, with_usage=chat.usage
                ):
                    yield chunk
        except Rejection as refusal:
            yield replies.server_sent_event(refusal.document)
            yield b"data: [DONE]\n\n"

    async def _play_episode(self, chat: ChatRequest, name: str) -> ProxyAnswer:
        """Play a request's episode.

        Raises:
            Rejection: It has no answer.
        """
        try:
            with self.metrics.seconds.time():
                answer = await self._responder.answer(chat, name)
        except ServingError as problem:
            log.warning("%s: %s", name, problem)
            raise rejections.upstream_failure(problem) from problem
        except (RheostatError, Inadmissible) as problem:
            log.warning("%s: %s", name, problem)
            raise rejections.controller_failure() from problem
        except Rejection:
            raise
        except Exception as problem:  # outermost handler of a request: report anything as a fault
            log.exception("%s: a fault in rheostat", name)
            raise rejections.fault() from problem
        self._on_finished(name, answer)
        return answer

    def _start_episode(self, chat: ChatRequest, name: str) -> "asyncio.Task[ProxyAnswer]":
        """Start an episode. It is counted from now on, however it ends."""
        self._running += 1
        self.metrics.running.inc()
        task = asyncio.create_task(self._play_episode(chat, name))
        task.add_done_callback(self._count_outcome)
        return task

    def _count_outcome(self, task: "asyncio.Task[ProxyAnswer]") -> None:
        self._running -= 1
        self.metrics.running.dec()
        status = CLIENT_CLOSED_REQUEST
        if not task.cancelled():
            problem = task.exception()
            status = 200 if problem is None else 500
            if isinstance(problem, Rejection):
                status = problem.status
        if status == 200:
            self.metrics.count_answer(task.result())
        self.metrics.requests.labels(str(status)).inc()

    async def _read_body(self, request: Request) -> bytes:
        """Return the body, or stop at the timeout."""
        try:
            async with asyncio.timeout(self._limits.arrival):
                return await self._read_limited(request)
        except TimeoutError:
            raise Rejection(
                408, f"the body did not arrive in {self._limits.arrival:.0f} seconds",
                code="request_timeout",
            ) from None  # fmt: skip
        except ClientDisconnect:
            raise Rejection(
                CLIENT_CLOSED_REQUEST, "the client disconnected", kind="api_error"
            ) from None

    async def _read_limited(self, request: Request) -> bytes:
        """Return the body, or stop at the size limit."""
        content_length = request.headers.get("content-length", "")
        most = self._limits.body
        if content_length.isdigit() and int(content_length) > most:
            raise _too_large(most)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
        return bytes(body)

    def _refuse_unauthenticated(self, request: Request) -> None:
        key = self._limits.key
        if key is None:
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(token.encode(), key.encode()):
            raise Rejection(
                401, "the API key is missing or wrong", kind="authentication_error",
                code="invalid_api_key",
            )  # fmt: skip

    def _refuse_other_model(self, name: str) -> None:
        if name != self._model:
            raise Rejection(
                404, f"there is no model {name[:200]!r}; it is {self._model}", param="model",
                code="model_not_found",
            )  # fmt: skip

    def _refuse_too_many(self) -> None:
        if self._running >= self._limits.at_once:
            raise Rejection(
                429, f"{self._limits.at_once} requests are in progress; try again later",
                kind="rate_limit_error", code="rate_limit_exceeded", retry_after=1,
            )  # fmt: skip


class _PendingRequest:
    """A request's episode, and the client that waits for it."""

    def __init__(self, episode: "asyncio.Task[ProxyAnswer]", disconnect: "asyncio.Task[None]"):
        self._episode = episode
        self._disconnect = disconnect

    async def wait(self, seconds: float | None = None) -> bool:
        """Return whether the answer is ready, or the client gone, within ``seconds``."""
        both = {self._episode, self._disconnect}
        done, _ = await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)

    async def answer(self) -> ProxyAnswer | None:
        """Return the answer; ``None`` if the client disconnected before it.

        Raises:
            Rejection: There is no answer.
        """
        await self.wait()
        return self._episode.result() if self._episode.done() else None

    async def end(self) -> None:
        """End both; cancel an unfinished episode, at the model's server too."""
        for task in (self._episode, self._disconnect):
            task.cancel()
        await asyncio.gather(self._episode, self._disconnect, return_exceptions=True)


class _Stream(StreamingResponse):
    """A stream that ends its episode even if no chunk of it is ever read."""

    def __init__(
        self, events: AsyncIterator[bytes], waiting: _PendingRequest, headers: dict[str, str]
    ):
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except ClientDisconnect:
            log.info("a client disconnected from its stream")
        finally:
            await self._waiting.end()


async def _wait_for_disconnect(request: Request) -> None:
    """Return when the client disconnects."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refuse_other_type(request: Request) -> None:
    """Raise `Rejection` if the content type of a body is not JSON.

    Browsers send texts and forms to any site without a preflight request, but not JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Rejection(
            415, f"the body is {kind[:100] or 'of no type'}; send it as application/json",
            code="unsupported_media_type",
        )  # fmt: skip


def _too_large(most: int) -> Rejection:
    return Rejection(413, f"the body is larger than {most} bytes", code="request_too_large")


def _error_response(refusal: Rejection, headers: dict[str, str]) -> Response:
    wait = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    # Do not wait for the rest of a rejected body.
    close = {"Connection": "close"} if refusal.status in (408, 413) else {}
    return JSONResponse(refusal.document, refusal.status, headers=headers | wait | close)


async def _handle_rejection(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Rejection)
    return _error_response(problem, {})


async def _handle_fault(request: Request, problem: Exception) -> Response:
    return _error_response(rejections.fault(), {})


async def _handle_not_found(request: Request, problem: Exception) -> Response:
    known = "POST /v1/chat/completions, GET /v1/models, /health and /metrics"
    status = getattr(problem, "status_code", 404)
    return _error_response(
        Rejection(status, f"{request.url.path} is not a path of the proxy; use {known}"), {}
    )
