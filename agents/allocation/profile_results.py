"""Which allocation of a run meets which user profile."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from agents.allocation.allocation_objective import (
    AllocationObjective,
    compute_profile_usd,
    compute_usage,
)
from agents.run.user_profiles import UserProfile
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import Trial


class ProfileResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found for a user profile."""

    profile: UserProfile
    met_by_best: bool
    """Whether the selected allocation meets it."""
    candidate: str | None
    """The cheapest allocation that meets it; ``None`` if none does."""
    trial: int | None = None
    score: float | None = None
    """Score from 0 to 1."""
    cost: float | None = None
    tokens: float | None = None
    """Tokens per question."""
    usd: float | None = None
    """Dollars per question; ``None`` if nothing has a price."""


def list_profile_results(
    space: AllocationSpace,
    profiles: Sequence[UserProfile],
    trials: Mapping[str, Trial],
    best: str | None,
) -> list[ProfileResult]:
    """List what the trials of a run give each user profile.

    Args:
        space: Space of allocations.
        profiles: User profiles of the run.
        trials: Trials by candidate, in order.
        best: The selected candidate; ``None`` if there is none.
    """
    if not profiles:
        return []
    objective, names = AllocationObjective(space, profiles), list(trials)
    scores = np.array([trial.score for trial in trials.values()])
    met = np.asarray(objective.find_met(scores, [trial.choices for trial in trials.values()]))
    results = []
    for profile, row in zip(profiles, met, strict=True):
        fitting = [name for name, is_met in zip(names, row, strict=True) if is_met]
        cheapest = min(fitting, key=lambda name: trials[name].cost, default=None)
        result = ProfileResult(profile=profile, met_by_best=best in fitting, candidate=cheapest)
        if cheapest is not None:
            result = _add_trial(space, result, trials[cheapest], names.index(cheapest) + 1)
        results.append(result)
    return results


def _add_trial(
    space: AllocationSpace, result: ProfileResult, trial: Trial, number: int
) -> ProfileResult:
    usage = compute_usage(space, trial.choices)
    usd = compute_profile_usd(result.profile, usage)
    return msgspec.structs.replace(
        result,
        trial=number,
        score=trial.score,
        cost=trial.cost,
        tokens=usage.tokens,
        usd=usd if usd > 0 else None,
    )
