"""The container, on a real engine: what it blocks, and how workers that attack it end."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sandbox
from harness.errors import ExternalError
from harness.mdp.replay import Replay
from sandbox.conformance.checks import CHECKS, LIMITS, SandboxCheck
from sandbox.conformance.runner import CheckVerdict, run_check
from sandbox.faults import Reason
from sandbox.host import connection, container
from sandbox.host.channels import StreamChannel
from sandbox.host.container import ContainerWorkerLauncher
from sandbox.host.container_base import KIND_LABEL, ContainerOwner, reap_containers, this_process
from sandbox.host.interfaces import WorkerLost
from sandbox.host.pool import EpisodeLimits, EpisodeTask, WorkerPool
from sandbox.image_builder.build import build_on_base
from tests.child_processes import running, wait_for
from tests.command_lines import CommandLine
from tests.sandbox.playing import DECK, body
from tests.sandbox.rogues import GREETING, ROGUES

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.docker

TERMS = EpisodeLimits(most_turns=10_000_000, seconds=0.5, patience=3.0, held=4)
ERRANDS = [EpisodeTask(partial(Replay, DECK, seed=seed)) for seed in range(8)]


def ours(client: "DockerClient") -> list[Any]:
    result: list[Any] = client.containers.list(
        all=True, filters={"label": KIND_LABEL}, ignore_removed=True
    )
    return result


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_sandbox_passes_its_checks(
    client: "DockerClient", image: str, check: SandboxCheck
) -> None:
    place = ContainerWorkerLauncher(image, client=client, limits=LIMITS)
    result = run_check(check, place)
    assert result.verdict is CheckVerdict.HOLDS, result.detail
    assert ours(client) == []


Loosen = Callable[[dict[str, Any]], None]

LOOSE: dict[str, Loosen] = {
    "sockets": lambda settings: settings.update(security_opt=["seccomp=unconfined"]),
    "writes": lambda settings: settings.update(read_only=False, user="0:0"),
    "scratch": lambda settings: settings.update(tmpfs={"/tmp": "size=64m,mode=1777"}),
    "execution": lambda settings: settings.update(tmpfs={"/tmp": "exec,mode=1777"}),
    "memory": lambda settings: settings.update(mem_limit=1 << 30, memswap_limit=1 << 30),
    "processor": lambda settings: settings.update(nano_cpus=1_000_000_000),
    "privileges": lambda settings: settings.update(cap_drop=[], user="0:0"),
    "environment": lambda settings: settings.update(environment={"SECRET": "1"}),
    "others": lambda settings: settings.update(pid_mode="host"),
    "devices": lambda settings: settings.update(devices=["/dev/null:/dev/disk"]),
}
"""For each check, a way of making containers of which it must not hold."""


@pytest.mark.parametrize("name", LOOSE)
def test_a_check_fails_if_the_container_is_open(
    client: "DockerClient", image: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ContainerWorkerLauncher(image, client=client, limits=LIMITS)
    settings = place.settings()
    LOOSE[name](settings)
    monkeypatch.setattr(place, "settings", lambda: settings)
    (check,) = (check for check in CHECKS if check.name == name)
    assert run_check(check, place).verdict is CheckVerdict.FAILS


class Impostor:
    """Starts containers as ever, with another program in them than the worker."""

    name = "impostor"

    def __init__(self, place: ContainerWorkerLauncher, program: str):
        self._place = place
        self._program = program

    def start(self) -> StreamChannel:
        return self._place.start(("-s", "-P", "-c", self._program))


@pytest.mark.parametrize("rogue", ROGUES)
def test_a_container_that_breaks_the_protocol_is_ended_and_reported(
    place: ContainerWorkerLauncher, rogue: str
) -> None:
    program, reason = ROGUES[rogue]
    impostor = Impostor(place, GREETING + program)
    with WorkerPool(impostor, body("return '7'"), terms=TERMS._replace(patience=1.0)) as pool:
        (one,) = pool.play(ERRANDS[:1])
    assert one.fault is not None
    assert one.fault.reason is reason
    assert ours(place.client) == []


FAULTS = {
    "return str(1 // 0)": {Reason.RAISED},
    "while True: pass": {Reason.TOO_LONG, Reason.TOO_MANY_TURNS},
    "x = []\nwhile True: x += ['x' * 1_000_000 + str(len(x))]": {Reason.MEMORY},
    "x = [0] * 10 ** 10": {Reason.MEMORY},
    "t, u = (), ()\nfor i in range(60): t, u = (t, t), (u, u)\nt == u": {Reason.TOO_LONG},
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_controller_at_fault_ends_alone(place: ContainerWorkerLauncher, code: str) -> None:
    indented = code.replace("\n", "\n    ")
    text = body(f"if episode.sample(1)[0].answer == '9':\n    {indented}\nreturn '7'")
    # To take all memory takes time.
    terms = TERMS._replace(seconds=5.0, patience=8.0) if Reason.MEMORY in FAULTS[code] else TERMS
    with WorkerPool(place, text, terms=terms) as pool:
        ended = list(pool.play(ERRANDS))
    assert len(ended) == len(ERRANDS)
    for result in ended:
        met = result.replay.episode.branches[0].answer == "9"
        assert (result.fault is not None) == met
        assert result.fault is None or result.fault.reason in FAULTS[code]
    assert ours(place.client) == []


def test_containers_of_an_ended_process_are_removed_at_the_next_start(
    place: ContainerWorkerLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = place.start()
    gone = ContainerOwner(this_process().machine, "999999999 1")
    monkeypatch.setattr(container, "this_process", lambda: gone)
    lost = place.start()
    assert len(ours(place.client)) == 2
    assert reap_containers(place.client) == 1
    assert len(ours(place.client)) == 1
    lost.end()
    started.end()
    assert ours(place.client) == []


DIE = """
import os
from sandbox.host.container import ContainerWorkerLauncher
place = ContainerWorkerLauncher({image!r})
channel = place.start()
channel.receive(30)
os._exit(0)
"""


def test_a_container_is_removed_when_its_host_dies(
    client: "DockerClient", image: str, docker_host: str
) -> None:
    root = str(Path(sandbox.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", DIE.format(image=image)],
        env={**os.environ, "PYTHONPATH": root, "DOCKER_HOST": docker_host},
        check=True,
        timeout=60,
    )
    until = time.monotonic() + 20
    while ours(client) and time.monotonic() < until:
        time.sleep(0.1)
    assert ours(client) == []


def test_an_image_of_another_version_is_refused(
    client: "DockerClient", image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "digest", lambda: "another")
    with pytest.raises(ExternalError, match="another version"):
        ContainerWorkerLauncher(image, client=client)


def test_an_unsuitable_base_image_is_reported(client: "DockerClient", image: str) -> None:
    with pytest.raises(ExternalError, match="no image nowhere:latest"):
        build_on_base(client, "rheostat-sandbox-never:latest", "nowhere:latest")
    # The image of this interpreter has no python3 on its search path.
    with pytest.raises(ExternalError, match="has no python3 that runs"):
        build_on_base(client, "rheostat-sandbox-never:latest", image)
    assert ours(client) == []


def test_a_missing_image_is_reported(client: "DockerClient") -> None:
    with pytest.raises(ExternalError, match="no image nowhere:latest"):
        ContainerWorkerLauncher("nowhere:latest", client=client)


def test_proxies_of_the_user_are_not_passed_on(
    docker_host: str, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(
        '{"proxies": {"default": {"httpProxy": "http://user:secret@proxy:3128"}}}'
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    (check,) = (check for check in CHECKS if check.name == "environment")
    place = ContainerWorkerLauncher(image, limits=LIMITS)
    result = run_check(check, place)
    place.client.close()
    assert result.verdict is CheckVerdict.HOLDS, result.detail


def test_a_missing_runtime_is_reported(client: "DockerClient", image: str) -> None:
    place = ContainerWorkerLauncher(image, client=client, runtime="nowhere")
    with pytest.raises(ExternalError, match="nowhere"):
        place.start()
    assert ours(client) == []


def test_a_worker_cannot_be_waited_for_after_its_end(place: ContainerWorkerLauncher) -> None:
    channel = place.start()
    channel.end()
    channel.end()
    with pytest.raises(WorkerLost):
        channel.receive(1)


def test_the_commands_make_an_image_and_check_the_engine(
    client: "DockerClient", docker_host: str, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    name = "rheostat-sandbox-commands:latest"
    result = cli("sandbox", "build", "--from-host", "--image", name)
    assert result.status == 0, result.err
    assert result.out.startswith(f"{name}: sha256:")
    try:
        checked = cli("sandbox", "check", "--image", name, "--json")
    finally:
        client.images.remove(name, force=True)
    assert checked.status == 0, checked.err
    rows = json.loads(checked.out)["rows"]
    verdicts = {row["check"]: row["verdict"] for row in rows}
    assert verdicts.pop("calls") == "not tried"
    assert set(verdicts.values()) == {"holds"}
    assert len(verdicts) == len(CHECKS)


SLOW = body("""
    for steps in episode.step():
        total = sum(turn for turn in range(1000))
        episode.open(1)
    return str(total)
