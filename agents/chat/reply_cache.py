"""Calls of language models and what came back, kept by content in a run's directory.

A call is written down as soon as its reply is whole, so that one that reached the disk is never
made again: not after a kill, and not when a run is played again from the replies of another.
"""

from enum import Enum
from hashlib import sha256

import msgspec

from agents.run.directory import RunDirectory


class ChatMessage(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    text: str


class ModelCall(msgspec.Struct, frozen=True, kw_only=True):
    """All that a reply depends on."""

    model: str
    """``PROVIDER:MODEL``; where its server stands is no part of it."""
    messages: list[ChatMessage]
    temperature: float | None
    """``None`` for the model's own."""
    reply_tokens: int
    grammar: str = ""
    """Under which the reply is decoded; empty for none."""
    number: int = 0
    """Of the candidate in its round: calls may be the same in everything else."""
    attempt: int = 0
    """How often it was made before and failed."""

    @property
    def key(self) -> str:
        """Names the call by content."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:32]


class FinishReason(Enum):
    """How a reply came to its end."""

    ENDED = "ended"
    """By itself."""
    CUT = "cut"
    """By the limit on its tokens."""
    REFUSED = "refused"
    """The model or its provider would not answer."""
    FAILED = "failed"
    """There is none: the server failed, or did not answer in time."""


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    finish: FinishReason
    text: str = ""
    problem: str = ""
    """Why there is none, or none to use, in words."""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    price: str = ""
    """By which price the dollars were reckoned; empty where there is none."""
    temperature: float | None = None
    """What was sent, which a client may have taken out; ``None`` for none."""
    estimated: bool = False
    """Whether the tokens are our estimate, since the server told none or none to believe."""


class _ReplyCacheEntry(msgspec.Struct, frozen=True, kw_only=True):
    call: ModelCall
    reply: ModelReply


class ReplyCache:
    """The replies of a run.

    Args:
        run: where they are kept.
        before: another run, whose replies are taken first.
    """

    def __init__(self, run: RunDirectory, before: RunDirectory | None = None):
        self._run = run
        self._before = before

    def find(self, call: ModelCall) -> ModelReply | None:
        """The reply to a call that was made before, here or in the other run.

        Raises:
            InputError: what is kept is no reply.
        """
        if self._run.has(_cache_path(call)):
            return self._run.read(_cache_path(call), _ReplyCacheEntry).reply
        if self._before is None or not self._before.has(_cache_path(call)):
            return None
        reply = self._before.read(_cache_path(call), _ReplyCacheEntry).reply
        self.keep(call, reply)
        return reply

    def keep(self, call: ModelCall, reply: ModelReply) -> None:
        """Writes a reply down, whole or not at all."""
        self._run.write(_cache_path(call), _ReplyCacheEntry(call=call, reply=reply))


def _cache_path(call: ModelCall) -> str:
    return f"replies/{call.key}.json"
