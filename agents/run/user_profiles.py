"""User profiles: limits that a controller should meet for a kind of user.

A file of profiles is TOML or JSON. It has a list ``profiles``; each profile has a name and any of
the least accuracy in percent, the most tokens, the most sequential tokens and the most dollars per
question. Dollars are tokens times the price ``usd_per_million_tokens`` of the file.
"""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import InputError
from store.decode_errors import DECODE_ERRORS, describe_decode_error
from store.messages import describe_missing


class UserProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of one kind of user, per question; ``None`` for no limit."""

    name: str
    accuracy: float | None = None
    """Least accuracy, in percent."""
    tokens: float | None = None
    """Most tokens."""
    sequential: float | None = None
    """Most sequential tokens."""
    usd: float | None = None
    """Most dollars."""
    usd_per_million_tokens: float = 0.0
    """Price of tokens; a profile's own replaces that of its file."""

    def describe_limits(self) -> str:
        """Describe the limits: ``at least 60 % right, at most 1,000 tokens``."""
        limits = (
            ("at least", self.accuracy, "% right"),
            ("at most", self.tokens, "tokens"),
            ("at most", self.sequential, "sequential tokens"),
            ("at most", self.usd, "dollars"),
        )
        return ", ".join(
            f"{bound} {limit:,.6g} {unit}" for bound, limit, unit in limits if limit is not None
        )

    def find_met(
        self,
        accuracy: ArrayLike,
        tokens: ArrayLike,
        sequential: ArrayLike,
        dollars: ArrayLike | None = None,
    ) -> NDArray[np.bool_]:
        """Return which points meet all limits, an array of the common shape.

        Args:
            accuracy: Accuracy in percent.
            tokens: Tokens per question.
            sequential: Sequential tokens per question.
            dollars: Dollars per question; by default, tokens times their price.
        """
        met = np.asarray(accuracy) >= (self.accuracy or 0.0)
        if dollars is None:
            dollars = np.asarray(tokens) * self.usd_per_million_tokens / 1e6
        limits = ((tokens, self.tokens), (sequential, self.sequential), (dollars, self.usd))
        for values, limit in limits:
            if limit is not None:
                met = met & (np.asarray(values) <= limit)
        return met


class _ProfileFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    profiles: list[UserProfile]
    usd_per_million_tokens: float = 0.0


def load_profiles(path: Path, *, needs_price: bool = True) -> list[UserProfile]:
    """Load a file of profiles.

    Args:
        path: Path of the file.
        needs_price: Whether a limit of dollars needs a price of tokens in the file.

    Raises:
        InputError: The file cannot be read, or is not as described in this module.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: {describe_missing('file of user profiles')}") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {(problem.strerror or '').lower()}") from None
    decoder = msgspec.json if path.suffix == ".json" else msgspec.toml
    try:
        file = decoder.decode(text, type=_ProfileFile)
    except DECODE_ERRORS as problem:
        raise InputError(
            f"{path}: is not a file of profiles: {describe_decode_error(problem)}",
            hint='write [[profiles]] with name = "fast", accuracy = 60.0, tokens = 100000',
        ) from None
    if not file.profiles:
        raise InputError(f"{path}: contains no profile; write at least one [[profiles]]")
    names = [profile.name for profile in file.profiles]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: two profiles have the name {twice!r}; rename one")
    for profile in file.profiles:
        _check_limits(path, profile)
        price = profile.usd_per_million_tokens or file.usd_per_million_tokens
        if needs_price and profile.usd is not None and not price > 0:
            raise InputError(
                f"{path}: the profile {profile.name!r} limits dollars; give the file"
                " usd_per_million_tokens"
            )
    return [
        profile
        if profile.usd_per_million_tokens
        else msgspec.structs.replace(profile, usd_per_million_tokens=file.usd_per_million_tokens)
        for profile in file.profiles
    ]


def _check_limits(path: Path, profile: UserProfile) -> None:
    limits = (profile.accuracy, profile.tokens, profile.sequential, profile.usd)
    if all(limit is None for limit in limits):
        raise InputError(
            f"{path}: the profile {profile.name!r} has no limit; give it accuracy, tokens,"
            " sequential or usd"
        )
    if any(limit is not None and not 0 <= limit < float("inf") for limit in limits):
        raise InputError(f"{path}: a limit of the profile {profile.name!r} is below 0")
