"""Processes and containers end with the command that started them, however it ends."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.host.container_base import KIND_LABEL
from tests.child_processes import (
    ENDINGS,
    command_line,
    descendants,
    end,
    is_alive,
    running,
    wait_for,
)
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

if TYPE_CHECKING:
    from docker import DockerClient

ENDLESS = """\
def controller(episode, beta):
    doubled = (), ()
    for turn in range(60):
        doubled = doubled, doubled
    return str(doubled == (doubled[0], (doubled[0][0], doubled[0][1])))
"""
"""Hangs inside of one comparison, where no handler of Python's is called."""

PATIENT = """\
def controller(episode, beta):
    for steps in episode.step(at_most=400):
        total = 0
        for turn in range(2000):
            total = total + turn
        episode.open(1)
    return str(total)
"""


def is_ended(
    command: "subprocess.Popen[str]", ending: signal.Signals, at_work: Callable[[], object]
) -> str:
    """Ends a command in the middle of its work; all that it started has to end with it."""
    wait_for(at_work)
    started = descendants(command.pid)
    assert started
    output = end(command, ending)
    wait_for(lambda: not any(map(is_alive, started)), seconds=10)
    if ending is signal.SIGTERM:
        assert command.returncode == 143
        assert output.splitlines()[-2:][0] == "error: terminated"
        assert "leaked" not in output
    return output


def workers(command: "subprocess.Popen[str]", least: int) -> Callable[[], bool]:
    return lambda: len(descendants(command.pid)) >= least


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("text", [PATIENT, ENDLESS])
def test_workers_end_with_a_sweep(python_home: Path, ending: signal.Signals, text: str) -> None:
    Path("mine.py").write_text(text)
    with running("sweep", "mine.py", "--on", "one.recording", "--threads", "2", "--beta", "0,0.5,1",
                 "--seeds", "50", "--no-cache") as command:  # fmt: skip
        is_ended(command, ending, workers(command, 5))  # a tracker, two that play, two workers


@pytest.mark.parametrize("ending", ENDINGS)
def test_processes_that_play_end_with_a_search(python_home: Path, ending: signal.Signals) -> None:
    with running("discover", "--on", "one.recording", "--run", "a", "--threads", "2") as command:
        output = is_ended(command, ending, workers(command, 3))
    if ending is signal.SIGTERM:
        assert "resume with rheostat discover --run a --resume" in output


AGENT = """\
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_agent_and_its_processes_end_with_the_search(
    python_home: Path, ending: signal.Signals
) -> None:
    Path("agent.py").write_text(AGENT)
    agent = f"command:python3 {Path('agent.py').resolve()}"
    with running("discover", "--on", "one.recording", "--run", "a", "--threads", "1",
                 "--proposer", agent) as command:  # fmt: skip
        is_ended(command, ending, lambda: runs_an_agent(command))


def runs_an_agent(command: "subprocess.Popen[str]") -> bool:
    return any(
        "time.sleep(600)" in command_line(descendant) for descendant in descendants(command.pid)
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_workers_end_with_a_proxy(python_home: Path, ending: signal.Signals) -> None:
    with serving(ScriptedServer()) as server, running(
        "serve", "mine.py", "--base-url", server.url, "--model", MODEL, "--port", "0",
        "--family", "think", "--equivalence", "exact",
    ) as command:  # fmt: skip
        assert command.stderr is not None
        wait_for(lambda: "http://" in command.stderr.readline())  # type: ignore[union-attr]
        started = descendants(command.pid)
        end(command, ending)
        wait_for(lambda: not any(map(is_alive, started)), seconds=10)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_processes_that_compare_answers_end_with_their_command(
    home: Path, ending: signal.Signals
) -> None:
    # Each of these takes as long to write out as an answer may take.
    branches = [{"final": f"(a+b+c+d+m+n)^{{{60 + k}}}", "tokens": 9} for k in range(40)]
    line = {"question": "?", "answer": "3", "branches": branches}
    Path("slow.jsonl").write_text(json.dumps(line) + "\n")
    with running(
        "import", "jsonl", "slow.jsonl", "--model", "m", "--benchmark", "b", "--interval", "500",
        "--equivalence", "math-verify", "-o", "r.recording",
    ) as command:  # fmt: skip
        is_ended(command, ending, workers(command, 2))


@pytest.mark.docker
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("text", [PATIENT, ENDLESS])
def test_containers_are_removed_with_a_sweep(
    home: Path, client: "DockerClient", docker_host: str, image: str, ending: signal.Signals,
    text: str, python_home: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "docker")
    monkeypatch.setenv("RHEOSTAT_SANDBOX_IMAGE", image)
    monkeypatch.setenv("DOCKER_HOST", docker_host)

    def containers() -> list[Any]:
        result: list[Any] = client.containers.list(
            all=True, filters={"label": KIND_LABEL}, ignore_removed=True
        )
        return result

    Path("mine.py").write_text(text)
    with running("sweep", "mine.py", "--on", "one.recording", "--threads", "2", "--beta", "0,0.5,1",
                 "--seeds", "50", "--no-cache") as command:  # fmt: skip
        is_ended(command, ending, lambda: [e.status for e in containers()] == ["running"] * 2)
    wait_for(lambda: not containers(), seconds=10)
