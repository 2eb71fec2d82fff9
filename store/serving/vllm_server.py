"""One vLLM server over HTTP. `store.serving.connection` has how requests fail and are repeated."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from store.serving.connection import ServerConnection
from store.serving.engine import PrefixCacheCounters, Served, read_counters
from store.serving.errors import InconsistentResponse, Refused, Unreachable
from store.serving.event_stream import iterate_events
from store.serving.identity import Identity, ModelCard, identify, list_served_names
from store.serving.replies import (
    UNFINISHED,
    CompletionResult,
    read_reply,
)
from store.serving.requests import CompletionRequest, encode_request
from store.serving.retries import Limits, retry_call
from store.serving.streams import StreamAssembler, StreamChunk

RANK_HEADER = "X-data-parallel-rank"


class _Models(msgspec.Struct, frozen=True):
    data: list[ModelCard]


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


class VllmServer(ServerConnection):
    """The client of one vLLM server. Use it as an asynchronous context manager.

    Args:
        base_url: ``http://HOST:PORT``, with or without ``/v1``.
        model: the model's name at the server.
        key: the API key, if the server wants one.
        limits: deadlines and patience.
    """

    def __init__(
        self, base_url: str, model: str, *, key: str | None = None, limits: Limits | None = None
    ):
        super().__init__(base_url, model, key=key, limits=limits)
        self._identity: Identity | None = None

    async def served(self) -> Served:
        """Return what is served, after a check that it is the model that was named.

        Raises:
            Refused: it serves no such model.
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
        body = {"model": self.model, "tokens": tokens}
        return (await self._post("/detokenize", body, _TEXT)).prompt

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Completions as a whole: prompt after prompt, child after child.

        Args:
            request: the completion to request.
            rank: the data-parallel engine that is to do it: the one that holds the prefix.

        Raises:
            Unreachable: patience is at its end.
            Refused: the server does not take the request.
            InconsistentResponse: the reply is not one to the request.
        """
        body = encode_request(request, self.model)
        names = await self._names()

        async def attempt() -> list[CompletionResult]:
            reply = await self._read_body("POST", "/v1/completions", body, _headers(rank))
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
            Refused, InconsistentResponse: as `complete`.
        """
        body = encode_request(request, self.model, every=every)
        assembly = StreamAssembler(request, await self._names())
        opened = self._open("POST", "/v1/completions", body, _headers(rank), self.limits.stall)
        async with opened as response:
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
            page = await self._read_body("GET", "/metrics", None)
        except (Refused, Unreachable):
            return None
        return read_counters(page.decode("utf-8", "replace"))

    async def _identify(self) -> Identity:
        """Find the model among those that the server lists.

        Raises:
            Refused: it serves none of this name.
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
        reply = await self._post("/tokenize", {"model": self.model, **request}, _TOKENS)
        if reply.count != len(reply.tokens):
            raise InconsistentResponse(
                f"it counts {reply.count} tokens but returns {len(reply.tokens)}",
                address=self.address,
            )
        return reply.tokens

    def _refuse_unfinished(self, result: CompletionResult) -> None:
        if result.finish in UNFINISHED:
            raise self._unreachable(f"a completion ended with the reason {result.finish}")


def _headers(rank: int | None) -> dict[str, str]:
    return {} if rank is None else {RANK_HEADER: str(rank)}
