"""What a proposer of trials has in its hands in one slot of one round."""

from collections.abc import Callable, Sequence
from random import Random

from agents.allocation.proposers import Seen
from agents.loop.bench import Paying, Purse
from harness.allocation.space import Space


class RoundTrialBench(Paying):
    """See `agents.allocation.proposers.TrialBench`.

    Args:
        space: what may be tried.
        seen: the trials so far.
        seed: names the slot's chance.
        state: what the proposer left in the round before.
        most: trials that it may put forward.
        planned: trials of the whole run, where it is bounded.
        purse: what language models may cost.
        out_of_time: whether a cap was reached meanwhile.
        heed: gives up the work, where somebody asked for it.
        tell: puts progress into the event log.
    """

    def __init__(
        self,
        space: Space,
        seen: Sequence[Seen],
        *,
        seed: str,
        state: bytes | None = None,
        most: int = 1,
        planned: int | None = None,
        purse: Purse = Purse(),  # noqa: B008 - it is immutable
        out_of_time: Callable[[], bool] = lambda: False,
        heed: Callable[[], None] = lambda: None,
        tell: Callable[..., None] = lambda says, **data: None,
    ):
        super().__init__(purse)
        self.space, self.seen, self.state = space, seen, state
        self.random = Random(seed)
        self.most, self.planned = most, planned
        self._out_of_time, self._heed, self._tell = out_of_time, heed, tell

    def heed(self) -> None:
        """See `agents.proposers.Payer.heed`."""
        self._heed()

    def out_of_time(self) -> bool:
        """See `agents.proposers.Payer.out_of_time`."""
        return self._out_of_time()

    def tell(self, says: str, **data: object) -> None:
        """See `agents.proposers.Payer.tell`."""
        self._tell(says, **data)
