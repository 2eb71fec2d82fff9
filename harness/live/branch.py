"""One branch at the server: generated interval by interval, probed where needed.

Every request equals the one that ``rheostat collect --stepwise`` makes for the same branch, with
the same seed, and every answer is parsed in the same way. So a deterministic server gives the
recording's branch again, for any sequence of verbs.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeVar

from harness.live.model import LiveModel, PosedQuestion
from harness.mdp.replay import NamedSignal, ReplayChain
from store.answers.equivalence import RunningForms
from store.answers.extraction import final_answer, probe_answer
from store.collection import draw_requests
from store.collection.chains import decode_chain_text
from store.collection.draw_requests import probe_count
from store.collection.probing import interval_means, token_entropy
from store.collection.served_signals import P_TRUE, IntervalSignals
from store.collection.truth_probe import EndedBranch, measure_truth
from store.serving.replies import CompletionResult

T = TypeVar("T")


class LiveBranch:
    """A branch as far as it has been generated.

    Args:
        model: The model that generates it.
        posed: The question.
        index: The branch's index among all of the question, which enters its seeds.
        forms: The forms of the question's answers, which all its branches share.
    """

    def __init__(self, model: LiveModel, posed: PosedQuestion, index: int, forms: RunningForms):
        self._model = model
        self._posed = posed
        self._forms = forms
        self._endpoint = model.next_endpoint()
        self.index = index
        self.token_ids: list[int] = []
        self.text: str | None = None
        """Its text, once it is finished."""
        self.finish: str | None = None
        """The finish reason, once it is finished: ``stop`` or ``length``."""
        self.depth = 0
        """Intervals generated."""
        self.probed: dict[int, CompletionResult] = {}
        """The replies to its probes, by depth."""
        self.chain = make_longest_chain(model)
        self._measured = IntervalSignals(model.settings.served)

    @property
    def finished(self) -> bool:
        """Whether it is finished."""
        return self.text is not None

    async def draw(self, depth: int, probes: Iterable[int]) -> None:
        """Generate up to ``depth`` intervals, or to the end if that is nearer, and probe.

        A probe runs while the next interval is generated. A request that fails is repeated from the
        tokens received so far.

        Args:
            depth: The depth to reach, in intervals.
            probes: The depths to probe, unless the branch ends before.

        Raises:
            ServingError: The server sent an invalid reply, refused, or was unreachable beyond the
                patience.
        """
        # A verb near the budget's end is prepared in several steps: do not probe again.
        wanted = set(probes) - self.probed.keys()
        async with asyncio.TaskGroup() as tasks:
            for probe_depth in sorted(wanted):
                if probe_depth <= self.depth:
                    tasks.create_task(self._probe(probe_depth))
            while self.depth < depth and not self.finished:
                await self._interval()
                if self.depth in wanted and not self.finished:
                    tasks.create_task(self._probe(self.depth))
                    # Where both share one slot, the probe goes first: the slot holds its prefix.
                    await asyncio.sleep(0)

    async def forced_text(self, depth: int) -> str:
        """Return the text up to a probed depth, and the answer that was forced there.

        Raises:
            ServingError: From `draw`.
        """
        prefix = self.token_ids[: depth * self._interval_length]
        forced = self._model.forced.behind(prefix)
        decoded = await self._endpoint.engine.detokenize([*prefix, *forced])
        return decoded + self.probed[depth].text

    @property
    def _interval_length(self) -> int:
        return self._model.settings.drawing.interval

    async def _interval(self) -> None:
        drawing, endpoint = self._model.settings.drawing, self._endpoint
        request = draw_requests.request_interval(
            self._posed.prompt, self._posed.id, self.index, self.token_ids, drawing
        )
        async with endpoint.reserve(1, urgent=True):
            (completion,) = await endpoint.engine.complete(request, rank=endpoint.rank)
        self._take_signals(completion)
        self.token_ids += completion.token_ids
        self.depth += 1
        if completion.finish != "length" or len(self.token_ids) >= drawing.max_tokens:
            await self._end(completion.finish)

    def _take_signals(self, completion: CompletionResult) -> None:
        """Store the means over an interval at their position in the chain."""
        if completion.logprobs is not None and self.chain.logprob is not None:
            _list(self.chain.logprob)[self.depth] = interval_means(
                completion.logprobs, len(completion.logprobs)
            )[0]
        if completion.top is not None and self.chain.top_logprob is not None:
            means = [sum(values) / len(values) for values in completion.top]
            _list(self.chain.top_logprob)[self.depth] = interval_means(means, len(means))[0]
        if completion.logprobs is not None and completion.top is not None:
            values = self._measured.add_interval(completion.logprobs, completion.top)
            for name, value in values.items():
                _list(self.chain.signals[name].values)[self.depth] = value

    async def _end(self, finish: str) -> None:
        """Parse the finished branch; from now on it has its own chain instead of the longest.

        The chain is complete before anything else can read it.
        """
        text = await decode_chain_text(self._endpoint, self.token_ids, finish)
        settings, extract = self._model.settings, self._model.reading.extraction
        read = final_answer(
            text,
            settings.forcing.mark,
            extract,
            truncated=finish == "length",
            letters=self._posed.letters,
        )
        final = await self._forms.form(read)
        truth = await self._measure_truth(finish, read)
        count = probe_count(len(self.token_ids), settings.drawing.interval)
        chain = self.chain
        self.chain = ReplayChain(
            _list(chain.probes)[:count],
            len(self.token_ids),
            final,
            None if chain.entropy is None else chain.entropy[:count],
            None if chain.logprob is None else chain.logprob[: count + 1],
            None if chain.top_logprob is None else chain.top_logprob[: count + 1],
            cut_off=finish == "length",
            signals={
                name: NamedSignal(signal.scope, signal.values[: count + 1])
                for name, signal in chain.signals.items()
            }
            | truth,
        )
        self.text, self.finish = text, finish

    async def _measure_truth(self, finish: str, answer: str) -> dict[str, NamedSignal]:
        """Return P(True) of the finished branch, if it is requested."""
        model = self._model
        if model.truth is None:
            return {}
        ended = EndedBranch(self.token_ids, finish, answer)
        value = await measure_truth(
            self._endpoint, self._posed.prompt, ended, model.forced, model.truth
        )
        return {P_TRUE: NamedSignal("branch", [value])}

    async def _probe(self, depth: int) -> None:
        model, endpoint, posed = self._model, self._endpoint, self._posed
        prefix = [self.token_ids[: depth * self._interval_length]]
        request = draw_requests.request_probes(posed.prompt, prefix, model.forced, posed.probing)
        measured = None
        async with endpoint.reserve(1, urgent=True):
            (completion,) = await endpoint.engine.complete(request, rank=endpoint.rank)
            if model.settings.entropy:
                opened = draw_requests.request_openings(posed.prompt, prefix, model.forced)
                measured = token_entropy(
                    (await endpoint.engine.complete(opened, rank=endpoint.rank))[0]
                )
        read = probe_answer(
            completion.text,
            model.settings.forcing.ask,
            model.reading.extraction,
            truncated=completion.finish == "length",
            letters=posed.letters,
        )
        answer = await self._forms.form(read)
        # Read `chain` only now: the branch may have ended meanwhile, with its own chain.
        _list(self.chain.probes)[depth - 1] = answer
        if measured is not None and self.chain.entropy is not None:
            _list(self.chain.entropy)[depth - 1] = measured
        self.probed[depth] = completion


def make_longest_chain(model: LiveModel) -> ReplayChain:
    """Return a chain of the maximum length, with unknown contents.

    It replaces a branch that is not generated yet: nothing that the branch does can cost more.
    """
    drawing = model.settings.drawing
    count = probe_count(drawing.max_tokens, drawing.interval)
    signals = model.signals
    return ReplayChain(
        [""] * count,
        drawing.max_tokens,
        "",
        [0.0] * count if "entropy" in signals else None,
        [0.0] * (count + 1) if "logprob" in signals else None,
        [0.0] * (count + 1) if "top_logprob" in signals else None,
        signals={
            name: NamedSignal(
                declared.scope, [0.0] * (1 if declared.scope == "branch" else count + 1)
            )
            for name, declared in model.settings.served.declare().items()
        },
    )


def _list(values: Sequence[T]) -> list[T]:
    """Return a part of a chain that was built here and is still mutable."""
    assert isinstance(values, list)
    return values
