"""A reply, decoded strictly and checked against the request before it is used.

A reply whose JSON is truncated is `MalformedReply`: the connection failed, and a retry may
succeed. One that is well formed but lacks a field, has another type in it, counts wrongly, answers
another prompt or comes from another model is a `InvalidReply`, and ends the work. A document with
an error in place of a reply, as a stream of status 200 can carry one, is an `ErrorDocument`.
"""

import math
from collections.abc import Container
from typing import NamedTuple, TypeVar

import msgspec

from store.messages import lower_first
from store.serving.constraints import constraint_fault
from store.serving.requests import CompletionRequest

T = TypeVar("T")

UNFINISHED = frozenset({"abort", "error"})
"""Reasons for an end that is the server's own fault: the child is to be drawn again."""


class MalformedReply(Exception):
    """The bytes are not a complete JSON document; the message gives the reason."""


class InvalidReply(Exception):
    """The reply does not match the request; the message names the difference."""


class ErrorDocument(Exception):
    """The server reports an error inside a reply of status 200.

    Args:
        message: the server's description of the error.
        status: the status that a whole reply would have had.
    """

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


class CompletionResult(NamedTuple):
    """One completion that was found to be what was requested."""

    token_ids: list[int]
    text: str
    finish: str
    """``stop`` or ``length``; other values of servers are kept as they are."""
    logprobs: list[float] | None
    """Of each token, in nats, where they were requested."""
    top: list[list[float]] | None
    """Of the likeliest tokens at each position, in nats, likeliest first."""


class TokenUsage(msgspec.Struct, frozen=True):
    """What the server counted."""

    prompt_tokens: int
    completion_tokens: int


