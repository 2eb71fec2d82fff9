"""The options of a search, by the names of those of `rheostat discover`."""

import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, TypedDict, cast

from agents.run.records import ApprovalMode, ControllerLanguage, FeedbackMode
from harness.api import Controller
from harness.api.argument_checks import check_whole
from harness.errors import InputError
from harness.messages import suggest
from harness.request.ranges import Betas, list_betas


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
    beta: Betas
    """Values of β: numbers, or a text such as ``0,0.5,1`` or ``0:1:0.1``."""
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
    """Maximum number of tokens that proposing language models use in the whole run."""
    temperatures: Sequence[float | None]
    """Temperatures of a model's candidates, from 0 to 2, used in turn; ``None`` for the model's
    own."""
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

TEMPERATURES = (0, 2)
"""The lowest and the highest temperature."""


def normalise_options(options: Mapping[str, object]) -> dict[str, Any]:
    """Check what the command checks when it parses its options, and return them in its types.

    Args:
        options: Options by name; one that is ``None`` was not given.

    Raises:
        InputError: There is no such option, or its value is not allowed.
    """
    known = DiscoveryOptions.__annotations__
    normalised: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            meant = suggest(name, known, f"choose from {', '.join(known)}")
            raise InputError(f"{name}: discover has no such option; {meant}")
        if value is not None:
            normalised[name] = _CHECKS[known[name]](name, value)
    return normalised


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{name}: must be True or False; got {value!r}")
    return value


def _whole(name: str, value: object) -> int:
    low, high = RANGES[name]
    check_whole(name, value, int(low), None if high is None else int(high))
    return int(cast("int", value))


def _real(name: str, value: object) -> float:
    number = _number(name, value)
    if name in POSITIVE and not number > 0:
        raise InputError(f"{name}: must be above 0; got {value!r}")
    if name in RANGES:
        low, high = RANGES[name]
        assert high is not None
        _refuse_outside(name, number, low, high)
    return number


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: must be a text; got {value!r}")
    if name in CHOICES and value not in CHOICES[name]:
        raise InputError(f"{name}: must be one of {', '.join(CHOICES[name])}; got {value!r}")
    return value


def _texts(name: str, value: object) -> list[str]:
    for item in _items(name, value):
        if isinstance(item, Controller):
            raise InputError(
                f"{name}: takes names and files; got {item!r}",
                hint="write its `source` to a file, and give the file",
            )
        if not isinstance(item, str | os.PathLike):
            raise InputError(f"{name}: must be a list of texts; got {item!r} in it")
    return [os.fspath(item) for item in _items(name, value)]


def _temperatures(name: str, value: object) -> list[float | None]:
    numbers = [None if item is None else _number(name, item) for item in _items(name, value)]
    for number in numbers:
        if number is not None:
            _refuse_outside(name, number, *TEMPERATURES)
    return numbers


def _betas(name: str, value: object) -> list[float]:
    return list_betas(cast("Betas", value))


def _items(name: str, value: object) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InputError(f"{name}: must be a list; got {value!r}", hint=f"write [{value!r}]")
    if not value:
        raise InputError(f"{name}: the list is empty; leave it out for the default")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(f"{name}: {value!r} is not a number")
    return float(value)


def _refuse_outside(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{name}: must be from {low:,} to {high:,}; got {value!r}")


_CHECKS: Mapping[object, Callable[[str, object], object]] = {
    bool: _flag,
    int: _whole,
    float: _real,
    str: _text,
    Sequence[str]: _texts,
    Sequence[float | None]: _temperatures,
    Betas: _betas,
}
"""How options are checked, by their types."""
