"""Runs the checks against an engine, one container each, and a worker that plays."""

import json
import time
from collections.abc import Iterator
from enum import Enum
from functools import partial
from typing import NamedTuple

from harness.mdp.evaluate import play
from harness.mdp.replay import Chain, Deck, Replay
from sandbox.conformance.checks import CHECKS, Check, Said
from sandbox.conformance.probes import PRELUDE
from sandbox.faults import Fault
from sandbox.host.container import ContainerPlace
from sandbox.host.places import WorkerLost
from sandbox.host.pool import Errand, Pool
from sandbox.library import NAMES, text
from sandbox.python.controller import PythonController

LONGEST = 10.0
"""Seconds in which a container must be gone once it is ended, whatever it does."""


class Verdict(Enum):
    """What came of a check."""

    HOLDS = "holds"
    FAILS = "FAILS"
    UNTRIED = "not tried"
    """The image has no means to try it."""


class Checked(NamedTuple):
    """One check and its verdict."""

    name: str
    statement: str
    verdict: Verdict
    detail: str
    """What the probe said, where it does not hold."""


def run_all(place: ContainerPlace) -> Iterator[Checked]:
    """Runs every check; ``place`` must have the limits of the checks.

    Raises:
        SurroundingsError: a container cannot be started.
    """
    yield _plays(place)
    apart = has_its_own_kernel(place)
    for check in CHECKS:
        yield run(check, place, apart=apart)


def has_its_own_kernel(place: ContainerPlace) -> bool:
    """Whether containers run on another kernel than the engine, as those of gVisor do.

    Raises:
        SurroundingsError: a container cannot be started.
    """
    said = _said(Check("kernel", "", "say(os.uname().release)", lambda said: True), place).value
    return isinstance(said, str) and said != place.kernel


class _Said(NamedTuple):
    value: Said
    ended: float
    """Seconds that its container took to end."""


def _said(check: Check, place: ContainerPlace) -> _Said:
    """What the probe of a check says."""
    channel = place.start(("-s", "-P", "-c", PRELUDE + check.probe))
    said: Said
    try:
        said = json.loads(channel.receive(check.seconds))
    except WorkerLost as lost:
        said = lost.fault
    except ValueError:
        said = "something that is no JSON"
    before = time.monotonic()
    channel.end()
    return _Said(said, time.monotonic() - before)


def run(check: Check, place: ContainerPlace, *, apart: bool = False) -> Checked:
    """Runs one check; ``apart`` where containers have a kernel of their own."""
    said, took = _said(check, place)
    if check.but_the_image and isinstance(said, dict):
        said = {name: value for name, value in said.items() if name not in place.variables}
    holds = check.apart if apart and check.apart is not None else check.holds
    verdict = Verdict.UNTRIED
    if said is not None:
        verdict = Verdict.HOLDS if holds(said) else Verdict.FAILS
    if took > LONGEST:
        return Checked(check.name, check.statement, Verdict.FAILS, f"it took {took:.0f} s to end")
    return Checked(check.name, check.statement, verdict, _detail(said, verdict))


def _detail(said: Said, verdict: Verdict) -> str:
    if verdict is Verdict.HOLDS:
        return ""
    if verdict is Verdict.UNTRIED:
        return "the image has no ctypes"
    if isinstance(said, Fault):
        return f"{said.reason.value}: {said.text}"
    return json.dumps(said)[:200]


def _plays(place: ContainerPlace) -> Checked:
    """Whether a worker plays as a controller does in this process."""
    name, statement = "worker", "a worker plays as this process does"
    try:
        for controller in NAMES:
            expected = [
                play(PythonController(text(controller)), errand.begin(), errand.beta)
                for errand in _ERRANDS
            ]
            with Pool(place, text(controller)) as pool:
                found = sorted(pool.play(_ERRANDS), key=lambda ended: ended.place)
            for ended, alike in zip(found, expected, strict=True):
                replay = ended.replay
                if (replay.answer, replay.spent, replay.sequential) != tuple(alike):
                    what = "another end" if ended.fault is None else ended.fault.text
                    return Checked(name, statement, Verdict.FAILS, f"{controller}: {what}")
    except WorkerLost as lost:
        return Checked(name, statement, Verdict.FAILS, lost.fault.text)
    return Checked(name, statement, Verdict.HOLDS, "")


_DECK = Deck(
    [Chain(["7", "7"], 24, "7"), Chain(["7", "9"], 24, "9"), Chain(["8"], 14, "7")] * 4, 10
)
_ERRANDS = [
    Errand(partial(Replay, _DECK, seed=seed), beta) for seed in range(3) for beta in (0.0, 1.0)
]
"""A few episodes of a question that is made up."""
