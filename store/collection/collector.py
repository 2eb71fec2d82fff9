"""The work of a collection: what is missing is drawn, probed, recorded; at the end it is sealed.

One branch is the unit that is recorded, as soon as its probes are there and whatever order branches
come in; so a resumed collection draws exactly the branches that the journal lacks.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from store.answers.equivalence import AnswerPool
from store.collection.chains import (
    Chain,
    ChainHandler,
    PromptedQuestion,
    complete_existing_chain,
    draw_chain_stepwise,
    draw_whole_chains,
    group_consecutive,
)
from store.collection.draw_requests import list_prefixes
from store.collection.missing import MissingBranches, describe_branches
from store.collection.preparation import CollectionPlan, CollectionSetup, make_probe_settings
from store.collection.probing import AnswerRules, make_branch, probe_chain
from store.collection.progress import CollectionProgress
from store.collection.resumption import is_complete, open_journal
from store.collection.scoring import BranchScoring
from store.collection.served_signals import P_TRUE
from store.collection.settings import make_provenance
from store.collection.truth_probe import EndedBranch, measure_truth
from store.errors import StoreError
from store.records import Branch, Question
from store.serving.endpoints import Endpoint
from store.serving.engine import PrefixCacheCounters
from store.serving.errors import Refused, ServingError, Unreachable, first_failure
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest
from store.writer import RecordingWriter

POLL = 5.0
"""Seconds between two reads of the servers' counters."""


class DrawBatch(NamedTuple):
    """Branches of one question that are drawn by one request."""

    question: Question
    indexes: list[int]


def begin_journal(path: Path, work: CollectionPlan, prepared: CollectionSetup) -> RecordingWriter:
    """Open the journal.

    Args:
        path: path of the recording.
        work: what to collect.
        prepared: the replies of the servers.

    Raises:
        StoreError: as `open_journal`; or it holds branches beyond those that are requested.
    """
    provenance = make_provenance(work.settings, prepared.served)
    writer = open_journal(path, provenance, prepared.questions)
    for question, indexes in writer.recorded_indexes.items():
        if indexes and max(indexes) >= work.wanted(question):
            writer.close()
            reason = (
                f"contains branch {max(indexes)} of {question!r}; request at least as many branches"
            )
            raise StoreError(reason, path=path)
    return writer


def is_already_collected(path: Path, work: CollectionPlan, prepared: CollectionSetup) -> bool:
    """Return whether the sealed recording is the result of this collection.

    Args:
        path: path of the recording.
        work: what to collect.
        prepared: the replies of the servers.
    """
    wanted = [work.wanted(question.id) for question in prepared.questions]
    provenance = make_provenance(work.settings, prepared.served)
    return is_complete(path, provenance, prepared.questions, wanted)


def _with_signals(branch: Branch, signals: dict[str, list[float]]) -> Branch:
    """Return a branch with more named signals."""
    both = dict(sorted((branch.signals | signals).items()))
    return msgspec.structs.replace(branch, signals=both)


