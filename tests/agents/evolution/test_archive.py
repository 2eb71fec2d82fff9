"""The archive keeps the best of each way of behaving."""

from random import Random

from agents.evolution.population import EliteArchive, find_cell
from tests.agents.evolution.populations import build_member, names


def test_cell_is_cost_and_width_in_half_doublings() -> None:
    base = build_member("one", 5, cost=1000, width=4)
    assert find_cell(base) == find_cell(build_member("near", 5, cost=1050, width=4.2))
    assert find_cell(build_member("twice", 5, cost=2000, width=4)).cost == find_cell(base).cost + 2
    assert find_cell(build_member("wide", 5, cost=1000, width=8)).width == find_cell(base).width + 2


def test_cell_keeps_its_best_program() -> None:
    archive = EliteArchive([build_member("a", 5), build_member("b", 3, cost=64_000)])
    assert not archive.take(build_member("worse", 4, accuracy=4))
    assert archive.take(build_member("better", 6, accuracy=6))
    assert archive.take(build_member("elsewhere", 1, width=64))
    assert sorted(names(archive.members)) == ["b", "better", "elsewhere"]
    assert len(archive) == 3


def test_cells_are_picked_uniformly() -> None:
    archive = EliteArchive([build_member("good", 90), build_member("bad", 1, cost=64_000)])
    random = Random(1)
    picks = [archive.pick(random).origin.source for _ in range(400)]
    assert 150 < picks.count("bad") < 250


def test_member_order_is_independent_of_insertion_order() -> None:
    members = [build_member(f"{n}", n, cost=2.0**n) for n in range(9)]
    assert names(EliteArchive(members).members) == names(EliteArchive(reversed(members)).members)