class LogProbs(msgspec.Struct, frozen=True):
    """Log-probabilities, one of each for every token."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]


class _ReplyChoice(msgspec.Struct, frozen=True):
    index: int
    text: str
    token_ids: list[int]
    finish_reason: str
    prompt_token_ids: list[int]
    logprobs: LogProbs | None = None


class _Reply(msgspec.Struct, frozen=True):
    model: str
    choices: list[_ReplyChoice]
    usage: TokenUsage


_DECODER = msgspec.json.Decoder(_Reply)


def decode_reply(decoder: msgspec.json.Decoder[T], body: bytes, software: str = "vLLM") -> T:
    """Decode one JSON document.

    Args:
        decoder: of the shape that is expected.
        body: the document.
        software: the server whose shape it is, for messages.

    Raises:
        MalformedReply: it is not JSON, or not all of it.
        ErrorDocument: it reports an error.
        InvalidReply: it is JSON of another shape.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        if (reported := error_document(body)) is not None:
            raise reported from error
        raise InvalidReply(
            f"the reply is not as {software} gives it: {lower_first(str(error))}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedReply("the reply is not complete JSON") from error


def error_document(body: bytes) -> ErrorDocument | None:
    """Read a document that reports an error, in vLLM's shapes of old and new.

    ``{"error": {"message", "type", "code"}}``, or the same fields beside ``"object": "error"``.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    error = document.get("error", document if document.get("object") == "error" else None)
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        return None
    message = " ".join(str(error.get("message") or "no reason given").split())
    return ErrorDocument(message[:300], _status(error))


def _status(error: dict[str, object]) -> int:
    """Return the status of an error: its code where that is one, else by its type."""
    code = error.get("code", error.get("status_code"))
    if isinstance(code, str) and code.isdecimal():
        code = int(code)
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return 400 if str(error.get("type")) in _REFUSALS else 500


_REFUSALS = frozenset({"BadRequestError", "NotFoundError", "invalid_request_error"})


def read_reply(
    body: bytes, request: CompletionRequest, names: Container[str]
) -> list[CompletionResult]:
    """Return the completions of a whole reply: prompt after prompt, child after child.

    Args:
        body: the reply.
        request: the request that was sent.
        names: the names of the requested model.

    Raises:
        MalformedReply, ErrorDocument, InvalidReply: as above; nothing of the reply may be used.
    """
    reply = decode_reply(_DECODER, body)
    refuse_other_model(reply.model, names)
    if [choice.index for choice in reply.choices] != list(range(request.children)):
        raise InvalidReply(
            f"{request.children} completions were requested, but {len(reply.choices)} came or"
            " their indexes are wrong"
        )
    results = []
    for choice in reply.choices:
        refuse_other_prompt(choice.prompt_token_ids, request, choice.index)
        result = CompletionResult(
            choice.token_ids,
            choice.text,
            choice.finish_reason,
            *_read_choice_logprobs(choice, request),
        )
        check_completion(result, request)
        results.append(result)
    counted, sent = sum(len(result.token_ids) for result in results), sum(map(len, request.prompt))
    if reply.usage.completion_tokens != counted:
        raise InvalidReply(
            f"it counts {reply.usage.completion_tokens} tokens but returns {counted}"
        )
    if reply.usage.prompt_tokens != sent:
        raise InvalidReply(f"it counts {reply.usage.prompt_tokens} prompt tokens of {sent}")
    return results


def refuse_other_model(named: str, names: Container[str]) -> None:
    """Raise `InvalidReply` if a reply comes from another model than was requested."""
    if named not in names:
        raise InvalidReply(f"the reply comes from the model {named!r}, which was not requested")


def refuse_other_prompt(prompt: list[int], request: CompletionRequest, index: int) -> None:
    """Raise `InvalidReply` if child ``index`` continues from another prompt than its own.

    Args:
        prompt: prompt tokens of the reply.
        request: the request.
        index: index of the completion.
    """
    if prompt != list(request.prompt[index // request.n]):
        raise InvalidReply("it answers a prompt other than the one sent")


class Advice(NamedTuple):
    """What messages on a completion advise, where its server's options may be the reason."""

    constraint: str
    logprobs: str


VLLM_ADVICE = Advice(
    "; a server started with --reasoning-parser applies none before the end of thinking",
    "; serve with --logprobs-mode raw_logprobs, vLLM's default",
)
NO_ADVICE = Advice("", "")


def check_completion(
    result: CompletionResult, request: CompletionRequest, advice: Advice = VLLM_ADVICE
) -> None:
    """Raise `InvalidReply` if one completion cannot be what was requested.

    Args:
        result: the completion.
        request: the request.
        advice: what the message advises.
    """
    count = len(result.token_ids)
    if any(token < 0 for token in result.token_ids):
        raise InvalidReply("a token id is below 0")
    allowed = request.allowed_token_ids
    if allowed is not None and not set(result.token_ids) <= set(allowed):
        raise InvalidReply("a token is none of those that were allowed: the server ignores them")
    if count > request.max_tokens:
        raise InvalidReply(f"at most {request.max_tokens} tokens were requested, but {count} came")
    if result.finish == "length" and count != request.max_tokens:
        raise InvalidReply(
            f"it reports that {request.max_tokens} tokens were reached, but returns {count}"
        )
    if not count and result.finish not in UNFINISHED:
        raise InvalidReply("a completion has no tokens")
    if fault := logprob_fault(result.logprobs, result.top, advice.logprobs):
        raise InvalidReply(fault)
    if result.finish not in UNFINISHED and (
        fault := constraint_fault(result.text, result.finish, request)
    ):
        raise InvalidReply(f"{fault}: the server does not apply the constraint{advice.constraint}")


_ROUNDING = 1e-5
"""How far above 0 single precision can put the logarithm of 1."""

_MASKED = -9999.0
"""What vLLM writes for minus infinity: the log-probability of a token that was masked."""

_EXCESS = 1e-2
"""How far above 1 half precision can put a sum of probabilities."""


def logprob_fault(
    own: list[float] | None, top: list[list[float]] | None, advice: str = VLLM_ADVICE.logprobs
) -> str | None:
    """Describe why log-probabilities cannot be those of a model; ``None`` where they can.

    Args:
        own: of each token, in nats.
        top: of the likeliest tokens at each position, in nats, likeliest first.
        advice: what the description ends with.
    """
    for numbers in (own or [], *(top or [])):
        if not all(number <= _ROUNDING and math.isfinite(number) for number in numbers):
            return f"a log-probability is above 0 or not a number{advice}"
        if numbers and min(numbers) <= _MASKED:
            return f"a log-probability is {min(numbers):.0f}, that of a masked token{advice}"
    for candidates in top or []:
        if math.fsum(map(math.exp, candidates)) > 1 + _EXCESS:
            return f"the probabilities of the most likely tokens add up to more than 1{advice}"
    return None


def _read_choice_logprobs(
    choice: _ReplyChoice, request: CompletionRequest
) -> tuple[list[float] | None, list[list[float]] | None]:
    """Return the log-probability of each token, and those of the likeliest at its position."""
    if request.logprobs is None:
        return None, None
    if choice.logprobs is None:
        raise InvalidReply("log-probabilities were requested, but none came")
    return read_logprobs(choice.logprobs, choice.token_ids, request.logprobs)


def read_logprobs(
    logprobs: LogProbs, token_ids: list[int], most: int
) -> tuple[list[float], list[list[float]]]:
    """Read log-probabilities of the tokens, and of the ``most`` likeliest per position.

    Args:
        logprobs: log-probabilities of the reply.
        token_ids: tokens of the completion.
        most: number of likeliest tokens per position.

    Raises:
        InvalidReply: they are those of other tokens, or there are too few.
    """
    if logprobs.tokens != [f"token_id:{token}" for token in token_ids]:
        raise InvalidReply("its log-probabilities belong to other tokens")
    if not len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == len(token_ids):
        raise InvalidReply("not every token has a log-probability")
    top = [sorted(candidates.values(), reverse=True)[:most] for candidates in logprobs.top_logprobs]
    if any(not candidates for candidates in top):
        raise InvalidReply("a token comes without the most likely tokens at its position")
    return logprobs.token_logprobs, top
