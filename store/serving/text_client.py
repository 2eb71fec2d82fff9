"""Ask any server that speaks OpenAI's protocol for one text: chat, or a bare completion."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from store.decode_errors import DECODE_ERRORS, describe_decode_error
from store.pipelines.call_cache import PipelineCall, PipelineReply
from store.pipelines.schema import Interface
from store.serving.connection import ServerConnection
from store.serving.errors import InconsistentResponse
from store.serving.replies import error_document
from store.serving.retries import retry_call

_PATHS = {Interface.CHAT: "/v1/chat/completions", Interface.COMPLETIONS: "/v1/completions"}


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _TextChoice(msgspec.Struct, frozen=True):
    text: str | None = None
    message: _Message | None = None


class _TextUsage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _TextReply(msgspec.Struct, frozen=True):
    choices: list[_TextChoice]
    usage: _TextUsage | None = None


class TextClient(ServerConnection):
    """The client of a server that returns texts. Use it as an asynchronous context manager."""

    software: ClassVar[str] = "OpenAI's API"

    async def ask(self, call: PipelineCall) -> PipelineReply:
        """Make a call.

        Raises:
            InconsistentResponse: the reply is none.
            Refused: the server will not answer this.
            Unreachable: it does not answer, for as long as patience lasts.
        """
        interface = Interface(call.interface)
        body = msgspec.json.encode(_body(call, interface))

        async def attempt() -> PipelineReply:
            reply = await self._read_body("POST", _PATHS[interface], body)
            if (reported := error_document(reply)) is not None:
                raise self._failure(reported.status, f"returned an error: {reported}")
            return self._parse_reply(reply, interface)

        return await retry_call(attempt, self.limits)

    def _parse_reply(self, body: bytes, interface: Interface) -> PipelineReply:
        try:
            reply = msgspec.json.decode(body, type=_TextReply)
            choice = reply.choices[0]
            chat = interface is Interface.CHAT
            text = choice.message.content if chat and choice.message else choice.text
        except (*DECODE_ERRORS, IndexError) as problem:
            reason = describe_decode_error(problem)
            raise InconsistentResponse(
                f"the reply is not a completion: {reason}", address=self.address
            ) from problem
        used = reply.usage or _TextUsage()
        return PipelineReply(
            text=text or "",
            tokens_in=max(0, used.prompt_tokens),
            tokens_out=max(0, used.completion_tokens),
        )


def _body(call: PipelineCall, interface: Interface) -> Mapping[str, Any]:
    body: dict[str, Any] = {
        "model": call.model,
        "temperature": call.temperature,
        "max_tokens": call.tokens,
        "seed": call.seed,
    }
    if interface is Interface.CHAT:
        body["messages"] = [{"role": "user", "content": call.prompt}]
    else:
        body["prompt"] = call.prompt
    if call.stop:
        body["stop"] = call.stop
    if call.choices:
        body["structured_outputs"] = {"choice": call.choices}
    return body
