"""Play jobs over a Ray cluster, with the same code and results as on this machine.

A job names everything that its outcome depends on. Machines share the recordings' files; each
checks the file that it finds against the job's digest. A job whose worker was lost is played again.
"""

from collections.abc import Generator, Sequence
from typing import Any

from harness.errors import ExternalError
from harness.evaluation.jobs import JobRequest, JobResult, play_job
from harness.mdp.episodes import EpisodeArrays
from store.cluster import RETRIES, connect


def play_jobs_on_cluster(
    job_requests: Sequence[JobRequest], address: str, workers: int
) -> Generator[JobResult, None, None]:
    """Play many jobs; yield each as it completes.

    Closing the iterator, or interrupting it, cancels unfinished jobs.

    Args:
        job_requests: The jobs.
        address: Address of the cluster, as `store.cluster.connect` takes it.
        workers: Workers of a cluster that is started on this machine.

    Raises:
        InputError: From `harness.evaluation.jobs.play_job`.
        StoreError: From `harness.evaluation.jobs.play_job`.
        ClusterError: There is no cluster.
        ExternalError: A job's worker was lost repeatedly.
    """
    ray = connect(address, workers)
    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(play_job)
    indexes = {
        remote.remote(job_request._replace(path=job_request.path.resolve())): index
        for index, job_request in enumerate(job_requests)
    }
    pending = list(indexes)
    try:
        while pending:
            (done,), pending = ray.wait(pending, num_returns=1)
            yield JobResult(indexes[done], _outcome(ray, done))
    finally:
        for reference in pending:
            ray.cancel(reference, force=True)


def _outcome(ray: Any, reference: object) -> EpisodeArrays:  # noqa: ANN401 - Ray's own module
    """Return the result of a job.

    Raises:
        Exception: The exception that the job raised on the cluster.
    """
    lost = (
        ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError,
        ray.exceptions.OutOfMemoryError, ray.exceptions.ObjectLostError,
    )  # fmt: skip
    try:
        episodes: EpisodeArrays = ray.get(reference)
    except ray.exceptions.RayTaskError as problem:
        raise problem.cause from None
    except lost as problem:
        raise ExternalError(
            f"a worker of the cluster was lost {RETRIES + 1} times with the same job, perhaps"
            " because memory ran out",
            hint="completed work is kept; run the command again to resume",
        ) from problem
    return episodes
