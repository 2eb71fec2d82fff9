"""Guidelines as a proposer keeps them from round to round."""

from collections.abc import Sequence

import msgspec


def with_guidelines(guidelines: Sequence[str]) -> bytes:
    """A proposer's state that holds its guidelines."""
    return msgspec.json.encode(list(guidelines))


def last_guidelines(state: bytes | None) -> list[str]:
    """The guidelines of a state."""
    return [] if state is None else msgspec.json.decode(state, type=list[str])
