"""The walls that every container has, whoever is in it, and how containers are removed."""

import contextlib
from typing import TYPE_CHECKING, Any

from harness.errors import SurroundingsError
from sandbox.host.connection import engine_errors
from sandbox.host.owner import KIND_LABEL, MACHINE_LABEL, PROCESS_LABEL, Owner, is_gone
from sandbox.host.places import Limits

if TYPE_CHECKING:
    from docker import DockerClient

NOBODY = "65534:65534"

_OF_A_RUNTIME = 256
"""Threads that a runtime with a kernel of its own may need for itself; they count as ours."""


def walls(limits: Limits, *, profile: str, runtime: str | None) -> dict[str, Any]:
    """How a container is made, as far as it does not depend on who is in it.

    Args:
        limits: what it may use.
        profile: of seccomp, as the engine takes it.
        runtime: the engine's runtime; its default without one.
    """
    import docker.types

    return {
        "stdin_open": True,
        # Or the engine's client would give it the proxies of its user, names and passwords too.
        "use_config_proxy": False,
        "runtime": runtime,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={profile}"],
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "pids_limit": limits.processes + (_OF_A_RUNTIME if runtime else 0),
        "nano_cpus": int(limits.processors * 1e9),
        # What is written in it is read here or lost: it fills no disk.
        "log_config": docker.types.LogConfig(type="none"),
    }


def refused(problem: Exception) -> SurroundingsError:
    """An engine's refusal to start a container, in a sentence."""
    words = " ".join(str(getattr(problem, "explanation", None) or problem).split())
    return SurroundingsError(
        f"the engine does not start a container: {words}",
        hint="`rheostat sandbox check` says what this engine can do",
    )


def remove(container: Any) -> None:  # noqa: ANN401 - docker-py has no types
    """Ends and removes a container, whatever it does."""
    import docker.errors
    import requests

    # It may be gone already, or on its way; what is left is removed at the next start.
    with contextlib.suppress(docker.errors.APIError, requests.exceptions.RequestException):
        container.remove(force=True, v=True)


def reap(client: "DockerClient") -> int:
    """Removes containers of ours whose process is gone; gives how many.

    Raises:
        SurroundingsError: the engine does not answer.
    """
    import docker.errors

    removed = 0
    with engine_errors(), contextlib.suppress(docker.errors.NotFound):
        for container in client.containers.list(
            all=True, filters={"label": KIND_LABEL}, ignore_removed=True
        ):
            labels = container.labels
            owner = Owner(labels.get(MACHINE_LABEL, ""), labels.get(PROCESS_LABEL, ""))
            if is_gone(owner):
                remove(container)
                removed += 1
    return removed
