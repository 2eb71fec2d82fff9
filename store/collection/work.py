"""The work of a collection: what is missing is drawn, probed, recorded; at the end it is sealed.

One branch is the unit that is recorded, as soon as its probes are there and whatever order branches
come in; so whoever resumes draws what the journal lacks, to the branch.
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
    Drawn,
    ExistingChain,
    draw_stepwise,
    draw_whole,
    existing,
    runs,
)
from store.collection.forcing import Forced
from store.collection.journal import is_complete, open_journal
from store.collection.probing import Reading, branch, probe
from store.collection.progress import Tally
from store.collection.prompts import forced_by, letters, message
from store.collection.questions import Asked
from store.collection.requests import Probing, prefixes
from store.collection.settings import Settings, provenance
from store.errors import StoreError
from store.records import Question
from store.serving.counters import Counters
from store.serving.engine import Served
from store.serving.errors import Refused, first_failure
from store.serving.places import Place
from store.serving.replies import Given
from store.serving.requests import Completion
from store.writer import Writer

GROUP = 16
"""Branches of one request, where no less is asked for."""

POLL = 5.0
"""Seconds between two looks at the servers' counters."""


class Work(NamedTuple):
    """What is to be collected."""

    settings: Settings
    asked: Sequence[Asked]
    branches: int
    """Of each question, where they are drawn here."""
    chains: dict[str, list[ExistingChain]] | None = None
    """Of each question's id, where they exist."""
    group: int = GROUP

    def wanted(self, question: str) -> int:
        """How many branches a question gets."""
        return self.branches if self.chains is None else len(self.chains[question])


class Prepared(NamedTuple):
    """What the servers said before anything was drawn."""

    served: Served
    questions: list[Question]
    forced: Forced


class Unit(NamedTuple):
    """Branches of one question that are drawn by one request."""

    question: Question
    indexes: list[int]


async def prepare(work: Work, places: Sequence[Place], reading: Reading) -> Prepared:
    """Asks the servers what they are and how they tokenise; draws nothing.

    Raises:
        ServingError: a server is not there, serves another model than the first, or has too short
            a context.
    """
    served = await _agreed(places)
    engine = places[0].engine
    forced = await forced_by(engine, work.settings.forcing)
    questions = []
    for asked in work.asked:
        words = message(asked.question, asked.choices, work.settings.instruction)
        prompt = await engine.tokenize_chat(
            [{"role": "user", "content": words}], work.settings.template
        )
        questions.append(
            Question(
                id=asked.id,
                gold=reading.gold(asked.answer),
                text=asked.question,
                choices=asked.choices,
                prompt_ids=prompt,
            )
        )
        _refuse_too_long(len(prompt), forced, work, served, places[0].engine.address)
    return Prepared(served, questions, forced)


def begin(path: Path, work: Work, prepared: Prepared) -> Writer:
    """Opens the journal.

    Raises:
        StoreError: as `open_journal`; or it holds branches beyond those that are asked for.
    """
    told = provenance(work.settings, prepared.served)
    writer = open_journal(path, told, prepared.questions)
    for question, held in writer.held.items():
        if held and max(held) >= work.wanted(question):
            writer.close()
            reason = f"holds branch {max(held)} of {question!r}; ask for as many branches at least"
            raise StoreError(reason, path=path)
    return writer


def done_already(path: Path, work: Work, prepared: Prepared) -> bool:
    """Whether a sealed recording is the very one that would be collected."""
    wanted = [work.wanted(question.id) for question in prepared.questions]
    told = provenance(work.settings, prepared.served)
    return is_complete(path, told, prepared.questions, wanted)


