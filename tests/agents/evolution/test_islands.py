"""Islands keep the fit, the short and the different."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.evolution.population import (
    CAPACITY,
    ISLAND_KINDS,
    MEMBERS_PER_CELL,
    UNSTEADY_PENALTY,
    InsertionOutcome,
    Island,
    IslandKind,
    Member,
    score_high_cost,
    score_low_cost,
    score_overall,
)
from tests.agents.evolution.populations import build_member, names


def island(*members: Member) -> Island:
    result = Island(ISLAND_KINDS[0])
    for member in members:
        result.take(member)
    return result


def test_members_are_ordered_by_fitness() -> None:
    population = island(
        build_member("a", 1), build_member("b", 3, cost=4000), build_member("c", 2, cost=9000)
    )
    assert names(population.members) == ["b", "c", "a"]
    assert population.take(build_member("d", 4, cost=16000)) is InsertionOutcome.BEST
    assert population.take(build_member("e", 2.5, cost=50)) is InsertionOutcome.KEPT


def test_shorter_of_equivalent_programs_is_kept() -> None:
    population = island(build_member("long", 5, nodes=90))
    assert population.take(build_member("longer", 5, nodes=95)) is InsertionOutcome.IDLE
    assert population.take(build_member("equal", 5, nodes=90)) is InsertionOutcome.IDLE
    assert population.take(build_member("short", 5, nodes=40)) is InsertionOutcome.BEST
    assert names(population.members) == ["short"]


def test_programs_per_cell_are_limited() -> None:
    alike = [build_member(f"p{n}", n, accuracy=n) for n in range(MEMBERS_PER_CELL + 3)]
    population = island(*alike, build_member("other", -9, cost=900_000))
    survivors = names(population.members)
    assert survivors == [f"p{n}" for n in range(MEMBERS_PER_CELL + 2, 2, -1)] + ["other"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=60))
def test_island_respects_capacity_and_keeps_its_best(
    samples: list[tuple[int, int]],
) -> None:
    members = [build_member(f"{n}", s, cost=2.0**c) for n, (s, c) in enumerate(samples)]
    population = island(*members)
    assert len(population.members) <= CAPACITY
    assert len({member.signature for member in population.members}) == len(population.members)
    if members:
        assert score_overall(population.best) == max(map(score_overall, members))


def test_worse_program_is_rejected_when_full() -> None:
    population = island(*(build_member(f"{n}", 10 + n, cost=2.0**n) for n in range(CAPACITY)))
    assert population.take(build_member("late", 1, cost=1e9)) is InsertionOutcome.WORSE
    assert len(population.members) == CAPACITY


def test_selection_prefers_fitter_parents() -> None:
    population = island(*(build_member(f"{n}", n, cost=2.0**n) for n in range(12)))
    random = Random(0)
    samples = [int(population.pick(random).origin.source) for _ in range(600)]
    assert sum(samples) / len(samples) > 7
    assert min(samples) < 4


def test_islands_have_different_fitness() -> None:
    thrifty = build_member("thrifty", 50, halves=(60, 40))
    lavish = build_member("lavish", 50, halves=(40, 60))
    assert score_overall(thrifty) == score_overall(lavish)
    assert score_low_cost(thrifty) > score_low_cost(lavish)
    assert score_high_cost(thrifty) < score_high_cost(lavish)
    assert {kind.fitness for kind in ISLAND_KINDS} == {
        score_overall,
        score_low_cost,
        score_high_cost,
    }


def test_unsteady_program_is_penalised() -> None:
    for fitness in (score_overall, score_low_cost, score_high_cost):
        population = Island(IslandKind("test", fitness))
        population.take(build_member("steady", 50))
        population.take(
            build_member("unsteady", 50 + UNSTEADY_PENALTY / 2, cost=9000, steady=False)
        )
        assert names(population.members) == ["steady", "unsteady"]


def test_length_is_penalised() -> None:
    assert score_overall(build_member("a", 50, nodes=40)) > score_overall(
        build_member("b", 50.1, nodes=80)
    )
    assert score_overall(build_member("a", 50, nodes=40)) < score_overall(
        build_member("b", 51.0, nodes=120)
    )
