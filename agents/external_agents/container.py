"""Agents in containers: with the scratch directory, and nothing else of this machine.

The walls are those of `sandbox.host`, as far as an agent can live with them: it starts processes,
and may have a network. Nothing outlives the agent: its container is ended when it ends, when its
time is over, when the session is interrupted, and, by `sandbox.host.guard`, when it is killed.
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
from agents.external_agents.seccomp import agent_profile
from agents.external_agents.settings import AgentSettings
from agents.run.budget_guard import BudgetGuard
from harness.errors import ExternalError, InputError
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
"""Where the scratch directory lies in the container."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where commands are looked for in an image that says nothing of it."""

_MOST_FILE = 64 << 20
"""Bytes of one file that an agent writes."""

_SHARED = ("host", "container:")
"""How networks begin that are those of others."""

_REMOVAL_SECONDS = 10
"""Seconds that an engine may take to know of a container's end."""


class AgentContainerRunner:
    """Runs agents in containers of a Docker engine; see `AgentRunner`.

    Args:
        image: the image's name.
        network: the engine's network that they are in, ``none`` for none.
        variables: the names of variables that they are given.
        settings: what they may use.

    Raises:
        InputError: a variable is not set, or the network is no network of its own.
        ExternalError: there is no engine, or it has no such image or network.
    """

    warning = ""

    def __init__(self, image: str, network: str, variables: Sequence[str], settings: AgentSettings):
        self._network = network
        self._given = _values(variables)
        if network.startswith(_SHARED):
            raise InputError(
                f"--agent-network {network}: that is the network of others, this machine's perhaps",
                hint="name a network of the engine, such as bridge",
            )
        self._settings = settings
        with contextlib.closing(connect()) as client, engine_errors():
            self._image, self._config = _required(client, image)
            _require_network(client, network)
            reap_containers(client)

    @property
    def interpreter(self) -> str:
        """See `agents.external_agents.runners.AgentRunner.interpreter`."""
        return str((self._config.get("Labels") or {}).get(PYTHON_LABEL) or "/usr/bin/env python3")

    def run(
        self, command: str, folder: Path, prompt: str, *, seconds: float, bench: BudgetGuard
    ) -> AgentResult:
        """See `agents.external_agents.runners.AgentRunner.run`."""
        _change_owner(folder)
        tail = OutputTail()
        with (
            contextlib.closing(connect()) as client,
            engine_errors(),
            self._started(client, shlex.split(command), folder) as (container, wire),
        ):
            threads = [
                threading.Thread(target=_feed, args=(wire, prompt.encode()), daemon=True),
                threading.Thread(target=_drain, args=(wire, tail), daemon=True),
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
                # Under a flood the engine ends no container to whose output somebody is attached.
                with contextlib.suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
                for thread in threads:
                    thread.join(GRACE_SECONDS)
        return AgentResult(status, tail.text)

    @contextmanager
    def _started(
        self, client: "DockerClient", words: Sequence[str], folder: Path
    ) -> Iterator[tuple[Any, socket.socket]]:
        """A container that runs a command, and the line to it, for the length of a block."""
        import docker.errors

        ensure_guard()
        try:
            container = client.containers.create(
                self._image, [], entrypoint=[*words], **self.made(folder)
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
                wire: socket.socket = stack.enter_context(getattr(line, "_sock", line))
                container.start()
            except docker.errors.APIError as problem:
                raise _start_error(words[0], problem) from problem
            yield container, wire

    def made(self, folder: Path) -> dict[str, Any]:
        """How a container is made that works in a directory."""
        import docker.types

        chosen = self._settings
        limits = WorkerLimits(chosen.memory << 20, chosen.processes, chosen.processors)
        profile = agent_profile(networked=self._network != "none")
        return build_container_settings(limits, profile=profile, runtime=chosen.runtime or None) | {
            "environment": {
                "PATH": f"{MOUNT_POINT}/bin:{self._path}",
                "HOME": "/tmp",
                **self._given,
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
                docker.types.Ulimit(name="fsize", soft=_MOST_FILE, hard=_MOST_FILE),
            ],
        }

    @property
    def _path(self) -> str:
        given = [each.partition("=") for each in self._config.get("Env") or []]
        return next((value for name, _, value in given if name == "PATH"), _PATH)


def _values(names: Sequence[str]) -> dict[str, str]:
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise InputError(
            f"--agent-env {missing[0]}: that variable is not set",
            hint="give its name alone; its value is taken from the environment",
        )
    return {name: os.environ[name] for name in names}


def _required(client: "DockerClient", name: str) -> tuple[str, dict[str, Any]]:
    """Return the identity of an image, and how it is configured.

    Raises:
        ExternalError: the engine has none of that name.
    """
    import docker.errors

    try:
        image = client.images.get(name)
    except docker.errors.ImageNotFound:
        raise ExternalError(
            f"--agent-image {name}: the engine has no such image",
            hint=f"docker pull {name}, or docker build",
        ) from None
    return str(image.id), image.attrs["Config"]


def _require_network(client: "DockerClient", name: str) -> None:
    import docker.errors

    try:
        client.networks.get(name)
    except docker.errors.NotFound:
        raise ExternalError(
            f"--agent-network {name}: the engine has no such network",
            hint="docker network ls names those that it has",
        ) from None


def _user() -> str:
    """Who an agent is: whoever began the run, by number, so that its files are theirs; not root."""
    return f"{os.geteuid()}:{os.getegid()}" if os.geteuid() else NOBODY


def _change_owner(folder: Path) -> None:
    """Make a directory the agent's, where that is somebody else than us."""
    if os.geteuid():
        return
    user, _, group = _user().partition(":")
    for place in (folder, *folder.rglob("*")):
        os.chown(place, int(user), int(group), follow_symlinks=False)


def _status(container: Any) -> int:  # noqa: ANN401 - docker-py has no types
    with engine_errors():
        return int(container.wait(timeout=_REMOVAL_SECONDS)["StatusCode"])


def _start_error(word: str, problem: Exception) -> ExternalError:
    told = describe_refusal(problem)
    if "executable file not found" in str(told) or "no such file" in str(told):
        return ExternalError(f"--proposer command: {word}: no such file in the agent's image")
    return told


def _feed(wire: socket.socket, prompt: bytes) -> None:
    with contextlib.suppress(OSError):  # it need not read what it is told
        wire.sendall(prompt)
        wire.shutdown(socket.SHUT_WR)


def _drain(wire: socket.socket, tail: OutputTail) -> None:
    """Read the whole output."""
    envelopes = StreamDemultiplexer((STDOUT, STDERR))
    with contextlib.suppress(OSError):
        while part := wire.recv(1 << 16):
            tail.put(envelopes.open(part))
