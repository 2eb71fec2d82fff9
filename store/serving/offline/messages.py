"""What goes over the pipe between this program and vLLM's own process: msgpack, lengths before it.

Both sides import this, and the other side's Python has nothing but vLLM: msgspec and the standard
library must do.
"""

import struct
from typing import Any

import msgspec

from store.serving.requests import CompletionRequest

HEADER = struct.Struct("<I")
"""The length of what follows, in bytes."""


class EngineRequest(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The base of requests."""

    id: int
    """Comes back with every reply."""


class DescribeRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """What is served? `DescriptionReply` answers."""


class TokenizeRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """The tokens of a text. `TokensReply` answers."""

    text: str
    special: bool


class TokenizeChatRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """The tokens of a conversation. `TokensReply` answers."""

    messages: list[dict[str, str]]
    template: dict[str, Any]


class DetokenizeRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """The text of tokens. `TextReply` answers."""

    tokens: list[int]


class CompleteRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """Completions. A `ChildReply` for each answers, in the order in which they end."""

    request: CompletionRequest


class CancelRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """The request of this id is wanted no longer. Nothing answers."""


class MetricsRequest(EngineRequest, frozen=True, tag=True, kw_only=True):
    """The page of metrics. `TextReply` answers."""


class DescriptionReply(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What is served."""

    id: int
    context: int
    version: str


class TokensReply(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Tokens of a text."""

    id: int
    tokens: list[int]


class TextReply(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A text."""

    id: int
    text: str


class ChildReply(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """One completion that has ended."""

    id: int
    child: int
    """Among all of the request: prompt after prompt, child after child."""
    token_ids: list[int]
    text: str
    finish: str
    logprobs: list[float] | None = None
    top: list[list[float]] | None = None


class ErrorReply(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """vLLM does not take the request, or failed at it."""

    id: int
    reason: str
    refused: bool
    """Whether it would be rejected again."""


WorkerRequest = (
    DescribeRequest
    | TokenizeRequest
    | TokenizeChatRequest
    | DetokenizeRequest
    | CompleteRequest
    | CancelRequest
    | MetricsRequest
)
Reply = DescriptionReply | TokensReply | TextReply | ChildReply | ErrorReply

REQUEST_DECODER = msgspec.msgpack.Decoder(WorkerRequest)
REPLY_DECODER = msgspec.msgpack.Decoder(Reply)
_ENCODER = msgspec.msgpack.Encoder()


def frame_message(message: msgspec.Struct) -> bytes:
    """Return a message as it goes over the pipe."""
    payload = _ENCODER.encode(message)
    return HEADER.pack(len(payload)) + payload
