"""Which model a name at a server refers to: one of several names for it, or a LoRA adapter over it.

vLLM lists a card for each name. Cards of one model have the same ``root`` and no ``parent``; a
reply to any of these names may carry another of them. An adapter's card has its base model as
``parent`` and no context of its own; a reply from it carries its own name.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class ModelCard(msgspec.Struct, frozen=True):
    """One entry of ``/v1/models``."""

    id: str
    max_model_len: int | None = None
    root: str | None = None
    """The model's path; an adapter's own path."""
    parent: str | None = None
    """The base model of an adapter."""


class Identity(NamedTuple):
    """The model that a name refers to at a server."""

    name: str
    aliases: tuple[str, ...]
    """Other names of the same model, sorted."""
    context: int | None
    """Tokens of a prompt and its reply; ``None`` where the server does not list it."""

    @property
    def names(self) -> frozenset[str]:
        """Every name that a reply of this model may carry."""
        return frozenset((self.name, *self.aliases))


def identify(cards: Sequence[ModelCard], name: str) -> Identity | None:
    """Find the model of a name; ``None`` where the server does not serve it."""
    card = next((card for card in cards if card.id == name), None)
    if card is None:
        return None
    if card.parent is not None:
        return Identity(name, (), card.max_model_len or _context_of_base(cards, card.parent))
    same = {served.id for served in cards if served.parent is None and _is_same(served, card)}
    return Identity(name, tuple(sorted(same - {name})), card.max_model_len)


def list_served_names(cards: Sequence[ModelCard], path: str) -> list[str]:
    """List the names under which a server serves the model or adapter of a path."""
    return [card.id for card in cards if card.root == path]


def _is_same(one: ModelCard, other: ModelCard) -> bool:
    return one.id == other.id or (one.root is not None and one.root == other.root)


def _context_of_base(cards: Sequence[ModelCard], parent: str) -> int | None:
    """Return the context of an adapter's base model.

    The parent's name is free text of the server's command line, so it may be no listed name; then
    the context is that of all base models, if they agree.
    """
    base = [card for card in cards if card.parent is None]
    named = [card for card in base if parent in (card.id, card.root)] or base
    contexts = {card.max_model_len for card in named}
    return contexts.pop() if len(contexts) == 1 else None
