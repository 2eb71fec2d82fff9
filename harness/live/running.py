"""Many live episodes side by side on one loop, each with its trace and its time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from dsl.interpreter.snapshot import Snapshot
from harness.engines import ForeignEngine
from harness.engines.choose import another_foreign_engine
from harness.explanation.tracing import Traced, told, watched
from harness.live.branch import Branch
from harness.live.episode import LiveEpisode, Which
from harness.live.model import Model, Posed
from harness.mdp.trace import Barrier
from harness.request.configured import Configured, Plan
from store.serving.errors import ServingError, first_failure

WORKERS = 4
"""Workers for controllers in other languages than Rheo, each of which plays one episode at a time.
"""


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """One episode that has ended."""

    question: str
    """Its id."""
    number: int
    """The question's, from 0."""
    seed: int
    seconds: float
    """From the first verb to the answer, waiting at the server included."""
    probes: int
    probe_tokens: int
    """Tokens that probes generated; what a controller is charged for them is κ."""
    episode: Traced


class Entry(NamedTuple):
    """One question of a run."""

    number: int
    """From 0; it keys chance."""
    posed: Posed
    limit: int
    """N, the most branches of an episode."""


class Work(NamedTuple):
    """What is to be played."""

    plan: Plan
    entries: Sequence[Entry]
    seeds: int = 1
    """Episodes of each question: the seeds 0 to this, less one."""
    at_once: int = 64
    """Episodes under way at once."""


async def run(model: Model, work: Work, ended: Callable[[Lived], None]) -> list[Lived]:
    """Plays all of it; gives the episodes by question and seed.

    Args:
        model: what draws.
        work: what is to be played.
        ended: is told of each episode as it ends.

    Raises:
        ServingError: the server lies, refuses, or is gone for longer than patience lasts. Episodes
            that had ended were told of.
        Inadmissible, InputError: a controller failed.
    """
    refuse_unmet_needs(work.plan, model)
    gate = asyncio.Semaphore(work.at_once)
    found: list[Lived] = []
    with Playing() as playing:

        async def one(entry: Entry, seed: int) -> None:
            which = Which(entry.number, seed)
            errand = Errand(work.plan, model, entry.posed, entry.limit, which)
            async with gate:
                try:
                    lived = (await playing.play(errand)).lived
                except ServingError as error:
                    error.add_subject(f"question {entry.posed.id!r}")
                    raise
            found.append(lived)
            ended(lived)

        try:
            async with asyncio.TaskGroup() as tasks:
                for entry in work.entries:
                    for seed in range(work.seeds):
                        tasks.create_task(one(entry, seed))
        except BaseExceptionGroup as failed:
            raise first_failure(failed) from failed
    return sorted(found, key=lambda each: (each.number, each.seed))


def refuse_unmet_needs(plan: Plan, model: Model) -> None:
    """Raises `InputError` where a program of Rheo reads a signal that is not asked for."""
    if isinstance(plan, Configured):
        model.refuse_unmet_needs(plan.program.label, plan.program.checked.needs.signals)


class Errand(NamedTuple):
    """One episode to be played."""

    plan: Plan
    model: Model
    posed: Posed
    limit: int
    """N, the most branches that can be opened."""
    which: Which = Which(0, 0)


class Ended(NamedTuple):
    """One episode that has ended."""

    lived: Lived
    branches: list[Branch]
    """In the order of opening, those included that were never opened."""


class Playing:
    """Plays controllers in whatever language. Use it as a context manager.

    Those in other languages than Rheo are all of one language, and are played by `WORKERS` workers.
    """

    def __init__(self) -> None:
        self._free: asyncio.Queue[ForeignEngine | None] = asyncio.Queue()
        self._engines: list[ForeignEngine] = []
        for _ in range(WORKERS):
            self._free.put_nowait(None)  # made when it is first needed

    def __enter__(self) -> "Playing":
        return self

    def __exit__(self, *problem: object) -> None:
        for engine in self._engines:
            engine.close()

    async def play(self, errand: Errand) -> Ended:
        """Plays one episode.

        Raises:
            ServingError: the server does not play its part.
            Inadmissible, InputError: the controller failed.
        """
        plan, model, posed, limit, which = errand
        trace: list[Barrier] = []
        episode = LiveEpisode(model, posed, limit, which, plan.rules, trace)
        began = time.monotonic()
        before = await self._played(plan, episode, trace)
        seconds = time.monotonic() - began
        probes = [reply for branch in episode.branches for reply in branch.probed.values()]
        lived = Lived(
            question=posed.id,
            number=which.question,
            seed=which.seed,
            seconds=round(seconds, 3),
            probes=len(probes),
            probe_tokens=sum(len(reply.token_ids) for reply in probes),
            episode=told(plan, trace, before, episode.replay, posed.gold),
        )
        return Ended(lived, episode.branches)

    async def _played(
        self, plan: Plan, episode: LiveEpisode, trace: Sequence[Barrier]
    ) -> list[Snapshot]:
        """Plays an episode to its end; gives what the program remembered before each barrier."""
        if isinstance(plan, Configured):
            controller, before = watched(plan, trace)
            await episode.play(controller, plan.beta)
            return before
        engine = await self._free.get()
        try:
            if engine is None:
                engine = another_foreign_engine(plan.program.engine)
                self._engines.append(engine)
            play = engine.trace
            source, beta = plan.program.source, plan.beta
            await episode.play_in_thread(lambda replay: play(source, beta, replay))
        finally:
            self._free.put_nowait(engine)
        return []
