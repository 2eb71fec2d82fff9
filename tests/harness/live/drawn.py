"""An engine without a server: draws chains that were laid down beforehand, and counts tokens.

Its tokens say which branch they belong to and where they stand, so a prompt tells by itself what is
asked for. Only requests of single intervals, probes and openings are answered, as live episodes
make them; any other is a failure of the test.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from harness.live.model import LiveModel, PosedQuestion
from harness.mdp.replay import BranchPool, NamedSignal, ReplayChain
from store.answers.equivalence import Exact
from store.answers.extraction import Boxed
from store.collection.chains import PromptedQuestion, draw_chain_stepwise
from store.collection.draw_requests import DrawSettings, ProbeSettings, interval_seed
from store.collection.probing import AnswerRules, make_branch, probe_chain
from store.collection.served_signals import P_TRUE, ServedSignals
from store.collection.settings import Settings
from store.collection.truth_probe import EndedBranch, TruthQuestion, TruthTokens, measure_truth
from store.forcing import Forcing, ForcingTokens
from store.records import Question
from store.serving.endpoints import Endpoint
from store.serving.engine import PrefixCacheCounters, Served
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits
from store.serving.streams import StreamChunk

PROMPT = [1, 2, 3]
FORCED = ForcingTokens((4,), (5,), (4, 5), (6,))
FORCING = Forcing(end="</think>", ask="\\boxed{", mark="")
TRUTH = TruthTokens(before=(20, 21), after=(22,), has_answer=True, word=30, longest_answer=4)
SERVED = ServedSignals(
    self_certainty=True, mean_logprob=True, lowest_group=4, truth=TruthQuestion()
)
WIDTH = 10_000
"""Tokens of one branch's own numbers."""


class Laid(NamedTuple):
    """A chain that can be drawn."""

    tokens: int
    probes: list[str]
    """The answer after each interval."""
    final: str


def laid(chance: Random, interval: int, most: int) -> Laid:
    """A chain at random: short, of whole intervals, or cut off at ``most`` tokens."""
    tokens = chance.choice([1, interval, chance.randint(1, most), 2 * interval, most])
    answers = "ABC"[: chance.randint(1, 3)]
    return Laid(
        min(tokens, most), [chance.choice(answers) for _ in range(most)], chance.choice("ABC")
    )


class DrawnEngine:
    """The engine of `store.serving.engine`.

    Attributes:
        asked: every request for completions, in order.
        drawn: tokens of branches that were given out.
        under_way: requests that wait for a reply.
    """

    address = "nowhere"
    limits = Limits()

    def __init__(self, chains: Sequence[Laid], settings: Settings):
        self.questions: list[CompletionRequest] = []
        self.drawn = 0
        self.under_way = 0
        self._chains = chains
        self._settings = settings
        most = settings.drawing.max_tokens
        self._seeds = {
            interval_seed(settings.drawing.seed, "q", index, interval): index
            for index in range(len(chains))
            for interval in range(most)
        }

    async def served(self) -> Served:
        return Served("drawn", 1 << 20, "0")

    async def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        return [10 + byte for byte in text.encode()]

    async def tokenize_chat(
        self, messages: Sequence[Mapping[str, str]], template: Mapping[str, Any] | None = None
    ) -> list[int]:
        return PROMPT

    async def detokenize(self, tokens: Sequence[int]) -> str:
        return f"\\boxed{{{self._chains[tokens[-1] // WIDTH - 1].final}}}"

    async def complete(
        self, request: CompletionRequest, *, rank: int | None = None
    ) -> list[CompletionResult]:
        self.questions.append(request)
        if request.seed is not None:
            return [self._interval(request)]
        return [self._greedy(list(prompt), request) for prompt in request.prompt]

    def stream(
        self, request: CompletionRequest, *, every: int = 64, rank: int | None = None
    ) -> AsyncIterator[StreamChunk]:
        raise AssertionError

    async def counters(self) -> PrefixCacheCounters | None:
        return None

    def _interval(self, request: CompletionRequest) -> CompletionResult:
        index = self._seeds[request.seed or 0]
        done = len(request.prompt[0]) - len(PROMPT)
        end = min(self._chains[index].tokens, done + request.max_tokens)
        ids = [WIDTH * (index + 1) + position for position in range(done, end)]
        whole = self._chains[index].tokens
        cut = end == self._settings.drawing.max_tokens
        finish = "stop" if end == whole and not cut else "length"
        self.drawn += len(ids)
        own = [-float(token % 7) for token in ids]
        return CompletionResult(ids, "", finish, own, [[one, one - 1] for one in own])

    def _greedy(self, prompt: list[int], request: CompletionRequest) -> CompletionResult:
        prefix = [token for token in prompt[len(PROMPT) :] if token >= WIDTH]
        chain = self._chains[prefix[-1] // WIDTH - 1]
        depth = len(prefix) // self._settings.drawing.interval
        if request.allowed_token_ids is not None:
            # What is asked decides the reply: the branch, and the answer that is repeated.
            chance = -0.001 * (sum(prompt) % 997) - 0.01
            return CompletionResult(request.allowed_token_ids, "", "length", [chance], [[chance]])
        if request.max_tokens == 1:
            return CompletionResult([9], "", "length", [-1.0], [[-1.0, -1.5 - depth]])
        return CompletionResult([7, 8], chain.probes[depth - 1] + "}", "stop", None, None)


class World(NamedTuple):
    """The same chains twice: to be drawn, and as they were collected step by step."""

    engine: DrawnEngine
    model: LiveModel
    posed: PosedQuestion
    branch_pool: BranchPool


async def replay_environment(
    chains: Sequence[Laid], interval: int, most: int, *, signals: bool = True
) -> World:
    """Collect the chains, and make them ready to be drawn live."""
    settings = Settings(
        benchmark="b",
        drawing=DrawSettings(interval=interval, max_tokens=most, seed=5, logprobs=signals),
        probing=ProbeSettings(max_tokens=8),
        forcing=FORCING,
        entropy=signals,
        stepwise=True,
        served=SERVED if signals else ServedSignals(),
    )
    truth = TRUTH if signals else None
    collector = DrawnEngine(chains, settings)
    place, reading = Endpoint(collector, None, 64), AnswerRules(Boxed(), Exact())
    collected = []
    for index in range(len(chains)):
        drawn = await draw_chain_stepwise(
            place, PromptedQuestion("q", PROMPT), index, settings.drawing, lambda n: None
        )
        probed = await probe_chain(
            place, PROMPT, drawn, FORCED, settings.probing, settings, lambda n, tokens: None
        )
        made = await make_branch(drawn, probed, Question(id="q", gold="A"), settings, reading)
        signals_of_branch = {}
        if truth is not None:
            ended = EndedBranch(drawn.token_ids, drawn.finish, made.final)
            value = await measure_truth(place, PROMPT, ended, FORCED, truth)
            signals_of_branch[P_TRUE] = NamedSignal("branch", [value])
        collected.append(
            ReplayChain(
                made.answers,
                made.tokens,
                made.final,
                made.entropy,
                made.logprob,
                made.top_logprob,
                cut_off=made.finish == "length",
                signals=signals_of_branch
                | {name: NamedSignal("interval", values) for name, values in made.signals.items()},
            )
        )
    engine = DrawnEngine(chains, settings)
    model = LiveModel([Endpoint(engine, None, 64)], settings, FORCED, reading, truth)
    return World(
        engine,
        model,
        PosedQuestion("q", PROMPT, settings.probing, "A"),
        BranchPool(collected, interval),
    )
