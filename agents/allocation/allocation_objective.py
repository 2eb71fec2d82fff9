"""Objective of a search for allocations: the score, or the share of user profiles that are met.

Both are from 0 to about 1 and are computed from mean scores, so they can be computed from some of
the questions, from bootstrap samples, and from the scores that a belief predicts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.run.user_profiles import UserProfile, load_profiles
from agents.search.objective import TIE_WEIGHT
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from harness.evaluation.bootstrap import Floats
from harness.messages import suggest
from store.pipelines.schema import Pipeline, StageChoices, Trial

SCORE, MEET = "score", "meet"
"""Kinds of objectives, as ``--objective`` takes them; the second with a file."""


class AllocationUsage(NamedTuple):
    """What an allocation uses for one question, by the pipeline's declared tokens and prices.

    As in its cost, a prompt is counted once for all samples of a stage.
    """

    tokens: float
    usd: float | None
    """``None`` if a model has no price."""


class AllocationObjective:
    """Score allocations; see the module docstring.

    Args:
        space: Space of allocations.
        profiles: User profiles; without any, the score counts.
    """

    def __init__(self, space: AllocationSpace, profiles: Sequence[UserProfile] = ()):
        self._space, self.profiles = space, list(profiles)

    def __call__(self, scores: Floats, allocations: Sequence[StageChoices]) -> Floats:
        """Return the objective, from 0 to about 1.

        Args:
            scores: Array (..., A): mean scores from 0 to 1.
            allocations: The A allocations.

        Returns:
            Array (..., A).
        """
        if not self.profiles:
            return scores
        met: Floats = self.find_met(scores, allocations).mean(axis=0)
        # The score decides between allocations that meet equally many.
        return met + TIE_WEIGHT * scores

    def find_met(self, scores: Floats, allocations: Sequence[StageChoices]) -> NDArray[np.bool_]:
        """Return which profiles allocations meet.

        Args:
            scores: Array (..., A): mean scores from 0 to 1.
            allocations: The A allocations.

        Returns:
            Array (profiles, ..., A).
        """
        usages = [compute_usage(self._space, choices) for choices in allocations]
        tokens = np.array([usage.tokens for usage in usages])
        return np.array(
            [
                profile.find_met(
                    100 * scores, tokens, np.zeros_like(tokens), _dollars(profile, usages)
                )
                for profile in self.profiles
            ]
        )

    def evaluate_trial(self, trial: Trial) -> float:
        """Return the objective of a trial."""
        return float(self(np.array([trial.score]), [trial.choices])[0])

    def list_met(self, trial: Trial) -> list[str]:
        """List the names of the profiles that a trial meets."""
        met = self.find_met(np.array([trial.score]), [trial.choices])[:, 0]
        return [profile.name for profile, is_met in zip(self.profiles, met, strict=True) if is_met]

    def describe_met(self, trial: Trial) -> str:
        """Describe how many profiles a trial meets."""
        return f"meets {len(self.list_met(trial))} of {len(self.profiles)} user profiles"


def compute_usage(space: AllocationSpace, choices: StageChoices) -> AllocationUsage:
    """Compute what an allocation uses for one question."""
    tokens, usd, is_priced = 0.0, 0.0, True
    for index, choice in enumerate(choices):
        stage, model = space.pipeline.stages[index], space.pipeline.model(choice.model)
        samples = float(choice.samples)
        if choice.controller:
            samples = space.rates[index][choice.model].samples(space.governed[index][choice])
        output = samples * stage.output_tokens
        tokens += stage.prompt_tokens + output
        usd += (stage.prompt_tokens * model.dollars_in + output * model.dollars_out) / 1e6
        is_priced = is_priced and (model.dollars_in > 0 or model.dollars_out > 0)
    return AllocationUsage(tokens, usd if is_priced else None)


def compute_profile_usd(profile: UserProfile, usage: AllocationUsage) -> float:
    """Compute dollars for one question: by the models' prices, else by that of the profile."""
    if usage.usd is not None:
        return usage.usd
    return usage.tokens * profile.usd_per_million_tokens / 1e6


def _dollars(profile: UserProfile, usages: Sequence[AllocationUsage]) -> Floats:
    return np.array([compute_profile_usd(profile, usage) for usage in usages])


def parse_allocation_objective(text: str) -> list[UserProfile]:
    """Parse the value of ``--objective``, and load its user profiles; none for ``score``.

    Raises:
        InputError: The text names no objective, or its file cannot be used.
    """
    name, _, file = text.partition(":")
    if text == SCORE:
        return []
    if name == MEET and file:
        return load_profiles(Path(file), needs_price=False)
    raise InputError(
        f"--objective {text}: unknown objective; choose from {SCORE} and {MEET}:FILE",
        hint=suggest(name, [SCORE, MEET], "see rheostat allocate --help"),
    )


def check_profiles(pipeline: Pipeline, profiles: Sequence[UserProfile]) -> None:
    """Check that the limits of profiles can be measured on a pipeline.

    Raises:
        InputError: A profile limits latency, or dollars that nothing prices.
    """
    unpriced = [
        model.name for model in pipeline.models if not (model.dollars_in or model.dollars_out)
    ]
    for profile in profiles:
        if profile.sequential is not None:
            raise InputError(
                f"--objective meet: the profile {profile.name!r} limits sequential tokens, and the"
                " trials of a pipeline record no latency",
                hint="leave sequential out, or limit tokens",
            )
        if profile.usd is not None and unpriced and not profile.usd_per_million_tokens > 0:
            raise InputError(
                f"--objective meet: the profile {profile.name!r} limits dollars, and"
                f" {pipeline.name} has no price for {', '.join(unpriced)}",
                hint="give the models dollars_in and dollars_out, or the file of profiles"
                " usd_per_million_tokens",
            )
