"""Forcing: what is put after a prefix to make a model answer at once, by family of models.

A reasoning model thinks between two marks. While it thinks, a probe ends the thinking and asks;
once it has ended by itself, a probe only asks.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Forcing(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a family. ``end`` and ``ask`` together are what is forced."""

    end: str
    """Ends the thinking; empty for a model that does not think apart."""
    ask: str
    """Begins the answer, which the model completes."""
    mark: str
    """Marks the end of the thinking in a chain; empty if there is no mark."""

    @property
    def text(self) -> str:
        """All that is put after a chain that still thinks."""
        return self.end + self.ask


BOXED = "The final answer is \\boxed{"

FAMILIES = {
    "think": Forcing(end="\n</think>\n\n", ask=BOXED, mark="</think>"),
    "harmony": Forcing(
        end="<|end|><|start|>assistant<|channel|>final<|message|>",
        ask=BOXED,
        mark="<|channel|>final<|message|>",
    ),
    "magistral": Forcing(end="[/THINK]", ask=BOXED, mark="[/THINK]"),
    "plain": Forcing(end="", ask="\n\n" + BOXED, mark=""),
}
"""By name: ``think`` for Qwen3, QwQ, DeepSeek-R1 and most others, ``harmony`` for gpt-oss,
``magistral`` for Magistral, ``plain`` for models that do not think apart."""

_BY_NAME = (
    ("gpt-oss", "harmony"),
    ("magistral", "magistral"),
    ("qwq", "think"),
    ("deepseek-r1", "think"),
    ("thinking", "think"),
    ("reason", "think"),
    ("instruct", "plain"),  # before qwen3: its models for instructions do not think
    ("qwen3", "think"),
)


def guess_family(model: str) -> str | None:
    """Return the family that a model's name implies, or ``None``."""
    name = model.lower()
    return next((family for part, family in _BY_NAME if part in name), None)


class ForcingTokens(NamedTuple):
    """A forcing in the tokens of one model, each part tokenised once, without special tokens."""

    end: tuple[int, ...]
    ask: tuple[int, ...]
    """After a chain that has ended its thinking by itself."""
    both: tuple[int, ...]
    """After a chain that still thinks."""
    mark: tuple[int, ...]

    def behind(self, prefix: Sequence[int]) -> tuple[int, ...]:
        """Return what is put after this prefix of a chain to make the model answer."""
        return self.ask if self.has_ended(prefix) else self.both

    def ending(self, prefix: Sequence[int]) -> tuple[int, ...]:
        """Return what ends this prefix's thinking, without asking; nothing where it has ended."""
        return () if self.has_ended(prefix) else self.end

    def has_ended(self, prefix: Sequence[int]) -> bool:
        """Return whether the thinking has ended in this prefix of a chain."""
        return bool(self.mark) and find_tokens(prefix, self.mark) is not None


def find_tokens(tokens: Sequence[int], part: Sequence[int]) -> int | None:
    """Where ``part`` first is in ``tokens``, or ``None``."""
    first, length = part[0], len(part)
    for index, token in enumerate(tokens):
        if token == first and tuple(tokens[index : index + length]) == tuple(part):
            return index
    return None
