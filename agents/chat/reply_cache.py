"""Cache of language model calls and replies, by content, in a run directory.

A reply is stored as soon as it is complete, so a stored call is never repeated: not after a kill,
and not when a run is replayed from the replies of another.
"""

from enum import Enum
from hashlib import sha256

import msgspec

from agents.run.directory import RunDirectory


class ChatMessage(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    text: str


class ModelCall(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a reply depends on."""

    model: str
    """``PROVIDER:MODEL``; the server's URL is not included."""
    messages: list[ChatMessage]
    temperature: float | None
    """Temperature; ``None`` for the model's default."""
    reply_tokens: int
    grammar: str = ""
    """Grammar for constrained decoding; empty for none."""
    number: int = 0
    """Index of the candidate in its round, to separate otherwise equal calls."""
    attempt: int = 0
    """Number of earlier failed attempts."""

    @property
    def key(self) -> str:
        """Return the content hash of the call."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:32]


class FinishReason(Enum):
    """How a reply ended."""

    ENDED = "ended"
    """The model ended it."""
    CUT = "cut"
    """It reached the token limit."""
    REFUSED = "refused"
    """The model or its provider refused."""
    FAILED = "failed"
    """No reply: the server failed or timed out."""


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply of a language model."""

    finish: FinishReason
    text: str = ""
    problem: str = ""
    """Why there is no usable reply, if so."""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    price: str = ""
    """Price table used for the dollars; empty if there is none."""
    temperature: float | None = None
    """Temperature that was sent, which a client may remove; ``None`` for none."""
    estimated: bool = False
    """Whether token counts are estimates because the server reported none or implausible ones."""


class _ReplyCacheEntry(msgspec.Struct, frozen=True, kw_only=True):
    call: ModelCall
    reply: ModelReply


class ReplyCache:
    """Replies of a run.

    Args:
        run: Run directory that stores them.
        before: Another run whose replies are used first.
    """

    def __init__(self, run: RunDirectory, before: RunDirectory | None = None):
        self._run = run
        self._before = before

    def find(self, call: ModelCall) -> ModelReply | None:
        """Find the stored reply to a call, here or in the other run.

        Raises:
            InputError: A stored reply is damaged.
        """
        if self._run.has(_cache_path(call)):
            return self._run.read(_cache_path(call), _ReplyCacheEntry).reply
        if self._before is None or not self._before.has(_cache_path(call)):
            return None
        reply = self._before.read(_cache_path(call), _ReplyCacheEntry).reply
        self.keep(call, reply)
        return reply

    def keep(self, call: ModelCall, reply: ModelReply) -> None:
        """Store a reply atomically."""
        self._run.write(_cache_path(call), _ReplyCacheEntry(call=call, reply=reply))


def _cache_path(call: ModelCall) -> str:
    return f"replies/{call.key}.json"
