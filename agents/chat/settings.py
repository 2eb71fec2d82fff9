"""The settings of language models: the section ``[chat]``."""

from typing import Annotated

import msgspec

Money = Annotated[float, msgspec.Meta(ge=0)]


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How models are called, and what they cost. What they are asked is not set here."""

    timeout: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    """Seconds that one call may take."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 4
    """Times that a call is made again where the server is busy or fails, minding Retry-After."""
    prices: dict[str, tuple[Money, Money]] = {}
    """By model, as ``--proposer`` takes it without ``chat:``: dollars for a million tokens in, and
    out. Of models that are not here, published prices are taken, where they are known."""
