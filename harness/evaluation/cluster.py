"""Jobs over a Ray cluster: what plays them there is what plays them here, so they give the same.

A job says all that its outcome depends on. Machines share the recordings' files; each holds what it
finds against the job's digest. A job whose worker was lost is played again.
"""

from collections.abc import Generator, Sequence
from typing import Any

from harness.errors import ExternalError
from harness.evaluation.jobs import JobRequest, JobResult, play_job
from harness.mdp.episodes import EpisodeArrays
from store.cluster import RETRIES, connect


def play_jobs_on_cluster(
    errands: Sequence[JobRequest], address: str, workers: int
) -> Generator[JobResult, None, None]:
    """Plays many jobs; yields each as it is done.

    Closing the iterator, or interrupting it, gives up what is unfinished.

    Args:
        errands: the jobs.
        address: the cluster's, as `store.cluster.connect` takes it.
        workers: of a cluster that is started here.

    Raises:
        InputError: and `StoreError`, from `harness.evaluation.jobs.play_job`.
        ClusterError: there is no cluster.
        ExternalError: a job's worker was lost again and again.
    """
    ray = connect(address, workers)
    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(play_job)
    places = {
        remote.remote(errand._replace(path=errand.path.resolve())): place
        for place, errand in enumerate(errands)
    }
    pending = list(places)
    try:
        while pending:
            (done,), pending = ray.wait(pending, num_returns=1)
            yield JobResult(places[done], _outcome(ray, done))
    finally:
        for reference in pending:
            ray.cancel(reference, force=True)


def _outcome(ray: Any, reference: object) -> EpisodeArrays:  # noqa: ANN401 - Ray's own module
    """What a job gave.

    Raises:
        Exception: what the job raised, as it was raised there.
    """
    lost = (
        ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError,
        ray.exceptions.OutOfMemoryError, ray.exceptions.ObjectLostError,
    )  # fmt: skip
    try:
        found: EpisodeArrays = ray.get(reference)
    except ray.exceptions.RayTaskError as problem:
        raise problem.cause from None
    except lost as problem:
        raise ExternalError(
            f"a worker of the cluster was lost {RETRIES + 1} times with the same job, perhaps for"
            " want of memory",
            hint="what was done is kept; run it again to go on",
        ) from problem
    return found
