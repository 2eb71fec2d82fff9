"""A simulated model server that generates planned chains, and counts tokens.

A token encodes its branch and its position, so a prompt alone determines the reply. Only the
requests of live episodes are answered: single intervals, probes and openings. Any other fails the
test.
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


class PlannedChain(NamedTuple):
    """A chain that the server generates."""

    tokens: int
    probes: list[str]
    """The answer after each interval."""
    final: str


def plan_chain(random: Random, interval: int, most: int) -> PlannedChain:
    """Plan a random chain: short, of whole intervals, or cut off at ``most`` tokens."""
    tokens = random.choice([1, interval, random.randint(1, most), 2 * interval, most])
    answers = "ABC"[: random.randint(1, 3)]
    return PlannedChain(
        min(tokens, most), [random.choice(answers) for _ in range(most)], random.choice("ABC")
    )


class SimulatedServer:
    """An engine of `store.serving.engine`.

    Attributes:
        requests: Every request for completions, in order.
        generated: Tokens of branches that were generated.
    """

    address = "nowhere"
    limits = Limits()

    def __init__(self, chains: Sequence[PlannedChain], settings: Settings):
        self.requests: list[CompletionRequest] = []
        self.generated = 0
        self._chains = chains
        self._settings = settings
        most = settings.drawing.max_tokens
        self._seeds = {
            interval_seed(settings.drawing.seed, "q", index, interval): index
            for index in range(len(chains))
            for interval in range(most)
        }

    async def served(self) -> Served:
        return Served("simulated", 1 << 20, "0")

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
        self.requests.append(request)
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
        self.generated += len(ids)
        own = [-float(token % 7) for token in ids]
        return CompletionResult(ids, "", finish, own, [[one, one - 1] for one in own])

    def _greedy(self, prompt: list[int], request: CompletionRequest) -> CompletionResult:
        prefix = [token for token in prompt[len(PROMPT) :] if token >= WIDTH]
        chain = self._chains[prefix[-1] // WIDTH - 1]
        depth = len(prefix) // self._settings.drawing.interval
        if request.allowed_token_ids is not None:
            # The branch and the answer that is repeated in the prompt decide the reply.
            logprob = -0.001 * (sum(prompt) % 997) - 0.01
            return CompletionResult(request.allowed_token_ids, "", "length", [logprob], [[logprob]])
        if request.max_tokens == 1:
            return CompletionResult([9], "", "length", [-1.0], [[-1.0, -1.5 - depth]])
        return CompletionResult([7, 8], chain.probes[depth - 1] + "}", "stop", None, None)


class SimulatedQuestion(NamedTuple):
    """The same chains twice: to be generated by a server, and as they were collected stepwise."""

    server: SimulatedServer
    model: LiveModel
    posed: PosedQuestion
    branch_pool: BranchPool


async def prepare_question(
    chains: Sequence[PlannedChain], interval: int, most: int, *, signals: bool = True
) -> SimulatedQuestion:
    """Collect the chains, and prepare a server that generates them again."""
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
    collector = SimulatedServer(chains, settings)
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
    server = SimulatedServer(chains, settings)
    model = LiveModel([Endpoint(server, None, 64)], settings, FORCED, reading, truth)
    return SimulatedQuestion(
        server,
        model,
        PosedQuestion("q", PROMPT, settings.probing, "A"),
        BranchPool(collected, interval),
    )
