"""An engine on another machine: a Ray actor there holds it, and the collector holds the actor.

It is the interface of every engine, so a collection does not notice. What it gives does not depend
on where it runs; an actor that is lost is started again, and its open requests are sent again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, NamedTuple, Self

from store.cluster import connect
from store.serving.engine import Engine, PrefixCacheCounters, Served
from store.serving.errors import InconsistentResponse, Refused, ServingError, Unreachable
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits, retry_call
from store.serving.streams import StreamChunk

EngineFactory = Callable[[], AbstractAsyncContextManager[Engine]]
"""Makes the engine on the machine where it is to run."""

_AT_ONCE = 1 << 14
"""Calls of an actor under way; how many completions are is bounded where they are requested."""

_RESTARTS = 100
"""How often an actor that is lost is started again."""


class _EngineFailure(NamedTuple):
    """An error of the engine, as it goes from process to process."""

    kind: str
    problem: str
    address: str
    hint: str | None
    wait: float | None

    def error(self) -> ServingError:
        """Return the error itself."""
        if self.kind == "Unreachable":
            return Unreachable(self.problem, address=self.address, hint=self.hint, wait=self.wait)
        known: dict[str, type[ServingError]] = {
            "Refused": Refused,
            "InconsistentResponse": InconsistentResponse,
        }
        kind = known.get(self.kind, ServingError)
        return kind(self.problem, address=self.address, hint=self.hint)


class _EngineActor:
    """The actor: holds the engine, which is started by the first request at the latest."""

    def __init__(self, make: EngineFactory):
        self._make = make
        self._stack = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._engine: Engine | None = None

    async def start(self) -> None:
        """Start the engine; a failed start is reported to the next request."""
        with contextlib.suppress(ServingError):
            await self._started()

    async def call(self, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return what a method of the engine gives, or how it failed."""
        try:
            engine = await self._started()
            return await getattr(engine, method)(*arguments, **named)
        except ServingError as error:
            return _failure(error)

    async def stream(self, request: CompletionRequest, every: int, rank: int | None) -> Any:  # noqa: ANN401
        """Stream completions as they come, without retries.

        Args:
            request: the request.
            every: tokens per piece, about.
            rank: the data-parallel engine; ``None`` for any.
        """
        try:
            engine = await self._started()
            async for piece in engine.stream(request, every=every, rank=rank):
                yield piece
        except ServingError as error:
            yield _failure(error)

    async def _started(self) -> Engine:
        async with self._starting:
            if self._engine is None:
                self._engine = await self._stack.enter_async_context(self._make())
            return self._engine


def _failure(error: ServingError) -> _EngineFailure:
    wait = getattr(error, "wait", None)
    return _EngineFailure(type(error).__name__, error.problem, error.address, error.hint, wait)


class RayEngine:
    """An engine of `store.serving.engine` on a cluster. Use it as an asynchronous context manager.

    Args:
        make: makes the engine, on the machine where it is to run.
        address: the cluster's, as `store.cluster.connect` takes it.
        name: what errors call it.
        gpus: that it needs.
        limits: patience with an actor that is lost.

    Raises:
        ClusterError: there is no cluster.
    """

    def __init__(
        self,
        make: EngineFactory,
        address: str,
        *,
        name: str,
        gpus: float = 0.0,
        limits: Limits | None = None,
    ):
        self.address = name
        self.limits = limits or Limits()
        self._make = make
        self._gpus = gpus
        self._ray = connect(address)
        self._actor: Any = None

    async def __aenter__(self) -> Self:
        actor = self._ray.remote(
            num_cpus=1, num_gpus=self._gpus, max_restarts=_RESTARTS, max_concurrency=_AT_ONCE
        )(_EngineActor)
        self._actor = actor.remote(self._make)
        self._actor.start.remote()  # all engines side by side: each may take minutes
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ray.kill(self._actor)

    async def served(self) -> Served:
        """Return the served model and its limits."""
        served: Served = await self._ask("served")
        return served

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text."""
        tokens: list[int] = await self._ask("tokenize", text, special=special)
        return tokens

    async def tokenize_chat(
        self, messages: Sequence[Mapping[str, str]], template: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Tokenize a conversation in the model's own template, up to where it replies."""
        tokens: list[int] = await self._ask("tokenize_chat", messages, template)
        return tokens

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""
        text: str = await self._ask("detokenize", tokens)
        return text

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Return whole completions: prompt after prompt, child after child."""
        results: list[CompletionResult] = await self._ask("complete", request, rank=rank)
        return results

    async def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        """Stream completions as they come, without retries.

        Args:
            request: the request.
            every: tokens per piece, about.
            rank: the data-parallel engine; ``None`` for any.
        """
        references = self._actor.stream.options(num_returns="streaming").remote(
            request, every, rank
        )
        try:
            async for reference in references:
                piece = await reference
                if isinstance(piece, _EngineFailure):
                    raise piece.error()
                yield piece
        except self._ray.exceptions.RayActorError as error:
            raise self._lost() from error

    async def counters(self) -> PrefixCacheCounters | None:
        """Return the counts of its prefix cache; ``None`` if it reports none or is lost."""
        try:
            counters: PrefixCacheCounters | None = await self._ask("counters")
        except Unreachable:
            return None
        return counters

    async def _ask(self, method: str, *arguments: object, **named: object) -> Any:  # noqa: ANN401
        async def attempt() -> Any:  # noqa: ANN401
            reference = self._actor.call.remote(method, arguments, named)
            try:
                reply = await reference
            except asyncio.CancelledError:
                self._ray.cancel(reference)
                raise
            except self._ray.exceptions.RayActorError as error:
                raise self._lost() from error
            if isinstance(reply, _EngineFailure):
                raise reply.error()
            return reply

        return await retry_call(attempt, self.limits)

    def _lost(self) -> Unreachable:
        return Unreachable("its worker on the cluster was lost", address=self.address)
