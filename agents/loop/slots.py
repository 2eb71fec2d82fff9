"""What one proposer is sent in a round."""

from typing import TypedDict


class Slot(TypedDict):
    """What one proposer is sent: its place in a round, or a candidate to mend."""

    round: int
    slot: str
    proposer: str
    mend: str | None
    tries: int
    allowance: int
    """Programs that it may play."""
    tokens: int | None
    """That language models may take; ``None`` for any number."""
    usd: float | None
    """Dollars that they may cost, likewise."""
