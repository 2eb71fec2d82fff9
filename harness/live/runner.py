"""Many live episodes side by side on one loop, each with its trace and its time."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from dsl.interpreter.snapshot import Snapshot
from harness.engines import ForeignEngine
from harness.engines.catalog import create_foreign_engine
from harness.explanation.episode_trace import EpisodeTrace, assemble_trace, instrument_program
from harness.live.branch import LiveBranch
from harness.live.episode import LiveEpisode, LiveEpisodeKey
from harness.live.model import LiveModel, PosedQuestion
from harness.mdp.ledger import BarrierRecord
from harness.request.plan import Plan, RheoPlan
from store.serving.errors import ServingError, first_failure

WORKERS = 4
"""Workers for controllers in other languages than Rheo, each of which plays one episode at a time.
"""


class LiveResult(msgspec.Struct, frozen=True, kw_only=True):
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
    episode: EpisodeTrace


class LiveQuestion(NamedTuple):
    """One question of a run."""

    number: int
    """From 0; it keys chance."""
    posed: PosedQuestion
    limit: int
    """N, the most branches of an episode."""


class LiveWorkload(NamedTuple):
    """What is to be played."""

    plan: Plan
    entries: Sequence[LiveQuestion]
    seeds: int = 1
    """Episodes of each question: the seeds 0 to this, less one."""
    at_once: int = 64
    """Episodes under way at once."""


async def run_episodes(
    model: LiveModel, work: LiveWorkload, ended: Callable[[LiveResult], None]
) -> list[LiveResult]:
    """Play all of it; give the episodes by question and seed.

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
    found: list[LiveResult] = []
    with LivePlayer() as player:

        async def one(entry: LiveQuestion, seed: int) -> None:
            which = LiveEpisodeKey(entry.number, seed)
            episode_request = LiveEpisodeRequest(work.plan, model, entry.posed, entry.limit, which)
            async with gate:
                try:
                    live_result = (await player.play(episode_request)).live_result
                except ServingError as error:
                    error.add_subject(f"question {entry.posed.id!r}")
                    raise
            found.append(live_result)
            ended(live_result)

        try:
            async with asyncio.TaskGroup() as tasks:
                for entry in work.entries:
                    for seed in range(work.seeds):
                        tasks.create_task(one(entry, seed))
        except BaseExceptionGroup as failed:
            raise first_failure(failed) from failed
    return sorted(found, key=lambda each: (each.number, each.seed))


def refuse_unmet_needs(plan: Plan, model: LiveModel) -> None:
    """Raise `InputError` where a program of Rheo reads a signal that is not asked for."""
    if isinstance(plan, RheoPlan):
        model.refuse_unmet_needs(plan.program.label, plan.program.checked.needs.signals)


class LiveEpisodeRequest(NamedTuple):
    """One episode to be played."""

    plan: Plan
    model: LiveModel
    posed: PosedQuestion
    limit: int
    """N, the most branches that can be opened."""
    which: LiveEpisodeKey = LiveEpisodeKey(0, 0)


class FinishedEpisode(NamedTuple):
    """One episode that has ended."""

    live_result: LiveResult
    branches: list[LiveBranch]
    """In the order of opening, those included that were never opened."""


class LivePlayer:
    """Plays controllers in whatever language. Use it as a context manager.

    Those in other languages than Rheo are all of one language, and are played by `WORKERS` workers.
    """

    def __init__(self) -> None:
        self._free: asyncio.Queue[ForeignEngine | None] = asyncio.Queue()
        self._engines: list[ForeignEngine] = []
        for _ in range(WORKERS):
            self._free.put_nowait(None)  # made when it is first needed

    def __enter__(self) -> "LivePlayer":
        return self

    def __exit__(self, *problem: object) -> None:
        for engine in self._engines:
            engine.close()

    async def play(self, episode_request: LiveEpisodeRequest) -> FinishedEpisode:
        """Play one episode.

        Raises:
            ServingError: the server does not play its part.
            Inadmissible, InputError: the controller failed.
        """
        plan, model, posed, limit, which = episode_request
        trace: list[BarrierRecord] = []
        episode = LiveEpisode(model, posed, limit, which, plan.rules, trace)
        began = time.monotonic()
        before = await self._play_episode(plan, episode, trace)
        seconds = time.monotonic() - began
        probes = [reply for branch in episode.branches for reply in branch.probed.values()]
        live_result = LiveResult(
            question=posed.id,
            number=which.question,
            seed=which.seed,
            seconds=round(seconds, 3),
            probes=len(probes),
            probe_tokens=sum(len(reply.token_ids) for reply in probes),
            episode=assemble_trace(plan, trace, before, episode.replay, posed.gold),
        )
        return FinishedEpisode(live_result, episode.branches)

    async def _play_episode(
        self, plan: Plan, episode: LiveEpisode, trace: Sequence[BarrierRecord]
    ) -> list[Snapshot]:
        """Play an episode to its end; give what the program remembered before each barrier."""
        if isinstance(plan, RheoPlan):
            controller, before = instrument_program(plan, trace)
            await episode.play(controller, plan.beta)
            return before
        engine = await self._free.get()
        try:
            if engine is None:
                engine = create_foreign_engine(plan.program.engine)
                self._engines.append(engine)
            play = engine.trace
            source, beta = plan.program.source, plan.beta
            await episode.play_in_thread(lambda replay: play(source, beta, replay))
        finally:
            self._free.put_nowait(engine)
        return []
