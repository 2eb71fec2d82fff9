"""Where requests go: servers and their data-parallel engines, each with a bounded load.

vLLM balances data-parallel engines by load and not by prefix, and a prefix cache belongs to one
engine. So a request that continues a prefix goes to the endpoint that has it cached.

An endpoint has slots, one for each running completion. Requests beyond `slots` queue by priority,
then first come, first served; this is the back-pressure. Requests that continue a branch have
priority over requests that start one.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

from store.serving.engine import Engine
from store.serving.errors import Refused


class _Waiter(NamedTuple):
    """A request that waits for slots, ordered by priority, then by arrival."""

    order: tuple[int, int]
    slots: int
    ready: "asyncio.Future[None]"


class Endpoint:
    """One engine at one address.

    Args:
        engine: the client.
        rank: its data-parallel engine; ``None`` where there is but one.
        slots: completions that may be under way at once.
    """

    def __init__(self, engine: Engine, rank: int | None, slots: int):
        self.engine = engine
        self.rank = rank
        self.slots = slots
        self._free = slots
        self._arrivals = count()
        self._waiting: list[_Waiter] = []

    async def acquire(self, slots: int, *, urgent: bool = False) -> None:
        """Wait for so many slots at once; more than there are counts as all.

        Args:
            slots: how many.
            urgent: take priority over requests that are not urgent.
        """
        slots = min(slots, self.slots)
        if not self._waiting and slots <= self._free:
            self._free -= slots
            return
        ready = asyncio.get_running_loop().create_future()
        waiter = _Waiter((not urgent, next(self._arrivals)), slots, ready)
        heapq.heappush(self._waiting, waiter)
        self._admit()
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.release(slots)
            raise

    def release(self, slots: int) -> None:
        """Return slots back."""
        self._free = min(self.slots, self._free + slots)
        self._admit()

    @asynccontextmanager
    async def reserve(self, slots: int, *, urgent: bool = False) -> AsyncIterator[None]:
        """Reserve slots while the context lasts, waiting until they are free."""
        slots = min(slots, self.slots)
        await self.acquire(slots, urgent=urgent)
        try:
            yield
        finally:
            self.release(slots)

    def _admit(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            if first.ready.cancelled():
                heapq.heappop(self._waiting)
            elif first.slots <= self._free:
                heapq.heappop(self._waiting)
                self._free -= first.slots
                first.ready.set_result(None)
            else:
                return


async def open_endpoints(engines: Sequence[Engine], ranks: int, slots: int) -> list[Endpoint]:
    """Ask engines what they serve, and list the endpoints of each.

    A server with a fixed number of slots gets an endpoint for each, with one completion at a time.
    So the requests of a branch come one after the other, and each finds the slot of the one before
    it idle; two at once would compute the branch twice.

    Args:
        engines: one for each address.
        ranks: data-parallel engines at each; 1 for a server that is not data-parallel.
        slots: completions under way at once for each address.

    Raises:
        Refused: ranks are requested of a server that has none.
        ServingError: an engine does not answer.
    """
    endpoints: list[Endpoint] = []
    for engine in engines:
        served = await engine.served()
        if served.slots is None:
            endpoints += list_endpoints([engine], ranks, slots)
            continue
        if ranks > 1:
            raise Refused(
                f"{served.engine} has no data-parallel engines",
                address=engine.address,
                hint="leave out --ranks",
            )
        endpoints += [Endpoint(engine, None, 1) for _ in range(min(slots, served.slots))]
    return endpoints


def list_endpoints(engines: Sequence[Engine], ranks: int, slots: int) -> list[Endpoint]:
    """List every endpoint of some engines.

    Args:
        engines: one for each address.
        ranks: data-parallel engines at each; 1 for a server that is not data-parallel.
        slots: completions under way at once for each address, shared evenly by its ranks.
    """
    share = max(1, slots // ranks)
    return [
        Endpoint(engine, rank if ranks > 1 else None, share)
        for engine in engines
        for rank in range(ranks)
    ]
