"""The checks: property, probe, and how its output is judged."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from sandbox.conformance import probes
from sandbox.faults import Fault, Reason
from sandbox.host.interfaces import WorkerLimits
from sandbox.image import ENVIRONMENT

LIMITS = WorkerLimits(memory=96 << 20, processes=64, processors=0.5, scratch=4 << 20)
"""Limits under which the checks run; other limits are enforced in the same way."""

_ENVIRONMENT = {*ENVIRONMENT, "HOME", "HOSTNAME", "LC_CTYPE", "PATH"}
"""Variable names that the engine, the interpreter or this project set."""

_DEVICES = {
    "console", "core", "fd", "full", "mqueue", "net", "null", "ptmx", "pts", "random", "shm",
    "stderr", "stdin", "stdout", "tty", "urandom", "zero",
}  # fmt: skip

_AF_UNIX = 1
_EMULATED = {2, 10, 16, 17}
"""Socket families of a separate kernel: IPv4, IPv6, netlink and packets, of the container only."""

ProbeValue = Any
"""Output of a probe, or the fault that ended its container."""


class SandboxCheck(NamedTuple):
    """One property to check."""

    name: str
    statement: str
    probe: str
    holds: Callable[[ProbeValue], bool]
    apart: Callable[[ProbeValue], bool] | None = None
    """Judge for containers with a separate kernel, if it differs: that kernel enforces by itself
    what limits and filters do elsewhere."""
    seconds: float = 20.0
    but_the_image: bool = False
    """Whether variables that the image defines are allowed."""


def _none_but(admitted: Collection[Any]) -> Callable[[ProbeValue], bool]:
    return lambda output: not isinstance(output, Fault) and set(output) <= set(admitted)


def _lost_by(*reasons: Reason) -> Callable[[ProbeValue], bool]:
    return lambda output: isinstance(output, Fault) and output.reason in reasons


def _at_most(bound: float) -> Callable[[ProbeValue], bool]:
    return lambda output: isinstance(output, int | float) and output <= bound


def _unprivileged(output: ProbeValue) -> bool:
    if not isinstance(output, dict):
        return False
    nobody = ["65534"] * 4
    plain = output.get("Uid") == nobody and output.get("Gid") == nobody
    powers = [output[name] for name in output if name.startswith("Cap")]
    return plain and all(int(power, 16) == 0 for (power,) in powers)


def _sealed(output: ProbeValue) -> bool:
    return (
        _unprivileged(output)
        and output.get("NoNewPrivs") == ["1"]
        and output.get("Seccomp") == ["2"]
    )


def _bounded_or_lost(output: ProbeValue) -> bool:
    return isinstance(output, int) or _lost_by(Reason.DIED, Reason.MEMORY)(output)


def _out_of_memory(output: ProbeValue) -> bool:
    if isinstance(output, Fault):
        return output.reason in {Reason.MEMORY, Reason.DIED}
    return isinstance(output, int) and output <= LIMITS.memory


def _only_scratch(output: ProbeValue) -> bool:
    return isinstance(output, list) and all(path.startswith("/tmp/") for path in output)


CHECKS = (
    SandboxCheck("network", "there is no network", probes.NETWORK, _none_but({"lo"})),
    SandboxCheck(
        "sockets",
        "only local sockets can be created",
        probes.SOCKETS,
        _none_but({_AF_UNIX}),
        apart=_none_but({_AF_UNIX, *_EMULATED}),
    ),
    SandboxCheck("roads", "no address can be reached", probes.ROADS, _none_but(())),
    SandboxCheck("writes", "only /tmp is writable", probes.WRITES, _only_scratch),
    SandboxCheck("scratch", "/tmp is bounded", probes.SCRATCH, _at_most(LIMITS.scratch)),
    SandboxCheck(
        "execution", "nothing in /tmp can be run", probes.EXECUTION, lambda s: type(s) is str
    ),
    SandboxCheck("memory", "memory is bounded", probes.MEMORY, _out_of_memory),
    SandboxCheck(
        "processes",
        "a fork bomb is contained",
        probes.PROCESSES,
        _at_most(LIMITS.processes),
        apart=_bounded_or_lost,
    ),
    SandboxCheck(
        "threads",
        "threads are bounded",
        probes.THREADS,
        _at_most(LIMITS.processes),
        apart=_bounded_or_lost,
    ),
    SandboxCheck(
        "processor",
        "processor time is bounded",
        probes.PROCESSOR,
        _at_most(0.7),
        apart=_at_most(1.0),
    ),
    SandboxCheck(
        "privileges",
        "unprivileged user, no capabilities",
        probes.PRIVILEGES,
        _sealed,
        apart=_unprivileged,
    ),
    SandboxCheck("calls", "dangerous calls are refused", probes.CALLS, _none_but(())),
    SandboxCheck(
        "environment",
        "no variable of the host",
        probes.ENVIRONMENT,
        _none_but(_ENVIRONMENT),
        but_the_image=True,
    ),
    SandboxCheck("others", "no other process is visible", probes.OTHERS, _none_but(())),
    SandboxCheck("secrets", "the kernel's own files are covered", probes.SECRETS, _none_but(())),
    SandboxCheck(
        "devices",
        "only harmless devices",
        probes.DEVICES,
        _none_but(_DEVICES),
        apart=_none_but({*_DEVICES, "fuse"}),
    ),
    SandboxCheck(
        "loop", "a worker that hangs is ended", probes.ENDLESS, _lost_by(Reason.SILENT), seconds=1.0
    ),
    SandboxCheck("flood", "a flood of output is ended", probes.FLOOD, _lost_by(Reason.OVERSIZED)),
    SandboxCheck(
        "noise", "a flood of errors is ended", probes.NOISE, _lost_by(Reason.SILENT), seconds=1.0
    ),
)
