"""Parse a request for a chat completion, strictly: no parameter is ignored silently.

Parameters that the proxy cannot honour are refused by name. Parameters that cannot affect an answer
are accepted: those at a neutral value, and labels such as ``user``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from harness.numbers import in_full
from harness.proxy.messages import read_messages
from harness.proxy.rejections import Rejection
from store.collection.draw_requests import DrawSettings


class Stopping(NamedTuple):
    """Stop strings, where the text for a client ends."""

    strings: tuple[str, ...] = ()
    included: bool = False
    """Whether the stop string is included."""

    def cut(self, text: str) -> str | None:
        """Return a text up to the first stop string; ``None`` if it contains none."""
        ends = [
            (position, string) for string in self.strings if (position := text.find(string)) >= 0
        ]
        if not ends:
            return None
        position, stop = min(ends)
        return text[: position + len(stop)] if self.included else text[:position]


class ChatRequest(NamedTuple):
    """A client's request."""

    model: str
    messages: list[dict[str, str]]
    stream: bool
    usage: bool
    """Whether the last chunk of a stream reports usage."""
    beta: float | None
    """``None`` if the client does not set it."""
    budget: int | None
    """B in tokens."""
    seed: int | None
    drawing: dict[str, float | int]
    """Fields of `store.collection.draw_requests.DrawSettings` that the client set."""
    stopping: Stopping = Stopping()
    template: Mapping[str, Any] = MappingProxyType({})
    """Arguments of the chat template that the client set."""


LABELS = frozenset({
    "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
    "parallel_tool_calls", "prompt_cache_retention",
})  # fmt: skip
"""Parameters that cannot affect an answer."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,), "logprobs": (False,), "top_logprobs": (0,), "presence_penalty": (0,),
    "frequency_penalty": (0,), "tools": ([],), "functions": ([],),
    "logit_bias": ({},), "tool_choice": ("none", "auto"), "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},), "modalities": (["text"],), "echo": (False,),
}  # fmt: skip
"""Parameters for which only these neutral values can be honoured."""

RESERVED = frozenset({
    "add_generation_prompt", "chat_template", "continue_final_message", "conversation", "documents",
    "messages", "return_dict", "tokenize", "tools",
})  # fmt: skip
"""Names that are not template arguments, but would change what is rendered."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Values of ``reasoning_effort``: those of OpenAI and of vLLM."""


class _NumberBounds(NamedTuple):
    kind: type
    least: float
    most: float
    above: bool = False
    """Whether ``least`` itself is out of range."""


