"""Execute trials on servers: each question through all stages, in parallel.

Every call goes through `store.pipelines.call_cache.CallCache`, so no call is made twice.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from harness.allocation.scoring import extract_output, join_outputs, score_output, vote_output
from harness.allocation.simulator import GovernedStage
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from store.answers.equivalence import Equivalence, Exact, open_equivalence
from store.pipelines.call_cache import CallCache, PipelineCall, PipelineReply
from store.pipelines.pipeline_file import PipelineDeclaration
from store.pipelines.schema import (
    Fusion,
    Metric,
    PipelineModel,
    PipelineQuestion,
    QuestionResult,
    Stage,
    StageChoice,
    StageChoices,
    StageOutput,
    Trial,
)
from store.serving.retries import Limits
from store.serving.text_client import TextClient

MAX_CONCURRENT_CALLS = 32
"""The most concurrent calls."""


class TrialExecutor:
    """Execute trials of one pipeline.

    Args:
        declared: The pipeline, with its questions.
        calls: The cache of calls.
        base_url: Base URL of a server, for models without one in the pipeline.
        governed: For each stage, its controllers; their answers replace the stage's output.
        limits: Timeouts of servers.

    Raises:
        InputError: No server is named for a model.
    """

    def __init__(
        self,
        declared: PipelineDeclaration,
        calls: CallCache,
        base_url: str,
        governed: Sequence[Mapping[StageChoice, GovernedStage]],
        limits: Limits | None = None,
    ):
        self._declared, self._calls = declared, calls
        self._governed, self._limits = governed, limits or Limits()
        pipeline = declared.pipeline
        self._space = AllocationSpace(
            pipeline, float("inf"),
            governed=[
                {choice: estimate.cost for choice, estimate in some.items()} for some in governed
            ],
        )  # fmt: skip
        self._equivalence: Equivalence = Exact()
        self._under_way: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._urls = {model.name: model.base_url or base_url for model in pipeline.models}
        for name, url in self._urls.items():
            if not url:
                raise InputError(
                    f"{declared.path}: no server is given for the model {name}",
                    hint="set base_url in its table, or use --base-url for all models without one",
                )

    def play(self, choices: StageChoices) -> Trial:
        """Execute a trial.

        Raises:
            ServingError: A server failed.
        """
        cost = self._space.cost(choices)
        try:
            answered = asyncio.run(self._answered(choices))
        except ExceptionGroup as problems:
            # A server that is down fails every question in the same way: report the first failure.
            raise problems.exceptions[0] from None
        return Trial(choices=choices, cost=cost, answered=answered)

    async def _answered(self, choices: StageChoices) -> list[QuestionResult]:
        self._under_way.clear()  # an asyncio lock belongs to the loop that first waited on it
        is_math = self._declared.pipeline.metric is Metric.MATH
        async with AsyncExitStack() as stack:
            opened = open_equivalence("math-verify" if is_math else "exact")
            self._equivalence = stack.enter_context(opened)
            models = {choice.model for choice in choices}
            servers = {
                name: await stack.enter_async_context(
                    TextClient(self._urls[name], name, limits=self._limits)
                )
                for name in sorted(models)
            }
            gate = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._question(question, choices, servers, gate))
                    for question in self._declared.questions
                ]
            return [task.result() for task in tasks]

    async def _question(
        self,
        question: PipelineQuestion,
        choices: StageChoices,
        servers: Mapping[str, TextClient],
        gate: asyncio.Semaphore,
    ) -> QuestionResult:
        outputs: list[StageOutput] = []
        stage_input = ""
        for index, (stage, choice) in enumerate(
            zip(self._declared.pipeline.stages, choices, strict=True)
        ):
            if choice.controller:
                output = self._by_controller(index, choice, question)
            else:
                output = await self._stage(stage, choice, question, stage_input, servers, gate)
            outputs.append(output)
            stage_input = output.text
        metric = self._declared.pipeline.metric
        worth = await score_output(metric, stage_input, question.gold, self._equivalence)
        return QuestionResult(question=question.id, score=worth, outputs=outputs)

    def _by_controller(
        self, index: int, choice: StageChoice, question: PipelineQuestion
    ) -> StageOutput:
        answers = self._governed[index][choice].answers
        if question.id not in answers:
            raise InputError(
                f"question {question.id}: the recording that {choice.controller} governs stage"
                f" {self._declared.pipeline.stages[index].name} by does not hold it"
            )
        return StageOutput(text=answers[question.id])

    async def _stage(
        self,
        stage: Stage,
        choice: StageChoice,
        question: PipelineQuestion,
        stage_input: str,
        servers: Mapping[str, TextClient],
        gate: asyncio.Semaphore,
    ) -> StageOutput:
        model, server = self._declared.pipeline.model(choice.model), servers[choice.model]
        words = {"question": question.question, "input": stage_input}
        prompt = stage.prompt.format_map(words)
        heat = self._declared.pipeline.temperature
        completions = list(
            await asyncio.gather(
                *(
                    self._complete(self._call(stage, model, prompt, heat, index), server, gate)
                    for index in range(choice.samples)
                )
            )
        )
        texts = [extract_output(stage.extract, completion.text) for completion in completions]
        if stage.fusion is Fusion.MODEL and len(texts) > 1:
            listing = "\n\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))
            fusing = stage.fuse.format_map({**words, "samples": listing})
            fused = await self._complete(self._call(stage, model, fusing, 0.0, 0), server, gate)
            completions.append(fused)
            text = extract_output(stage.extract, fused.text)
        else:
            text = vote_output(await join_outputs(texts, self._equivalence))
        return StageOutput(
            text=text,
            tokens_in=sum(completion.tokens_in for completion in completions),
            tokens_out=sum(completion.tokens_out for completion in completions),
        )

    def _call(
        self, stage: Stage, model: PipelineModel, prompt: str, heat: float, index: int
    ) -> PipelineCall:
        return PipelineCall(
            model=model.served_as or model.name,
            interface=self._declared.pipeline.interface.value,
            prompt=prompt,
            temperature=heat,
            tokens=stage.most_tokens or stage.output_tokens,
            stop=stage.stop,
            choices=stage.choices,
            place=index,
        )

    async def _complete(
        self, call: PipelineCall, server: TextClient, gate: asyncio.Semaphore
    ) -> PipelineReply:
        """Return the reply to a call, from the cache or the server.

        Questions are answered in parallel and may make the same call: the second waits for the
        first and uses its reply.
        """
        async with self._under_way[call.key]:
            stored = self._calls.find(call)
            if stored is not None:
                return stored
            async with gate:
                completions = await server.ask(call)
            self._calls.keep(call, completions)
            return completions
