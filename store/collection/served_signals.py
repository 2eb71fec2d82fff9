"""Named signals that come from what the server reports itself, without another model.

*Self-certainty* (Kang et al. 2025) is the Kullback-Leibler divergence of the next-token
distribution from the uniform one. Servers report the likeliest tokens only, so it is taken over
these: for k tokens with the mean log-probability m it is -m - log k.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate

import msgspec

from store.collection.truth_probe import DEFAULT_ASK, DEFAULT_WORD, TruthQuestion
from store.records import SignalDeclaration

SELF_CERTAINTY = "self_certainty"
MEAN_LOGPROB = "mean_logprob"
LOWEST_GROUP = "lowest_group_logprob"
P_TRUE = "p_true"

SERVED_NAMES = (SELF_CERTAINTY, MEAN_LOGPROB, LOWEST_GROUP, P_TRUE)
"""Every signal that a server can give; the option of each is its name with dashes."""

GROUP_TOKENS = 2048
"""Tokens of a group by default, as in DeepConf (Fu et al. 2025)."""

_SOURCE = "log-probabilities of the server"


class ServedSignals(msgspec.Struct, frozen=True, kw_only=True):
    """Which named signals are requested from a server."""

    self_certainty: bool = False
    mean_logprob: bool = False
    lowest_group: int | None = None
    """Tokens of a group, if the lowest one is requested."""
    truth: TruthQuestion | None = None
    """The question of P(True), if it is requested."""

    @property
    def needs_logprobs(self) -> bool:
        """Whether branches must be sampled with log-probabilities."""
        return self.self_certainty or self.mean_logprob or self.lowest_group is not None

    def declare(self) -> dict[str, SignalDeclaration]:
        """Return the declarations of what is requested, by name."""
        declared = {}
        if self.self_certainty:
            declared[SELF_CERTAINTY] = _CERTAINTY_DECLARATION
        if self.mean_logprob:
            declared[MEAN_LOGPROB] = _MEAN_DECLARATION
        if self.lowest_group is not None:
            declared[LOWEST_GROUP] = _declare_group(self.lowest_group)
        if self.truth is not None:
            declared[P_TRUE] = _declare_truth(self.truth)
        return declared

    def with_needs(self, needs: frozenset[str]) -> "ServedSignals":
        """Return these signals and those that a program reads; added ones have default settings."""
        group, truth = self.lowest_group, self.truth
        return ServedSignals(
            self_certainty=self.self_certainty or SELF_CERTAINTY in needs,
            mean_logprob=self.mean_logprob or MEAN_LOGPROB in needs,
            lowest_group=group or (GROUP_TOKENS if LOWEST_GROUP in needs else None),
            truth=truth or (TruthQuestion() if P_TRUE in needs else None),
        )


_CERTAINTY_DECLARATION = SignalDeclaration(
    scope="interval",
    meaning="mean divergence of the next token from uniform, over the 20 likeliest tokens",
    unit="nats",
    direction="higher",
    source=_SOURCE,
)
_MEAN_DECLARATION = SignalDeclaration(
    scope="interval",
    meaning="mean log-probability of all chosen tokens so far",
    unit="nats",
    direction="higher",
    source=_SOURCE,
)


def _declare_group(tokens: int) -> SignalDeclaration:
    return SignalDeclaration(
        scope="interval",
        meaning=f"lowest mean log-probability so far of {tokens} chosen tokens in a row",
        unit="nats",
        direction="higher",
        source=_SOURCE,
        settings={"tokens": tokens},
    )


def _declare_truth(question: TruthQuestion) -> SignalDeclaration:
    return SignalDeclaration(
        scope="branch",
        meaning=(
            f"probability of the reply {question.word.strip()!r} when the model is asked whether"
            " its answer is true"
        ),
        unit="probability",
        direction="higher",
        source="a second probe of the server",
        settings={"ask": question.ask, "word": question.word},
    )


def read_declarations(signals: Mapping[str, SignalDeclaration]) -> ServedSignals:
    """Return which signals of a recording a server can give again, with the settings of each.

    Args:
        signals: declarations by name; others are left out.
    """
    group, truth = signals.get(LOWEST_GROUP), signals.get(P_TRUE)
    return ServedSignals(
        self_certainty=SELF_CERTAINTY in signals,
        mean_logprob=MEAN_LOGPROB in signals,
        lowest_group=None if group is None else int(group.settings.get("tokens", GROUP_TOKENS)),
        truth=(
            None
            if truth is None
            else TruthQuestion(
                ask=str(truth.settings.get("ask", DEFAULT_ASK)),
                word=str(truth.settings.get("word", DEFAULT_WORD)),
            )
        ),
    )


class IntervalSignals:
    """Computes the signals of one branch, interval by interval in the order of generation.

    Args:
        wanted: which are requested.
    """

    def __init__(self, wanted: ServedSignals):
        self._wanted = wanted
        self._sums: list[float] = [0.0]
        """The sum of the log-probabilities of the first 0, 1, 2, … tokens."""
        self._lowest: float | None = None
        """The lowest mean of the whole groups so far; ``None`` before there is one."""

    def add_interval(
        self, logprobs: Sequence[float], top: Sequence[Sequence[float]]
    ) -> dict[str, float]:
        """Return the values after one more interval.

        Args:
            logprobs: log-probabilities of its tokens, at least one.
            top: log-probabilities of the likeliest tokens at each position.
        """
        values = {}
        if self._wanted.self_certainty:
            values[SELF_CERTAINTY] = math.fsum(map(self_certainty, top)) / len(top)
        if self._wanted.mean_logprob or self._wanted.lowest_group is not None:
            self._sums += list(accumulate(logprobs, initial=self._sums[-1]))[1:]
            mean = self._sums[-1] / (len(self._sums) - 1)
            if self._wanted.mean_logprob:
                values[MEAN_LOGPROB] = mean
            if self._wanted.lowest_group is not None:
                lowest = self._lowest_group(self._wanted.lowest_group, len(logprobs))
                values[LOWEST_GROUP] = mean if lowest is None else lowest
        return values

    def _lowest_group(self, tokens: int, new: int) -> float | None:
        """Return the lowest mean of a group; ``None`` before there is a whole one."""
        sums = self._sums
        for end in range(max(tokens, len(sums) - new), len(sums)):
            mean = (sums[end] - sums[end - tokens]) / tokens
            if self._lowest is None or mean < self._lowest:
                self._lowest = mean
        return self._lowest


def self_certainty(candidates: Sequence[float]) -> float:
    """Return the divergence of a token from the uniform distribution over its likeliest tokens.

    Args:
        candidates: log-probabilities of the likeliest tokens, at least one.
    """
    return -math.fsum(candidates) / len(candidates) - math.log(len(candidates))
