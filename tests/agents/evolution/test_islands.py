"""Islands keep the fit, the short and the different."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.evolution.islands import CAPACITY, KINDS, PER_CELL, Fate, Island, Kind
from agents.evolution.members import UNSTEADY, Member, cheap, dear, whole
from tests.agents.evolution.populations import made, names


def island(*members: Member) -> Island:
    found = Island(KINDS[0])
    for each in members:
        found.take(each)
    return found


def test_the_fittest_stands_first() -> None:
    here = island(made("a", 1), made("b", 3, cost=4000), made("c", 2, cost=9000))
    assert names(here.members) == ["b", "c", "a"]
    assert here.take(made("d", 4, cost=16000)) is Fate.BEST
    assert here.take(made("e", 2.5, cost=50)) is Fate.KEPT


def test_of_programs_that_do_the_same_the_shorter_is_kept() -> None:
    here = island(made("long", 5, nodes=90))
    assert here.take(made("longer", 5, nodes=95)) is Fate.IDLE
    assert here.take(made("equal", 5, nodes=90)) is Fate.IDLE
    assert here.take(made("short", 5, nodes=40)) is Fate.BEST
    assert names(here.members) == ["short"]


def test_of_programs_that_behave_alike_only_some_are_kept() -> None:
    alike = [made(f"p{n}", n, accuracy=n) for n in range(PER_CELL + 3)]
    here = island(*alike, made("other", -9, cost=900_000))
    kept = names(here.members)
    assert kept == [f"p{n}" for n in range(PER_CELL + 2, 2, -1)] + ["other"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=60))
def test_an_island_holds_its_capacity_at_most_and_never_loses_its_best(
    drawn: list[tuple[int, int]],
) -> None:
    members = [made(f"{n}", s, cost=2.0**c) for n, (s, c) in enumerate(drawn)]
    here = island(*members)
    assert len(here.members) <= CAPACITY
    assert len({each.signature for each in here.members}) == len(here.members)
    if members:
        assert whole(here.best) == max(map(whole, members))


def test_a_worse_program_is_refused_when_there_is_no_place() -> None:
    here = island(*(made(f"{n}", 10 + n, cost=2.0**n) for n in range(CAPACITY)))
    assert here.take(made("late", 1, cost=1e9)) is Fate.WORSE
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
    assert whole(thrifty) == whole(lavish)
    assert cheap(thrifty) > cheap(lavish)
    assert dear(thrifty) < dear(lavish)
    assert {kind.fitness for kind in KINDS} == {whole, cheap, dear}


def test_a_beta_that_does_not_raise_the_cost_is_no_advantage() -> None:
    for fitness in (whole, cheap, dear):
        here = Island(Kind("test", fitness))
        here.take(made("steady", 50))
        here.take(made("unsteady", 50 + UNSTEADY / 2, cost=9000, steady=False))
        assert names(here.members) == ["steady", "unsteady"]


def test_length_costs_a_little() -> None:
    assert whole(made("a", 50, nodes=40)) > whole(made("b", 50.1, nodes=80))
    assert whole(made("a", 50, nodes=40)) < whole(made("b", 51.0, nodes=120))
