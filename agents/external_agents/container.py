"""Agents in containers, with access to their working directory and nothing else of this machine.

The isolation is that of `sandbox.host`, except that an agent starts processes and may have a
network. The container is removed when the agent ends, when its time is over, when the session is
interrupted, and, by `sandbox.host.guard`, when the session is killed.
"""

import contextlib
import os
import shlex
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.external_agents.runners import GRACE_SECONDS, AgentResult, OutputTail, wait_for_end
from agents.external_agents.seccomp import build_agent_profile
from agents.external_agents.settings import AgentSettings
from agents.run.budget_guard import BudgetGuard
from harness.errors import ExternalError, InputError
from harness.request.option_names import name_option
from sandbox.host.channels import STDERR, STDOUT, StreamDemultiplexer
from sandbox.host.connection import connect, engine_errors
from sandbox.host.container_base import (
    AGENT,
    NOBODY,
    build_container_settings,
    describe_refusal,
    reap_containers,
    remove_container,
    this_process,
)
from sandbox.host.guard import ensure_guard
from sandbox.host.interfaces import WorkerLimits
from sandbox.image import PYTHON_LABEL

if TYPE_CHECKING:
    from docker import DockerClient

MOUNT_POINT = "/work"
"""Path of the working directory in the container."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Search path of commands in an image that does not set ``PATH``."""

_MAX_FILE_BYTES = 64 << 20
"""Maximum bytes of one file that an agent writes."""

_FOREIGN_NETWORKS = ("host", "container:")
"""Prefixes of networks that belong to the host or to other containers."""

_REMOVAL_SECONDS = 10
"""Seconds to wait until the engine reports the end of a container."""


class AgentContainerRunner:
    """Runs agents in containers of a Docker engine; see `AgentRunner`.

    Args:
        image: Name of the image.
        network: Name of the Docker network of the containers; ``none`` for no network.
        variables: Names of the environment variables to pass.
        settings: Resource limits of the containers.

    Raises:
        InputError: A variable is not set, or the network is that of the host or of another
            container.
        ExternalError: There is no engine, or it has no such image or network.
    """

    warning = ""

    def __init__(self, image: str, network: str, variables: Sequence[str], settings: AgentSettings):
        self._network = network
        self._variables = _read_variables(variables)
        if network.startswith(_FOREIGN_NETWORKS):
            raise InputError(
                f"{name_option('agent_network', network)}: is shared with this machine or with"
                " another container",
                hint="name a network of the engine, such as bridge",
            )
        self._settings = settings
        with contextlib.closing(connect()) as client, engine_errors():
            self._image, self._config = _find_image(client, image)
            _require_network(client, network)
            reap_containers(client)

    @property
    def interpreter(self) -> str:
        """See `agents.external_agents.runners.AgentRunner.interpreter`."""
        return str((self._config.get("Labels") or {}).get(PYTHON_LABEL) or "/usr/bin/env python3")

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """Run a command in a container; see `agents.external_agents.runners.AgentRunner.run`.

        Args:
            command: Command line, split as in a shell.
            folder: Working directory on the host.
            prompt: Standard input of the command.
            seconds: Maximum time in seconds.
            bench: Reports interrupts and the end of the run's time.

        Raises:
            ExternalError: The container cannot be started.
            KeyboardInterrupt: A stop was requested.
        """
        _change_owner(folder)
        tail = OutputTail()
        with (
            contextlib.closing(connect()) as client,
            engine_errors(),
            self._start_container(client, shlex.split(command), folder) as (container, connection),
        ):
            threads = [
                threading.Thread(target=_feed, args=(connection, prompt.encode()), daemon=True),
                threading.Thread(target=_drain, args=(connection, tail), daemon=True),
            ]
            for thread in threads:
                thread.start()
            drained = threads[1]

            def ended(most: float) -> bool:
                drained.join(most)
                return not drained.is_alive()

            try:
                in_time = wait_for_end(ended, seconds, bench)
                status = _status(container) if in_time else None
            finally:
                # While a client is attached to its output, the engine may not end a container that
                # floods it.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                for thread in threads:
                    thread.join(GRACE_SECONDS)
        return AgentResult(status, tail.text)

    @contextmanager
    def _start_container(
        self, client: "DockerClient", arguments: Sequence[str], folder: Path
    ) -> Iterator[tuple[Any, socket.socket]]:
        """Start a container that runs a command; yield it with a socket to its streams."""
        import docker.errors

        ensure_guard()
        try:
            container = client.containers.create(
                self._image, [], entrypoint=[*arguments], **self.container_settings(folder)
            )
        except docker.errors.APIError as problem:
            raise describe_refusal(problem) from problem
        with contextlib.ExitStack() as stack:
            stack.callback(remove_container, container)
            try:
                line = container.attach_socket(
                    params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                )
                stack.callback(line.close)
                connection: socket.socket = stack.enter_context(getattr(line, "_sock", line))
                container.start()
            except docker.errors.APIError as problem:
                raise _start_error(arguments[0], problem) from problem
            yield container, connection

    def container_settings(self, folder: Path) -> dict[str, Any]:
        """Return the settings of a container whose working directory is ``folder``."""
        import docker.types

        chosen = self._settings
        limits = WorkerLimits(chosen.memory << 20, chosen.processes, chosen.processors)
        profile = build_agent_profile(networked=self._network != "none")
        return build_container_settings(limits, profile=profile, runtime=chosen.runtime or None) | {
            "environment": {
                "PATH": f"{MOUNT_POINT}/bin:{self._path}",
                "HOME": "/tmp",
                **self._variables,
            },
            "labels": this_process().labels(AGENT),
            "user": _user(),
            "working_dir": MOUNT_POINT,
            "network_mode": self._network,
            "ipc_mode": "private",
            "mounts": [docker.types.Mount(MOUNT_POINT, str(folder), type="bind")],
            "tmpfs": {"/tmp": f"rw,nosuid,nodev,size={chosen.scratch << 20},mode=1777"},
            "shm_size": chosen.scratch << 20,
            "ulimits": [
                docker.types.Ulimit(name="core", soft=0, hard=0),
                docker.types.Ulimit(name="fsize", soft=_MAX_FILE_BYTES, hard=_MAX_FILE_BYTES),
            ],
        }

    @property
    def _path(self) -> str:
        variables = [variable.partition("=") for variable in self._config.get("Env") or []]
        return next((value for name, _, value in variables if name == "PATH"), _PATH)


