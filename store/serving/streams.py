"""A streamed reply: pieces of several children, put together and checked child by child.

Each piece carries the server's own count of the child's tokens, so a piece that went missing, came
twice or was cut is noticed at once, and a child is given out only when it is whole and right.
"""

from collections.abc import Container
from typing import NamedTuple

import msgspec

from store.serving.replies import (
    CompletionResult,
    InvalidReply,
    LogProbs,
    MalformedReply,
    TokenUsage,
    check_completion,
    decode_reply,
    read_logprobs,
    refuse_other_model,
    refuse_other_prompt,
)
from store.serving.requests import CompletionRequest

DONE = b"[DONE]"


class FinishedChild(NamedTuple):
    """One child of a stream that has ended."""

    child: int
    """Among all children: prompt after prompt, child after child."""
    given: CompletionResult


class StreamChunk(NamedTuple):
    """What one event of a stream brought."""

    tokens: int
    """How many tokens, of whatever child."""
    finished: FinishedChild | None
    """The child that ended with it, if one did."""


class _StreamChoice(msgspec.Struct, frozen=True):
    index: int
    text: str
    token_ids: list[int]
    finish_reason: str | None = None
    prompt_token_ids: list[int] | None = None
    logprobs: LogProbs | None = None


class _Event(msgspec.Struct, frozen=True):
    model: str
    choices: list[_StreamChoice]
    usage: TokenUsage


_EVENT = msgspec.json.Decoder(_Event)


class _Child:
    """One child as far as it has come."""

    def __init__(self) -> None:
        self.begun = False
        self.token_ids: list[int] = []
        self.texts: list[str] = []
        self.logprobs: list[float] = []
        self.top: list[list[float]] = []

    def take(self, choice: _StreamChoice, request: CompletionRequest) -> None:
        """Add a piece."""
        if not self.begun:
            if choice.prompt_token_ids is None:
                raise InvalidReply("a stream does not start with its prompt")
            refuse_other_prompt(choice.prompt_token_ids, request, choice.index)
            self.begun = True
        self.token_ids += choice.token_ids
        self.texts.append(choice.text)
        if request.logprobs is not None and choice.token_ids:
            if choice.logprobs is None:
                raise InvalidReply("log-probabilities were requested, but none came")
            own, top = read_logprobs(choice.logprobs, choice.token_ids, request.logprobs)
            self.logprobs += own
            self.top += top

    def end(self, finish: str, request: CompletionRequest) -> CompletionResult:
        """Return the whole child."""
        wanted = request.logprobs is not None
        result = CompletionResult(
            self.token_ids,
            "".join(self.texts),
            finish,
            self.logprobs if wanted else None,
            self.top if wanted else None,
        )
        check_completion(result, request)
        return result


class StreamAssembler:
    """Puts the events of one streamed reply together.

    Args:
        request: the request that was sent.
        names: the names of the requested model.
    """

    def __init__(self, request: CompletionRequest, names: Container[str]):
        self._request = request
        self._names = names
        self._children = [_Child() for _ in range(request.children)]
        self._ended: set[int] = set()
        self._closed = False

    def take(self, data: bytes) -> StreamChunk:
        """Take the data of one event.

        Raises:
            MalformedReply: it is truncated; asking again may help.
            ErrorDocument: the server reports an error, whatever the status of the stream was.
            InvalidReply: it is not part of a reply to the request.
        """
        if data.strip() == DONE:
            self._close()
            return StreamChunk(0, None)
        event = decode_reply(_EVENT, data)
        refuse_other_model(event.model, self._names)
        if not event.choices:
            self._tally(event.usage)
            return StreamChunk(0, None)
        if len(event.choices) != 1:
            raise InvalidReply("one event covers several completions")
        return self._piece(event.choices[0], event.usage)

    def _piece(self, choice: _StreamChoice, usage: TokenUsage) -> StreamChunk:
        if not 0 <= choice.index < len(self._children) or choice.index in self._ended:
            raise InvalidReply(f"completion {choice.index} was not requested, or had already ended")
        child = self._children[choice.index]
        child.take(choice, self._request)
        if usage.completion_tokens != len(child.token_ids):
            raise InvalidReply(
                f"it counts {usage.completion_tokens} tokens of a completion but returned"
                f" {len(child.token_ids)}"
            )
        if choice.finish_reason is None:
            return StreamChunk(len(choice.token_ids), None)
        self._ended.add(choice.index)
        result = child.end(choice.finish_reason, self._request)
        return StreamChunk(len(choice.token_ids), FinishedChild(choice.index, result))

    def _tally(self, usage: TokenUsage) -> None:
        counted = sum(len(child.token_ids) for child in self._children)
        if usage.completion_tokens != counted:
            raise InvalidReply(
                f"it counts {usage.completion_tokens} tokens in all but returned {counted}"
            )

    def _close(self) -> None:
        if len(self._ended) != len(self._children):
            missing = len(self._children) - len(self._ended)
            raise MalformedReply(f"the stream ended before {missing} of its completions did")
        self._closed = True

    def refuse_unclosed(self) -> None:
        """Raise `MalformedReply` if the connection ended before the stream did."""
        if not self._closed:
            raise MalformedReply("the stream was interrupted")
