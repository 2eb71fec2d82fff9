"""Which proposer has a round: each gets rounds by what it has brought.

A bandit of the plain kind (UCB1; Auer, Cesa-Bianchi and Fischer, 2002): each proposer first has a
round; then the one for whom the mean of what its last rounds brought, and an allowance for how
rarely it was asked, is largest. What a round brought is how near its best candidate comes to the
best of the run: 1 for that one, and 0 from `REWARD_RANGE` points of the objective behind. It is
held to the best of the present, or else whoever had the first round would have all the credit for
what anybody finds at once. All of it follows from what is on disk, so a run that is resumed chooses
the same.
"""

from collections.abc import Sequence
from math import ceil, log, sqrt
from typing import NamedTuple

from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory
from agents.run.records import RoundSummary

ROUNDS_COUNTED = 12
"""Rounds of a proposer that count; what it brought before was of another search."""

EXPLORATION_WEIGHT = 0.3
"""How much is made of how rarely a proposer was asked."""

REWARD_RANGE = 2.0
"""Points of the objective."""


TEMPLATES = "templates"
TEMPLATE_SHARE = 0.6
MAX_TEMPLATE_ROUNDS = 30
"""The first rounds belong to this proposer if it is named: this share of all, and at most so many.
Variation continues from its results."""


class ProposerChoice(NamedTuple):
    """The proposer of a round."""

    name: str
    says: str
    """Why, in words; empty where there was no choice."""


def choose_proposer(run: RunDirectory, names: Sequence[str], number: int) -> ProposerChoice:
    """Return the proposer of round ``number``.

    Args:
        run: its rounds before this one.
        names: of the proposers, in the order of the request.
        number: from 1.
    """
    if len(names) == 1:
        return ProposerChoice(names[0], "")
    reserved = min(MAX_TEMPLATE_ROUNDS, ceil(TEMPLATE_SHARE * run.request.caps.rounds))
    if TEMPLATES in names and number <= reserved:
        return ProposerChoice(TEMPLATES, f"{TEMPLATES} has the first {reserved} rounds")
    summaries = [each for each in run.summaries() if each.round < number]
    best = summaries[-1].objective if summaries else 0.0
    brought: dict[str, list[float]] = {name: [] for name in names}
    for summary in summaries:
        for name in {each.proposer for each in read_slots(run, summary.round)} & brought.keys():
            brought[name].append(_round_reward(run, summary, name, best))
    for name in names:
        if not brought[name]:
            return ProposerChoice(name, f"{name} has its first round")
    asked = sum(len(each) for each in brought.values())
    scores = {name: _ucb_score(each, asked) for name, each in brought.items()}
    first = max(names, key=lambda name: scores[name])
    told = ", ".join(
        f"{name} {_mean_reward(each):.2f} in {len(each)}" for name, each in brought.items()
    )
    return ProposerChoice(first, f"{first} has this round; brought so far: {told}")


def _round_reward(run: RunDirectory, summary: RoundSummary, proposer: str, best: float) -> float:
    """Return what a round brought, from 0 to 1."""
    found = [
        review.objective
        for candidate in summary.candidates
        if (review := run.review(candidate)).objective is not None
        and run.draft(candidate).proposer == proposer
    ]
    return min(1.0, max(0.0, 1 + (max(found) - best) / REWARD_RANGE)) if found else 0.0


def _mean_reward(brought: Sequence[float]) -> float:
    recent = brought[-ROUNDS_COUNTED:]
    return sum(recent) / len(recent)


def _ucb_score(brought: Sequence[float], asked: int) -> float:
    return _mean_reward(brought) + EXPLORATION_WEIGHT * sqrt(2 * log(asked) / len(brought))
