"""The protocol of engines that serve a model, and the prefix cache counters that they report."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits
from store.serving.streams import StreamChunk

_LINE = re.compile(
    r"^vllm:prefix_cache_(?P<what>queries|hits)_total(?P<labels>\{[^}]*\})? (?P<count>\S+)$",
    re.MULTILINE,
)
_ENGINE = re.compile(r'engine="([^"]*)"')


class PrefixCacheCounters(NamedTuple):
    """Prompt tokens since the server began; differences of two readings cover the time between.

    Other users of the same server are counted too.
    """

    queries: int
    """Prompt tokens that were looked up in the prefix cache."""
    hits: int
    """Prompt tokens that were in it."""
    engines: int
    """Data-parallel engines that count."""

    def since(self, before: "PrefixCacheCounters") -> "PrefixCacheCounters":
        """Return what was counted after ``before``."""
        return PrefixCacheCounters(
            self.queries - before.queries, self.hits - before.hits, self.engines
        )

    @property
    def share(self) -> float | None:
        """Return the share of hits, from 0 to 1; ``None`` where nothing was looked up."""
        return self.hits / self.queries if self.queries else None


def read_counters(page: str) -> PrefixCacheCounters | None:
    """Read the counters on a page of metrics in Prometheus' form; ``None`` where there are none."""
    sums = {"queries": 0.0, "hits": 0.0}
    engines = set()
    for line in _LINE.finditer(page):
        sums[line["what"]] += float(line["count"])
        engines.add("".join(_ENGINE.findall(line["labels"] or "")))
    if not engines:
        return None
    return PrefixCacheCounters(int(sums["queries"]), int(sums["hits"]), len(engines))


VLLM, LLAMA_CPP = "vllm", "llama.cpp"
"""The engines, as ``--server`` and the provenance of recordings name them."""


class Served(NamedTuple):
    """What an engine serves."""

    model: str
    context: int
    """The most tokens of a prompt and its completion together."""
    version: str
    """Of the engine."""
    aliases: tuple[str, ...] = ()
    """Other names of the same model at the server."""
    engine: str = VLLM
    """`VLLM` or `LLAMA_CPP`."""
    slots: int | None = None
    """Completions that the server draws at once, if it has a fixed number."""

    @property
    def software(self) -> str:
        """The engine and its version, as recordings name them: ``vllm 0.32.0``."""
        return f"{self.engine} {self.version}"

    @property
    def repeats(self) -> bool:
        """Whether equal requests are expected to give equal tokens, whatever else the server does.

        The order of sums, and so sometimes a sampled token, depends on what shares a batch. vLLM
        can prevent that (its documentation describes it under "Batch invariance"). llama.cpp
        cannot: according to its server's README, logits with ``cache_prompt`` may differ between
        batch sizes, also between a prompt and its cached beginning.
        """
        return self.engine != LLAMA_CPP

    def is_like(self, other: "Served") -> bool:
        """Whether both serve the same model, by the same version and with the same context."""
        return (*self[:3], self.engine) == (*other[:3], other.engine)


class Engine(Protocol):
    """A protocol for serving one model; `VllmServer` documents each method."""

    address: str
    """What errors and reports call it."""
    limits: Limits

    async def served(self) -> Served:
        """Return the served model and its limits."""

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text."""

    async def tokenize_chat(
        self, messages: Sequence[Mapping[str, str]], template: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Tokenize a conversation in the model's own template, up to where it replies."""

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Return whole completions: prompt after prompt, child after child."""

    def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        """Stream completions as they come, without retries.

        Args:
            request: the request.
            every: tokens per piece, about.
            rank: the data-parallel engine; ``None`` for any.
        """

    async def counters(self) -> PrefixCacheCounters | None:
        """Return the counters of the prefix cache."""
