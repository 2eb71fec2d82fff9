"""Budgets against the published figures, and the space that they afford."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from harness.allocation.budget import compute_rate, cost
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from store.pipelines.schema import Pipeline, PipelineModel, Stage, StageChoice


def pipeline(
    sizes: tuple[float, ...], tokens: tuple[tuple[int, int], ...], name: str = "drawn"
) -> Pipeline:
    return Pipeline(
        name=name,
        models=[PipelineModel(name=f"{size:g}B", parameters=size) for size in sizes],
        stages=[
            Stage(name=f"s{index}", prompt_tokens=prompt, output_tokens=output)
            for index, (prompt, output) in enumerate(tokens)
        ],
    )


CHATDEV = pipeline((3, 70), ((1024, 1024), (1024, 512), (1024, 256)), "chatdev")


@pytest.mark.parametrize(
    ("size", "prompt", "output", "published"),
    [(72, 2048, 128, 814), (70, 256, 64, 115), (3, 128, 64, 1)],
)
def test_costs_are_the_published_ones(size: int, prompt: int, output: int, published: int) -> None:
    assert round(compute_rate(size, prompt, output).cost(1)) == published


def test_published_space_has_the_expected_size() -> None:
    assert len(AllocationSpace(CHATDEV, 1768)) == 1_715_779


small = some.tuples(
    some.lists(some.sampled_from([3.0, 7.0, 14.0, 70.0]), min_size=1, max_size=3, unique=True),
    some.lists(
        some.tuples(some.sampled_from([128, 256, 1024]), some.sampled_from([64, 256])),
        min_size=1, max_size=3,
    ),
    some.floats(1, 160),
)  # fmt: skip


@pytest.mark.slow
@given(small)
def test_counting_listing_and_checking_allocations_agree(
    drawn: tuple[list[float], list[tuple[int, int]], float],
) -> None:
    sizes, tokens, budget = drawn
    of = pipeline(tuple(sorted(sizes)), tuple(tokens))
    names = [model.name for model in of.models]
    choices = [StageChoice(name, samples) for name in names for samples in range(1, 60)]
    everything = [
        one
        for one in product(*([choices] * len(tokens)) if len(tokens) < 3 else ())
        if one and cost(of, one) <= budget + 1e-9
    ]
    try:
        space = AllocationSpace(of, budget)
    except InputError:
        assert not everything
        return
    listed = list(space)
    assert len(listed) == len(set(listed)) == len(space)
    assert all(space.affords(choices) for choices in listed)
    within = [choices for choices in listed if max(c.samples for c in choices) < 60]
    if len(tokens) < 3:
        assert set(within) == set(everything)


def test_every_random_allocation_is_within_the_budget() -> None:
    space, chance = AllocationSpace(CHATDEV, 1768), Random(0)
    drawn = [space.draw(chance) for _ in range(300)]
    assert all(space.affords(choices) for choices in drawn)
    assert len({choice.model for one in drawn for choice in one}) == 2


def test_a_budget_below_the_cheapest_allocation_is_refused_with_its_cost() -> None:
    with pytest.raises(InputError, match=r"costs 82; |costs 70"):
        AllocationSpace(CHATDEV, 10)