""")


@contextlib.contextmanager
def road_to(docker_host: str, path: Path) -> Iterator[Callable[[], None]]:
    """A socket that leads to an engine until it is cut: the engine is gone for whoever uses it."""
    ends: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(1 << 16):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    def lead() -> None:
        with contextlib.suppress(OSError):
            while True:
                here, there = listening.accept()[0], socket.socket(socket.AF_UNIX)
                there.connect(docker_host.removeprefix("unix://"))
                ends.extend((here, there))
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    def cut() -> None:
        path.unlink(missing_ok=True)
        for end in (listening, *ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        threading.Thread(target=lead, daemon=True).start()
        try:
            yield cut
        finally:
            cut()


def test_an_engine_that_is_gone_is_named(
    docker_host: str, image: str, python_home: Path, monkeypatch: pytest.MonkeyPatch,
    client: "DockerClient",
) -> None:  # fmt: skip
    Path("mine.py").write_text(SLOW)
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "docker")
    monkeypatch.setenv("RHEOSTAT_SANDBOX_IMAGE", image)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{python_home}/docker.sock")
    with (
        road_to(docker_host, python_home / "docker.sock") as cut,
        running("sweep", "mine.py", "--on", "one.recording", "--beta", "0", "--no-cache",
                "--seeds", "500") as command,
    ):  # fmt: skip
        wait_for(lambda: [our.status for our in ours(client)] == ["running"])
        cut()
        assert command.wait(30) == 3
        assert command.stderr is not None
        assert command.stderr.read().splitlines() == [
            "error: the Docker engine no longer responds: no such file or directory",
            "hint: start Docker again and repeat the command; it continues from stored results",
        ]
    for left in ours(client):
        left.remove(force=True)
