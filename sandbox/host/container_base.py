"""Shared container code: isolation settings, ownership labels, removal.

The labels name the process that started a container, so containers of ended processes can be found
and removed.
"""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import ExternalError
from sandbox.host.connection import engine_errors
from sandbox.host.interfaces import WorkerLimits

if TYPE_CHECKING:
    from docker import DockerClient


KIND_LABEL = "rheostat.sandbox"
WORKER, AGENT, BASE = "worker", "agent", "base"
"""Label for the content of a container."""
MACHINE_LABEL = "rheostat.sandbox.machine"
PROCESS_LABEL = "rheostat.sandbox.process"


class ContainerOwner(NamedTuple):
    """A process, by identifiers that are never reused."""

    machine: str
    """Boot ID of the kernel, and PID namespace."""
    process: str
    """PID and start time."""

    def labels(self, kind: str) -> dict[str, str]:
        """Return the labels of a container, including its content."""
        return {KIND_LABEL: kind, MACHINE_LABEL: self.machine, PROCESS_LABEL: self.process}


def this_process() -> ContainerOwner:
    """Return the owner label of this process."""
    boot = _text(Path("/proc/sys/kernel/random/boot_id")).strip()
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return ContainerOwner(f"{boot} {namespace}", _process(os.getpid()))


def is_gone(owner: ContainerOwner) -> bool:
    """Return whether a process of this machine has ended; false for other machines."""
    if owner.machine != this_process().machine:
        return False
    number = owner.process.partition(" ")[0]
    return not number.isdecimal() or _process(int(number)) != owner.process


def _process(number: int) -> str:
    # The name, which may be any text, ends at the last bracket; the start is the 20th field after.
    fields = _text(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
    return f"{number} {fields[19] if len(fields) > 19 else ''}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


NOBODY = "65534:65534"

_OF_A_RUNTIME = 256
"""Threads that a runtime with its own kernel may need; they count towards the limit."""


def build_container_settings(
    limits: WorkerLimits, *, profile: str, runtime: str | None
) -> dict[str, Any]:
    """Return container settings that do not depend on the content.

    Args:
        limits: Resource limits.
        profile: Seccomp profile as JSON.
        runtime: Container runtime; the engine's default if empty.
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


def describe_refusal(problem: Exception) -> ExternalError:
    """Describe why an engine refused to start a container."""
    words = " ".join(str(getattr(problem, "explanation", None) or problem).split())
    return ExternalError(
        f"the engine cannot start a container: {words}",
        hint="run `rheostat sandbox check` to test this engine",
    )


def remove_container(container: Any) -> None:  # noqa: ANN401 - docker-py has no types
    """End and remove a container."""
    import docker.errors
    import requests

    # It may be gone already, or on its way; what is left is removed at the next start.
    with contextlib.suppress(docker.errors.APIError, requests.exceptions.RequestException):
        container.remove(force=True, v=True)


def reap_containers(client: "DockerClient") -> int:
    """Remove containers whose process has ended; return their number.

    Raises:
        ExternalError: The engine does not answer.
    """
    import docker.errors

    removed = 0
    with engine_errors(), contextlib.suppress(docker.errors.NotFound):
        for container in client.containers.list(
            all=True, filters={"label": KIND_LABEL}, ignore_removed=True
        ):
            labels = container.labels
            owner = ContainerOwner(labels.get(MACHINE_LABEL, ""), labels.get(PROCESS_LABEL, ""))
            if is_gone(owner):
                remove_container(container)
                removed += 1
    return removed
