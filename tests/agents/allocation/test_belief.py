"""What trials say about the belief that larger models are better, and the trial that tests it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.allocation.allocation_task import RoundTrialBench
from agents.allocation.belief import Belief
from agents.allocation.guidelines import derive_guidelines
from agents.allocation.proposers import ObservedTrial
from agents.allocation.proposers.rule_agent import RuleTrialProposer
from harness.allocation.simulator import build_simulator, default_budget
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import (
    Pipeline,
    PipelineModel,
    Simulation,
    Stage,
    StageChoice,
    StageChoices,
)

SIZES = (3.0, 14.0, 70.0)


def build_space(count: int = 2) -> AllocationSpace:
    models = [PipelineModel(name=f"{size:g}B", parameters=size) for size in SIZES]
    names = ("first", "second")[:count]
    stages = [Stage(name=name, prompt_tokens=128, output_tokens=64) for name in names]
    return AllocationSpace(Pipeline(name="sizes", models=models, stages=stages), 500.0)


def fit(space: AllocationSpace, scores: tuple[float, ...]) -> Belief:
    """A belief after one trial of every model in the first stage, the largest behind it."""
    belief = Belief(space, 1)
    rest = tuple(StageChoice("70B", 1) for _ in space.names[1:])
    belief.fit(
        [
            ObservedTrial((StageChoice(model, 1), *rest), score, 1.0)
            for model, score in zip(space.models[0], scores, strict=True)
        ]
    )
    return belief


def test_trials_confirm_or_refute_that_larger_models_are_better() -> None:
    space = build_space(1)
    before, rising, falling = (
        fit(space, scores).larger_is_better() if scores else Belief(space, 1).larger_is_better()
        for scores in ((), (0.2, 0.5, 0.8), (0.8, 0.5, 0.2))
    )
    assert falling < 0.2 < before < 0.8 < rising
    [first, *_] = derive_guidelines(space, fit(space, (0.8, 0.5, 0.2)))
    assert first.startswith("Smaller models are better: of two models of a stage")


def test_models_of_equal_size_say_nothing_about_sizes() -> None:
    models = [PipelineModel(name=name, parameters=3.0) for name in ("a", "b")]
    stages = [Stage(name="only", prompt_tokens=128, output_tokens=64)]
    space = AllocationSpace(Pipeline(name="equal", models=models, stages=stages), 500.0)
    belief = fit(space, (0.9, 0.1))
    assert np.mean(belief.abilities(0)[:, 1] > belief.abilities(0)[:, 0]) < 0.2
    assert belief.larger_is_better() == 0.5
    [first, *_] = derive_guidelines(space, belief)
    assert first.startswith("only: a")


def test_evidence_of_one_stage_counts_for_the_others() -> None:
    space = build_space()

    def second_stage(belief: Belief) -> float:
        able = belief.abilities(1)
        return float(np.mean(able[:, 2] > able[:, 0]))

    assert second_stage(fit(space, (0.8, 0.5, 0.2))) < second_stage(fit(space, (0.2, 0.5, 0.8)))


def test_ensemble_of_another_form_is_not_used() -> None:
    space = build_space()
    assert Belief(space, 3, b"\0" * 80).state == Belief(space, 3).state
    assert Belief(space, 3, Belief(space, 4).state).state == Belief(space, 4).state


def suggest(space: AllocationSpace, trials: list[ObservedTrial], seed: int) -> StageChoices:
    bench = RoundTrialBench(space, trials, seed=f"{seed}/{len(trials)}")
    [suggestion] = RuleTrialProposer().suggest(bench).trials
    return suggestion.choices


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_second_trial_compares_two_models_at_about_equal_cost(seed: int, sizes: bool) -> None:
    simulator = build_simulator(Simulation(seed=seed, sizes=sizes))
    space = AllocationSpace(simulator.pipeline, default_budget(simulator.pipeline))
    first = suggest(space, [], seed)
    played = simulator.play(first)
    second = suggest(space, [ObservedTrial(first, played.score, played.cost)], seed)
    assert space.affords(second)
    [changed] = [index for index, choice in enumerate(first) if choice != second[index]]
    assert first[changed].model != second[changed].model
    # One sample is the least, also where it costs more than what the stage had.
    assert second[changed].samples == 1 or space.cost(second) <= space.cost(first) + 1e-6


@pytest.mark.parametrize(("samples", "is_comparison"), [(60, True), (30, False)])
def test_record_is_searched_for_a_comparison(samples: int, is_comparison: bool) -> None:
    space = build_space()
    rest = StageChoice("3B", 1)
    trials = [
        (StageChoice("70B", 1), rest),
        (StageChoice("3B", samples), rest),  # it costs as many units; the first costs 68
        (StageChoice("70B", 1), StageChoice("3B", 2)),
        (StageChoice("14B", 2), StageChoice("3B", 3)),
    ]
    recorded = AllocationSpace(
        space.pipeline, 500.0, recorded={trial: space.cost(trial) for trial in trials}
    )
    played = ObservedTrial(trials[0], 0.6, space.cost(trials[0]))
    bench = RoundTrialBench(recorded, [played], seed="0")
    batch = RuleTrialProposer().suggest(bench)
    assert batch.search["phase"] == ("test of sizes" if is_comparison else "search")
    if is_comparison:
        assert batch.trials[0].choices == trials[1]
