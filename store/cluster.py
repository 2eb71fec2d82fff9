"""A Ray cluster, where work is distributed over machines: connection and failure reports.

Ray is an extra and takes a second to import, so it is imported on first use only.
"""

import importlib
import logging
import os
from typing import Any, ClassVar

from store.extras import install_command

RETRIES = 3
"""How often work is done again whose process or machine was lost."""


class ClusterError(Exception):
    """A failure of the cluster.

    Args:
        problem: what is wrong, without a full stop.
        hint: what to do about it, if the problem does not include that.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, problem: str, *, hint: str | None = None):
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def connect(address: str, workers: int | None = None) -> Any:  # noqa: ANN401 - Ray's own module
    """Connect this process to a cluster, once, and gives Ray itself.

    Args:
        address: ``auto`` for the cluster that this machine belongs to, ``local`` for one that is
            started here and ends with this process, or ``HOST:PORT``.
        workers: of a cluster that is started here.

    Raises:
        ClusterError: Ray is not installed, or there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray hides a driver's accelerators from workers that request none, unless configured.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray: Any = importlib.import_module("ray")
    except ImportError as problem:
        hint = f"install rheostat with its extra: {install_command('ray')}"
        raise ClusterError("Ray is not installed", hint=hint) from problem
    if ray.is_initialized():
        return ray
    options = {"num_cpus": workers, "include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    # Ray reports by a bare Exception that a node did not start within its 30 seconds.
    except Exception as problem:
        sentence = " ".join(str(problem).split())[:200]
        raise ClusterError(
            f"{address}: cannot connect to a Ray cluster: {sentence}",
            hint="start one with `ray start --head`, or use --ray-address local for this"
            " command only",
        ) from problem
    return ray
