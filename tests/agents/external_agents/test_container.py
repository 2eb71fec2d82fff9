"""Agents in containers of a real engine: their isolation and their removal."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agents.chat.settings import ChatSettings
from agents.external_agents.container import AgentContainerRunner
from agents.external_agents.settings import AgentSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionResult, SessionStatus, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.run.directory import RunDirectory, create_run
from agents.run.records import BaselineRef, ModelOptions, ReviewVerdict, RunLimits
from harness.errors import ExternalError, InputError
from sandbox.host.container_base import KIND_LABEL
from tests.agents.conftest import request
from tests.agents.loop.programs import CONTRARY
from tests.command_lines import CommandLine

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.docker

AGENTS = Path(__file__).parent / "agents"

Begin = Callable[..., RunDirectory]


def ours(client: "DockerClient") -> list[Any]:
    containers: list[Any] = client.containers.list(
        all=True, filters={"label": KIND_LABEL}, ignore_removed=True
    )
    return containers


@pytest.fixture
def interpreter(client: "DockerClient", image: str) -> str:
    """Path of the interpreter in the image."""
    path: str = client.images.get(image).attrs["Config"]["Entrypoint"][0]
    return path


@pytest.fixture
def command(interpreter: str) -> Callable[[str], str]:
    """Return a command that runs a script; its text is an argument, since no file is mounted."""

    def making(text: str) -> str:
        quoted = "'" + text.replace("'", "'\"'\"'") + "'"
        return f"command:{interpreter} -c {quoted}"

    return making


@pytest.fixture
def begin(
    recordings: list[Path],
    tmp_path: Path,
    image: str,
    docker_host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Begin:
    """Create a run of one round with an agent in a container and a weak baseline."""
    monkeypatch.setenv("DOCKER_HOST", docker_host)

    def beginning(
        proposer: str, minutes: float = 1.0, env: Sequence[str] = (), network: str = "none"
    ) -> RunDirectory:
        contrary = tmp_path / "contrary.rheo"
        contrary.write_text(CONTRARY)
        settings: list[dict[str, int | float]] = [{"n": n} for n in (1, 2, 4, 8)]
        asking = ModelOptions(
            agent_minutes=minutes, agent_image=image, agent_network=network, agent_env=list(env)
        )
        return create_run(
            tmp_path / "run",
            request(
                recordings[:2],
                proposers=[proposer],
                caps=RunLimits(rounds=1),
                asking=asking,
                baselines=[BaselineRef(controller=str(contrary), settings=settings)],
            ),
        )

    return beginning


def play(run: RunDirectory) -> SessionResult:
    resources = ProposerResources(run, run.request.asking, ChatSettings())
    proposers = build_proposers(run.request.proposers, resources)
    return run_session(
        run,
        discovery_task_factory(proposers),
        lambda *given: None,
        SessionOptions(workers=1, wait=False),
    )


def test_agent_in_a_container_reaches_only_its_evaluation_server(
    begin: Begin,
    command: Callable[[str], str],
    client: "DockerClient",
    recordings: Sequence[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    monkeypatch.setenv("OTHER_KEY", "not for the agent")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run = begin(command((AGENTS / "prisoner.py").read_text()), env=["WANTED"])
        attempts = [
            str(recording) for recording in (*recordings, secret, run.path / "request.json")
        ]
        attempts += ["/etc/shadow", "/etc/hostname.host", "/proc/1/environ.host"]
        options = {"files": attempts, "port": listening.getsockname()[1]}
        monkeypatch.setenv("WANTED", json.dumps(options))
        assert play(run) == SessionResult(SessionStatus.ENDED, "r001-1")
    report = json.loads(run.draft("r001-1").proposal.words)
    assert report["files"] == []
    assert not report["users"]
    assert report["writes"] == []
    assert "connected" not in report["roads"].values()
    environment = set(report["environment"])
    assert "OTHER_KEY" not in environment
    assert {"PATH", "HOME", "WANTED"} <= environment
    assert not environment & (set(os.environ) - {"PATH", "HOME", "WANTED", "PYTHONHOME", "PWD"})
    assert report["user"] == (os.geteuid() or 65534)
    assert report["others"] == []
    assert {int(power, 16) for power in report["powers"]} == {0}
    assert report["sealed"] == ["1", "2"]
    directory = [
        mount for mount in report["mounts"] if not mount.startswith(("/proc", "/sys", "/dev"))
    ]
    expected = {"/", "/work", "/tmp", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts"}
    assert set(directory) <= expected
    # and does its work
    assert report["prompt"]
    assert run.review("r001-1").verdict is ReviewVerdict.BEST
    output = [event for event in run.events() if "output" in event.data]
    assert "told on standard output" in output[0].data["output"]
    assert "told on standard error" in output[0].data["output"]
    assert not [event for event in run.events() if event.data.get("warning")]
    assert ours(client) == []


CALLS = """
import ctypes, os, socket, json
library = ctypes.CDLL(None, use_errno=True)
found = []
for name, number in json.loads(os.environ["CALLS"]).items():
    ctypes.set_errno(0)
    if library.syscall(number, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (1, 38):
        found.append(name)
for family in (2, 10, 15, 16, 17, 21, 29, 38, 40, 44):
    try:
        socket.socket(family, socket.SOCK_STREAM if family != 16 else socket.SOCK_RAW).close()
        found.append(family)
    except OSError:
        pass
open("reasons.md", "w").write(json.dumps(found))
open("candidate.rheo", "a").write("\\n# seen\\n")
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls are numbered for x86-64")
def test_dangerous_system_calls_are_refused(
    begin: Begin, command: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {
        "io_uring_setup": 425, "ptrace": 101, "mount": 165, "unshare": 272, "setns": 308,
        "bpf": 321, "keyctl": 250, "add_key": 248, "perf_event_open": 298, "userfaultfd": 323,
        "process_vm_readv": 310, "open_by_handle_at": 304, "init_module": 175,
        "kexec_load": 246, "clone3": 435, "chroot": 161, "pivot_root": 155,
    }  # fmt: skip
    monkeypatch.setenv("CALLS", json.dumps(calls))
    run = begin(command(CALLS), env=["CALLS"])
    play(run)
    assert json.loads(run.draft("r001-1").proposal.words) == []


def test_agent_that_floods_its_output_is_ended(
    begin: Begin, command: Callable[[str], str], client: "DockerClient"
) -> None:
    text = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
while True: os.write(1, b"still at it " * 10000)
"""
    run = begin(command(text), minutes=0.03)
    assert play(run).end is SessionStatus.ENDED
    assert run.summaries()[0].search[run.request.proposers[0]]["ended"] == "out of time"
    assert ours(client) == []


HOLD = """
import os, sys
sys.stdin.read()
if os.fork() == 0: os.setsid()
import time
time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_containers_are_removed_with_their_session(
    begin: Begin, command: Callable[[str], str], client: "DockerClient", ending: signal.Signals
) -> None:
    run = begin(command(HOLD))
    start = "import sys; from harness.cli.main import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", start, "discover", "--run", str(run.path), "--resume"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        wait_until(lambda: [our.status for our in ours(client)] == ["running"])
        os.killpg(running.pid, ending)
        running.wait(60)
    wait_until(lambda: ours(client) == [])


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


LINKS = """
import json, socket
socket.socket(socket.AF_INET).close()
open("reasons.md", "w").write(json.dumps([name for _, name in socket.if_nameindex()]))
open("candidate.rheo", "a").write("\\n# seen\\n")
"""


def test_agent_has_the_named_network(
    begin: Begin, command: Callable[[str], str], client: "DockerClient"
) -> None:
    network = client.networks.create("rheostat-test", driver="bridge", internal=True)
    try:
        run = begin(command(LINKS), network=network.name)
        play(run)
    finally:
        network.remove()
    assert json.loads(run.draft("r001-1").proposal.words) == ["lo", "eth0"]


def test_shared_networks_are_refused(
    client: "DockerClient", image: str, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    for network, problem, error in (
        ("host", InputError, "is shared with this machine or with another container"),
        ("container:any", InputError, "is shared with this machine or with another container"),
        ("nowhere", ExternalError, "has no such network"),
    ):
        with pytest.raises(problem, match=error):
            AgentContainerRunner(image, network, [], AgentSettings())


def test_unavailable_agent_resources_are_reported_before_the_run(
    cli: CommandLine,
    recordings: list[Path],
    image: str,
    docker_host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_host)
    arguments = [
        "discover",
        "--on",
        str(recordings[0]),
        "--run",
        "run",
        "--proposer",
        "command:any",
    ]
    for asked, message in (
        (["--agent-image", "nowhere"], "--agent-image nowhere: the engine has no such image"),
        (["--agent-image", image, "--agent-env", "NO_SUCH"], "--agent-env NO_SUCH: that variable"),
        (
            ["--agent-image", image, "--agent-network", "host"],
            "is shared with this machine or with another container",
        ),
    ):
        result = cli(*arguments, *asked)
        assert message in result.err
        assert not Path("run").exists()


def test_command_missing_from_the_image_gives_one_sentence(
    begin: Begin, client: "DockerClient"
) -> None:
    with pytest.raises(ExternalError, match="no-such-agent: no such file in the agent's image"):
        play(begin("command:no-such-agent --now"))
    assert ours(client) == []
