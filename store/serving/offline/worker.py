"""vLLM's side of the pipe. Run by the Python that has it, as ``python -m``; see `Offline`.

    python -m store.serving.offline.worker '{"model": "DIRECTORY", …}'

The argument has those of vLLM's engine. Messages come on stdin and go to what stdout was: vLLM
writes its log to stdout, which is turned over to stderr before vLLM is loaded.
"""

import asyncio
import json
import os
import sys
from functools import partial
from typing import Any

from store.serving.offline.messages import (
    HEADER,
    REQUEST_DECODER,
    CancelRequest,
    ChildReply,
    CompleteRequest,
    DescribeRequest,
    DescriptionReply,
    DetokenizeRequest,
    ErrorReply,
    MetricsRequest,
    Reply,
    TextReply,
    TokenizeChatRequest,
    TokenizeRequest,
    TokensReply,
    WorkerRequest,
    frame_message,
)


class EngineWorker:
    """Answers messages with one engine.

    Args:
        engine: vLLM's ``AsyncLLM``.
        out: the descriptor that replies go to.
    """

    def __init__(self, engine: Any, out: int):  # noqa: ANN401 - vLLM has no types here
        self._engine = engine
        self._out = out
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Answer until the other side closes the pipe."""
        while True:
            try:
                (length,) = HEADER.unpack(await reader.readexactly(HEADER.size))
                request = REQUEST_DECODER.decode(await reader.readexactly(length))
            except asyncio.IncompleteReadError:
                break
            if isinstance(request, CancelRequest):
                if request.id in self._tasks:
                    self._tasks[request.id].cancel()
                continue
            task = asyncio.create_task(self._answer(request))
            self._tasks[request.id] = task
            task.add_done_callback(partial(self._forget, request.id))
        for task in list(self._tasks.values()):
            task.cancel()

    def _forget(self, number: int, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(number, None)

    async def _answer(self, request: WorkerRequest) -> None:
        try:
            if isinstance(request, CompleteRequest):
                await self._draw(request)
            else:
                self._send(await self._handle(request))
        except Exception as problem:  # noqa: BLE001 - whatever vLLM raises is sent to the client
            error = _first(problem)
            refused = isinstance(error, ValueError) or _is_of_template(error)
            reason = str(error) if refused else f"{type(error).__name__}: {error}"
            self._send(ErrorReply(id=request.id, reason=reason, refused=refused))

    async def _handle(self, request: WorkerRequest) -> Reply:
        words = self._engine.renderer.tokenizer
        match request:
            case DescribeRequest():
                from vllm import __version__

                context = self._engine.model_config.max_model_len
                return DescriptionReply(id=request.id, context=context, version=__version__)
            case TokenizeRequest():
                tokens = words.encode(request.text, add_special_tokens=request.special)
                return TokensReply(id=request.id, tokens=list(tokens))
            case TokenizeChatRequest():
                text = words.apply_chat_template(
                    request.messages, tokenize=False, add_generation_prompt=True, **request.template
                )
                tokens = words.encode(text, add_special_tokens=False)
                return TokensReply(id=request.id, tokens=list(tokens))
            case DetokenizeRequest():
                return TextReply(id=request.id, text=words.decode(request.tokens))
            case MetricsRequest():
                from prometheus_client import REGISTRY, generate_latest

                return TextReply(id=request.id, text=generate_latest(REGISTRY).decode())
        raise ValueError(f"{type(request).__name__} is not supported")

    async def _draw(self, message: CompleteRequest) -> None:
        request = message.request
        for prompt in request.prompt:
            room = self._engine.model_config.max_model_len - len(prompt)
            if request.max_tokens > room:
                raise ValueError(f"{request.max_tokens} tokens do not fit the {room} that are left")
        async with asyncio.TaskGroup() as children:
            for child in range(request.children):
                children.create_task(self._child(message, child))

    async def _child(self, message: CompleteRequest, child: int) -> None:
        request = message.request
        prompt = list(request.prompt[child // request.n])
        parameters = make_sampling_params(request, child % request.n)
        drawing = self._engine.generate(
            {"prompt_token_ids": prompt}, parameters, f"{message.id}-{child}"
        )
        output = [output_ async for output_ in drawing][-1].outputs[0]
        own: list[float] | None = None
        top: list[list[float]] | None = None
        if request.logprobs is not None:
            positions = list(zip(output.token_ids, output.logprobs, strict=True))
            own = [max(candidates[token].logprob, -9999.0) for token, candidates in positions]
            top = [top_logprobs(candidates, request.logprobs) for _, candidates in positions]
        self._send(
            ChildReply(
                id=message.id, child=child, token_ids=list(output.token_ids), text=output.text,
                finish=output.finish_reason or "error", logprobs=own, top=top,
            )
        )  # fmt: skip

    def _send(self, reply: Reply) -> None:
        remaining = memoryview(frame_message(reply))
        while remaining:
            remaining = remaining[os.write(self._out, remaining) :]


def _is_of_template(error: BaseException) -> bool:
    """Return whether a chat template does not take a conversation: it would refuse it again."""
    return any(kind.__name__ == "TemplateError" for kind in type(error).__mro__)


def _first(problem: BaseException) -> BaseException:
    """Return the first error of a group: children are drawn by a group of tasks."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    return problem


def top_logprobs(candidates: Any, most: int) -> list[float]:  # noqa: ANN401 - vLLM has no types here
    """Return the log-probabilities of the likeliest tokens at one position, likeliest first."""
    numbers = sorted(
        (max(candidate.logprob, -9999.0) for candidate in candidates.values()), reverse=True
    )
    return numbers[:most]


def make_sampling_params(request: Any, child: int) -> Any:  # noqa: ANN401 - vLLM has no types here
    """VLLM's own parameters for one child."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    structured = request.structured_outputs
    return SamplingParams(
        n=1,
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        min_p=request.min_p,
        repetition_penalty=request.repetition_penalty,
        seed=None if request.seed is None else request.seed + child,
        stop=request.stop,
        stop_token_ids=request.stop_token_ids,
        logprobs=request.logprobs,
        allowed_token_ids=request.allowed_token_ids,
        structured_outputs=(
            None
            if structured is None
            else StructuredOutputsParams(regex=structured.regex, choice=structured.choice)
        ),
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


async def main() -> None:
    """Load the engine and serves."""
    out = os.dup(1)
    os.dup2(2, 1)
    from vllm import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**json.loads(sys.argv[1])))
    try:
        reader = asyncio.StreamReader(limit=1 << 30)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await EngineWorker(engine, out).serve(reader)
    finally:
        engine.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
