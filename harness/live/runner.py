"""Run many live episodes in parallel on one event loop, each with its trace and its time."""

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
from harness.mdp.environment import refuse_running_reads
from harness.mdp.ledger import BarrierRecord
from harness.request.plan import Plan, RheoPlan
from store.serving.errors import ServingError, first_failure

WORKERS = 4
"""Workers for controllers in languages other than Rheo; each plays one episode at a time."""


class LiveResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a live episode: answer, tokens and duration."""

    question: str
    """The question's id."""
    number: int
    """The question's number, from 0."""
    seed: int
    seconds: float
    """Seconds from the first verb to the answer, including waiting for the server."""
    probes: int
    probe_tokens: int
    """Tokens that probes generated; a controller is charged κ for each probe instead."""
    episode: EpisodeTrace


class LiveQuestion(NamedTuple):
    """One question of a run."""

    number: int
    """Number from 0, part of the key of random draws."""
    posed: PosedQuestion
    limit: int
    """N, the most branches of an episode."""


class LiveWorkload(NamedTuple):
    """The episodes to play."""

    plan: Plan
    entries: Sequence[LiveQuestion]
    seeds: int = 1
    """Episodes of each question: seeds from 0 to below this."""
    at_once: int = 64
    """The most concurrent episodes."""


async def run_episodes(
    model: LiveModel, work: LiveWorkload, ended: Callable[[LiveResult], None]
) -> list[LiveResult]:
    """Play all episodes; return them by question and seed.

    Args:
        model: The model that generates branches.
        work: The episodes to play.
        ended: Called with each episode as it ends.

    Raises:
        ServingError: The server sent an invalid reply, refused, or was unreachable beyond the
            patience. ``ended`` was called for the episodes that had ended.
        Inadmissible: A controller failed.
        InputError: A controller failed.
    """
    refuse_unmet_needs(work.plan, model)
    gate = asyncio.Semaphore(work.at_once)
    results: list[LiveResult] = []
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
            results.append(live_result)
            ended(live_result)

        try:
            async with asyncio.TaskGroup() as tasks:
                for entry in work.entries:
                    for seed in range(work.seeds):
                        tasks.create_task(one(entry, seed))
        except BaseExceptionGroup as failed:
            raise first_failure(failed) from failed
    return sorted(results, key=lambda result: (result.number, result.seed))


def refuse_unmet_needs(plan: Plan, model: LiveModel) -> None:
    """Raise `InputError` if a Rheo program reads a signal that is not requested."""
    if isinstance(plan, RheoPlan):
        checked = plan.program.checked
        model.refuse_unmet_needs(plan.program.label, checked.needs.signals)
        declared = model.settings.served.declare()
        scopes = {name: signal.scope for name, signal in declared.items()}
        refuse_running_reads(checked, scopes, "a live episode")


class LiveEpisodeRequest(NamedTuple):
    """Request to play one question live, under one seed."""

    plan: Plan
    model: LiveModel
    posed: PosedQuestion
    limit: int
    """N, the most branches that can be opened."""
    which: LiveEpisodeKey = LiveEpisodeKey(0, 0)


class FinishedEpisode(NamedTuple):
    """The result of an episode, with the branches that it generated."""

    live_result: LiveResult
    branches: list[LiveBranch]
    """Branches in the order of opening, including those that were never opened."""


class LivePlayer:
    """Play controllers in any language. Use it as a context manager.

    All controllers in languages other than Rheo must be in one language; `WORKERS` workers play
    them.
    """

    def __init__(self) -> None:
        self._free: asyncio.Queue[ForeignEngine | None] = asyncio.Queue()
        self._engines: list[ForeignEngine] = []
        for _ in range(WORKERS):
            self._free.put_nowait(None)  # create the worker when it is first needed

    def __enter__(self) -> "LivePlayer":
        return self

    def __exit__(self, *problem: object) -> None:
        for engine in self._engines:
            engine.close()

    async def play(self, episode_request: LiveEpisodeRequest) -> FinishedEpisode:
        """Play the requested episode on the server.

        Raises:
            ServingError: The server failed.
            Inadmissible: The controller failed.
            InputError: The controller failed.
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
        """Play an episode to its end; return the program's memory before each barrier."""
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
