"""A chain: one branch's tokens and words before its probes, generated here or imported.

`draw_whole_chains` and `draw_chain_stepwise` draw it; `read_chains` reads those that exist.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from store.collection import draw_requests
from store.collection.draw_requests import DrawSettings
from store.collection.questions import CollectionQuestion
from store.errors import SourceError
from store.serving.endpoints import Endpoint
from store.serving.engine import Engine
from store.serving.errors import InconsistentResponse
from store.serving.replies import CompletionResult
from store.serving.retries import RetrySession
from store.sources import Count, decode, join_place, read_text


class Chain(NamedTuple):
    """One branch without its probes."""

    token_ids: list[int]
    text: str
    finish: str | None
    seed: int | None
    logprobs: list[float] | None = None
    """Of each token."""
    top: list[list[float]] | None = None
    """Of the likeliest tokens at each position."""


class PromptedQuestion(NamedTuple):
    """A question's prompt, under the id that enters the seeds."""

    question: str
    prompt: Sequence[int]


ChainHandler = Callable[[int, Chain], Awaitable[None]]
"""Is handed a branch's index and its chain as soon as the chain has ended."""


async def draw_whole_chains(
    place: Endpoint,
    drawn: PromptedQuestion,
    indexes: Iterable[int],
    drawing: DrawSettings,
    take: ChainHandler,
    told: Callable[[int], None],
) -> None:
    """Draw branches side by side, each to its end, and repeat those that broke off.

    Args:
        place: where.
        drawn: what is continued.
        indexes: the branches' indexes.
        drawing: how.
        take: called with each branch as it ends.
        told: called with the number of new tokens.

    Raises:
        ServingError: an inconsistent reply, a rejection, or an outage beyond the patience limit.
    """
    missing = sorted(indexes)
    persistence = RetrySession(place.engine.limits)

    async def attempt() -> None:
        for first, count in list(group_consecutive(missing)):
            asked = draw_requests.request_branches(
                drawn.prompt, drawn.question, first, count, drawing
            )
            every = min(drawing.interval, _EVERY)
            async for piece in place.engine.stream(asked, every=every, rank=place.rank):
                told(piece.tokens)
                if piece.finished is not None:
                    index = first + piece.finished.child
                    missing.remove(index)
                    persistence.progressed()
                    seed = (asked.seed or 0) + piece.finished.child
                    await take(index, _make_chain(piece.finished.given, seed))

    await persistence.run(attempt)


async def draw_chain_stepwise(
    place: Endpoint,
    drawn: PromptedQuestion,
    index: int,
    drawing: DrawSettings,
    told: Callable[[int], None],
) -> Chain:
    """Draw one branch interval by interval, each by the request that a live episode makes.

    Args:
        place: the endpoint.
        drawn: the prompted question.
        index: index of the branch.
        drawing: sampling settings.
        told: called with the number of new tokens.

    Raises:
        ServingError: as `draw_whole_chains`.
    """
    tokens: list[int] = []
    logprobs: list[float] = []
    top: list[list[float]] = []
    finish = "length"
    while len(tokens) < drawing.max_tokens:
        asked = draw_requests.request_interval(drawn.prompt, drawn.question, index, tokens, drawing)
        given = (await place.engine.complete(asked, rank=place.rank))[0]
        told(len(given.token_ids))
        tokens += given.token_ids
        logprobs += given.logprobs or []
        top += given.top or []
        if given.finish != "length":
            finish = given.finish
            break
    text = await decode_chain_text(place, tokens, finish)
    return Chain(tokens, text, finish, None, logprobs or None, top or None)


async def decode_chain_text(place: Endpoint, tokens: Sequence[int], finish: str | None) -> str:
    """Return the text of a chain, without the token that ended it.

    Args:
        place: the endpoint.
        tokens: tokens of the chain.
        finish: why the chain ended.
    """
    said = tokens[:-1] if finish == "stop" else tokens
    return await place.engine.detokenize(said) if said else ""


def group_consecutive(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising indexes as runs of neighbours: the first of each, and how many."""
    begin = 0
    for at in range(1, len(indexes) + 1):
        if at == len(indexes) or indexes[at] != indexes[at - 1] + 1:
            yield indexes[begin], at - begin
            begin = at


def _make_chain(given: CompletionResult, seed: int) -> Chain:
    return Chain(given.token_ids, given.text, given.finish, seed, given.logprobs, given.top)


_EVERY = 100
"""The most tokens in one piece of a stream: few enough to show progress, enough to cost little."""


class ExistingChain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chain that was drawn elsewhere: in tokens of the model that is served, or in text."""

    token_ids: list[Count] | None = None
    text: str | None = None
    finish: str | None = None
    seed: int | None = None


class ExistingLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and the chains that exist for it."""

    id: str
    question: str
    answer: str
    chains: list[ExistingChain]
    choices: list[str] | None = None


class ExistingChains(NamedTuple):
    """A file of chains."""

    asked: list[CollectionQuestion]
    chains: dict[str, list[ExistingChain]]
    """By the question's id, in order."""
    path: Path
    lines: dict[str, int]
    """The line of each question's id, from 1."""

    def position(self, question: str, index: int) -> str:
        """Where a chain is in the file."""
        return f"line {self.lines[question]}, $.chains[{index}]"


_DECODER = msgspec.json.Decoder(ExistingLine)


def read_chains(path: Path) -> ExistingChains:
    """Read chains that exist: one question a line, with its chains.

    Raises:
        SourceError: it is malformed, or a chain has neither tokens nor text.
        OSError: the file cannot be read.
    """
    found = ExistingChains([], {}, path, {})
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        line = decode(_DECODER, text, path, number)
        if line.id in found.chains or not line.id:
            problem = f"the id {line.id!r} is empty or already used; ids must be unique"
            raise SourceError(problem, path=path, place=join_place(number, "$.id"))
        if not line.chains:
            problem = "the question has no chains"
            raise SourceError(problem, path=path, place=join_place(number, "$.chains"))
        for index, chain in enumerate(line.chains):
            if not chain.token_ids and not chain.text:
                problem = "a chain needs token_ids or text"
                place = join_place(number, f"$.chains[{index}]")
                raise SourceError(problem, path=path, place=place)
        found.asked.append(CollectionQuestion(line.id, line.question, line.answer, line.choices))
        found.chains[line.id] = line.chains
        found.lines[line.id] = number
    if not found.asked:
        raise SourceError("the file holds no questions", path=path)
    return found


async def length_of(engine: Engine, chain: ExistingChain) -> int:
    """Return the tokens of a chain that exists.

    Raises:
        ServingError: the server does not tokenise it.
    """
    if chain.token_ids is not None:
        return len(chain.token_ids)
    return len(await engine.tokenize(chain.text or ""))


async def complete_existing_chain(place: Endpoint, chain: ExistingChain) -> Chain:
    """Return a chain that exists, with both its tokens and its words.

    Raises:
        ServingError: the server does not separate one from the other.
    """
    tokens = chain.token_ids
    if tokens is None:
        tokens = await place.engine.tokenize(chain.text or "")
    if not tokens:
        raise InconsistentResponse("gives no tokens for a text", address=place.engine.address)
    text = chain.text
    if text is None:
        text = await decode_chain_text(place, tokens, chain.finish)
    return Chain(tokens, text, chain.finish, chain.seed)
