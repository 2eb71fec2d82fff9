"""A live episode is the replay of the same chains, and draws what it is charged for, no more."""

import asyncio
from collections.abc import Generator
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.variation import generate, hoist_invariants
from dsl.episode import (
    Advance,
    Answer,
    AnyVerb,
    Controller,
    Episode,
    Inadmissible,
    Open,
    Outcome,
    Prune,
    Sample,
)
from dsl.formatter import print_tree
from dsl.interpreter import Interpreter
from dsl.program import load_checked_program
from dsl.source import Source
from harness.engines import EpisodeRules
from harness.live.episode import LiveEpisode, LiveEpisodeKey
from harness.mdp.ledger import BarrierRecord
from harness.mdp.playback import EpisodeResult, play_episode
from harness.mdp.replay import Replay
from tests.harness.live.simulated_server import SimulatedQuestion, plan_chain, prepare_question


def random_question(random: Random, *, signals: bool = True) -> SimulatedQuestion:
    interval = random.choice([1, 3, 5])
    most = interval * random.randint(1, 5) + random.choice([0, 1])
    chains = [plan_chain(random, interval, most) for _ in range(random.randint(1, 6))]
    return asyncio.run(prepare_question(chains, interval, most, signals=signals))


def play_replayed(
    question: SimulatedQuestion, controller: Controller, which: LiveEpisodeKey, rules: EpisodeRules
) -> tuple[EpisodeResult, list[BarrierRecord]]:
    trace: list[BarrierRecord] = []
    replay = Replay(
        question.branch_pool, seed=which.seed, question=which.question, budget=rules.budget,
        probe_cost=rules.probe_cost, trace=trace,
    )  # fmt: skip
    return play_episode(controller, replay, 0.5), trace


def play_live(
    question: SimulatedQuestion, controller: Controller, which: LiveEpisodeKey, rules: EpisodeRules
) -> tuple[EpisodeResult, list[BarrierRecord]]:
    trace: list[BarrierRecord] = []
    episode = LiveEpisode(
        question.model, question.posed, len(question.branch_pool.chains), which, rules, trace
    )
    return asyncio.run(episode.play(controller, 0.5)), trace


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 32), st.none() | st.integers(0, 60), st.sampled_from([0, 0, 1, 4]))
@example(number=749, budget=57, kappa=4)  # a verb that is prepared in two steps
def test_a_live_trace_equals_the_replayed_trace_for_any_program_and_budget(
    number: int, budget: int | None, kappa: int
) -> None:
    random = Random(number)
    question = random_question(random)
    program = load_checked_program(Source(print_tree(hoist_invariants(generate(random))), "random"))
    which, rules = (
        LiveEpisodeKey(random.randrange(9), random.randrange(9)),
        EpisodeRules(budget, kappa),
    )
    replayed_trace = play_replayed(question, Interpreter(program, {}), which, rules)
    live_trace = play_live(question, Interpreter(program, {}), which, rules)
    assert live_trace == replayed_trace
    charged = sum(
        action.charge
        for barrier in replayed_trace[1]
        for action in barrier.actions
        if action.kind.value != "PROBE"
    )
    assert question.server.generated == charged
    probes = sum(
        action.kind.value == "PROBE" for barrier in replayed_trace[1] for action in barrier.actions
    )
    requests = [
        request
        for request in question.server.requests
        if request.seed is None and request.max_tokens > 1
    ]
    assert len(requests) == probes


FALTERING = """needs logprob, top_logprob, self_certainty
controller c {
  each branch {
    .recent = window(2) of .logprob
    .low    = 1e9 then min(.low, mean(.recent) - .top_logprob)
    .code   = 0 then 3 * .code + .depth
    .sure   = 0.0 then 0.5 * .sure + .self_certainty
  }
  start { open 2 unseen  sample 1 }
  step {
    prune first 1 of active where .low < median(.low of opened) and count(active) > 1
    extend active by -.low for 1 + .code % 3
    open 1
  }
  finally { answer winner(finished, weight = .low + .sure) else winner(opened) }
}
"""


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 32), st.none() | st.integers(0, 60))
def test_running_values_are_the_same_in_a_live_episode(number: int, budget: int | None) -> None:
    question = random_question(Random(number))
    program = load_checked_program(Source(FALTERING))
    which, rules = LiveEpisodeKey(0, number % 9), EpisodeRules(budget, 0)
    replayed_trace = play_replayed(question, Interpreter(program, {}), which, rules)
    assert play_live(question, Interpreter(program, {}), which, rules) == replayed_trace


