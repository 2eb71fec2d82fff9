"""The proposer ``bayes``: Bayesian optimisation by optuna, a Gaussian process over allocations.

A point of the process has, for each stage, its model and its share of the budget that remains after
one sample in every stage. So nearly all suggested points are affordable; the others are reported to
the process as failed and never tried. Its state is rebuilt from the trials in each round.
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
"""Random trials before the process is used."""

MAX_SUGGESTIONS = 12
"""The most points that the process may suggest for a trial, until one is affordable and new."""


class BayesTrialProposer:
    """Proposer ``bayes``; see the module docstring.

    Raises:
        ExternalError: optuna or torch is not installed.
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
        suggestions: dict[StageChoices, TrialSuggestion] = {}
        asked = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the sampler calls itself experimental
            study = _study(bench) if len(bench.trials) >= INITIAL_TRIALS else None
            for index in range(bench.most):
                if study is not None and len(bench.trials) + index >= INITIAL_TRIALS:
                    choices = _ask_process(study, bench, set(suggestions))
                    asked += 1
                else:
                    choices = draw_untried(bench)
                if choices is not None:
                    rationale = "the process" if asked else "drawn at random"
                    suggestions.setdefault(choices, TrialSuggestion(choices, rationale))
        return SuggestionBatch(list(suggestions.values()), search={"asked": asked})


def _study(bench: TrialBench) -> "Study":
    """Return optuna's study of the trials so far."""
    import optuna

    seed = bench.random.randrange(1 << 31)
    sampler = optuna.samplers.GPSampler(
        seed=seed, n_startup_trials=0, deterministic_objective=False
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    domain = _domain(bench)
    for trial in bench.trials:
        study.add_trial(
            optuna.trial.create_trial(
                params=_point(bench, trial.choices), distributions=domain, value=trial.value
            )
        )
    return study


def _ask_process(
    study: "Study", bench: TrialBench, suggested: set[StageChoices]
) -> StageChoices | None:
    """Return an affordable, untried allocation that the process suggests, or a random one."""
    import optuna

    tried = {trial.choices for trial in bench.trials} | suggested
    domain = _domain(bench)
    for _ in range(MAX_SUGGESTIONS):
        bench.check_interrupt()
        trial = study.ask(domain)
        choices = _allocation(bench, trial.params)
        if choices is not None and bench.space.recorded is not None:
            choices = bench.space.nearest(choices, frozenset(tried))
        if choices is not None and choices not in tried:
            # Assume the best score for the rest of the batch, so that its points differ.
            study.tell(trial, study.best_value)
            return choices
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        # With unchanged trials the process suggests the same point again; try a random one, too.
        random_choices = draw_untried(bench)
        if random_choices is not None and bench.random.random() < 0.5:
            return random_choices
    return draw_untried(bench)


def _domain(bench: TrialBench) -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    domain: dict[str, BaseDistribution] = {}
    for name, models, governed in zip(
        bench.space.names, bench.space.models, bench.space.governed, strict=True
    ):
        labels = [*models, *(governor.label for governor in governed)]
        domain[f"{name} model"] = CategoricalDistribution(labels)
        domain[f"{name} share"] = FloatDistribution(0.0, 1.0)
    return domain


def _point(bench: TrialBench, choices: StageChoices) -> dict[str, Any]:
    """Convert an allocation to a point of the process."""
    space = bench.space
    minimal = [choice if choice.controller else StageChoice(choice.model, 1) for choice in choices]
    spare = max(space.budget - space.cost(tuple(minimal)), 1e-9)
    point: dict[str, Any] = {}
    for index, (name, choice) in enumerate(zip(space.names, choices, strict=True)):
        extra = space.stage_cost(index, choice) - space.stage_cost(index, minimal[index])
        point[f"{name} model"] = choice.label if choice.controller else choice.model
        point[f"{name} share"] = min(1.0, max(0.0, extra / spare))
    return point


def _allocation(bench: TrialBench, point: dict[str, Any]) -> StageChoices | None:
    """Convert a point to an allocation; shares are scaled down where their sum exceeds 1."""
    space = bench.space
    minimal = []
    for index, name in enumerate(space.names):
        label = point[f"{name} model"]
        governor = next(
            (governor for governor in space.governed[index] if governor.label == label), None
        )
        minimal.append(governor or StageChoice(label, 1))
    spare = space.budget - space.cost(tuple(minimal))
    if spare < 0:
        return None
    shares = [point[f"{name} share"] for name in space.names]
    total = max(1.0, sum(shares))
    choices = [
        choice
        if choice.controller
        else StageChoice(
            choice.model,
            max(1, space.most(index, choice.model,
                              space.stage_cost(index, choice) + spare * shares[index] / total)),
        )
        for index, choice in enumerate(minimal)
    ]  # fmt: skip
    return tuple(choices)
