"""The options of a search, by the names of those of `rheostat discover`."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from agents.run.records import ApprovalMode, ControllerLanguage, FeedbackMode
from harness.errors import InputError
from harness.messages import suggest


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
    """Values of β as text: ``0,0.5,1`` or ``0:1:0.1``."""
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
    feedback: str
    """How much detail proposers receive in their brief: ``full`` or ``scalar``."""
    free_knobs: bool
    """Ablation: whether programs have free knobs instead of β."""
    brief_tokens: int
    """Maximum number of tokens of a brief."""
    approve: str
    """Approval mode: ``auto``, ``each`` or ``final``."""
    budget: int
    """Most tokens of an episode."""
    kappa: int
    """Cost of a probe in tokens."""
    language: str
    """Language that models and agents write controllers in: ``rheo`` or ``python``."""
    base_url: str
    """Server of the language models that propose."""
    max_usd: float
    """Maximum cost of proposing language models, in dollars."""
    max_tokens: int
    """Maximum number of tokens of proposing language models."""
    temperatures: Sequence[float | None]
    """Temperatures of a model's candidates, used in turn; ``None`` for the model's own."""
    reply_tokens: int
    """Maximum number of tokens of a model's reply, including its thinking."""
    constrained: bool
    """Whether the server decodes with Rheo's grammar; by default if it is vLLM."""
    agent_minutes: float
    """Maximum time of a command per round, in minutes."""
    agent_image: str
    """Run commands in containers of this image."""
    agent_network: str
    """Docker network for these containers."""
    agent_env: Sequence[str]
    """Environment variables to pass to these containers, by name."""


RANGES: Mapping[str, tuple[float, float | None]] = {
    "latency": (0, 1), "max_sequential": (1, None), "seed": (0, 1 << 31), "seeds": (1, 10_000),
    "screening": (1, 10_000), "rounds": (1, 100_000), "max_evaluations": (1, None),
    "per_round": (1, 100), "round_evaluations": (1, None), "brief_tokens": (200, None),
    "budget": (0, 1 << 48), "kappa": (0, 1 << 48), "max_tokens": (1, None),
    "reply_tokens": (64, 1_000_000),
}  # fmt: skip
"""The smallest and the largest value of options; ``None`` for no largest value."""

POSITIVE = ("max_minutes", "max_usd", "agent_minutes")
"""Options that must be above 0."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "approve": tuple(mode.value for mode in ApprovalMode),
    "feedback": tuple(mode.value for mode in FeedbackMode),
    "language": tuple(language.value for language in ControllerLanguage),
}
"""The values of options that have only a few."""


def check_options(options: Mapping[str, object]) -> None:
    """Check what the command checks when it parses its options: names, ranges and choices.

    Raises:
        InputError: There is no such option, or its value is not allowed.
    """
    known = DiscoveryOptions.__annotations__
    for name, value in options.items():
        if name not in known:
            meant = suggest(name, known, f"choose from {', '.join(known)}")
            raise InputError(f"{name}: discover has no such option; {meant}")
        if value is None:
            continue
        if name in CHOICES and value not in CHOICES[name]:
            allowed = ", ".join(CHOICES[name])
            raise InputError(f"{name}: must be one of {allowed}; got {value!r}")
        if name in RANGES or name in POSITIVE:
            _check_number(name, value)


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name}: {value!r} is not a number")
    if name in POSITIVE:
        if not value > 0:
            raise InputError(f"{name}: must be above 0; got {value!r}")
        return
    low, high = RANGES[name]
    if high is None and not value >= low:
        raise InputError(f"{name}: must be {low:,} or more; got {value!r}")
    if high is not None and not low <= value <= high:
        raise InputError(f"{name}: must be from {low:,} to {high:,}; got {value!r}")