NUMBERS = {
    "temperature": _NumberBounds(float, 0, 2),
    "top_p": _NumberBounds(float, 0, 1, above=True),
    "top_k": _NumberBounds(int, 0, 1 << 30),
    "min_p": _NumberBounds(float, 0, 1),
    "repetition_penalty": _NumberBounds(float, 0, 10, above=True),
    "max_tokens": _NumberBounds(int, 1, 1 << 30),
    "max_completion_tokens": _NumberBounds(int, 1, 1 << 30),
    "beta": _NumberBounds(float, 0, 1),
    "budget": _NumberBounds(int, 1, 1 << 48),
    "seed": _NumberBounds(int, -(1 << 63), (1 << 64) - 1),
}

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def read_chat_request(body: bytes) -> ChatRequest:
    """Parse the body of a request.

    Raises:
        Rejection: It is not JSON, lacks something, or requests what is not supported.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Rejection(400, "the body is not JSON") from None
    if not isinstance(document, dict):
        raise Rejection(400, "the body is not a JSON object")
    parameters = {name: value for name, value in document.items() if value is not None}
    model = parameters.pop("model", None)
    if not isinstance(model, str):
        raise Rejection(400, "`model` is missing, or not a string", param="model")
    messages = read_messages(parameters.pop("messages", None))
    stream = _boolean(parameters, "stream")
    options = _object(parameters, "stream_options")
    stopping = _stopping(parameters)
    template = _template(parameters)
    numbers = {name: _number(parameters.pop(name), name) for name in NUMBERS if name in parameters}
    for name, value in parameters.items():
        _refuse_unknown(name, value)
    return ChatRequest(
        model=model,
        messages=messages,
        stream=stream,
        usage=options.get("include_usage") is True,
        beta=numbers.get("beta"),
        budget=_integer(numbers.get("budget")),
        seed=_integer(numbers.get("seed")),
        drawing=_drawing(numbers),
        stopping=stopping,
        template=template,
    )


def override_drawing(drawing: DrawSettings, chat: ChatRequest) -> DrawSettings:
    """Return the proxy's sampling settings, overridden by the client's."""
    most = min(drawing.max_tokens, int(chat.drawing.get("max_tokens", drawing.max_tokens)))
    return msgspec.structs.replace(drawing, **{**chat.drawing, "max_tokens": most})


def _drawing(numbers: dict[str, float | int]) -> dict[str, float | int]:
    fields = {name: numbers[name] for name in _SAMPLING if name in numbers}
    bounds = [numbers[name] for name in ("max_tokens", "max_completion_tokens") if name in numbers]
    return fields | ({"max_tokens": min(bounds)} if bounds else {})


def _stopping(parameters: dict[str, Any]) -> Stopping:
    stop = parameters.pop("stop", [])
    strings = [stop] if isinstance(stop, str) else stop
    if not isinstance(strings, list) or not all(
        string and isinstance(string, str) for string in strings
    ):
        problem = "`stop` is neither a text nor a list of texts, each of a character or more"
        raise Rejection(400, problem, param="stop")
    return Stopping(tuple(strings), _boolean(parameters, "include_stop_str_in_output"))


def _template(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of the chat template; explicit arguments precede the effort."""
    arguments = _object(parameters, "chat_template_kwargs")
    for name in arguments.keys() & RESERVED:
        param = f"chat_template_kwargs.{name}"
        raise Rejection(
            400, f"`{param}` is not supported", param=param, code="unsupported_parameter"
        )
    effort = parameters.pop("reasoning_effort", None)
    if effort is None:
        return arguments
    if effort not in EFFORTS:
        known = ", ".join(EFFORTS)
        problem = f"`reasoning_effort` is not one of {known}"
        raise Rejection(400, problem, param="reasoning_effort")
    # Like vLLM: templates use one of the two.
    return {"reasoning_effort": effort, "enable_thinking": effort != "none"} | arguments


def _object(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    value = parameters.pop(name, {})
    if not isinstance(value, dict):
        raise Rejection(400, f"`{name}` is not an object", param=name)
    return value


def _boolean(parameters: dict[str, Any], name: str) -> bool:
    value = parameters.pop(name, False)
    if not isinstance(value, bool):
        raise Rejection(400, f"`{name}` is neither true nor false", param=name)
    return value


def _number(value: object, name: str) -> float | int:
    kind, least, most, above = NUMBERS[name]
    kinds: tuple[type, ...] = (int,) if kind is int else (int, float)
    if type(value) not in kinds:
        wanted = "whole number" if kind is int else "number"
        raise Rejection(400, f"`{name}` is not a {wanted}", param=name)
    assert isinstance(value, int | float)
    if not least <= value <= most or (above and value == least):
        low, high = in_full(least), in_full(most)
        bounds = f"above {low} and at most {high}" if above else f"from {low} to {high}"
        raise Rejection(400, f"`{name}` is {in_full(value)}; it must be {bounds}", param=name)
    return int(value) if kind is int else float(value)


def _integer(value: float | int | None) -> int | None:
    return None if value is None else int(value)


def _refuse_unknown(name: str, value: object) -> None:
    if name in LABELS:
        return
    if name in NEUTRAL and any(neutral == value for neutral in NEUTRAL[name]):
        return
    known = f"`{name}` is not supported" if name in NEUTRAL else f"`{name}` is unknown"
    raise Rejection(
        400, f"{known}: an answer is voted on by several branches", param=name,
        code="unsupported_parameter",
    )  # fmt: skip
