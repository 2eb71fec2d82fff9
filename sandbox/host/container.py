"""Workers in containers: the second barrier.

Each container has no network, a read-only root, no capabilities and no way to gain any, an
unprivileged user, and limits on memory, processes, processors and temporary files. It holds the
worker's image and nothing of the host: no volume, no socket, no environment variable.
"""

import contextlib
import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.faults import Fault, Reason
from sandbox.host.channels import StreamChannel, StreamDemultiplexer
from sandbox.host.connection import connect, engine_errors, require_image
from sandbox.host.container_base import (
    NOBODY,
    WORKER,
    build_container_settings,
    describe_refusal,
    reap_containers,
    remove_container,
    this_process,
)
from sandbox.host.guard import ensure_guard
from sandbox.host.hangs import explained
from sandbox.host.interfaces import WorkerLimits
from sandbox.host.seccomp import build_seccomp_profile
from sandbox.image import ARGUMENTS, ENVIRONMENT, NAME
from sandbox.image.contents import digest

if TYPE_CHECKING:
    from docker import DockerClient

_TO_ENTER = 5
"""Timeout in seconds for the engine to notice a container's end."""


class ContainerWorkerLauncher:
    """Start workers in containers of a Docker engine.

    Args:
        image: Name of the image.
        runtime: Container runtime, such as ``runsc`` for gVisor; the engine's default if empty.
        limits: Limits of each worker.
        client: Engine client; by default the one that the environment configures.

    Raises:
        ExternalError: There is no engine, or no matching image.
    """

    def __init__(
        self,
        image: str = NAME,
        *,
        runtime: str | None = None,
        limits: WorkerLimits = WorkerLimits(),  # noqa: B008 - it is immutable
        client: "DockerClient | None" = None,
    ):
        self.client = connect() if client is None else client
        self._image = require_image(self.client, image)
        self._runtime = runtime
        self._limits = limits
        reap_containers(self.client)

    @property
    def name(self) -> str:
        """Name in results."""
        return f"docker {digest()}"

    @property
    def engine(self) -> dict[str, str]:
        """Describe the engine and the runtime."""
        with engine_errors():
            version = str(self.client.version().get("Version", ""))
        return {"docker": version, "runtime": self._runtime or "default"}

    @property
    def variables(self) -> frozenset[str]:
        """Return the environment variable names that the image defines."""
        with engine_errors():
            variables = self.client.images.get(self._image).attrs["Config"].get("Env") or []
        return frozenset(variable.partition("=")[0] for variable in variables)

    @property
    def kernel(self) -> str:
        """Return the kernel release of the engine."""
        with engine_errors():
            return str(self.client.info().get("KernelVersion", ""))

    def start(self, arguments: Sequence[str] = ARGUMENTS) -> StreamChannel:
        """Start a container that runs the interpreter with these arguments."""
        import docker.errors

        ensure_guard()
        with engine_errors():
            try:
                container = self.client.containers.create(
                    self._image, [*arguments], **self.settings()
                )
            except docker.errors.APIError as problem:
                raise describe_refusal(problem) from problem
            with contextlib.ExitStack() as undo:
                undo.callback(remove_container, container)
                line = container.attach_socket(
                    params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                )
                undo.callback(line.close)
                try:
                    container.start()
                except docker.errors.APIError as problem:
                    raise describe_refusal(problem) from problem
                undo.pop_all()
        return _channel(container, line)

    def settings(self) -> dict[str, Any]:
        """Return the settings of every container."""
        import docker.types

        limits = self._limits
        return build_container_settings(
            limits, profile=build_seccomp_profile(), runtime=self._runtime
        ) | {
            "environment": ENVIRONMENT,
            "labels": this_process().labels(WORKER),
            "user": NOBODY,
            "network_mode": "none",
            "ipc_mode": "none",
            "tmpfs": {
                "/tmp": f"rw,noexec,nosuid,nodev,size={limits.scratch},mode=1777",
                # The engine mounts message queues there, which any process may create.
                "/dev/mqueue": "ro,noexec,nosuid,nodev,size=4k,mode=555",
            },
            "ulimits": [
                docker.types.Ulimit(name="core", soft=0, hard=0),
                docker.types.Ulimit(name="nofile", soft=64, hard=64),
            ],
        }


def _channel(container: Any, line: Any) -> StreamChannel:  # noqa: ANN401 - docker-py has no types
    wire: socket.socket = getattr(line, "_sock", line)
    descriptor = os.dup(wire.fileno())

    def end() -> None:
        # Under a flood the engine cannot end a container to whose output a client is attached.
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        remove_container(container)
        line.close()
        wire.close()
        os.close(descriptor)

    envelopes = StreamDemultiplexer()
    return StreamChannel(
        descriptor, descriptor, envelopes.open, end,
        lambda: _explained(container, bytes(envelopes.errors)),
    )  # fmt: skip


def _explained(container: Any, errors: bytes) -> Fault | None:  # noqa: ANN401
    """Explain why a container ended, if the engine knows.

    Raises:
        ExternalError: The engine is gone, perhaps with the worker.
    """
    import docker.errors
    import requests

    with (
        engine_errors(),
        contextlib.suppress(docker.errors.APIError, requests.exceptions.ReadTimeout),
    ):
        # The line may close a moment before the engine has entered the end.
        container.wait(timeout=_TO_ENTER)
        container.reload()
        state = container.attrs["State"]
        if state.get("OOMKilled"):
            return Fault(Reason.MEMORY, "the worker exceeded a limit of its container")
        return explained(state.get("ExitCode"), errors)
    return None
