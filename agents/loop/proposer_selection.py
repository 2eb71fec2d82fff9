"""Selection of the proposer of a round, by the results of its earlier rounds.

The rule is UCB1 (Auer, Cesa-Bianchi and Fischer, 2002). Each proposer has one round first. Then
the proposer with the highest sum of mean reward and exploration bonus is selected. The reward of a
round is 1 if its best candidate is the best that any of them proposed, and falls to 0 at
`REWARD_RANGE` points of the objective below. Rewards are relative to the current best: gains over
the best at the time would credit the first proposer with all that is easy to find. Starting
programs do not count, since they may be ahead of all. The choice depends only on the files of the
run, so a resumed run makes the same one.
"""

from collections.abc import Sequence
from math import ceil, isfinite, log, sqrt
from typing import NamedTuple

from agents.loop.round_files import read_slots
from agents.run.directory import RunDirectory
from agents.run.records import RoundSummary

ROUNDS_COUNTED = 12
"""Number of recent rounds of a proposer that count."""

EXPLORATION_WEIGHT = 0.3
"""Weight of the exploration bonus."""

REWARD_RANGE = 2.0
"""Points of the objective below the best at which the reward is 0."""


TEMPLATES = "templates"
TEMPLATE_SHARE = 0.6
MAX_TEMPLATE_ROUNDS = 30
"""The first rounds belong to this proposer if it is named: this share of all, and at most so many.
Variation continues from its results."""


class ProposerChoice(NamedTuple):
    """The proposer of a round."""

    name: str
    reason: str
    """Why it was selected; empty if there was no choice."""


def choose_proposer(run: RunDirectory, names: Sequence[str], number: int) -> ProposerChoice:
    """Select the proposer of a round.

    Args:
        run: Run directory; only rounds before ``number`` count.
        names: Names of the proposers, in the order of the request.
        number: Round number, from 1.
    """
    if len(names) == 1:
        return ProposerChoice(names[0], "")
    reserved = min(MAX_TEMPLATE_ROUNDS, ceil(TEMPLATE_SHARE * run.request.caps.rounds))
    if TEMPLATES in names and number <= reserved:
        return ProposerChoice(TEMPLATES, f"{TEMPLATES} has the first {reserved} rounds")
    found: dict[str, list[float]] = {name: [] for name in names}
    for summary in (summary for summary in run.summaries() if summary.round < number):
        for name in {slot.proposer for slot in read_slots(run, summary.round)} & found.keys():
            found[name].append(_find_best_objective(run, summary, name))
    everything = [objective for history in found.values() for objective in history]
    best = max(filter(isfinite, everything), default=0.0)
    rewards = {
        name: [max(0.0, 1 + (objective - best) / REWARD_RANGE) for objective in history]
        for name, history in found.items()
    }
    for name in names:
        if not rewards[name]:
            return ProposerChoice(name, f"{name} has its first round")
    rounds = sum(len(history) for history in rewards.values())
    scores = {name: _ucb_score(history, rounds) for name, history in rewards.items()}
    first = max(names, key=lambda name: scores[name])
    listing = ", ".join(
        f"{name} {_mean_reward(history):.2f} in {len(history)}" for name, history in rewards.items()
    )
    return ProposerChoice(first, f"{first} has this round; brought so far: {listing}")


def _find_best_objective(run: RunDirectory, summary: RoundSummary, proposer: str) -> float:
    """Return the highest objective of a proposer in a round, minus infinity without candidates."""
    objectives = [
        review.objective
        for candidate in summary.candidates
        if (review := run.review(candidate)).objective is not None
        and run.draft(candidate).proposer == proposer
    ]
    return max(objectives, default=float("-inf"))


def _mean_reward(rewards: Sequence[float]) -> float:
    recent = rewards[-ROUNDS_COUNTED:]
    return sum(recent) / len(recent)


def _ucb_score(rewards: Sequence[float], rounds: int) -> float:
    return _mean_reward(rewards) + EXPLORATION_WEIGHT * sqrt(2 * log(rounds) / len(rewards))
