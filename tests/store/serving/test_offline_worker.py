"""The worker of vLLM without a server: what its engine rejects is distinguished from what fails."""

import asyncio
import os
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from store.collection.draw_requests import DrawSettings, request_branches
from store.serving.offline import messages, worker


class TemplateError(Exception):
    """As jinja2 calls its own."""


class Engine:
    """An engine that raises; its context is short."""

    def __init__(self, problem: Exception):
        self.model_config = SimpleNamespace(max_model_len=128)
        self.renderer = SimpleNamespace(tokenizer=self)
        self._problem = problem

    async def generate(self, *words: object) -> AsyncIterator[object]:
        """Draws nothing."""
        raise self._problem
        yield

    def apply_chat_template(self, *words: object, **named: object) -> str:
        """Renders nothing."""
        raise self._problem


async def answered(problem: Exception, *asked: messages.EngineRequest) -> list[Any]:
    """What the worker answers to messages."""
    there, out = os.pipe()
    reader = asyncio.StreamReader()
    engine_worker = worker.EngineWorker(Engine(problem), out)
    serving = asyncio.create_task(engine_worker.serve(reader))
    found = []
    for request in asked:
        reader.feed_data(messages.frame_message(request))
        header = await asyncio.to_thread(os.read, there, messages.HEADER.size)
        (length,) = messages.HEADER.unpack(header)
        found.append(messages.REPLY_DECODER.decode(await asyncio.to_thread(os.read, there, length)))
    reader.feed_eof()
    await serving
    os.close(there)
    os.close(out)
    return found


@pytest.mark.parametrize(
    ("problem", "refused"),
    [
        (ValueError("top_p must be in (0, 1]"), True),
        (TemplateError("roles must alternate"), True),
        (RuntimeError("the engine is dead"), False),
    ],
)
async def test_permanent_failure_is_reported_as_refused(
    problem: Exception, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The parameters are made by vLLM, which is not here.
    monkeypatch.setattr(worker, "make_sampling_params", lambda request, child: None)
    drawing = DrawSettings(interval=4, max_tokens=8)
    drawn = messages.CompleteRequest(id=1, request=request_branches([1, 2], "q", 0, 2, drawing))
    rendered = messages.TokenizeChatRequest(id=2, messages=[{"role": "user"}], template={})
    for reply in await answered(problem, drawn, rendered):
        assert reply.refused is refused
        assert str(problem) in reply.reason
