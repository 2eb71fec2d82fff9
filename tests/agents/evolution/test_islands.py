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
from tests.agents.evolution.populations import made, names


def island(*members: Member) -> Island:
    found = Island(ISLAND_KINDS[0])
    for each in members:
        found.take(each)
    return found


def test_the_fittest_stands_first() -> None:
    here = island(made("a", 1), made("b", 3, cost=4000), made("c", 2, cost=9000))
    assert names(here.members) == ["b", "c", "a"]
    assert here.take(made("d", 4, cost=16000)) is InsertionOutcome.BEST
    assert here.take(made("e", 2.5, cost=50)) is InsertionOutcome.KEPT


def test_of_programs_that_do_the_same_the_shorter_is_kept() -> None:
    here = island(made("long", 5, nodes=90))
    assert here.take(made("longer", 5, nodes=95)) is InsertionOutcome.IDLE
    assert here.take(made("equal", 5, nodes=90)) is InsertionOutcome.IDLE
    assert here.take(made("short", 5, nodes=40)) is InsertionOutcome.BEST
    assert names(here.members) == ["short"]


def test_of_programs_that_behave_alike_only_some_are_kept() -> None:
    alike = [made(f"p{n}", n, accuracy=n) for n in range(MEMBERS_PER_CELL + 3)]
    here = island(*alike, made("other", -9, cost=900_000))
    kept = names(here.members)
    assert kept == [f"p{n}" for n in range(MEMBERS_PER_CELL + 2, 2, -1)] + ["other"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=60))
def test_an_island_holds_its_capacity_at_most_and_never_loses_its_best(
    drawn: list[tuple[int, int]],
) -> None:
    members = [made(f"{n}", s, cost=2.0**c) for n, (s, c) in enumerate(drawn)]
    here = island(*members)
    assert len(here.members) <= CAPACITY
    assert len({each.signature for each in here.members}) == len(here.members)
    if members:
        assert score_overall(here.best) == max(map(score_overall, members))


def test_a_worse_program_is_refused_when_there_is_no_place() -> None:
    here = island(*(made(f"{n}", 10 + n, cost=2.0**n) for n in range(CAPACITY)))
    assert here.take(made("late", 1, cost=1e9)) is InsertionOutcome.WORSE
    assert len(here.members) == CAPACITY


def test_parents_are_drawn_from_the_fitter_part() -> None:
    here = island(*(made(f"{n}", n, cost=2.0**n) for n in range(12)))
    random = Random(0)
    drawn = [int(here.pick(random).origin.source) for _ in range(600)]
    assert sum(drawn) / len(drawn) > 7
    assert min(drawn) < 4


def test_islands_hold_different_things_for_fit() -> None:
    thrifty = made("thrifty", 50, halves=(60, 40))
    lavish = made("lavish", 50, halves=(40, 60))
    assert score_overall(thrifty) == score_overall(lavish)
    assert score_low_cost(thrifty) > score_low_cost(lavish)
    assert score_high_cost(thrifty) < score_high_cost(lavish)
    assert {kind.fitness for kind in ISLAND_KINDS} == {
        score_overall,
        score_low_cost,
        score_high_cost,
    }


def test_a_beta_that_does_not_raise_the_cost_is_no_advantage() -> None:
    for fitness in (score_overall, score_low_cost, score_high_cost):
        here = Island(IslandKind("test", fitness))
        here.take(made("steady", 50))
        here.take(made("unsteady", 50 + UNSTEADY_PENALTY / 2, cost=9000, steady=False))
        assert names(here.members) == ["steady", "unsteady"]


def test_length_costs_a_little() -> None:
    assert score_overall(made("a", 50, nodes=40)) > score_overall(made("b", 50.1, nodes=80))
    assert score_overall(made("a", 50, nodes=40)) < score_overall(made("b", 51.0, nodes=120))
