"""Carries trials out on servers: each question through all stages, side by side.

Every call goes through `store.pipelines.calls.Calls`, so none is made that was made before.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from harness.allocation.scoring import extracted, joined, score, vote
from harness.allocation.simulator import Governed
from harness.allocation.space import Space
from harness.errors import InputError
from store.answers.equivalence import Equivalence, Exact, open_equivalence
from store.pipelines.calls import Call, Calls, Said
from store.pipelines.reading import Declared
from store.pipelines.records import (
    Answered,
    Choice,
    Choices,
    Fusion,
    Metric,
    Model,
    Question,
    Stage,
    StageOutput,
    Trial,
)
from store.serving.asking import Asked
from store.serving.patience import Limits

SIDE_BY_SIDE = 32
"""Calls at a time."""


class Executor:
    """Carries trials of one pipeline out.

    Args:
        declared: the pipeline, with its questions.
        calls: where calls are kept.
        base_url: of a server, for models for which the pipeline names none.
        governed: for each stage, controllers that may govern it; the answers of each take the
            place of the stage's output.
        limits: how long a server is waited for.

    Raises:
        InputError: there is a model that no server is named for.
    """

    def __init__(
        self,
        declared: Declared,
        calls: Calls,
        base_url: str,
        governed: Sequence[Mapping[Choice, Governed]],
        limits: Limits | None = None,
    ):
        self._declared, self._calls = declared, calls
        self._governed, self._limits = governed, limits or Limits()
        pipeline = declared.pipeline
        self._space = Space(
            pipeline, float("inf"),
            governed=[{choice: each.cost for choice, each in some.items()} for some in governed],
        )  # fmt: skip
        self._equivalence: Equivalence = Exact()
        self._under_way: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._urls = {each.name: each.base_url or base_url for each in pipeline.models}
        for name, url in self._urls.items():
            if not url:
                raise InputError(
                    f"{declared.path}: no server is named for the model {name}",
                    hint="base_url in its table, or --base-url for all that have none",
                )

    def play(self, choices: Choices) -> Trial:
        """Carries a trial out.

        Raises:
            ServingError: a server does not play its part.
        """
        cost = self._space.cost(choices)
        try:
            answered = asyncio.run(self._answered(choices))
        except ExceptionGroup as problems:
            # One server that is gone fails every question in the same way: the first says it.
            raise problems.exceptions[0] from None
        return Trial(choices=choices, cost=cost, answered=answered)

    async def _answered(self, choices: Choices) -> list[Answered]:
        self._under_way.clear()  # a lock belongs to the loop that it was waited for in
        is_math = self._declared.pipeline.metric is Metric.MATH
        async with AsyncExitStack() as stack:
            opened = open_equivalence("math-verify" if is_math else "exact")
            self._equivalence = stack.enter_context(opened)
            models = {choice.model for choice in choices}
            servers = {
                name: await stack.enter_async_context(
                    Asked(self._urls[name], name, limits=self._limits)
                )
                for name in sorted(models)
            }
            gate = asyncio.Semaphore(SIDE_BY_SIDE)
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._question(each, choices, servers, gate))
                    for each in self._declared.questions
                ]
            return [each.result() for each in tasks]

    async def _question(
        self,
        question: Question,
        choices: Choices,
        servers: Mapping[str, Asked],
        gate: asyncio.Semaphore,
    ) -> Answered:
        outputs: list[StageOutput] = []
        given = ""
        for at, (stage, choice) in enumerate(
            zip(self._declared.pipeline.stages, choices, strict=True)
        ):
            if choice.controller:
                output = self._by_controller(at, choice, question)
            else:
                output = await self._stage(stage, choice, question, given, servers, gate)
            outputs.append(output)
            given = output.text
        metric = self._declared.pipeline.metric
        worth = await score(metric, given, question.gold, self._equivalence)
        return Answered(question=question.id, score=worth, outputs=outputs)

    def _by_controller(self, at: int, choice: Choice, question: Question) -> StageOutput:
        answers = self._governed[at][choice].answers
        if question.id not in answers:
            raise InputError(
                f"question {question.id}: the recording that {choice.controller} governs stage"
                f" {self._declared.pipeline.stages[at].name} by does not hold it"
            )
        return StageOutput(text=answers[question.id])

    async def _stage(
        self,
        stage: Stage,
        choice: Choice,
        question: Question,
        given: str,
        servers: Mapping[str, Asked],
        gate: asyncio.Semaphore,
    ) -> StageOutput:
        model, server = self._declared.pipeline.model(choice.model), servers[choice.model]
        words = {"question": question.question, "input": given}
        prompt = stage.prompt.format_map(words)
        heat = self._declared.pipeline.temperature
        said = list(
            await asyncio.gather(
                *(
                    self._said(self._call(stage, model, prompt, heat, place), server, gate)
                    for place in range(choice.samples)
                )
            )
        )
        texts = [extracted(stage.extract, each.text) for each in said]
        if stage.fusion is Fusion.MODEL and len(texts) > 1:
            shown = "\n\n".join(f"{at}. {text}" for at, text in enumerate(texts, start=1))
            fusing = stage.fuse.format_map({**words, "samples": shown})
            fused = await self._said(self._call(stage, model, fusing, 0.0, 0), server, gate)
            said.append(fused)
            text = extracted(stage.extract, fused.text)
        else:
            text = vote(await joined(texts, self._equivalence))
        return StageOutput(
            text=text,
            tokens_in=sum(each.tokens_in for each in said),
            tokens_out=sum(each.tokens_out for each in said),
        )

    def _call(self, stage: Stage, model: Model, prompt: str, heat: float, place: int) -> Call:
        return Call(
            model=model.served_as or model.name,
            interface=self._declared.pipeline.interface.value,
            prompt=prompt,
            temperature=heat,
            tokens=stage.most_tokens or stage.output_tokens,
            stop=stage.stop,
            choices=stage.choices,
            place=place,
        )

    async def _said(self, call: Call, server: Asked, gate: asyncio.Semaphore) -> Said:
        """The reply to a call: kept, or made now and kept.

        Questions are answered side by side and may come to the same call: the second waits for the
        first, and takes its reply.
        """
        async with self._under_way[call.key]:
            kept = self._calls.find(call)
            if kept is not None:
                return kept
            async with gate:
                said = await server.ask(call)
            self._calls.keep(call, said)
            return said
