"""vLLM without a server, with the same interface as a server.

vLLM pins its torch and much else, so it lives in an environment of its own: `OfflineEngine` runs a
worker by the Python of that environment and speaks to it over a pipe. Nothing but this program's
source directory is put on that Python's path, and the modules loaded from there need msgspec alone.
"""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import msgspec

import store
from store.lifetime import ParentPipe
from store.serving.engine import PrefixCacheCounters, Served, read_counters
from store.serving.errors import InconsistentResponse, Refused, Unreachable
from store.serving.offline import messages
from store.serving.replies import UNFINISHED, CompletionResult, InvalidReply, check_completion
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits
from store.serving.streams import FinishedChild, StreamChunk

R = TypeVar("R", messages.DescriptionReply, messages.TokensReply, messages.TextReply)

_GRACE = 30.0
"""Seconds for the worker to end by itself."""


class OfflineEngine:
    """vLLM in a process of its own. Use it as an asynchronous context manager.

    Args:
        python: the Python that has vLLM.
        model: the model's directory or name.
        arguments: further ones of vLLM's engine, such as ``max_model_len``.
        limits: those of a server; its boot and its replies are waited for without an end, since the
            process can be seen to live.
    """

    def __init__(
        self,
        python: Path,
        model: str,
        arguments: Mapping[str, str | int | float | bool],
        *,
        limits: Limits | None = None,
    ):
        self.address = f"vLLM by {python}"
        # A process that has died comes back with the command that is run again, not by waiting.
        self.limits = msgspec.structs.replace(limits or Limits(), patience=0.0)
        self._model = model
        self._words = [
            str(python), "-m", "store.serving.offline.worker",
            json.dumps({"model": model, **arguments}),
        ]  # fmt: skip
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Queue[messages.Reply | None]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process

    async def __aenter__(self) -> Self:
        root = str(Path(store.__file__).parents[1])
        self._pipe = ParentPipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=self._log,
                env=os.environ | {"PYTHONPATH": root},
                start_new_session=True,
                pass_fds=(self._pipe.descriptor,),
            )
        except OSError as error:
            self._pipe.close()
            self._log.close()
            problem = f"cannot be started: {error.strerror}"
            raise Refused(problem, address=self.address) from error
        # vLLM starts processes of its own, which are in the worker's group.
        self._pipe.bind(self._process.pid)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None or self._reading is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        finally:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._pipe.close()
            self._log.close()

    async def served(self) -> Served:
        """Return what is served; waits until vLLM has loaded the model."""
        facts = await self._one(
            messages.DescribeRequest(id=next(self._numbers)), messages.DescriptionReply
        )
        return Served(Path(self._model).name, facts.context, facts.version)

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of a text."""
        request = messages.TokenizeRequest(id=next(self._numbers), text=text, special=special)
        return (await self._one(request, messages.TokensReply)).tokens

    async def tokenize_chat(
        self, messages_: Sequence[Mapping[str, str]], template: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Tokenize a conversation in the model's own template, up to where it replies."""
        request = messages.TokenizeChatRequest(
            id=next(self._numbers),
            messages=[dict(message) for message in messages_],
            template=dict(template or {}),
        )
        return (await self._one(request, messages.TokensReply)).tokens

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, special ones included."""
        request = messages.DetokenizeRequest(id=next(self._numbers), tokens=list(tokens))
        return (await self._one(request, messages.TextReply)).text

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        """Return whole completions: prompt after prompt, child after child."""
        results: dict[int, CompletionResult] = {}
        async for piece in self.stream(request, rank=rank):
            if piece.finished is not None:
                results[piece.finished.child] = piece.finished.given
        return [results[child] for child in sorted(results)]

    async def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        """Stream each completion when it ends.

        Args:
            request: the request.
            every: tokens per piece, about.
            rank: the data-parallel engine; ``None`` for any.
        """
        message = messages.CompleteRequest(id=next(self._numbers), request=request)
        unfinished = set(range(request.children))
        queue = await self._send(message)
        try:
            while unfinished:
                reply = await self._next(queue)
                if not isinstance(reply, messages.ChildReply) or reply.child not in unfinished:
                    raise InconsistentResponse(
                        "sent a reply that was not requested", address=self.address
                    )
                unfinished.remove(reply.child)
                result = self._checked(reply, request)
                yield StreamChunk(len(result.token_ids), FinishedChild(reply.child, result))
        finally:
            del self._waiting[message.id]
            if unfinished:
                self._write(messages.CancelRequest(id=message.id))

    async def counters(self) -> PrefixCacheCounters | None:
        """Return the counters of the prefix cache."""
        request = messages.MetricsRequest(id=next(self._numbers))
        return read_counters((await self._one(request, messages.TextReply)).text)

    def _checked(self, reply: messages.ChildReply, request: CompletionRequest) -> CompletionResult:
        result = CompletionResult(
            reply.token_ids, reply.text, reply.finish, reply.logprobs, reply.top
        )
        if result.finish in UNFINISHED:
            raise Unreachable(f"a completion ended by {result.finish}", address=self.address)
        try:
            check_completion(result, request)
        except InvalidReply as error:
            raise InconsistentResponse(str(error), address=self.address) from error
        return result

    async def _one(self, request: messages.EngineRequest, kind: type[R]) -> R:
        queue = await self._send(request)
        try:
            reply = await self._next(queue)
        finally:
            del self._waiting[request.id]
        if not isinstance(reply, kind):
            raise InconsistentResponse("sent a reply that was not requested", address=self.address)
        return reply

    async def _send(
        self, request: messages.EngineRequest
    ) -> "asyncio.Queue[messages.Reply | None]":
        if self._reading is None or self._reading.done():
            raise self._gone()
        queue: asyncio.Queue[messages.Reply | None] = asyncio.Queue()
        self._waiting[request.id] = queue
        self._write(request)
        return queue

    def _write(self, request: messages.EngineRequest) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(messages.frame_message(request))

    async def _next(self, queue: "asyncio.Queue[messages.Reply | None]") -> messages.Reply:
        reply = await queue.get()
        if reply is None:
            raise self._gone()
        if isinstance(reply, messages.ErrorReply):
            kind = Refused if reply.refused else Unreachable
            raise kind(reply.reason, address=self.address)
        return reply

    async def _read(self) -> None:
        """Hand replies to those who wait for them, until the worker is gone."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            while True:
                header = await self._process.stdout.readexactly(messages.HEADER.size)
                (length,) = messages.HEADER.unpack(header)
                reply = messages.REPLY_DECODER.decode(
                    await self._process.stdout.readexactly(length)
                )
                if reply.id in self._waiting:
                    self._waiting[reply.id].put_nowait(reply)
        except asyncio.IncompleteReadError:
            for queue in self._waiting.values():
                queue.put_nowait(None)

    def _gone(self) -> Unreachable:
        """Return the error for a worker that has ended, with the end of its output."""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        last = next((line for line in reversed(lines) if "Error" in line or "error" in line), "")
        return Unreachable(f"has ended: {last or 'no output'}", address=self.address)
