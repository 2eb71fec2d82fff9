"""The options of a search; each is the option of `rheostat discover` with that name."""

from collections.abc import Sequence
from typing import TypedDict


class DiscoveryOptions(TypedDict, total=False):
    """Options of a search; those left out have the defaults of `rheostat discover`."""

    max_minutes: float
    """Begin no round after this many minutes of work."""
    rounds: int
    """Maximum number of rounds."""
    max_evaluations: int
    """Maximum number of programs to play."""
    objective: str
    """``frontier``, ``accuracy``, ``tradeoff:GAMMA``, ``tokens-at:CONTROLLER`` or ``meet:FILE``."""
    latency: float
    """Weight of sequential tokens in the price of a point, from 0 to 1."""
    max_sequential: int
    """Ignore points with more sequential tokens per question."""
    proposers: Sequence[str]
    """Names of proposers."""
    baselines: Sequence[str]
    """Controllers that candidates are compared with: ``cmc``, ``sc:n=4,16``."""
    start_from: Sequence[str]
    """Programs to start from."""
    beta: str
    """Values of β: a list or a range."""
    seed: int
    """Random seed."""
    seeds: int
    """Review candidates with so many seeds."""
    screening: int
    """Screen variants with so many seeds."""
    per_round: int
    """Maximum number of candidates per proposer and round."""
    round_evaluations: int
    """Maximum number of programs that a proposer may play per round."""
    tune: bool
    """Whether to tune the constants of proposals."""
    budget: int
    """Most tokens of an episode."""
    kappa: int
    """Cost of a probe in tokens."""
    base_url: str
    """Server of the language models that propose."""
    max_usd: float
    """Maximum cost of proposing language models, in dollars."""
    max_tokens: int
    """Maximum number of tokens of proposing language models."""
