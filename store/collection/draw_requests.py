"""Requests that draw and probe branches, with the seed of each draw.

Pure functions: they contact no server, and equal arguments give equal requests.
"""

import math
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from store.forcing import ForcingTokens
from store.serving.requests import TOP, CompletionRequest, Structured

_BITS = 62


def question_seed(base: int, question: str) -> int:
    """Return the seed of a question's branch 0; branch i has this plus i, as vLLM seeds children.

    Args:
        base: the seed of the whole collection.
        question: the question's id.
    """
    return _stable("question", base, question)


def interval_seed(base: int, question: str, branch: int, interval: int) -> int:
    """Return the seed of one interval of a branch that is drawn step by step.

    Args:
        base: the seed of the whole collection, or of the live episodes.
        question: the question's id.
        branch: the branch's index, from 0.
        interval: the interval's number in its branch, from 0.
    """
    return _stable("interval", base, question, branch, interval)


def _stable(*parts: str | int) -> int:
    digest = blake2b(msgspec.msgpack.encode(parts), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - _BITS)


class DrawSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How branches are drawn. Every value is sent, so that no server's default decides."""

    interval: int
    """Δ, tokens between two probes."""
    max_tokens: int
    """The most tokens of a branch."""
    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    """0 for all."""
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int = 0
    """The base seed, from which all others come."""
    logprobs: bool = False
    """Whether to request log-probabilities: of each token, and of the likeliest at its position."""


class ProbeSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How probes are made: at temperature 0, few tokens."""

    max_tokens: int = 32
    stop: list[str] = []
    """Strings that end an answer."""
    regex: str | None = None
    """What an answer is constrained to."""
    choice: list[str] | None = None
    """The answers that an answer is constrained to."""


def probe_count(tokens: int, interval: int) -> int:
    """P, the probes of a chain of T tokens: ceil(T / Δ) - 1, so that each has a prefix of its own.

    What is after the last of them is never empty, and is the chain's own end.
    """
    return max(0, math.ceil(tokens / interval) - 1)


def request_branches(
    prompt: Sequence[int], question: str, first: int, count: int, drawing: DrawSettings
) -> CompletionRequest:
    """Return the request for whole branches ``first`` to ``first + count - 1`` of a question.

    Args:
        prompt: the question's prompt in tokens.
        question: its id.
        first: the index of the first branch.
        count: how many, side by side: child i is branch ``first + i``.
        drawing: how they are drawn.
    """
    seed = question_seed(drawing.seed, question) + first
    return _draw([prompt], drawing, drawing.max_tokens, seed, count)


def request_interval(
    prompt: Sequence[int], question: str, branch: int, done: Sequence[int], drawing: DrawSettings
) -> CompletionRequest:
    """Return the request for a branch's next interval: at most Δ tokens, by a seed of their own.

    Args:
        prompt: the question's prompt in tokens.
        question: its id.
        branch: the branch's index.
        done: the branch's tokens so far: whole intervals, fewer than ``drawing.max_tokens``.
        drawing: how it is drawn.
    """
    seed = interval_seed(drawing.seed, question, branch, len(done) // drawing.interval)
    tokens = min(drawing.interval, drawing.max_tokens - len(done))
    return _draw([[*prompt, *done]], drawing, tokens, seed, 1)


def request_probes(
    prompt: Sequence[int],
    prefixes: Sequence[Sequence[int]],
    forced: ForcingTokens,
    probing: ProbeSettings,
) -> CompletionRequest:
    """Return the request that requests the answer after each of some prefixes of branches.

    Args:
        prompt: the question's prompt in tokens.
        prefixes: the first tokens of a branch or of several, without the prompt.
        forced: what makes the model answer.
        probing: how.
    """
    constrained = probing.regex is not None or probing.choice is not None
    return _greedy(
        [[*prompt, *prefix, *forced.behind(prefix)] for prefix in prefixes],
        probing.max_tokens,
        stop=probing.stop or None,
        structured=Structured(regex=probing.regex, choice=probing.choice) if constrained else None,
    )


def request_openings(
    prompt: Sequence[int], prefixes: Sequence[Sequence[int]], forced: ForcingTokens
) -> CompletionRequest:
    """Build the request for the first token after the forced end of thinking, with alternatives.

    From the log-probabilities comes the entropy there.

    Args:
        prompt: the question's prompt in tokens.
        prefixes: the first tokens of branches, without the prompt.
        forced: what makes the model answer.
    """
    ended = [[*prompt, *prefix, *forced.ending(prefix)] for prefix in prefixes]
    return _greedy(ended, 1, logprobs=TOP)


def request_token(prompt: Sequence[int], token: int) -> CompletionRequest:
    """Build the request for the log-probability of one token after a prompt.

    No other token is allowed, so it is drawn, however unlikely it is.

    Args:
        prompt: the whole prompt in tokens.
        token: the token.
    """
    return _greedy([prompt], 1, logprobs=1, allowed=[token])


def list_prefixes(tokens: Sequence[int], length: int) -> list[Sequence[int]]:
    """Return the prefixes of a whole chain that are probed: its first 1, 2, … P intervals.

    Args:
        tokens: the chain.
        length: Δ.
    """
    return [tokens[: k * length] for k in range(1, probe_count(len(tokens), length) + 1)]


def _greedy(
    prompts: Sequence[Sequence[int]],
    tokens: int,
    *,
    stop: list[str] | None = None,
    structured: Structured | None = None,
    logprobs: int | None = None,
    allowed: list[int] | None = None,
) -> CompletionRequest:
    return CompletionRequest(
        prompt=prompts,
        max_tokens=tokens,
        temperature=0.0,
        top_p=1.0,
        top_k=0,
        min_p=0.0,
        repetition_penalty=1.0,
        stop=stop,
        structured_outputs=structured,
        logprobs=logprobs,
        allowed_token_ids=allowed,
    )


def _draw(
    prompts: Sequence[Sequence[int]], drawing: DrawSettings, tokens: int, seed: int, count: int
) -> CompletionRequest:
    return CompletionRequest(
        prompt=prompts,
        max_tokens=tokens,
        n=count,
        seed=seed,
        temperature=drawing.temperature,
        top_p=drawing.top_p,
        top_k=drawing.top_k,
        min_p=drawing.min_p,
        repetition_penalty=drawing.repetition_penalty,
        logprobs=TOP if drawing.logprobs else None,
    )
