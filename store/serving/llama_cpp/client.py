"""One server of llama.cpp over HTTP, by its own interface.

Its ``/v1/completions`` returns no tokens, so requests go to ``/completion``: one for each child,
one after the other, since a request for several reserves one slot. The server keeps the tokens
of its slots and, in memory, those of earlier prompts, so the beginning of a branch is found again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from store.serving.connection import ServerConnection
from store.serving.engine import LLAMA_CPP, PrefixCacheCounters, Served
from store.serving.errors import Refused
from store.serving.llama_cpp.grammars import UnsupportedConstraint
from store.serving.llama_cpp.replies import read_llama_reply
from store.serving.llama_cpp.requests import ChildRequest, list_children, make_request
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits, retry_call
from store.serving.streams import FinishedChild, StreamChunk

SLOWEST = 1.0
"""Seconds for one token on the slowest machine that is waited for."""


class _ModelCard(msgspec.Struct, frozen=True):
    id: str
    aliases: list[str] = []


class _Models(msgspec.Struct, frozen=True):
    data: list[_ModelCard]


class _Defaults(msgspec.Struct, frozen=True):
    n_ctx: int
    """The most tokens of a slot."""


class _Properties(msgspec.Struct, frozen=True):
    default_generation_settings: _Defaults
    total_slots: int = 0
    build_info: str = ""
    role: str = "model"
    """``router`` where the server starts others, each with a model of its own."""


class _Tokens(msgspec.Struct, frozen=True):
    tokens: list[int]


class _Prompt(msgspec.Struct, frozen=True):
    prompt: str


class _Content(msgspec.Struct, frozen=True):
    content: str


_MODELS = msgspec.json.Decoder(_Models)
_PROPERTIES = msgspec.json.Decoder(_Properties)
_TOKENS = msgspec.json.Decoder(_Tokens)
_PROMPT = msgspec.json.Decoder(_Prompt)
_CONTENT = msgspec.json.Decoder(_Content)


class LlamaServer(ServerConnection):
    """The client of one llama.cpp server. Use it as an asynchronous context manager.

    Args:
        base_url: ``http://HOST:PORT``, with or without ``/v1``.
        model: the model's name at the server: its alias, or else the name of its file.
        key: the API key, if the server wants one.
        limits: deadlines and patience.
    """

    software: ClassVar[str] = "llama.cpp"

    def __init__(
        self, base_url: str, model: str, *, key: str | None = None, limits: Limits | None = None
    ):
        super().__init__(base_url, model, key=key, limits=limits)
        self._card: _ModelCard | None = None
        self._prompt_tokens = 0
        self._cached_tokens = 0

    async def served(self) -> Served:
        """Return what is served, after a check that it is the model that was named.

        Raises:
            Refused: it serves no such model.
            Unreachable: it does not answer, for as long as patience lasts.
        """
        card = await self._identify()
        properties = await self._get("/props", _PROPERTIES)
        if properties.role == "router":
            raise Refused(
                "is a router in front of several llama.cpp servers, whose slots it does not report",
                address=self.address,
                hint="give the address of a server that was started with one model",
            )
        return Served(
            self.model,
            properties.default_generation_settings.n_ctx,
            properties.build_info,
            tuple(sorted({card.id, *card.aliases} - {self.model})),
            engine=LLAMA_CPP,
            slots=properties.total_slots,
        )

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text.

        Args:
            text: what is tokenised.
            special: add what the tokenizer puts around a text, such as a beginning token.
        """
        body = {"content": text, "add_special": special, "parse_special": True}
        return (await self._post("/tokenize", body, _TOKENS)).tokens

    async def tokenize_chat(
        self,
        messages: Sequence[Mapping[str, str]],
        template: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Tokenize a conversation in the model's own chat template, up to where it replies.

        The server renders a prompt without the beginning token that its tokenizer puts there.

        Args:
            messages: each with ``role`` and ``content``.
            template: arguments of the template, such as ``enable_thinking``.
        """
        body: dict[str, Any] = {"messages": list(messages), "add_generation_prompt": True}
        if template:
            body["chat_template_kwargs"] = dict(template)
        rendered = await self._post("/apply-template", body, _PROMPT)
        return await self.tokenize(rendered.prompt, special=True)

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""
        return (await self._post("/detokenize", {"tokens": tokens}, _CONTENT)).content

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Completions as a whole: prompt after prompt, child after child.

        Args:
            request: the completion to request.
            rank: no effect: the server finds the slot that holds the prefix.

        Raises:
            Unreachable: patience is at its end.
            Refused: the server does not take the request.
            InconsistentResponse: a reply is not one to the request.
        """
        results: dict[int, CompletionResult] = {}
        for child in list_children(request):
            results[child.child] = await self._complete_child(request, child)
        return [results[child] for child in sorted(results)]

    async def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        """Return each completion when it ends.

        Args:
            request: the request.
            every: no effect: a completion comes as a whole.
            rank: no effect.

        Raises:
            Unreachable, Refused, InconsistentResponse: as `complete`.
        """
        for child in list_children(request):
            result = await self._complete_child(request, child)
            yield StreamChunk(len(result.token_ids), FinishedChild(child.child, result))

    async def counters(self) -> PrefixCacheCounters | None:
        """Return the prompt tokens of this client's own requests, and those that were cached."""
        return PrefixCacheCounters(self._prompt_tokens, self._cached_tokens, 1)

    async def _complete_child(
        self, request: CompletionRequest, child: ChildRequest
    ) -> CompletionResult:
        try:
            sent = make_request(request, child)
        except UnsupportedConstraint as error:
            raise Refused(f"no constraint: {error}", address=self.address) from error
        body = msgspec.json.encode(sent)
        card = self._card or await self._identify()
        names = frozenset((card.id, *card.aliases))
        deadline = max(self.limits.whole, SLOWEST * request.max_tokens)

        async def attempt() -> CompletionResult:
            reply = await self._read_body("POST", "/completion", body, deadline=deadline)
            with self._judged():
                checked = read_llama_reply(reply, request, sent, names)
            self._prompt_tokens += checked.prompt_tokens
            self._cached_tokens += checked.cached_tokens
            return checked.result

        return await retry_call(attempt, self.limits)

    async def _identify(self) -> _ModelCard:
        """Find the model that the server lists.

        Raises:
            Refused: it serves none of this name.
        """
        cards = (await self._get("/v1/models", _MODELS)).data
        for card in cards:
            if self.model in (card.id, *card.aliases):
                self._card = card
                return card
        names = ", ".join(card.id for card in cards[:8])
        raise Refused(
            f"does not serve the model {self.model}",
            address=self.address,
            hint=f"it serves {names or 'none'}",
        )
