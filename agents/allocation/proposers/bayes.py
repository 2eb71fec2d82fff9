"""The proposer ``bayes``: Bayesian optimisation by optuna, a Gaussian process over allocations.

A trial is put to the process as each stage's model and the share that it takes of what the budget
leaves beside one sample everywhere. So nearly all that it asks for is affordable, and what is not
is told to it as failed and never tried. Its state is made anew from the trials in each round.
"""

import warnings
from typing import TYPE_CHECKING, Any

from agents.allocation.proposers import SuggestionBatch, TrialBench, TrialSuggestion, draw_untried
from harness.errors import ExternalError
from store.extras import install_command
from store.pipelines.schema import StageChoice, StageChoices

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

INITIAL_TRIALS = 8
"""Trials at random before the process is asked."""

MAX_SUGGESTIONS = 12
"""Allocations that the process may name for each trial, until one is affordable and new."""


class BayesTrialProposer:
    """See the module.

    Raises:
        ExternalError: what it needs is not installed.
    """

    name = "bayes"

    def __init__(self) -> None:
        try:
            import optuna
            import torch  # noqa: F401 - the process needs it
        except ImportError as problem:
            raise ExternalError(
                f"--proposer bayes: {problem.name} is not installed",
                hint=f"install rheostat with its extra: {install_command('bayes')}",
            ) from problem
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def suggest(self, bench: TrialBench) -> SuggestionBatch:
        """See `agents.allocation.proposers.TrialProposer`."""
        found: dict[StageChoices, TrialSuggestion] = {}
        asked = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the sampler calls itself experimental
            study = _study(bench) if len(bench.seen) >= INITIAL_TRIALS else None
            for place in range(bench.most):
                if study is not None and len(bench.seen) + place >= INITIAL_TRIALS:
                    made = _asked(study, bench, set(found))
                    asked += 1
                else:
                    made = draw_untried(bench)
                if made is not None:
                    words = "the process" if asked else "drawn at random"
                    found.setdefault(made, TrialSuggestion(made, words))
        return SuggestionBatch(list(found.values()), search={"asked": asked})


def _study(bench: TrialBench) -> "Study":
    """Return the trials so far, as optuna knows them."""
    import optuna

    seed = bench.random.randrange(1 << 31)
    sampler = optuna.samplers.GPSampler(
        seed=seed, n_startup_trials=0, deterministic_objective=False
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    domain = _domain(bench)
    for each in bench.seen:
        study.add_trial(
            optuna.trial.create_trial(
                params=_point(bench, each.choices), distributions=domain, value=each.score
            )
        )
    return study


def _asked(study: "Study", bench: TrialBench, found: set[StageChoices]) -> StageChoices | None:
    """Return an affordable allocation that the process names and that was not tried."""
    import optuna

    met = {each.choices for each in bench.seen} | found
    domain = _domain(bench)
    for _ in range(MAX_SUGGESTIONS):
        bench.check_interrupt()
        trial = study.ask(domain)
        made = _allocation(bench, trial.params)
        if made is not None and bench.space.recorded is not None:
            made = bench.space.nearest(made, frozenset(met))
        if made is not None and made not in met:
            # The batch goes on as if it came out like the best: what is near is not asked again.
            study.tell(trial, study.best_value)
            return made
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        # A process that is asked again with the same trials names the same: one more is drawn.
        drawn = draw_untried(bench)
        if drawn is not None and bench.random.random() < 0.5:
            return drawn
    return draw_untried(bench)


def _domain(bench: TrialBench) -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    found: dict[str, BaseDistribution] = {}
    for name, models, governed in zip(
        bench.space.names, bench.space.models, bench.space.governed, strict=True
    ):
        words = [*models, *(each.label for each in governed)]
        found[f"{name} model"] = CategoricalDistribution(words)
        found[f"{name} share"] = FloatDistribution(0.0, 1.0)
    return found


def _point(bench: TrialBench, choices: StageChoices) -> dict[str, Any]:
    """Return an allocation as the process sees it."""
    space = bench.space
    bare = [each if each.controller else StageChoice(each.model, 1) for each in choices]
    spare = max(space.budget - space.cost(tuple(bare)), 1e-9)
    found: dict[str, Any] = {}
    for at, (name, choice) in enumerate(zip(space.names, choices, strict=True)):
        over = space.stage_cost(at, choice) - space.stage_cost(at, bare[at])
        found[f"{name} model"] = choice.label if choice.controller else choice.model
        found[f"{name} share"] = min(1.0, max(0.0, over / spare))
    return found


def _allocation(bench: TrialBench, point: dict[str, Any]) -> StageChoices | None:
    """Return the allocation of a point: shares of more than the whole are scaled down to it."""
    space = bench.space
    bare = []
    for at, name in enumerate(space.names):
        word = point[f"{name} model"]
        governor = next((each for each in space.governed[at] if each.label == word), None)
        bare.append(governor or StageChoice(word, 1))
    spare = space.budget - space.cost(tuple(bare))
    if spare < 0:
        return None
    shares = [point[f"{name} share"] for name in space.names]
    whole = max(1.0, sum(shares))
    made = [
        choice
        if choice.controller
        else StageChoice(
            choice.model,
            max(1, space.most(at, choice.model,
                              space.stage_cost(at, choice) + spare * shares[at] / whole)),
        )
        for at, choice in enumerate(bare)
    ]  # fmt: skip
    return tuple(made)
