"""The archive keeps the best of each way of behaving."""

from random import Random

from agents.evolution.population import EliteArchive, find_cell
from tests.agents.evolution.populations import made, names


def test_a_way_of_behaving_is_tokens_and_width_in_half_doublings() -> None:
    one = made("one", 5, cost=1000, width=4)
    assert find_cell(one) == find_cell(made("near", 5, cost=1050, width=4.2))
    assert find_cell(made("twice", 5, cost=2000, width=4)).cost == find_cell(one).cost + 2
    assert find_cell(made("wide", 5, cost=1000, width=8)).width == find_cell(one).width + 2


def test_each_cell_keeps_its_best() -> None:
    archive = EliteArchive([made("a", 5), made("b", 3, cost=64_000)])
    assert not archive.take(made("worse", 4, accuracy=4))
    assert archive.take(made("better", 6, accuracy=6))
    assert archive.take(made("elsewhere", 1, width=64))
    assert sorted(names(archive.members)) == ["b", "better", "elsewhere"]
    assert len(archive) == 3


def test_every_cell_is_as_likely_as_any_other() -> None:
    archive = EliteArchive([made("good", 90), made("bad", 1, cost=64_000)])
    random = Random(1)
    drawn = [archive.pick(random).origin.source for _ in range(400)]
    assert 150 < drawn.count("bad") < 250


def test_the_order_of_members_does_not_depend_on_the_order_of_arrival() -> None:
    members = [made(f"{n}", n, cost=2.0**n) for n in range(9)]
    assert names(EliteArchive(members).members) == names(EliteArchive(reversed(members)).members)
