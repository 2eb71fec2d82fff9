"""The three observations hold in the simulator, and each can be switched off."""

import pytest

from harness.allocation.simulator import Simulator, build_simulator, default_budget
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import Pipeline, Simulation, StageChoice


def of(seed: int = 14, **switches: bool) -> Simulator:
    return build_simulator(Simulation(seed=seed, **switches))


def everywhere(pipeline: Pipeline, samples: int) -> tuple[StageChoice, ...]:
    return tuple(
        StageChoice(pipeline.candidates(stage)[-1].name, samples) for stage in pipeline.stages
    )


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_gained_beyond_a_number_of_samples(seed: int) -> None:
    simulator = of(seed)
    enough = max(curve.enough() for curve in simulator.curves)
    few, many, more = (
        simulator.quality(everywhere(simulator.pipeline, n)) for n in (1, enough, 4 * enough)
    )
    assert few < many == more
    endless = of(seed, saturation=False)
    assert endless.quality(everywhere(simulator.pipeline, enough)) < endless.quality(
        everywhere(simulator.pipeline, 4 * enough)
    )


@pytest.mark.parametrize("seed", range(6))
def test_ability_rises_with_size_except_for_family_offsets(seed: int) -> None:
    simulator = of(seed)
    for stage, curve in zip(simulator.pipeline.stages, simulator.curves, strict=True):
        models = simulator.pipeline.candidates(stage)
        bare = curve._replace(shifts=dict.fromkeys(curve.shifts, 0.0))
        result = [bare.quality(model, 1, 1.0, simulator.simulation) for model in models]
        assert result == sorted(result)
        flat = [bare.quality(model, 1, 1.0, of(seed, sizes=False).simulation) for model in models]
        assert len(set(flat)) == 1


def test_a_poor_input_needs_more_samples_with_coupling() -> None:
    for simulator, moves in ((of(14), True), (of(14, coupling=False), False)):
        curve = simulator.curves[1]
        spent = [curve.gained(4, 1 - given if moves else 0.0, simulator.simulation)
                 for given in (1.0, 0.3)]  # fmt: skip
        assert (spent[1] < spent[0]) == moves


@pytest.mark.parametrize("seed", [0, 4, 6, 8])
def test_the_optimum_is_the_best_of_all_allocations(seed: int) -> None:
    simulator = of(seed)
    least = AllocationSpace(simulator.pipeline, 1e9).least
    budget = min(
        default_budget(simulator.pipeline),
        1.6 * AllocationSpace(simulator.pipeline, 1e9).cost(least) + 30,
    )
    space = AllocationSpace(simulator.pipeline, budget)
    assert len(space) < 40_000
    best = max(simulator.quality(choices) for choices in space)
    result = simulator.optimum(budget)
    assert simulator.quality(result.choices) == pytest.approx(best, abs=1e-12)
    assert space.affords(result.choices)


def test_equal_seeds_give_equal_pipelines_and_others_differ() -> None:
    one, same, other = of(1), of(1), of(2)
    played = [one.play(everywhere(one.pipeline, 2)) for one in (one, same)]
    assert played[0] == played[1]
    assert one.pipeline != other.pipeline


def test_sampled_scores_are_binary_and_near_their_expectation() -> None:
    simulator = of(3, sampled=True)
    trial = simulator.play(everywhere(simulator.pipeline, 3))
    assert {result.score for result in trial.answered} <= {0.0, 1.0}
    assert abs(trial.score - simulator.expected(simulator.quality(trial.choices))) < 0.25
