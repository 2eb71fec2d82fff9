"""Responses in OpenAI's format: whole, and in the chunks of a stream."""

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.proxy.responder import ProxyAnswer

CHUNK_CHARACTERS = 64
"""Characters per chunk."""


def completion_body(answer: ProxyAnswer, name: str, model: str, created: int) -> dict[str, Any]:
    """Return a chat completion.

    Args:
        answer: The answer.
        name: The id of the completion.
        model: The name of the served model.
        created: Unix time.
    """
    message: dict[str, Any] = {"role": "assistant", "content": answer.content, "refusal": None}
    if answer.reasoning is not None:
        message["reasoning_content"] = answer.reasoning
    choice = {
        "index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish,
    }  # fmt: skip
    return {
        "id": name, "object": "chat.completion", "created": created, "model": model,
        "choices": [choice], "usage": usage_body(answer), "rheostat": controller_fields(answer),
    }  # fmt: skip


def usage_body(answer: ProxyAnswer) -> dict[str, Any]:
    """Return the usage: all generated tokens, not only those shown."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "completion_tokens_details": {"reasoning_tokens": answer.hidden_tokens},
    }


def controller_fields(answer: ProxyAnswer) -> dict[str, Any]:
    """Return the additional fields of a controller's answer."""
    episode = answer.live_result.episode
    warned = {"warnings": answer.warnings} if answer.warnings else {}
    return {
        "answer": answer.answer,
        "branches": len(episode.branches),
        "barriers": len(episode.barriers) - 1,
        "tokens": episode.tokens,
        "sequential_tokens": episode.sequential,
        "probes": answer.live_result.probes,
        "seconds": answer.live_result.seconds,
        **warned,
    }


def first_chunk(name: str, model: str, created: int) -> bytes:
    """Return the first chunk of a stream.

    Args:
        name: The id of the completion.
        model: The name of the served model.
        created: Unix time.
    """
    return server_sent_event(
        _chunk(name, model, created, {"role": "assistant", "content": ""}, None)
    )


def remaining_chunks(
    answer: ProxyAnswer, name: str, model: str, created: int, *, with_usage: bool
) -> Iterator[bytes]:
    """Return all other chunks of a stream, including its end.

    Args:
        answer: The answer.
        name: The id of the completion.
        model: The name of the served model.
        created: Unix time.
        with_usage: Whether the last chunk reports usage.
    """
    if answer.reasoning is not None:
        for piece in _split_text(answer.reasoning):
            yield server_sent_event(
                _chunk(name, model, created, {"reasoning_content": piece}, None)
            )
    for piece in _split_text(answer.content):
        yield server_sent_event(_chunk(name, model, created, {"content": piece}, None))
    last = _chunk(name, model, created, {}, answer.finish)
    yield server_sent_event(last | {"rheostat": controller_fields(answer)})
    if with_usage:
        yield server_sent_event(
            _chunk(name, model, created, None, None) | {"usage": usage_body(answer)}
        )
    yield b"data: [DONE]\n\n"


def server_sent_event(document: dict[str, Any]) -> bytes:
    """Return one server-sent event."""
    return b"data: " + msgspec.json.encode(document) + b"\n\n"


def _chunk(
    name: str, model: str, created: int, delta: dict[str, Any] | None, finish: str | None
) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": name, "object": "chat.completion.chunk", "created": created, "model": model,
        "choices": choices,
    }  # fmt: skip


def _split_text(text: str) -> Iterator[str]:
    for start in range(0, len(text), CHUNK_CHARACTERS):
        yield text[start : start + CHUNK_CHARACTERS]
