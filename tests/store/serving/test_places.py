"""Slots: never more than there are, the urgent first, nobody forgotten."""

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.serving.endpoints import Endpoint, list_endpoints
from store.serving.engine import PrefixCacheCounters, read_counters
from store.serving.vllm_server import VllmServer


def a_place(slots: int) -> Endpoint:
    return Endpoint(VllmServer("http://nowhere", "m"), None, slots)


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=20))
def test_slots_are_never_exceeded_and_every_waiter_is_served(
    slots: int, wanted: list[tuple[int, bool]]
) -> None:
    async def all_of_them() -> None:
        place, held, served = a_place(slots), 0, 0

        async def one(count: int, urgent: bool) -> None:
            nonlocal held, served
            async with place.reserve(count, urgent=urgent):
                held += min(count, slots)
                assert held <= slots
                await asyncio.sleep(0)
                held -= min(count, slots)
            served += 1

        await asyncio.gather(*(one(*arguments) for arguments in wanted))
        assert (held, served) == (0, len(wanted))

    asyncio.run(all_of_them())


async def test_urgent_requests_go_first_then_first_come_first_served() -> None:
    place, order = a_place(1), []
    await place.acquire(1)

    async def wait(name: str, urgent: bool) -> None:
        async with place.reserve(1, urgent=urgent):
            order.append(name)

    async with asyncio.TaskGroup() as waiting:
        for name, urgent in (("a", False), ("b", False), ("c", True), ("d", True)):
            waiting.create_task(wait(name, urgent))
        await asyncio.sleep(0)
        place.release(1)
    assert order == ["c", "d", "a", "b"]


async def test_cancelled_waiter_releases_its_slot() -> None:
    place, chance = a_place(3), Random(0)
    await place.acquire(3)
    waiting = [asyncio.create_task(place.acquire(chance.randint(1, 3))) for _ in range(9)]
    await asyncio.sleep(0)
    place.release(3)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.wait_for(place.acquire(3), 1)


def test_each_rank_of_each_server_is_an_endpoint() -> None:
    servers = [VllmServer("http://a", "m"), VllmServer("http://b", "m")]
    found = list_endpoints(servers, 2, 8)
    assert [(endpoint.engine.address, endpoint.rank, endpoint.slots) for endpoint in found] == [
        ("http://a", 0, 4), ("http://a", 1, 4), ("http://b", 0, 4), ("http://b", 1, 4),
    ]  # fmt: skip
    assert [endpoint.rank for endpoint in list_endpoints(servers, 1, 8)] == [None, None]


def test_counters_are_added_over_engines() -> None:
    page = (
        '# TYPE vllm:prefix_cache_queries_total counter\n'
        'vllm:prefix_cache_queries_total{engine="0",model_name="m"} 100.0\n'
        'vllm:prefix_cache_queries_total{engine="1",model_name="m"} 1e2\n'
        'vllm:prefix_cache_hits_total{engine="0",model_name="m"} 90.0\n'
        'vllm:prefix_cache_hits_total{engine="1",model_name="m"} 60.0\n'
        'vllm:external_prefix_cache_hits_total{engine="1",model_name="m"} 7.0\n'
    )  # fmt: skip
    found = read_counters(page)
    assert found == PrefixCacheCounters(200, 150, 2)
    assert found.share == pytest.approx(0.75)
    assert read_counters("nothing 1.0\n") is None
    assert PrefixCacheCounters(0, 0, 1).share is None
