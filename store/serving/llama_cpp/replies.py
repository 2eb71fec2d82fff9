"""A reply of ``/completion``, decoded strictly and checked against the request before it is used.

The server repeats the parameters that it sampled with. They are compared with those that were sent,
since it moves some into their range and replaces others by options of its own, in silence.
"""

import math
from typing import Any, NamedTuple

import msgspec

from store.serving.llama_cpp.requests import LlamaRequest
from store.serving.replies import (
    NO_ADVICE,
    CompletionResult,
    InvalidReply,
    check_completion,
    decode_reply,
    refuse_other_model,
)
from store.serving.requests import CompletionRequest

SOFTWARE = "llama.cpp"
"""What messages call the server."""

REPEATED = (
    "seed", "temperature", "top_k", "top_p", "min_p", "repeat_penalty", "samplers", "stop",
    "n_probs", "mirostat", "dynatemp_range", "presence_penalty", "frequency_penalty", "ignore_eos",
    "min_keep", "post_sampling_probs", "backend_sampling", "grammar",
)  # fmt: skip
"""The parameters of a request that the reply repeats."""

_FINISH = {"eos": "stop", "word": "stop", "limit": "length"}
"""The reasons for an end, in vLLM's names."""

_PRECISION = 1e-6
"""The server repeats numbers in single precision."""

_SMALLEST = math.log(2.0**-149)
"""The logarithm of the smallest number of single precision.

The server takes the logarithm of a probability in single precision. One that is 0 there comes as
the lowest number instead of minus infinity.
"""


class _TopToken(msgspec.Struct, frozen=True):
    logprob: float


class _TokenProbability(msgspec.Struct, frozen=True):
    id: int
    logprob: float
    top_logprobs: list[_TopToken]


class _Timings(msgspec.Struct, frozen=True):
    cache_n: int
    """Tokens of the prompt that were cached."""


class _LlamaReply(msgspec.Struct, frozen=True):
    content: str
    tokens: list[int]
    model: str
    tokens_predicted: int
    tokens_evaluated: int
    """Tokens of the prompt, the cached ones included."""
    truncated: bool
    stop_type: str
    timings: _Timings
    generation_settings: dict[str, Any]
    completion_probabilities: list[_TokenProbability] | None = None


_DECODER = msgspec.json.Decoder(_LlamaReply)


class CheckedReply(NamedTuple):
    """One completion that was found to be what was requested."""

    result: CompletionResult
    prompt_tokens: int
    cached_tokens: int
    """Tokens of the prompt that were not computed again."""


def read_llama_reply(
    body: bytes, request: CompletionRequest, sent: LlamaRequest, names: frozenset[str]
) -> CheckedReply:
    """Return the completion of a reply.

    Args:
        body: the reply.
        request: the request of which this is one child.
        sent: the request as it was sent.
        names: the names of the requested model.

    Raises:
        MalformedReply, ErrorDocument, InvalidReply: as `store.serving.replies.decode_reply`;
            nothing of the reply may be used.
    """
    reply = decode_reply(_DECODER, body, SOFTWARE)
    refuse_other_model(reply.model, names)
    if reply.tokens_evaluated != len(sent.prompt):
        raise InvalidReply(
            f"it counts {reply.tokens_evaluated} prompt tokens of {len(sent.prompt)}"
        )
    if reply.tokens_predicted != len(reply.tokens):
        raise InvalidReply(
            f"it counts {reply.tokens_predicted} tokens but returns {len(reply.tokens)}"
        )
    if reply.stop_type not in _FINISH:
        raise InvalidReply(f"a completion ended with the unknown reason {reply.stop_type!r}")
    if reply.truncated and len(reply.tokens) < sent.n_predict:
        raise InvalidReply(
            f"the context ended after {len(reply.tokens)} of {sent.n_predict} tokens"
        )
    _refuse_other_settings(reply.generation_settings, sent)
    result = CompletionResult(
        reply.tokens,
        reply.content,
        _FINISH[reply.stop_type],
        *_read_probabilities(reply, sent),
    )
    check_completion(result, request, NO_ADVICE)
    return CheckedReply(result, reply.tokens_evaluated, reply.timings.cache_n)


def _refuse_other_settings(settings: dict[str, Any], sent: LlamaRequest) -> None:
    """Raise `InvalidReply` if the server sampled with another parameter than was sent."""
    for name in REPEATED:
        wanted = getattr(sent, name)
        if name not in settings:
            raise InvalidReply(f"the reply does not repeat {name}")
        if not _is_same(settings[name], wanted):
            raise InvalidReply(
                f"{name} {wanted!r} was requested, but the server sampled with {settings[name]!r}"
            )


def _is_same(repeated: object, wanted: object) -> bool:
    if isinstance(wanted, float) and isinstance(repeated, int | float):
        return math.isclose(repeated, wanted, rel_tol=_PRECISION, abs_tol=_PRECISION)
    if isinstance(wanted, tuple):
        return repeated == list(wanted)
    return repeated == wanted


def _read_probabilities(
    reply: _LlamaReply, sent: LlamaRequest
) -> tuple[list[float] | None, list[list[float]] | None]:
    """Return the log-probability of each token, and those of the likeliest at its position."""
    if not sent.n_probs:
        return None, None
    listed = reply.completion_probabilities or []
    if [token.id for token in listed] != reply.tokens:
        lost = len(reply.tokens) - len(listed)
        raise InvalidReply(
            f"{lost} of {len(reply.tokens)} tokens came without a log-probability: llama.cpp"
            " leaves out tokens that end within a character"
        )
    own = [max(token.logprob, _SMALLEST) for token in listed]
    top = [
        sorted(
            (max(candidate.logprob, _SMALLEST) for candidate in token.top_logprobs), reverse=True
        )
        for token in listed
    ]
    if not all(top):
        raise InvalidReply(
            "a token comes without the most likely tokens at its position: a server with"
            " speculative decoding reports none"
        )
    return own, [candidates[: sent.n_probs] for candidates in top]