def _read_variables(names: Sequence[str]) -> dict[str, str]:
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise InputError(
            f"{name_option('agent_env', missing[0])}: that variable is not set",
            hint="give only its name; its value is taken from the environment",
        )
    return {name: os.environ[name] for name in names}


def _find_image(client: "DockerClient", name: str) -> tuple[str, dict[str, Any]]:
    """Return the ID of an image, and its configuration.

    Raises:
        ExternalError: The engine has no such image.
    """
    import docker.errors

    try:
        image = client.images.get(name)
    except docker.errors.ImageNotFound:
        raise ExternalError(
            f"{name_option('agent_image', name)}: the engine has no such image",
            hint=f"docker pull {name}, or docker build",
        ) from None
    return str(image.id), image.attrs["Config"]


def _require_network(client: "DockerClient", name: str) -> None:
    import docker.errors

    try:
        client.networks.get(name)
    except docker.errors.NotFound:
        raise ExternalError(
            f"{name_option('agent_network', name)}: the engine has no such network",
            hint="list the networks with `docker network ls`",
        ) from None


def _user() -> str:
    """Return the user and group IDs of an agent: those of this process, but never root."""
    return f"{os.geteuid()}:{os.getegid()}" if os.geteuid() else NOBODY


def _change_owner(folder: Path) -> None:
    """Give the agent ownership of a directory if it runs as another user."""
    if os.geteuid():
        return
    user, _, group = _user().partition(":")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, int(user), int(group), follow_symlinks=False)


def _status(container: Any) -> int:  # noqa: ANN401 - docker-py has no types
    with engine_errors():
        return int(container.wait(timeout=_REMOVAL_SECONDS)["StatusCode"])


def _start_error(program: str, problem: Exception) -> ExternalError:
    error = describe_refusal(problem)
    if "executable file not found" in str(error) or "no such file" in str(error):
        return ExternalError(
            f"{name_option('proposers', f'command:{program}')}: no such file in the agent's image"
        )
    return error


def _feed(connection: socket.socket, prompt: bytes) -> None:
    with contextlib.suppress(OSError):  # the agent need not read its input
        connection.sendall(prompt)
        connection.shutdown(socket.SHUT_WR)


def _drain(connection: socket.socket, tail: OutputTail) -> None:
    """Read the whole output."""
    envelopes = StreamDemultiplexer((STDOUT, STDERR))
    with contextlib.suppress(OSError):
        while data := connection.recv(1 << 16):
            tail.append(envelopes.open(data))
