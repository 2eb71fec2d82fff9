"""The brief of a round: what a proposer is told, for people and language models alike."""

import msgspec

from agents.run.records import Language


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a proposer may build on."""

    name: str
    """A candidate, or a name of the library."""
    source: str
    language: Language = Language.RHEO
    objective: float | None
    """Over the whole search set; ``None`` where it was not reviewed."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a round is told. It is made from the search set alone."""

    round: int
    text: str
    """Markdown."""
    tokens: int
    """Of the text, by `agents.feedback.length`."""
    known: list[Known] = []
    """The archive, the best first: what people rejected is not in it."""
    notes: list[str] = []
    """What people said of candidates, the latest first."""
