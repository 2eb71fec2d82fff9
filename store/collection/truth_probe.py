"""P(True): the probability that a model gives to its answer being true, from a second probe.

After a branch has ended, the model is asked in the same context whether its answer is true
(Kadavath et al. 2022). The probability of the token that affirms it is read, and nothing else is
generated.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from store.answers.extraction import NO_ANSWER
from store.collection import draw_requests
from store.forcing import ForcingTokens
from store.serving.endpoints import Endpoint
from store.serving.engine import Engine
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest

ANSWER_FIELD = "{answer}"
"""What the answer replaces in the text of a question."""

DEFAULT_WORD = " True"

DEFAULT_ASK = f"\n\nProposed answer: {ANSWER_FIELD}\nIs the proposed answer True or False? It is"


class TruthQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """The question that follows a branch, and the reply whose probability is read."""

    ask: str = DEFAULT_ASK
    """Follows the branch; ``{answer}`` in it is the answer of the branch."""
    word: str = DEFAULT_WORD
    """The reply; its first token counts."""


class TruthTokens(NamedTuple):
    """A question in the tokens of one model, each part tokenised once."""

    before: tuple[int, ...]
    """Up to the answer, or all of it if it does not repeat the answer."""
    after: tuple[int, ...]
    """From the answer to the end."""
    has_answer: bool
    """Whether the question repeats the answer."""
    word: int
    """The token whose probability is read."""
    longest_answer: int
    """Tokens of an answer that are repeated at most."""

    @property
    def longest(self) -> int:
        """Tokens that are put after a branch and its end of thinking, and the reply."""
        return len(self.before) + self.has_answer * self.longest_answer + len(self.after) + 1


async def tokenise_question(
    engine: Engine, question: TruthQuestion, longest_answer: int
) -> TruthTokens:
    """Return a question in the tokens of the model.

    Args:
        engine: an engine that serves the model.
        question: the question.
        longest_answer: tokens of an answer that are repeated at most.

    Raises:
        ServingError: the server does not respond.
    """
    before, field, after = question.ask.partition(ANSWER_FIELD)
    return TruthTokens(
        tuple(await engine.tokenize(before)) if before else (),
        tuple(await engine.tokenize(after)) if after else (),
        bool(field),
        (await engine.tokenize(question.word))[0],
        longest_answer,
    )


class EndedBranch(NamedTuple):
    """What the question needs of a branch that has ended."""

    token_ids: Sequence[int]
    finish: str | None
    """Why it ended; the token that ended it is left out."""
    answer: str
    """As it was extracted."""


async def request_truth(
    engine: Engine,
    prompt: Sequence[int],
    branch: EndedBranch,
    forced: ForcingTokens,
    truth: TruthTokens,
) -> CompletionRequest:
    """Return the request whose reply has the probability.

    Args:
        engine: an engine that serves the model, for the tokens of the answer.
        prompt: the question's prompt in tokens.
        branch: the branch that is asked about.
        forced: what ends its thinking, if it still thinks.
        truth: the question.

    Raises:
        ServingError: the server does not respond.
    """
    visible = branch.token_ids[:-1] if branch.finish == "stop" else branch.token_ids
    answer: Sequence[int] = ()
    if truth.has_answer and branch.answer:
        answer = (await engine.tokenize(branch.answer))[: truth.longest_answer]
    question = [*forced.ending(visible), *truth.before, *answer, *truth.after]
    return draw_requests.request_token([*prompt, *visible, *question], truth.word)


def read_probability(result: CompletionResult) -> float:
    """Return the probability of the one token of a reply.

    Raises:
        ValueError: the reply has no log-probabilities.
    """
    if result.logprobs is None:
        raise ValueError("a probability needs log-probabilities")
    # In single precision the logarithm of a certain token can be slightly above 0.
    return min(1.0, math.exp(result.logprobs[0]))


async def measure_truth(
    endpoint: Endpoint,
    prompt: Sequence[int],
    branch: EndedBranch,
    forced: ForcingTokens,
    truth: TruthTokens,
    report: Callable[[CompletionRequest, list[CompletionResult]], None] = lambda *_: None,
) -> float:
    """Ask whether a branch's answer is true; 0 for a branch without an answer.

    Args:
        endpoint: where the branch was drawn.
        prompt: the question's prompt in tokens.
        branch: the branch.
        forced: what ends its thinking, if it still thinks.
        truth: the question.
        report: called with the request and its result.

    Raises:
        ServingError: an inconsistent reply, a rejection, or an outage beyond the patience limit.
    """
    if branch.answer == NO_ANSWER:
        return 0.0
    request = await request_truth(endpoint.engine, prompt, branch, forced, truth)
    async with endpoint.reserve(1, urgent=True):
        results = await endpoint.engine.complete(request, rank=endpoint.rank)
    report(request, results)
    return read_probability(results[0])
