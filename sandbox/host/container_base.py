"""What all containers of the project share: isolation settings, ownership labels, removal.

The labels name the process that started a container, so that containers of a process that has ended
can be told from all others and removed.
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
"""What a container holds."""
MACHINE_LABEL = "rheostat.sandbox.machine"
PROCESS_LABEL = "rheostat.sandbox.process"


class ContainerOwner(NamedTuple):
    """A process, by names that are given once."""

    machine: str
    """The boot of the kernel, and the namespace in which processes are numbered."""
    process: str
    """The number, and the moment of its start."""

    def labels(self, kind: str) -> dict[str, str]:
        """As a container carries them, with what it holds."""
        return {KIND_LABEL: kind, MACHINE_LABEL: self.machine, PROCESS_LABEL: self.process}


def this_process() -> ContainerOwner:
    """The owner of what is started here."""
    boot = _text(Path("/proc/sys/kernel/random/boot_id")).strip()
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return ContainerOwner(f"{boot} {namespace}", _process(os.getpid()))


def is_gone(owner: ContainerOwner) -> bool:
    """Whether a process of this machine has ended; ``False`` of other machines' processes."""
    if owner.machine != this_process().machine:
        return False
    number = owner.process.partition(" ")[0]
    return not number.isdecimal() or _process(int(number)) != owner.process


def _process(number: int) -> str:
    # The name, which may hold anything, ends at the last bracket; the start is the 20th behind it.
    fields = _text(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
    return f"{number} {fields[19] if len(fields) > 19 else ''}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


NOBODY = "65534:65534"

_OF_A_RUNTIME = 256
"""Threads that a runtime with a kernel of its own may need for itself; they count as ours."""


def build_container_settings(
    limits: WorkerLimits, *, profile: str, runtime: str | None
) -> dict[str, Any]:
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


def describe_refusal(problem: Exception) -> ExternalError:
    """An engine's refusal to start a container, in a sentence."""
    words = " ".join(str(getattr(problem, "explanation", None) or problem).split())
    return ExternalError(
        f"the engine does not start a container: {words}",
        hint="`rheostat sandbox check` says what this engine can do",
    )


def remove_container(container: Any) -> None:  # noqa: ANN401 - docker-py has no types
    """Ends and removes a container, whatever it does."""
    import docker.errors
    import requests

    # It may be gone already, or on its way; what is left is removed at the next start.
    with contextlib.suppress(docker.errors.APIError, requests.exceptions.RequestException):
        container.remove(force=True, v=True)


def reap_containers(client: "DockerClient") -> int:
    """Removes containers of ours whose process is gone; gives how many.

    Raises:
        ExternalError: the engine does not answer.
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
