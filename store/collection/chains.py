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
from store.sources import Count, decode, join_location, read_text


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
    endpoint: Endpoint,
    prompted: PromptedQuestion,
    indexes: Iterable[int],
    drawing: DrawSettings,
    take: ChainHandler,
    report: Callable[[int], None],
) -> None:
    """Draw branches side by side, each to its end, and repeat those that broke off.

    Args:
        endpoint: where.
        prompted: what is continued.
        indexes: the branches' indexes.
        drawing: how.
        take: called with each branch as it ends.
        report: called with the number of new tokens.

    Raises:
        ServingError: an inconsistent reply, a rejection, or an outage beyond the patience limit.
    """
    missing = sorted(indexes)
    persistence = RetrySession(endpoint.engine.limits)

    async def attempt() -> None:
        for first, count in list(group_consecutive(missing)):
            request = draw_requests.request_branches(
                prompted.prompt, prompted.question, first, count, drawing
            )
            every = min(drawing.interval, _EVERY)
            async for piece in endpoint.engine.stream(request, every=every, rank=endpoint.rank):
                report(piece.tokens)
                if piece.finished is not None:
                    index = first + piece.finished.child
                    missing.remove(index)
                    persistence.progressed()
                    seed = (request.seed or 0) + piece.finished.child
                    await take(index, _make_chain(piece.finished.given, seed))

    await persistence.run(attempt)


async def draw_chain_stepwise(
    endpoint: Endpoint,
    prompted: PromptedQuestion,
    index: int,
    drawing: DrawSettings,
    report: Callable[[int], None],
) -> Chain:
    """Draw one branch interval by interval, each by the request that a live episode makes.

    Args:
        endpoint: the endpoint.
        prompted: the prompted question.
        index: index of the branch.
        drawing: sampling settings.
        report: called with the number of new tokens.

    Raises:
        ServingError: as `draw_whole_chains`.
    """
    tokens: list[int] = []
    logprobs: list[float] = []
    top: list[list[float]] = []
    finish = "length"
    while len(tokens) < drawing.max_tokens:
        request = draw_requests.request_interval(
            prompted.prompt, prompted.question, index, tokens, drawing
        )
        result = (await endpoint.engine.complete(request, rank=endpoint.rank))[0]
        report(len(result.token_ids))
        tokens += result.token_ids
        logprobs += result.logprobs or []
        top += result.top or []
        if result.finish != "length":
            finish = result.finish
            break
    text = await decode_chain_text(endpoint, tokens, finish)
    return Chain(tokens, text, finish, None, logprobs or None, top or None)


async def decode_chain_text(endpoint: Endpoint, tokens: Sequence[int], finish: str | None) -> str:
    """Return the text of a chain, without the token that ended it.

    Args:
        endpoint: the endpoint.
        tokens: tokens of the chain.
        finish: why the chain ended.
    """
    visible = tokens[:-1] if finish == "stop" else tokens
    return await endpoint.engine.detokenize(visible) if visible else ""


def group_consecutive(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising indexes as runs of neighbours: the first of each, and how many."""
    begin = 0
    for index in range(1, len(indexes) + 1):
        if index == len(indexes) or indexes[index] != indexes[index - 1] + 1:
            yield indexes[begin], index - begin
            begin = index


def _make_chain(result: CompletionResult, seed: int) -> Chain:
    return Chain(result.token_ids, result.text, result.finish, seed, result.logprobs, result.top)


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

    questions: list[CollectionQuestion]
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
    chains = ExistingChains([], {}, path, {})
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        line = decode(_DECODER, text, path, number)
        if line.id in chains.chains or not line.id:
            problem = f"the id {line.id!r} is empty or already used; ids must be unique"
            raise SourceError(problem, path=path, location=join_location(number, "$.id"))
        if not line.chains:
            problem = "the question has no chains"
            raise SourceError(problem, path=path, location=join_location(number, "$.chains"))
        for index, chain in enumerate(line.chains):
            if not chain.token_ids and not chain.text:
                problem = "a chain needs token_ids or text"
                location = join_location(number, f"$.chains[{index}]")
                raise SourceError(problem, path=path, location=location)
        chains.questions.append(
            CollectionQuestion(line.id, line.question, line.answer, line.choices)
        )
        chains.chains[line.id] = line.chains
        chains.lines[line.id] = number
    if not chains.questions:
        raise SourceError("the file contains no questions", path=path)
    return chains


async def length_of(engine: Engine, chain: ExistingChain) -> int:
    """Return the tokens of a chain that exists.

    Raises:
        ServingError: the server does not tokenise it.
    """
    if chain.token_ids is not None:
        return len(chain.token_ids)
    return len(await engine.tokenize(chain.text or ""))


async def complete_existing_chain(endpoint: Endpoint, chain: ExistingChain) -> Chain:
    """Return a chain that exists, with both its tokens and its words.

    Raises:
        ServingError: the server does not separate one from the other.
    """
    tokens = chain.token_ids
    if tokens is None:
        tokens = await endpoint.engine.tokenize(chain.text or "")
    if not tokens:
        raise InconsistentResponse("returns no tokens for a text", address=endpoint.engine.address)
    text = chain.text
    if text is None:
        text = await decode_chain_text(endpoint, tokens, chain.finish)
    return Chain(tokens, text, chain.finish, chain.seed)
