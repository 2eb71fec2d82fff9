"""A real HTTP server with the interface of vLLM: it serves a scripted model and fails on demand."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from aiohttp import web

from tests.store.serving.app_thread import serve_app
from tests.store.serving.scripted_model import Choice, draw, encode, show

CONTEXT = 4096
MODEL = "make-believe"

Body = dict[str, Any]
Fault = str | None
"""How one request goes wrong; ``None`` is not at all. `FAULTS` lists them."""

FAULTS = (
    "busy", "broken", "refused", "truncated", "cut", "other_model", "no_tokens", "short", "extra",
    "wrong_count", "wrong_prompt", "no_finish", "unasked", "abort", "stall", "drip", "no_logprobs",
    "above_zero", "masked", "not_allowed",
)  # fmt: skip
"""Besides these, ``status 503`` answers with that status, and ``event 400`` with an event of a
stream of status 200 that reports it; ``document 400`` is such a reply as a whole."""

CARD: dict[str, Any] = {"id": MODEL, "root": "/models/make-believe", "max_model_len": CONTEXT}
"""The model as ``/v1/models`` lists it."""


class Seen(NamedTuple):
    """A request as it came."""

    path: str
    body: Body
    rank: str | None


def plain_template(messages: list[Body], arguments: Body) -> str:
    """A chat template that knows of no thoughts."""
    return "".join(message["content"] + "\n" for message in messages)


class ScriptedServer:
    """The server's state, and what it has seen.

    Attributes:
        fault: is asked, for every completion request, by its number from 0, how it goes wrong.
        pace: seconds between two events of a stream.
        line_end: what ends a line of a stream.
    """

    def __init__(self) -> None:
        self.url = ""
        self.fault: Callable[[int, Body], Fault] = lambda number, body: None
        self.pace = 0.0
        self.line_end = "\n"
        self.version = "0.0.1"
        self.cards: list[Body] = [CARD]
        """What is listed; a reply carries the first name, or the adapter's own."""
        self.template: Callable[[list[Body], Body], str] | None = plain_template
        """Renders a conversation with arguments; ``None`` where the model has no template."""
        self.key: str | None = None
        """What clients have to show, if anything."""
        self.shift = 0
        """Added to every seed: a server that draws otherwise."""
        self.seen: list[Seen] = []
        self.most_at_once = 0
        self.dropped = 0
        """Requests whose client went away."""
        self._at_once = 0

    @property
    def under_way(self) -> int:
        """Children that are being drawn."""
        return self._at_once

    @property
    def completions(self) -> list[Seen]:
        """The requests for completions."""
        return [request for request in self.seen if request.path == "/v1/completions"]

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application(client_max_size=1 << 28, middlewares=[self._authenticate])
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/version", self._version)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_post("/detokenize", self._detokenize)
        app.router.add_post("/v1/completions", self._complete)
        return app

    @web.middleware
    async def _authenticate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        shown = request.headers.get("Authorization")
        if self.key is not None and shown != f"Bearer {self.key}":
            return web.json_response({"error": "Unauthorized"}, status=401)
        return await handler(request)

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": self.cards})

    def _named(self, asked: str) -> str:
        """The name that a reply carries."""
        adapters = [card["id"] for card in self.cards if card.get("parent")]
        return asked if asked in adapters else str(self.cards[0]["id"])

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": self.version})

    async def _metrics(self, request: web.Request) -> web.Response:
        asked = sum(len(p) for completion in self.completions for p in completion.body["prompt"])
        lines = [
            f'vllm:prefix_cache_queries_total{{engine="0",model_name="m"}} {asked}.0',
            f'vllm:prefix_cache_hits_total{{engine="0",model_name="m"}} {asked // 2}.0',
        ]
        return web.Response(text="# HELP\n" + "\n".join(lines) + "\n")

    async def _tokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        text = body.get("prompt")
        if text is None and self.template is None:
            error = {"error": {"message": "no chat template", "code": 400}}
            return web.json_response(error, status=400)
        if text is None:
            assert self.template is not None
            text = self.template(body["messages"], body.get("chat_template_kwargs") or {})
            text += "<reply>"
        tokens = encode(text)
        self.seen.append(Seen("/tokenize", body, None))
        return web.json_response({"tokens": tokens, "count": len(tokens)})

    async def _detokenize(self, request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"prompt": show(body["tokens"])})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        number = len(self.completions)
        self.seen.append(Seen("/v1/completions", body, request.headers.get("X-data-parallel-rank")))
        children = len(body["prompt"]) * body.get("n", 1)
        self._at_once += children
        self.most_at_once = max(self.most_at_once, self._at_once)
        left = [children]
        try:
            return await self._answer(request, body, self.fault(number, body), left)
        except (asyncio.CancelledError, ConnectionError):
            self.dropped += 1
            raise
        finally:
            self._at_once -= left[0]

    async def _answer(
        self, request: web.Request, body: Body, fault: Fault, left: list[int]
    ) -> web.StreamResponse:
        if fault == "busy":
            return web.Response(status=429, headers={"Retry-After": "0"})
        if fault == "broken":
            return web.Response(status=503, text="out of order")
        if fault == "refused":
            return web.json_response({"error": {"message": "too long"}}, status=400)
        if fault is not None and fault.startswith("status "):
            status = int(fault.split()[1])
            return web.json_response(
                {"error": {"message": "scripted", "code": status}}, status=status
            )
        if fault is not None and fault.startswith("document "):
            error = {"error": {"message": "scripted", "code": int(fault.split()[1])}}
            return web.json_response(error)
        if fault is not None and fault.startswith("event "):
            error = {"error": {"message": "scripted", "code": int(fault.split()[1])}}
            text = f"data: {json.dumps(error)}\n\ndata: [DONE]\n\n"
            return web.Response(text=text, content_type="text/event-stream")
        if fault == "stall":
            await asyncio.sleep(3600)
        choices = self._choices(body, fault)
        if body.get("stream"):
            return await self._stream(request, body, choices, fault, left)
        reply = json.dumps(_whole(body, choices, fault, self._named(body["model"]))).encode()
        if fault == "truncated":
            return web.Response(body=reply[: len(reply) // 2], content_type="application/json")
        if fault in ("cut", "drip"):
            return await self._broken_off(request, reply, fault)
        return web.Response(body=reply, content_type="application/json")

    async def _broken_off(
        self, request: web.Request, reply: bytes, fault: str
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(reply))})
        await response.prepare(request)
        if fault == "drip":
            for byte in reply[:-1]:
                await response.write(bytes([byte]))
                await asyncio.sleep(0.02)
            await asyncio.sleep(3600)
        await response.write(reply[: len(reply) // 2])
        _hang_up(request)
        return response

    def _choices(self, body: Body, fault: Fault) -> list[Body]:
        n, stop = body.get("n", 1), body.get("stop") or []
        found: list[Body] = []
        for prompt in body["prompt"]:
            for child in range(n):
                seed = (body.get("seed") or 0) + child + self.shift
                choice = draw(prompt, seed, body["max_tokens"])
                if body.get("allowed_token_ids"):
                    choice = Choice([min(body["allowed_token_ids"])], "length")
                told = _choice(len(found), prompt, choice, stop, body.get("logprobs"))
                if body.get("allowed_token_ids") and "logprobs" in told:
                    told["logprobs"]["token_logprobs"] = [allowed_logprob(prompt)]
                found.append(told)
        spoil(found, fault)
        return found

    async def _stream(
        self,
        request: web.Request,
        body: Body,
        choices: list[Body],
        fault: Fault,
        left: list[int],
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        model = "another" if fault == "other_model" else self._named(body["model"])
        every = body.get("stream_interval") or 16
        turns = [_pieces(choice, every, fault) for choice in choices]
        sent, whole = 0, sum(len(choice["token_ids"] or []) for choice in choices)
        while any(turns):
            for turn in turns:
                if not turn:
                    continue
                piece, count = turn.pop(0)
                event = {"model": model, "choices": [piece], "usage": _usage(1, count)}
                data = self._event(json.dumps(event))
                sent += len(piece["token_ids"] or [])
                if fault == "cut" and sent > whole // 2:
                    await response.write(data[: len(data) // 2])
                    _hang_up(request)
                    return response
                if fault == "drip" and sent > whole // 2:
                    for byte in data[:-1]:
                        await response.write(bytes([byte]))
                        await asyncio.sleep(0.02)
                    await asyncio.sleep(3600)
                if not turn:
                    left[0] -= 1
                    self._at_once -= 1
                await response.write(data)
                if self.pace:
                    await asyncio.sleep(self.pace)
        if fault == "truncated":
            return response
        usage = _usage(len(body["prompt"][0]), whole + (fault == "extra"))
        last = json.dumps({"model": model, "choices": [], "usage": usage})
        await response.write(self._event(last) + self._event("[DONE]"))
        return response

    def _event(self, data: str) -> bytes:
        return f"data: {data}{self.line_end}{self.line_end}".encode()


def _hang_up(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


def _choice(
    index: int, prompt: Sequence[int], choice: Choice, stop: list[str], logprobs: int | None
) -> Body:
    tokens, finish, text = choice.tokens, choice.finish, show(choice.tokens)
    for end in stop:
        if end in text:
            text = text.partition(end)[0]
            tokens, finish = tokens[: len(encode(text)) + 1], "stop"
    told: Body = {
        "index": index, "text": text, "token_ids": tokens, "finish_reason": finish,
        "prompt_token_ids": list(prompt), "stop_reason": None,
    }  # fmt: skip
    if logprobs is not None:
        told["logprobs"] = _logprobs(tokens, logprobs)
    return told


def _logprobs(tokens: Sequence[int], most: int) -> Body:
    names = [f"token_id:{token}" for token in tokens]
    own = [-0.25 * (1 + token % 3) for token in tokens]
    top = [
        {names[index]: own[index], **{f"token_id:{1000 + k}": -4.0 - k for k in range(most)}}
        for index in range(len(tokens))
    ]
    return {"tokens": names, "token_logprobs": own, "top_logprobs": top, "text_offset": []}


def allowed_logprob(prompt: Sequence[int]) -> float:
    """The log-probability of the one token that is allowed after a prompt: another for each."""
    return -(sum(prompt) % 97) / 32


def spoil(choices: list[Body], fault: Fault) -> None:
    """Makes the choices wrong in the way that the fault names."""
    last = choices[-1]
    if fault == "no_tokens":
        last["token_ids"] = None
    elif fault == "short":
        last["finish_reason"], last["token_ids"] = "length", last["token_ids"][:-1]
    elif fault == "wrong_prompt":
        last["prompt_token_ids"] = [*last["prompt_token_ids"][:-1], 7]
    elif fault == "no_finish":
        last["finish_reason"] = None
    elif fault == "unasked":
        last["index"] += 1
    elif fault == "abort":
        last["finish_reason"] = "abort"
    elif fault == "no_logprobs":
        last.pop("logprobs", None)
    elif fault == "above_zero" and last.get("logprobs"):
        last["logprobs"]["token_logprobs"][0] = 0.5
    elif fault == "not_allowed":
        last["token_ids"] = [token + 1 for token in last["token_ids"]]
        last["logprobs"]["tokens"] = [f"token_id:{token}" for token in last["token_ids"]]
    elif fault == "masked" and last.get("logprobs"):
        last["logprobs"]["top_logprobs"][0] |= {f"token_id:{k}": -9999.0 for k in range(1005, 1020)}


def _whole(body: Body, choices: list[Body], fault: Fault, model: str) -> Body:
    tokens = sum(len(choice["token_ids"] or []) for choice in choices)
    return {
        "model": "another" if fault == "other_model" else model,
        "choices": [*choices, dict(choices[-1])] if fault == "extra" else choices,
        "usage": _usage(sum(map(len, body["prompt"])), tokens + (fault == "wrong_count")),
    }


def _usage(prompt: int, tokens: int) -> Body:
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


def _pieces(choice: Body, every: int, fault: Fault) -> list[tuple[Body, int]]:
    tokens = choice["token_ids"]
    if tokens is None:
        return [(choice, 0)]
    pieces = []
    for index in range(0, len(tokens), every):
        part = tokens[index : index + every]
        ends = index + every >= len(tokens)
        told = {
            "index": choice["index"], "token_ids": part, "text": show(part),
            "finish_reason": choice["finish_reason"] if ends else None,
        }  # fmt: skip
        if index == 0:
            told["prompt_token_ids"] = choice["prompt_token_ids"]
        if "logprobs" in choice:
            kept = choice["logprobs"]
            told["logprobs"] = {
                name: kept[name][index : index + every]
                for name in ("tokens", "token_logprobs", "top_logprobs")
            }
        pieces.append((told, index + len(part) + (ends and fault == "wrong_count")))
    return pieces


@contextmanager
def serving(server: ScriptedServer, port: int = 0) -> Iterator[ScriptedServer]:
    """Runs the server in a thread of its own; its ``url`` is set."""
    with serve_app(server.app(), port) as address:
        server.url = address
        yield server
