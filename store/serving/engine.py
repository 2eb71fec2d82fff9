"""What a collection and a live episode ask of whatever serves a model: a server, or vLLM itself."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from store.serving.counters import Counters
from store.serving.patience import Limits
from store.serving.replies import Given
from store.serving.requests import Completion
from store.serving.streams import Piece


class Served(NamedTuple):
    """What an engine serves."""

    model: str
    context: int
    """The most tokens of a prompt and its completion together."""
    version: str
    """Of vLLM."""
    aliases: tuple[str, ...] = ()
    """Other names of the same model at the server."""

    def is_like(self, other: "Served") -> bool:
        """Whether both serve the same model, by the same version and with the same context."""
        return self[:3] == other[:3]


class Engine(Protocol):
    """Something that serves one model. `store.serving.server.Server` says what each method does."""

    address: str
    """What errors and reports call it."""
    limits: Limits

    async def served(self) -> Served:
        """What is served."""

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """The tokens of a text."""

    async def tokenize_chat(
        self, messages: Sequence[Mapping[str, str]], template: Mapping[str, Any] | None = None
    ) -> list[int]:
        """The tokens of a conversation in the model's own template, up to where it replies."""

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special ones included."""

    async def complete(self, request: Completion, *, rank: int | None = None) -> list[Given]:
        """Completions as a whole: prompt after prompt, child after child."""

    def stream(
        self, request: Completion, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[Piece]:
        """Completions as they come; tried once."""

    async def counters(self) -> Counters | None:
        """What it counts of its prefix cache."""