CERTAIN = """
needs self_certainty, mean_logprob, lowest_group_logprob, p_true

controller certain {
  each branch { .first = 0.0 }

  start {
    open 3
    update opened { .first = (.self_certainty else -1) }
  }

  step {
    advance active by -(.self_certainty else 0)
    prune first 1 of active where (.self_certainty else 0) < .first
    prune first 1 of active where (.mean_logprob else 0) < (.lowest_group_logprob else 0) + 0.2
  }

  finally {
    answer winner(finished, weight = .p_true) else winner(opened, weight = (.self_certainty else 0))
  }
}
"""


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 32))
def test_signals_of_the_server_are_the_same_live_and_replayed(number: int) -> None:
    question = random_question(Random(number))
    program = load_checked_program(Source(CERTAIN))
    which = LiveEpisodeKey(0, number % 9)
    expected = play_replayed(question, Interpreter(program, {}), which, NO_RULES)
    assert play_live(question, Interpreter(program, {}), which, NO_RULES) == expected


class Scripted:
    """A controller that sends the same verbs whatever comes of them."""

    name = "scripted"

    def __init__(self, *verbs: AnyVerb):
        self._verbs = verbs

    def play(self, episode: Episode, beta: float | None) -> Generator[AnyVerb, Outcome, None]:
        for verb in self._verbs:  # noqa: UP028 - what it is sent goes nowhere
            yield verb


NO_RULES = EpisodeRules()
FIRST = LiveEpisodeKey(0, 0)


def test_a_pruned_branch_gets_no_more_requests() -> None:
    question = asyncio.run(
        prepare_question(
            [plan_chain(Random(index), 3, 15)._replace(tokens=15) for index in range(3)], 3, 15
        )
    )
    verbs = (Open(count=3), Prune(branches=(1,)), Advance(branches=(0, 2), bursts=(4, 4)))
    play_live(question, Scripted(*verbs, Answer(answer="A")), FIRST, NO_RULES)
    seeds = [request.seed for request in question.server.requests if request.seed is not None]
    assert len(seeds) == 3 + 4 + 4
    assert question.server.generated == 3 * 3 + 2 * 12


def test_a_refused_verb_generates_nothing() -> None:
    question = random_question(Random(1))
    script = Scripted(Open(count=len(question.branch_pool.chains) + 1))
    with pytest.raises(Inadmissible, match="branches are requested"):
        play_live(question, script, FIRST, NO_RULES)
    assert question.server.requests == []


def test_a_read_beyond_the_budget_generates_nothing() -> None:
    question = asyncio.run(
        prepare_question(
            [plan_chain(Random(index), 3, 15)._replace(tokens=9) for index in range(4)], 3, 15
        )
    )
    played, trace = play_live(
        question, Scripted(Sample(count=4), Answer(answer="A")), FIRST, EpisodeRules(budget=10)
    )
    assert (played.tokens, question.server.generated) == (18, 18)
    assert trace[0].exhausted


def test_a_cancelled_episode_leaves_no_running_request() -> None:
    question = asyncio.run(
        prepare_question(
            [plan_chain(Random(index), 3, 15)._replace(tokens=15) for index in range(4)], 3, 15
        )
    )
    place = question.model.next_endpoint()

    async def cancelled() -> int:
        episode = LiveEpisode(question.model, question.posed, 4)
        script = Scripted(Open(count=4), Answer(answer="A"))
        await place.acquire(64)  # nothing gets through
        task = asyncio.create_task(episode.play(script, None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        place.release(64)
        async with place.reserve(64):  # all slots can be had again
            return len(question.server.requests)

    assert asyncio.run(cancelled()) == 0
