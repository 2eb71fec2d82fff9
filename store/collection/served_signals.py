"""Named signals that come from what the server reports itself, without another model.

*Self-certainty* (Kang et al. 2025) is the Kullback-Leibler divergence of the next-token
distribution from the uniform one. Servers report the likeliest tokens only, so it is taken over
these: for k tokens with the mean log-probability m it is -m - log k.
"""

import math
from collections.abc import Sequence

from store.records import SignalDeclaration

SELF_CERTAINTY = "self_certainty"

SERVED_SIGNALS = {
    SELF_CERTAINTY: SignalDeclaration(
        scope="interval",
        meaning="mean divergence of the next token from uniform, over the 20 likeliest tokens",
        unit="nats",
        direction="higher",
        source="log-probabilities of the server",
    )
}
"""The declarations by name."""


def self_certainty(candidates: Sequence[float]) -> float:
    """Return the divergence of a token from the uniform distribution over its likeliest tokens.

    Args:
        candidates: log-probabilities of the likeliest tokens, at least one.
    """
    return -math.fsum(candidates) / len(candidates) - math.log(len(candidates))
