"""Play programs over a Ray cluster, with the time limits of local processes.

Each Ray worker has one player process and forwards tasks to it, so a task that takes too long ends
there as it does locally. A task whose worker was lost is played again.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from agents.search.measurements import ProgramMeasurement
from agents.search.player_pool import PlayTask, ProcessPlayers, TransientFailure
from store.cluster import RETRIES, connect


class ClusterPlayers:
    """Play tasks like `agents.search.player_pool.ProcessPlayers`, over a cluster.

    Args:
        address: Address of the cluster, as `store.cluster.connect` takes it.
        workers: Number of workers, for a cluster that is started here.

    Raises:
        ClusterError: The cluster cannot be reached.
    """

    def __init__(self, address: str, workers: int):
        self._ray = connect(address, workers)
        self._play = self._ray.remote(num_cpus=1, max_retries=RETRIES)(_play_there)

    def play(self, tasks: Sequence[PlayTask]) -> "Iterator[ProgramMeasurement | str]":
        """Yield the outcome of each task in order; see `ProcessPlayers.play`."""
        ray = self._ray
        references = [self._play.remote(task._replace(path=task.path.resolve())) for task in tasks]
        submitted = 0
        try:
            for reference in references:
                submitted += 1
                yield self._outcome(reference)
        finally:
            # Cancel pending tasks only: Ray fails if a finished one is cancelled.
            remaining = references[submitted:]
            pending = []
            if remaining:
                _, pending = ray.wait(remaining, num_returns=len(remaining), timeout=0)
            for reference in pending:
                ray.cancel(reference, force=True)

    def close(self) -> None:
        """Leave the cluster running; one started here ends with this process."""

    def _outcome(self, reference: object) -> ProgramMeasurement | str:
        errors = self._ray.exceptions
        try:
            outcome: ProgramMeasurement | str = self._ray.get(reference)
        except errors.RayTaskError as problem:
            raise problem.cause from None
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as lost:
            return TransientFailure(f"the worker that played it was lost: {type(lost).__name__}")
        return outcome


def _play_there(task: PlayTask) -> Any:  # noqa: ANN401 - Ray reads annotations, and has no use for them
    """Play one task on a machine of the cluster."""
    return next(iter(_get_players().play([task])))


@lru_cache(maxsize=1)
def _get_players() -> ProcessPlayers:
    """Return the worker's player process, which ends with the worker."""
    return ProcessPlayers(1)
