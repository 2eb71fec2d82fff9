"""The host's side without an engine: requests, opened streams, and errors of missing engines."""

import json
import os
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ExitCode, ExternalError
from sandbox.faults import Reason
from sandbox.host.channels import StreamDemultiplexer
from sandbox.host.connection import connect
from sandbox.host.container_base import ContainerOwner, is_gone, this_process
from sandbox.host.interfaces import MessageBuffer, WorkerLost
from sandbox.host.process import ProcessWorkerLauncher
from sandbox.host.seccomp import build_seccomp_profile
from sandbox.image.contents import PROJECT_FILES, ROOT
from sandbox.worker.messages import HEAD, MOST_MESSAGE
from tests.command_lines import CommandLine

MODULES = """
import json, sys
import sandbox.worker.__main__
print(json.dumps([name for name in sys.modules if name.split(".")[0] in ("dsl", "sandbox")]))
"""


def test_an_image_holds_what_a_worker_loads_and_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODULES], cwd=ROOT, capture_output=True, check=True
    )
    loaded = {name.replace(".", "/") for name in json.loads(done.stdout)}
    held = {name.removesuffix(".py").removesuffix("/__init__") for name in PROJECT_FILES}
    assert held == loaded


@given(
    parts=st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.binary(max_size=20))), data=st.data()
)
def test_envelopes_are_opened_however_they_are_cut(
    parts: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(struct.pack(">BxxxI", kind, len(part)) + part for kind, part in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    envelopes = StreamDemultiplexer()
    pieces = zip([0, *cuts], [*cuts, len(stream)], strict=True)
    opened = b"".join(envelopes.open(stream[start:end]) for start, end in pieces)
    assert opened == b"".join(part for kind, part in parts if kind == 1)


@given(messages=st.lists(st.binary(max_size=20)), size=st.integers(1, 30))
def test_messages_are_cut_out_of_a_stream(messages: list[bytes], size: int) -> None:
    stream = b"".join(HEAD.pack(len(message)) + message for message in messages)
    inbox, result = MessageBuffer(), []
    for start in range(0, len(stream), size):
        inbox.put(stream[start : start + size])
        while (message := inbox.take()) is not None:
            result.append(message)
    assert result == messages
    assert len(inbox) == 0


def test_a_message_that_is_announced_too_long_is_not_waited_for() -> None:
    inbox = MessageBuffer()
    inbox.put(HEAD.pack(MOST_MESSAGE + 1))
    with pytest.raises(WorkerLost) as lost:
        inbox.take()
    assert lost.value.fault.reason is Reason.OVERSIZED


def test_a_process_that_lives_is_not_gone() -> None:
    me = this_process()
    assert not is_gone(me)
    assert is_gone(me._replace(process=f"{os.getpid()} 1")), "another had this number before"
    assert is_gone(me._replace(process="999999999 5"))
    assert not is_gone(ContainerOwner("another machine", "999999999 5"))


def children() -> set[Path]:
    """The processes that this one has started and that are there, as folders of /proc."""
    result = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # one that is gone by now
            if f"PPid:\t{os.getpid()}\n" in status.read_text():
                result.add(status.parent)
    return result


def test_a_worker_as_a_process_sees_nothing_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "1")
    before = children()
    channel = ProcessWorkerLauncher().start()
    try:
        channel.receive(30)
        (worker,) = children() - before
        assert worker.joinpath("cmdline").read_bytes().endswith(b"sandbox.worker\0")
        assert b"SECRET" not in worker.joinpath("environ").read_bytes()
    finally:
        channel.end()


def test_the_profile_admits_no_network_no_new_process_and_no_ring() -> None:
    rules = json.loads(build_seccomp_profile())
    assert rules["defaultAction"] == "SCMP_ACT_ERRNO"
    free = {
        name
        for rule in rules["syscalls"]
        if rule["action"] == "SCMP_ACT_ALLOW" and "args" not in rule
        for name in rule["names"]
    }
    assert free & DANGEROUS == set()


DANGEROUS = {
    "accept", "bind", "bpf", "chmod", "clone", "fork", "io_uring_setup", "keyctl", "listen",
    "memfd_create", "mount", "open_by_handle_at", "perf_event_open", "process_vm_readv", "ptrace",
    "setns", "socket", "unshare", "userfaultfd", "vfork",
}  # fmt: skip


WORDS = {
    "unix:///nowhere/docker.sock": (
        "cannot connect to a Docker engine: /nowhere/docker.sock: no such file"
    ),
    "tcp://127.0.0.1:1": "tcp://127.0.0.1:1 is not a socket of this machine",
}


@pytest.mark.parametrize("host", WORDS)
def test_a_missing_engine_is_reported(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(ExternalError) as failed:
        connect()
    assert WORDS[host] in failed.value.problem
    assert failed.value.hint is not None


@pytest.mark.parametrize("arguments", [["check"], ["build"], ["build", "--from-host"]])
def test_commands_end_with_a_message_without_an_engine(
    arguments: list[str], cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = cli("sandbox", *arguments)
    assert result.status == ExitCode.EXTERNAL
    assert result.out == ""
    assert (
        "error: cannot connect to a Docker engine: /nowhere/docker.sock: no such file"
    ) in result.err
    assert "hint: start Docker, or set DOCKER_HOST" in result.err
