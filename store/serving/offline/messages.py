"""What goes over the pipe between this program and vLLM's own process: msgpack, lengths before it.

Both sides import this, and the other side's Python has nothing but vLLM: msgspec and the standard
library must do.
"""

import struct
from typing import Any

import msgspec

from store.serving.requests import Completion

HEADER = struct.Struct("<I")
"""The length of what follows, in bytes."""


class Ask(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The base of what is asked."""

    id: int
    """Comes back with every reply."""


class About(Ask, frozen=True, tag=True, kw_only=True):
    """What is served? `Facts` answers."""


class Tokenize(Ask, frozen=True, tag=True, kw_only=True):
    """The tokens of a text. `Tokens` answers."""

    text: str
    special: bool


class TokenizeChat(Ask, frozen=True, tag=True, kw_only=True):
    """The tokens of a conversation. `Tokens` answers."""

    messages: list[dict[str, str]]
    template: dict[str, Any]


class Detokenize(Ask, frozen=True, tag=True, kw_only=True):
    """The text of tokens. `Text` answers."""

    tokens: list[int]


class Draw(Ask, frozen=True, tag=True, kw_only=True):
    """Completions. A `Child` for each answers, in the order in which they end."""

    request: Completion


class Drop(Ask, frozen=True, tag=True, kw_only=True):
    """The request of this id is wanted no longer. Nothing answers."""


class Metrics(Ask, frozen=True, tag=True, kw_only=True):
    """The page of metrics. `Text` answers."""


class Facts(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What is served."""

    id: int
    context: int
    version: str


class Tokens(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Tokens of a text."""

    id: int
    tokens: list[int]


class Text(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A text."""

    id: int
    text: str


class Child(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """One completion that has ended."""

    id: int
    child: int
    """Among all of the request: prompt after prompt, child after child."""
    token_ids: list[int]
    text: str
    finish: str
    logprobs: list[float] | None = None
    top: list[list[float]] | None = None


class Failed(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """vLLM does not take the request, or failed at it."""

    id: int
    reason: str
    refused: bool
    """Whether it would be refused again."""


Asked = About | Tokenize | TokenizeChat | Detokenize | Draw | Drop | Metrics
Reply = Facts | Tokens | Text | Child | Failed

ASKED = msgspec.msgpack.Decoder(Asked)
REPLY = msgspec.msgpack.Decoder(Reply)
_ENCODER = msgspec.msgpack.Encoder()


def framed(message: msgspec.Struct) -> bytes:
    """A message as it goes over the pipe."""
    payload = _ENCODER.encode(message)
    return HEADER.pack(len(payload)) + payload
