"""Run the checks against an engine, one container each, and play with a real worker."""

import json
import time
from collections.abc import Iterator
from enum import Enum
from functools import partial
from typing import NamedTuple

from harness.mdp.playback import play_episode
from harness.mdp.replay import BranchPool, Replay, ReplayChain
from sandbox.conformance.checks import CHECKS, ProbeValue, SandboxCheck
from sandbox.conformance.probes import PRELUDE
from sandbox.faults import Fault
from sandbox.host.container import ContainerWorkerLauncher
from sandbox.host.interfaces import WorkerLost
from sandbox.host.pool import EpisodeTask, WorkerPool
from sandbox.library import NAMES, text
from sandbox.python.controller import PythonController

LONGEST = 10.0
"""Seconds in which a container must be gone after it is ended."""


class CheckVerdict(Enum):
    """Verdict of a check."""

    HOLDS = "holds"
    FAILS = "FAILS"
    UNTRIED = "not tried"
    """The image lacks what the check needs."""


class CheckResult(NamedTuple):
    """One check and its verdict."""

    name: str
    statement: str
    verdict: CheckVerdict
    detail: str
    """Output of the probe, if the check failed."""


def run_checks(launcher: ContainerWorkerLauncher) -> Iterator[CheckResult]:
    """Run every check; ``launcher`` must have the limits of the checks.

    Raises:
        ExternalError: A container cannot be started.
    """
    yield _plays(launcher)
    apart = has_own_kernel(launcher)
    for check in CHECKS:
        yield run_check(check, launcher, apart=apart)


def has_own_kernel(launcher: ContainerWorkerLauncher) -> bool:
    """Return whether containers run on a separate kernel, as with gVisor.

    Raises:
        ExternalError: A container cannot be started.
    """
    output = _run_probe(
        SandboxCheck("kernel", "", "say(os.uname().release)", lambda output: True), launcher
    ).value
    return isinstance(output, str) and output != launcher.kernel


class _ProbeReply(NamedTuple):
    value: ProbeValue
    ended: float
    """Seconds that its container took to end."""


def _run_probe(check: SandboxCheck, launcher: ContainerWorkerLauncher) -> _ProbeReply:
    """Return the output of a check's probe."""
    channel = launcher.start(("-s", "-P", "-c", PRELUDE + check.probe))
    output: ProbeValue
    try:
        output = json.loads(channel.receive(check.seconds))
    except WorkerLost as lost:
        output = lost.fault
    except (ValueError, RecursionError):
        output = "output that is not JSON"
    before = time.monotonic()
    channel.end()
    return _ProbeReply(output, time.monotonic() - before)


def run_check(
    check: SandboxCheck, launcher: ContainerWorkerLauncher, *, apart: bool = False
) -> CheckResult:
    """Run one check in a new container.

    Args:
        check: The attempt, and the output that shows that it failed.
        launcher: Launcher of the container.
        apart: Whether containers have a separate kernel, which some checks judge differently.

    Raises:
        ExternalError: A container cannot be started.
    """
    output, took = _run_probe(check, launcher)
    if check.but_the_image and isinstance(output, dict):
        output = {name: value for name, value in output.items() if name not in launcher.variables}
    holds = check.apart if apart and check.apart is not None else check.holds
    verdict = CheckVerdict.UNTRIED
    if output is not None:
        verdict = CheckVerdict.HOLDS if holds(output) else CheckVerdict.FAILS
    if took > LONGEST:
        return CheckResult(
            check.name, check.statement, CheckVerdict.FAILS, f"it took {took:.0f} s to end"
        )
    return CheckResult(check.name, check.statement, verdict, _detail(output, verdict))


def _detail(output: ProbeValue, verdict: CheckVerdict) -> str:
    if verdict is CheckVerdict.HOLDS:
        return ""
    if verdict is CheckVerdict.UNTRIED:
        return "the image has no ctypes"
    if isinstance(output, Fault):
        return f"{output.reason.value}: {output.text}"
    return json.dumps(output)[:200]


def _plays(launcher: ContainerWorkerLauncher) -> CheckResult:
    """Check that a worker plays like a controller in this process."""
    name, statement = "worker", "a worker gives the same episodes as this process"
    try:
        for controller in NAMES:
            expected = [
                play_episode(PythonController(text(controller)), task.begin(), task.beta)
                for task in _TASKS
            ]
            with WorkerPool(launcher, text(controller)) as pool:
                results = sorted(pool.play(_TASKS), key=lambda ended: ended.task_index)
            for ended, alike in zip(results, expected, strict=True):
                replay = ended.replay
                if (replay.answer, replay.spent, replay.sequential) != tuple(alike):
                    what = "a different episode" if ended.fault is None else ended.fault.text
                    return CheckResult(name, statement, CheckVerdict.FAILS, f"{controller}: {what}")
    except WorkerLost as lost:
        return CheckResult(name, statement, CheckVerdict.FAILS, lost.fault.text)
    return CheckResult(name, statement, CheckVerdict.HOLDS, "")


_BRANCH_POOL = BranchPool(
    [
        ReplayChain(["7", "7"], 24, "7"),
        ReplayChain(["7", "9"], 24, "9"),
        ReplayChain(["8"], 14, "7"),
    ]
    * 4,
    10,
)
_TASKS = [
    EpisodeTask(partial(Replay, _BRANCH_POOL, seed=seed), beta)
    for seed in range(3)
    for beta in (0.0, 1.0)
]
"""A few episodes of a synthetic question."""