class Collection:
    """The work while it runs.

    Args:
        work: what is to be collected.
        prepared: what the servers said.
        places: where it is drawn.
        reading: how answers are read.
        writer: the open journal.
        recorded: is told of each branch that was recorded.
    """

    def __init__(
        self,
        work: Work,
        prepared: Prepared,
        places: Sequence[Place],
        reading: Reading,
        writer: Writer,
        recorded: Callable[[int], None] = lambda count: None,
    ):
        self._work = work
        self._prepared = prepared
        self._places = places
        self._reading = reading
        self._writer = writer
        self._recorded = recorded
        self._pending = deque(self._missing())
        wanted = sum(work.wanted(question.id) for question in prepared.questions)
        self.tally = Tally(wanted, held=sum(map(len, writer.held.values())))

    async def run(self) -> None:
        """Draws, probes and records all that is missing.

        Raises:
            ServingError: a server lies, refuses, or is gone for longer than patience lasts.
                Everything that was recorded stays, and the next session goes on from it.
        """
        before = await self._counters()
        watching = asyncio.create_task(self._watch(before))
        try:
            async with asyncio.TaskGroup() as tasks:
                for place in self._places:
                    tasks.create_task(self._feed(place, tasks))
        except BaseExceptionGroup as failed:
            raise first_failure(failed) from failed
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await self._compare(before)

    def _missing(self) -> list[Unit]:
        """What the journal lacks, question after question, in groups of neighbours."""
        most = min(self._work.group, *(place.slots for place in self._places))
        most = 1 if self._work.settings.stepwise else most
        units = []
        for question in self._prepared.questions:
            held = self._writer.held[question.id]
            wanted = self._work.wanted(question.id)
            lacking = [index for index in range(wanted) if index not in held]
            for first, count in runs(lacking):
                end = first + count
                units += [
                    Unit(question, list(range(at, min(at + most, end))))
                    for at in range(first, end, most)
                ]
        return units

    async def _feed(self, place: Place, tasks: asyncio.TaskGroup) -> None:
        """Begins units at a place as its slots come free, until none are left."""
        while self._pending:
            slots = len(self._pending[0].indexes)
            await place.acquire(slots)
            if not self._pending:
                place.release(slots)
                return
            unit = self._pending.popleft()
            if len(unit.indexes) < slots:
                place.release(slots - len(unit.indexes))
            elif len(unit.indexes) > slots:
                await place.acquire(len(unit.indexes) - slots)
            tasks.create_task(self._draw(place, unit, tasks))

    async def _draw(self, place: Place, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        """Draws a unit's branches; each is probed and recorded when it has ended."""
        drawn = Drawn(unit.question.id, unit.question.prompt_ids or [])

        async def take(index: int, chain: Chain) -> None:
            tasks.create_task(self._record(place, unit.question, index, chain))
            # Its probes are to stand in the queue before the slot is free for a new branch.
            await asyncio.sleep(0)
            place.release(1)

        settings = self._work.settings
        if self._work.chains is not None:
            for index in unit.indexes:
                chain = self._work.chains[unit.question.id][index]
                await take(index, await existing(place, chain))
        elif settings.stepwise:
            for index in unit.indexes:
                found = await draw_stepwise(place, drawn, index, settings.drawing, self._drew)
                before = prefixes(found.token_ids, settings.drawing.interval)
                self.tally.sent += sum(len(drawn.prompt) + len(each) for each in [[], *before])
                await take(index, found)
        else:
            self.tally.sent += len(drawn.prompt) * len(unit.indexes)
            await draw_whole(place, drawn, unit.indexes, settings.drawing, take, self._drew)

    async def _record(self, place: Place, question: Question, index: int, chain: Chain) -> None:
        settings, prompt = self._work.settings, question.prompt_ids or []
        probed = await probe(
            place, prompt, chain, self._prepared.forced, probing_for(settings, question), settings,
            self._probed,
        )  # fmt: skip
        made = await branch(chain, probed, question, settings, self._reading)
        self._writer.add_branch(question.id, index, made)
        self.tally.done += 1
        self._recorded(1)
        self.tally.recorded += made.tokens

    def _drew(self, tokens: int) -> None:
        self.tally.drawn += tokens

    def _probed(self, asked: Completion, given: list[Given]) -> None:
        # What has log-probabilities is asked for the entropy, and is no probe of its own.
        self.tally.probes += asked.children if asked.logprobs is None else 0
        self.tally.probe_tokens += sum(len(each.token_ids) for each in given)
        self.tally.sent += sum(map(len, asked.prompt))

    async def _watch(self, before: list[Counters | None]) -> None:
        while True:
            await asyncio.sleep(POLL)
            await self._compare(before)

    async def _compare(self, before: list[Counters | None]) -> None:
        """Keeps what the servers counted since ``before``, over all that tell."""
        now = await self._counters()
        told = [
            after.since(earlier)
            for earlier, after in zip(before, now, strict=True)
            # One that was started anew has counted from 0 again, and tells nothing of before.
            if earlier is not None and after is not None and after.asked >= earlier.asked
        ]
        if told:
            self.tally.cache = Counters(*(sum(each) for each in zip(*told, strict=True)))

    async def _counters(self) -> list[Counters | None]:
        engines = list(dict.fromkeys(place.engine for place in self._places))
        return list(await asyncio.gather(*(engine.counters() for engine in engines)))


async def joined_forms(
    writer: Writer, questions: Sequence[Question], reading: Reading
) -> dict[str, dict[str, str]]:
    """Decide over all answers of each question which of them are one vote.

    Args:
        writer: the complete journal.
        questions: its questions.
        reading: how answers are held equal.
    """
    answers = writer.answers()
    return {
        question.id: await reading.equivalence.pooled(
            AnswerPool(answers[question.id], question.gold)
        )
        for question in questions
    }


def probing_for(settings: Settings, question: Question) -> Probing:
    """How a question's probes are made: constrained to its letters, where that is asked for."""
    if not settings.choices or question.choices is None:
        return settings.probing
    return msgspec.structs.replace(settings.probing, choice=letters(question.choices))


async def _agreed(places: Sequence[Place]) -> Served:
    """What all servers serve."""
    first: Served | None = None
    for engine in dict.fromkeys(place.engine for place in places):
        served = await engine.served()
        if first is not None and served != first:
            raise Refused(
                f"serves {served.model} by vLLM {served.version} with a context of"
                f" {served.context}, unlike the first server ({first.model}, {first.version},"
                f" {first.context})",
                address=engine.address,
                hint="collect from servers that are alike",
            )
        first = served
    if first is None:
        raise ValueError("a collection needs a place")
    return first


def _refuse_too_long(prompt: int, forced: Forced, work: Work, served: Served, address: str) -> None:
    """Raises `Refused` where a branch, or a probe of one, may not fit the context."""
    longest = work.settings.drawing.max_tokens
    probing = len(forced.both) + work.settings.probing.max_tokens
    room = served.context - prompt
    if work.chains is None and longest + probing > room:
        raise Refused(
            f"a prompt of {prompt} tokens leaves {room} of a context of {served.context}, and"
            f" branches of up to {longest} with {probing} more for a probe do not fit",
            address=address,
            hint=f"say --max-tokens {max(0, room - probing)} or less, or serve a longer context",
        )
