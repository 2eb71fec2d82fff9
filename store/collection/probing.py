"""From a chain to a branch: its probes, its answers, and the signals that were requested."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from store.answers.equivalence import Equivalence, RunningForms
from store.answers.extraction import (
    AnswerExtractor,
    final_answer,
    probe_answer,
    strip_wrapping,
)
from store.collection import draw_requests
from store.collection.chains import Chain
from store.collection.draw_requests import ProbeSettings, list_prefixes
from store.collection.questions import question_letters
from store.collection.served_signals import IntervalSignals
from store.collection.settings import Settings
from store.forcing import ForcingTokens
from store.records import Branch, Question
from store.serving.endpoints import Endpoint
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest

BATCH = 8
"""Prompts of one request for probes: it waits for as many slots at once."""

LAST_WORDS = 500
"""Characters of a chain's end that are stored as text."""


class AnswerRules(NamedTuple):
    """How answers are extracted and compared."""

    extraction: AnswerExtractor
    equivalence: Equivalence

    def gold(self, answer: str) -> str:
        """Write a gold answer as it is recorded.

        Where equal is what is the same text, it loses the wrapping that a box's content loses.
        """
        is_text = self.extraction.name == "boxed" and self.equivalence.name == "exact"
        return strip_wrapping(answer) if is_text else answer


class ProbeResult(NamedTuple):
    """One probe as it came."""

    words: str
    tokens: int
    entropy: float | None
    truncated: bool = False
    """Whether it was cut at its token limit."""


async def probe_chain(
    endpoint: Endpoint,
    prompt: Sequence[int],
    chain: Chain,
    forced: ForcingTokens,
    probing: ProbeSettings,
    settings: Settings,
    report: Callable[[CompletionRequest, list[CompletionResult]], None],
) -> list[ProbeResult]:
    """Asks for the answer after 1, 2, … P intervals of a chain, at the endpoint with its prefix.

    Args:
        endpoint: where the chain was drawn.
        prompt: the question's prompt in tokens.
        chain: the chain.
        forced: what makes the model answer.
        probing: how.
        settings: what else is wanted.
        report: called with each request and its result.

    Raises:
        ServingError: an inconsistent reply, a rejection, or an outage beyond the patience limit.
    """
    batches: list[list[ProbeResult]] = []
    cut = list_prefixes(chain.token_ids, settings.drawing.interval)
    # The longest first: where a slot holds the chain, every shorter prefix is still in it.
    for index in reversed(range(0, len(cut), BATCH)):
        batch = cut[index : index + BATCH]
        request = draw_requests.request_probes(prompt, batch, forced, probing)
        entropies: list[float | None] = [None] * len(batch)
        async with endpoint.reserve(len(batch), urgent=True):
            results = await endpoint.engine.complete(request, rank=endpoint.rank)
            report(request, results)
            if settings.entropy:
                opened = draw_requests.request_openings(prompt, batch, forced)
                first = await endpoint.engine.complete(opened, rank=endpoint.rank)
                report(opened, first)
                entropies = [token_entropy(logprobs) for logprobs in first]
        batches.append(
            [
                ProbeResult(result.text, len(result.token_ids), measured, result.finish == "length")
                for result, measured in zip(results, entropies, strict=True)
            ]
        )
    return [probe for batch in reversed(batches) for probe in batch]


async def make_branch(
    chain: Chain,
    probed: Sequence[ProbeResult],
    question: Question,
    settings: Settings,
    reading: AnswerRules,
    forms: RunningForms | None = None,
) -> Branch:
    """Make the branch as it is recorded.

    Args:
        chain: the chain.
        probed: its probes.
        question: the question, whose choices and gold answer decide what its answers are.
        settings: how it was drawn and probed.
        reading: how answers are extracted and compared.
        forms: those that the question's answers have already; by default answers stay as they were
            extracted, and the collection decides over all of a question when it is sealed.
    """
    forcing, letters = settings.forcing, question_letters(question)
    extract = reading.extraction
    answers = [
        probe_answer(
            result.words, forcing.ask, extract, truncated=result.truncated, letters=letters
        )
        for result in probed
    ]
    truncated = chain.finish == "length"
    final = final_answer(chain.text, forcing.mark, extract, truncated=truncated, letters=letters)

    async def form(answer: str) -> str:
        return answer if forms is None else await forms.form(answer)

    interval = settings.drawing.interval
    return Branch(
        answers=[await form(answer) for answer in answers],
        tokens=len(chain.token_ids),
        final=await form(final),
        finish=chain.finish,
        seed=chain.seed,
        raw=[result.words for result in probed],
        final_raw=chain.text[-LAST_WORDS:],
        probe_tokens=[result.tokens for result in probed],
        entropy=[result.entropy or 0.0 for result in probed] if settings.entropy else None,
        logprob=None if chain.logprobs is None else interval_means(chain.logprobs, interval),
        top_logprob=(
            None
            if chain.top is None
            else interval_means(
                [sum(candidates) / len(candidates) for candidates in chain.top], interval
            )
        ),
        text=chain.text if settings.text else None,
        token_ids=chain.token_ids if settings.token_ids else None,
        signals=_interval_signals(chain, settings),
    )


def _interval_signals(chain: Chain, settings: Settings) -> dict[str, list[float]]:
    """Return the named signals of a chain's intervals."""
    if chain.logprobs is None or chain.top is None:
        return {}
    measured, interval = IntervalSignals(settings.served), settings.drawing.interval
    signals: dict[str, list[float]] = {}
    for begin in range(0, len(chain.logprobs), interval):
        part = slice(begin, begin + interval)
        values = measured.add_interval(chain.logprobs[part], chain.top[part])
        for name, value in values.items():
            signals.setdefault(name, []).append(value)
    return signals


def interval_means(values: Sequence[float], length: int) -> list[float]:
    """Return the mean over each interval, the last and shorter one included."""
    cut = [values[index : index + length] for index in range(0, len(values), length)]
    return [math.fsum(part) / len(part) for part in cut]


def token_entropy(result: CompletionResult) -> float:
    """Return a token's entropy in nats over the likeliest tokens, the others counted as one.

    The server does not report the other tokens. Counted as one they give a lower bound, which is
    close where the likeliest have nearly all of the probability.
    """
    if result.top is None:
        raise ValueError("entropy needs log-probabilities")
    probabilities = [math.exp(number) for number in result.top[0]]
    rest = max(0.0, 1.0 - math.fsum(probabilities))
    return -math.fsum(p * math.log(p) for p in [*probabilities, rest] if p > 0)