class Collection:
    """The work while it runs.

    Args:
        work: what is to be collected.
        prepared: the replies of the servers.
        places: where it is drawn.
        reading: how answers are read.
        writer: the open journal.
        recorded: called with each recorded branch.
        scoring: the scorers of the settings; ``None`` if there are none.
    """

    def __init__(
        self,
        work: CollectionPlan,
        prepared: CollectionSetup,
        endpoints: Sequence[Endpoint],
        reading: AnswerRules,
        writer: RecordingWriter,
        recorded: Callable[[int], None] = lambda count: None,
        scoring: BranchScoring | None = None,
    ):
        self._work = work
        self._prepared = prepared
        self._endpoints = endpoints
        self._reading = reading
        self._writer = writer
        self._recorded = recorded
        self._scoring = scoring
        self.missing = MissingBranches(work.allow_missing)
        """Branches that could not be had."""
        for question, problems in prepared.missing.items():
            for index, problem in problems.items():
                if not writer.has(question, index):
                    self.missing.add(question, index, problem)
        self._pending = deque(self._lacking())
        wanted = sum(work.wanted(question.id) for question in prepared.questions)
        self.tally = CollectionProgress(
            wanted, held=sum(map(len, writer.recorded_indexes.values()))
        )

    async def run(self) -> None:
        """Draw, probe and record all that is missing.

        Raises:
            ServingError: a server replies inconsistently, or rejects more branches than may be
                missing, or is unreachable for longer than patience lasts. It names the branch.
                Everything that was recorded stays, and the next session continues from it.
            ScorerError: a scorer fails. Everything that was recorded stays.
        """
        before = await self._counters()
        watching = asyncio.create_task(self._watch(before))
        try:
            async with asyncio.TaskGroup() as tasks:
                for endpoint in self._endpoints:
                    tasks.create_task(self._feed(endpoint, tasks))
        except BaseExceptionGroup as failed:
            raise first_failure(failed) from failed
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if self._scoring is not None:
            await self._scoring.finish()
        await self._compare(before)

    async def seal(self) -> str:
        """Seal the recording, with the branches that it lacks, and returns its digest.

        Which answers are one vote is decided over all answers of each question.

        Raises:
            StoreError: a question has no branch at all.
        """
        for question in self._prepared.questions:
            if not self._writer.recorded_indexes[question.id]:
                reason = (
                    f"no branch of question {question.id!r} could be sampled; remove it from the"
                    " questions and run the same command again to finish the recording without it"
                )
                raise StoreError(reason, path=self._writer.path)
        listed = {question.id for question in self._prepared.questions}
        without = [question.id for question in self._writer.questions if question.id not in listed]
        return self._writer.seal(self.missing.indexes, without, await self._forms())

    async def _forms(self) -> dict[str, dict[str, str]]:
        """Return what each answer is written as, by the question's id."""
        answers = self._writer.answers()
        return {
            question.id: await self._reading.equivalence.pooled(
                AnswerPool(answers[question.id], question.gold)
            )
            for question in self._prepared.questions
        }

    def _lacking(self) -> list[DrawBatch]:
        """Return what the journal lacks, question after question, in groups of neighbours."""
        most = min(self._work.most_per_request, *(endpoint.slots for endpoint in self._endpoints))
        units = []
        for question in self._prepared.questions:
            gone = self.missing.indexes.get(question.id, frozenset())
            recorded = self._writer.recorded_indexes[question.id] | gone
            wanted = self._work.wanted(question.id)
            lacking = [index for index in range(wanted) if index not in recorded]
            for first, count in group_consecutive(lacking):
                end = first + count
                units += [
                    DrawBatch(question, list(range(index, min(index + most, end))))
                    for index in range(first, end, most)
                ]
        return units

    async def _feed(self, endpoint: Endpoint, tasks: asyncio.TaskGroup) -> None:
        """Start units at an endpoint as its slots become free, until none are left."""
        while self._pending:
            if self._scoring is not None:
                await self._scoring.wait_for_scores()
                if not self._pending:
                    return
            slots = len(self._pending[0].indexes)
            await endpoint.acquire(slots)
            if not self._pending:
                endpoint.release(slots)
                return
            unit = self._pending.popleft()
            if len(unit.indexes) < slots:
                endpoint.release(slots - len(unit.indexes))
            elif len(unit.indexes) > slots:
                await endpoint.acquire(len(unit.indexes) - slots)
            tasks.create_task(self._draw(endpoint, unit, tasks))

    async def _draw(self, endpoint: Endpoint, unit: DrawBatch, tasks: asyncio.TaskGroup) -> None:
        """Draw a unit's branches; each is probed and recorded when it has ended."""
        question, remaining = unit.question, list(unit.indexes)

        async def take(index: int, chain: Chain) -> None:
            remaining.remove(index)
            tasks.create_task(self._record(endpoint, question, index, chain))
            # Its probes must be in the queue before the slot is free for a new branch.
            await asyncio.sleep(0)
            endpoint.release(1)

        try:
            await self._draw_indexes(endpoint, question, list(remaining), take)
        except (Refused, Unreachable) as error:
            if len(remaining) == 1 or not self._work.allow_missing:
                self._give_up(question, remaining, error)
                endpoint.release(len(remaining))
                return
        except ServingError as error:
            error.add_subject(describe_branches(question.id, remaining))
            raise
        # One branch of a request may be at fault: each of those left is drawn by itself.
        for index in list(remaining):
            try:
                await self._draw_indexes(endpoint, question, [index], take)
            except (Refused, Unreachable) as error:
                self._give_up(question, [index], error)
                endpoint.release(1)

    async def _draw_indexes(
        self, endpoint: Endpoint, question: Question, indexes: list[int], take: ChainHandler
    ) -> None:
        prompted, settings = (
            PromptedQuestion(question.id, question.prompt_ids or []),
            self._work.settings,
        )
        if self._work.chains is not None:
            for index in indexes:
                chain = self._work.chains[question.id][index]
                await take(index, await complete_existing_chain(endpoint, chain))
        elif settings.stepwise:
            for index in indexes:
                drawn_chain = await draw_chain_stepwise(
                    endpoint, prompted, index, settings.drawing, self._drew
                )
                before = list_prefixes(drawn_chain.token_ids, settings.drawing.interval)
                self.tally.sent += sum(len(prompted.prompt) + len(ids) for ids in [[], *before])
                await take(index, drawn_chain)
        else:
            self.tally.sent += len(prompted.prompt) * len(indexes)
            await draw_whole_chains(endpoint, prompted, indexes, settings.drawing, take, self._drew)

    def _give_up(self, question: Question, indexes: Sequence[int], error: ServingError) -> None:
        """Continue without branches, if so many may be missing."""
        self.missing.give_up(question.id, indexes, error)
        self._recorded(len(indexes))

    async def _record(
        self, endpoint: Endpoint, question: Question, index: int, chain: Chain
    ) -> None:
        try:
            branch = await self._probe(endpoint, question, chain)
        except (Refused, Unreachable) as error:
            self._give_up(question, [index], error)
            return
        except ServingError as error:
            error.add_subject(describe_branches(question.id, [index]))
            raise
        if self._scoring is not None:
            branch = _with_signals(branch, await self._scoring.signals(question, index, chain.text))
        self._writer.add_branch(question.id, index, branch)
        self.tally.done += 1
        self._recorded(1)
        self.tally.recorded += branch.tokens

    async def _probe(self, endpoint: Endpoint, question: Question, chain: Chain) -> Branch:
        """Return the branch that a chain and its probes make, without the scores of scorers."""
        settings, prepared = self._work.settings, self._prepared
        prompt, forced = question.prompt_ids or [], prepared.forced
        probing = make_probe_settings(settings, question)
        probed = await probe_chain(endpoint, prompt, chain, forced, probing, settings, self._probed)
        branch = await make_branch(chain, probed, question, settings, self._reading)
        if prepared.truth is None:
            return branch
        ended = EndedBranch(chain.token_ids, chain.finish, branch.final)
        value = await measure_truth(endpoint, prompt, ended, forced, prepared.truth, self._probed)
        return _with_signals(branch, {P_TRUE: [value]})

    def _drew(self, tokens: int) -> None:
        self.tally.drawn += tokens

    def _probed(self, request: CompletionRequest, results: list[CompletionResult]) -> None:
        # What has log-probabilities measures a signal, and is no probe of its own.
        self.tally.probes += request.children if request.logprobs is None else 0
        self.tally.probe_tokens += sum(len(result.token_ids) for result in results)
        self.tally.sent += sum(map(len, request.prompt))

    async def _watch(self, before: list[PrefixCacheCounters | None]) -> None:
        while True:
            await asyncio.sleep(POLL)
            await self._compare(before)

    async def _compare(self, before: list[PrefixCacheCounters | None]) -> None:
        """Keep what the servers counted since ``before``, over all that report."""
        now = await self._counters()
        counters = [
            after.since(earlier)
            for earlier, after in zip(before, now, strict=True)
            # One that was started again has counted from 0 again, and reports nothing of before.
            if earlier is not None and after is not None and after.queries >= earlier.queries
        ]
        if counters:
            self.tally.cache = PrefixCacheCounters(
                *(sum(values) for values in zip(*counters, strict=True))
            )

    async def _counters(self) -> list[PrefixCacheCounters | None]:
        engines = list(dict.fromkeys(endpoint.engine for endpoint in self._endpoints))
        return list(await asyncio.gather(*(engine.counters() for engine in engines)))
