"""A request for a chat completion: read strictly, so that nothing is passed over in silence.

What the proxy cannot honour is refused by name. What makes no difference to an answer is accepted:
a parameter at the value that means nothing, and labels such as ``user``.
"""

from typing import Any, NamedTuple

import msgspec

from harness.numbers import in_full
from harness.proxy.rejections import Rejected
from store.collection.requests import Drawing


class Chat(NamedTuple):
    """What a client asks for."""

    model: str
    messages: list[dict[str, str]]
    stream: bool
    usage: bool
    """A last chunk of a stream tells the usage."""
    beta: float | None
    """``None`` where the client leaves it to the proxy."""
    budget: int | None
    """B, the tokens that admit actions."""
    seed: int | None
    drawing: dict[str, float | int]
    """Fields of `store.collection.requests.Drawing` that the client set."""


LABELS = frozenset({
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    "parallel_tool_calls", "prompt_cache_retention",
})  # fmt: skip
"""Parameters that change no answer."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "presence_penalty": (0,),
    "frequency_penalty": (0,), "tools": ([],), "functions": ([],), "stop": ([],),
    "logit_bias": ({},), "tool_choice": ("none", "auto"), "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},), "modalities": (["text"],), "echo": (False,),
}  # fmt: skip
"""Parameters of which only these values can be honoured, which mean nothing."""

ROLES = ("system", "developer", "user", "assistant")


class _Bounds(NamedTuple):
    kind: type
    least: float
    most: float


NUMBERS = {
    "temperature": _Bounds(float, 0, 2),
    "top_p": _Bounds(float, 1e-9, 1),
    "top_k": _Bounds(int, 0, 1 << 30),
    "min_p": _Bounds(float, 0, 1),
    "repetition_penalty": _Bounds(float, 1e-9, 10),
    "max_tokens": _Bounds(int, 1, 1 << 30),
    "max_completion_tokens": _Bounds(int, 1, 1 << 30),
    "beta": _Bounds(float, 0, 1),
    "budget": _Bounds(int, 0, 1 << 48),
    "seed": _Bounds(int, -(1 << 63), (1 << 64) - 1),
}

_DRAWN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def read_chat(body: bytes) -> Chat:
    """Reads the body of a request.

    Raises:
        Rejected: it is not JSON, lacks something, or asks for what cannot be honoured.
    """
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejected(400, "the body is not JSON") from None
    if not isinstance(asked, dict):
        raise Rejected(400, "the body is not a JSON object")
    given = {name: value for name, value in asked.items() if value is not None}
    model = given.pop("model", None)
    if not isinstance(model, str):
        raise Rejected(400, "`model` is missing, or no string", param="model")
    messages = _messages(given.pop("messages", None))
    stream = _truth(given, "stream")
    options = given.pop("stream_options", {})
    if not isinstance(options, dict):
        raise Rejected(400, "`stream_options` is no object", param="stream_options")
    numbers = {name: _number(given.pop(name), name) for name in NUMBERS if name in given}
    for name, value in given.items():
        _refuse_unknown(name, value)
    return Chat(
        model=model,
        messages=messages,
        stream=stream,
        usage=options.get("include_usage") is True,
        beta=numbers.get("beta"),
        budget=_whole(numbers.get("budget")),
        seed=_whole(numbers.get("seed")),
        drawing=_drawing(numbers),
    )


def drawn_by(drawing: Drawing, chat: Chat) -> Drawing:
    """How a request's branches are drawn: as the proxy's own, but for what the client set."""
    most = min(drawing.max_tokens, int(chat.drawing.get("max_tokens", drawing.max_tokens)))
    return msgspec.structs.replace(drawing, **{**chat.drawing, "max_tokens": most})


def _drawing(numbers: dict[str, float | int]) -> dict[str, float | int]:
    found = {name: numbers[name] for name in _DRAWN if name in numbers}
    bounds = [numbers[name] for name in ("max_tokens", "max_completion_tokens") if name in numbers]
    return found | ({"max_tokens": min(bounds)} if bounds else {})


def _messages(given: object) -> list[dict[str, str]]:
    if not isinstance(given, list) or not given:
        raise Rejected(400, "`messages` is missing or empty", param="messages")
    return [_message(each, f"messages[{at}]") for at, each in enumerate(given)]


def _message(given: object, place: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Rejected(400, f"`{place}` is no object", param=place)
    role, content = given.get("role"), given.get("content")
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise Rejected(400, f"`{place}.role` is not one of {known}", param=f"{place}.role")
    for name in given.keys() - {"role", "content", "name", "refusal", "annotations"}:
        if given[name]:
            raise Rejected(
                400, f"`{place}.{name}` cannot be honoured", param=f"{place}.{name}",
                code="unsupported_parameter",
            )  # fmt: skip
    if isinstance(content, list):
        content = "".join(_part(each, f"{place}.content[{at}]") for at, each in enumerate(content))
    if not isinstance(content, str):
        raise Rejected(400, f"`{place}.content` is no text", param=f"{place}.content")
    return {"role": "system" if role == "developer" else role, "content": content}


def _part(given: object, place: str) -> str:
    if isinstance(given, dict) and given.get("type") == "text":
        text = given.get("text")
        if isinstance(text, str):
            return text
    raise Rejected(400, f"`{place}` is no text, and only text is read", param=place)


def _truth(given: dict[str, Any], name: str) -> bool:
    value = given.pop(name, False)
    if not isinstance(value, bool):
        raise Rejected(400, f"`{name}` is neither true nor false", param=name)
    return value


def _number(value: object, name: str) -> float | int:
    bounds = NUMBERS[name]
    kinds: tuple[type, ...] = (int,) if bounds.kind is int else (int, float)
    if type(value) not in kinds:
        wanted = "whole number" if bounds.kind is int else "number"
        raise Rejected(400, f"`{name}` is no {wanted}", param=name)
    assert isinstance(value, int | float)
    if not bounds.least <= value <= bounds.most:
        least = 0 if bounds.least == 1e-9 else bounds.least
        raise Rejected(
            400, f"`{name}` is not from {in_full(least)} to {in_full(bounds.most)}", param=name
        )
    return int(value) if bounds.kind is int else float(value)


def _whole(value: float | int | None) -> int | None:
    return None if value is None else int(value)


def _refuse_unknown(name: str, value: object) -> None:
    if name in LABELS:
        return
    if name in NEUTRAL and any(neutral == value for neutral in NEUTRAL[name]):
        return
    known = f"`{name}` cannot be honoured" if name in NEUTRAL else f"`{name}` is not known here"
    raise Rejected(
        400, f"{known}: an answer is voted on by many branches", param=name,
        code="unsupported_parameter",
    )  # fmt: skip
