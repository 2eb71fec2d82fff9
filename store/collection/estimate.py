"""What a collection will take, before anything of it is spent."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from store.collection.draw_requests import probe_count
from store.collection.probing import BATCH
from store.collection.progress import Prices
from store.collection.settings import Settings
from store.records import Question

BLOCK = 16
"""Tokens of one block of a prefix cache, vLLM's default: what is in the last one is read again."""


class Estimate(NamedTuple):
    """Tokens and money, where every branch has the length that is expected."""

    branches: int
    """To be drawn."""
    tokens: int
    """Of branches, to be generated."""
    probes: int
    probe_tokens: int
    """Of probes, to be generated, at most."""
    sent: int
    """Tokens of prompts, in all requests."""
    fresh: int
    """Those of them that no prefix cache can hold."""
    requests: int
    usd: float
    """For tokens; hours are not known before a rate is."""


def estimate_cost(
    settings: Settings,
    questions: Sequence[Question],
    missing: Mapping[str, int],
    lengths: Mapping[str, Sequence[int]],
    forced: int,
    group: int,
    prices: Prices,
    truth: int = 0,
) -> Estimate:
    """Add up a collection.

    Args:
        settings: what is collected.
        questions: with their prompts.
        missing: branches to be drawn, of each question's id.
        lengths: tokens of each of these branches, of each question's id.
        forced: tokens that are forced after a prefix.
        group: branches of one request.
        prices: dollars.
        truth: tokens that follow a whole branch: the question of P(True) and the reply; 0 for none.
    """
    interval = settings.drawing.interval
    tokens = probes = sent = fresh = requests = 0
    for question in questions:
        prompt = len(question.prompt_ids or [])
        requests += -(-missing[question.id] // group)
        sent += prompt * missing[question.id]
        fresh += prompt
        for length in lengths[question.id]:
            count = probe_count(length, interval)
            tokens += length
            probes += count
            requests += -(-count // BATCH)
            sent += count * (prompt + forced) + interval * count * (count + 1) // 2
            fresh += count * (forced + BLOCK // 2)
            if truth:
                requests += 1
                sent += prompt + length + truth - 1
                fresh += truth - 1 + BLOCK // 2
    generated = probes * settings.probing.max_tokens
    opened = (probes if settings.entropy else 0) + (sum(missing.values()) if truth else 0)
    return Estimate(
        branches=sum(missing.values()),
        tokens=tokens,
        probes=probes,
        probe_tokens=generated + opened,
        sent=sent,
        fresh=fresh,
        requests=requests,
        usd=prices.usd(sent, tokens + generated + opened, 0.0),
    )
