"""The client of llama.cpp's server, against what a real server answered."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from store.serving.detection import open_server
from store.serving.endpoints import open_endpoints
from store.serving.engine import LLAMA_CPP
from store.serving.errors import InconsistentResponse, Refused
from store.serving.llama_cpp.client import LlamaServer
from store.serving.llama_cpp.requests import SAMPLERS, SEEDS, list_children, make_request
from store.serving.replies import CompletionResult
from store.serving.requests import CompletionRequest, Structured
from store.serving.retries import Limits
from tests.store.serving.llama_cpp.exchanges import (
    Body,
    Change,
    Exchange,
    read_exchanges,
    replaying,
)
from tests.store.serving.llama_cpp.recorded import (
    FILE,
    MESSAGES,
    MODEL,
    PREFIXES,
    PROMPT,
    REQUESTS,
    TEXTS,
    WORD,
)

LIMITS = Limits(patience=0.0)


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return read_exchanges(FILE)


@pytest.fixture(scope="module")
def url(exchanges: list[Exchange]) -> Iterator[str]:
    with replaying(exchanges) as address:
        yield address


async def complete(url: str, request: CompletionRequest) -> list[CompletionResult]:
    async with LlamaServer(url, MODEL, limits=LIMITS) as client:
        return await client.complete(request)


async def test_the_server_is_detected_and_described(url: str) -> None:
    async with open_server(url, MODEL, limits=LIMITS) as engine:
        assert isinstance(engine, LlamaServer)
        served = await engine.served()
    assert (served.model, served.engine, served.context, served.slots) == (
        MODEL,
        LLAMA_CPP,
        1024,
        4,
    )
    assert served.software.startswith("llama.cpp b")
    assert not served.repeats


async def test_a_model_that_is_not_served_is_refused_by_name(url: str) -> None:
    async with LlamaServer(url, "other", limits=LIMITS) as client:
        with pytest.raises(Refused, match="does not serve the model other") as refused:
            await client.served()
    assert refused.value.hint == f"it serves {MODEL}"


async def test_text_is_tokenised_and_comes_back(url: str) -> None:
    async with LlamaServer(url, MODEL, limits=LIMITS) as client:
        for text in TEXTS:
            assert await client.detokenize(await client.tokenize(text)) == text
        prompt = await client.tokenize_chat(MESSAGES)
        # This template has no such argument.
        assert await client.tokenize_chat(MESSAGES, {"enable_thinking": False}) == prompt
    assert prompt[:3] == PROMPT[:3]
    assert prompt[-3:] == PROMPT[-3:]


async def test_children_have_seeds_of_their_own(url: str) -> None:
    request = REQUESTS["branches"]
    results = await complete(url, request)
    assert len(results) == request.n == 3
    assert len({tuple(result.token_ids) for result in results}) == 3
    assert all(result.logprobs is None for result in results)
    (continued,) = await complete(url, REQUESTS["interval"])
    assert len(continued.token_ids) <= REQUESTS["interval"].max_tokens


async def test_a_stream_gives_each_child_when_it_ends(url: str) -> None:
    async with LlamaServer(url, MODEL, limits=LIMITS) as client:
        pieces = [piece async for piece in client.stream(REQUESTS["branches"])]
    finished = {piece.finished.child: piece.finished.given for piece in pieces if piece.finished}
    whole = await complete(url, REQUESTS["branches"])
    assert [finished[child] for child in sorted(finished)] == whole


async def test_probes_come_in_the_order_of_their_prompts(url: str) -> None:
    for name, admitted in (("digits", "0123456789"), ("letters", "AB")):
        answers = await complete(url, REQUESTS[name])
        assert len(answers) == len(PREFIXES)
        assert all(set(answer.text) <= set(admitted) for answer in answers)
    for prompts in (REQUESTS["probes"], REQUESTS["openings"]):
        one_by_one = [
            await complete(url, CompletionRequest(**{**fields(prompts), "prompt": [prompt]}))
            for prompt in prompts.prompt
        ]
        assert [answer for (answer,) in one_by_one] == await complete(url, prompts)


def fields(request: CompletionRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


async def test_log_probabilities_are_those_before_the_samplers(url: str) -> None:
    for result in await complete(url, REQUESTS["signals"]):
        assert result.logprobs is not None
        assert result.top is not None
        assert len(result.logprobs) == len(result.top) == len(result.token_ids)
        for own, top in zip(result.logprobs, result.top, strict=True):
            assert len(top) == 20
            assert top == sorted(top, reverse=True)
            # With top-p 0.9 before it, a sampler would report fewer tokens, and of higher sums.
            assert own <= top[0] <= 0


async def test_the_only_token_that_is_allowed_keeps_its_own_probability(url: str) -> None:
    (result,) = await complete(url, REQUESTS["truth"])
    assert result.token_ids == [WORD]
    assert result.logprobs is not None
    assert result.logprobs[0] < -0.01


async def test_a_token_within_a_character_has_no_log_probability(url: str) -> None:
    with pytest.raises(InconsistentResponse, match="leaves out tokens that end within a character"):
        await complete(url, REQUESTS["cut_character"])


@pytest.mark.parametrize("name", ["too_long", "no_token"])
async def test_what_the_server_refuses_is_refused(url: str, name: str) -> None:
    with pytest.raises(Refused, match="/completion answers 400"):
        await complete(url, REQUESTS[name])


async def test_cached_prompt_tokens_are_counted(url: str) -> None:
    async with LlamaServer(url, MODEL, limits=LIMITS) as client:
        await client.complete(REQUESTS["probes"])
        counters = await client.counters()
    assert counters is not None
    assert counters.queries == sum(map(len, REQUESTS["probes"].prompt))
    assert 0 < counters.hits < counters.queries


async def test_each_slot_is_an_endpoint_with_one_completion(url: str) -> None:
    async with LlamaServer(url, MODEL, limits=LIMITS) as client:
        endpoints = await open_endpoints([client], 1, 256)
        assert [endpoint.slots for endpoint in endpoints] == [1, 1, 1, 1]
        assert len(await open_endpoints([client], 1, 3)) == 3
        with pytest.raises(Refused, match=r"llama\.cpp has no data-parallel engines"):
            await open_endpoints([client], 2, 256)


def changed(**fields: object) -> Change:
    """Changes completions: a field, or one of its settings."""

    def change(path: str, reply: Body) -> Body:
        if path != "/completion":
            return reply
        other = copy.deepcopy(reply)
        for name, value in fields.items():
            (other if name in other else other["generation_settings"])[name] = value
        return other

    return change


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"seed": 1}, "seed .* was requested, but the server sampled with 1"),
        ({"temperature": 0.5}, r"temperature 1\.0 was requested, but .* with 0\.5"),
        ({"samplers": ["top_k"]}, "samplers .* was requested"),
        ({"stop": ["x"]}, "stop .* was requested"),
        ({"model": "other"}, "comes from the model 'other'"),
        ({"tokens": [1, 2]}, "but returns 2"),
        ({"tokens_evaluated": 3}, f"counts 3 prompt tokens of {len(PROMPT)}"),
        ({"stop_type": "none"}, "unknown reason 'none'"),
        ({"timings": None}, r"not as llama\.cpp gives it"),
    ],
)
async def test_a_reply_that_does_not_match_its_request_is_discarded(
    exchanges: list[Exchange], fault: dict[str, object], reason: str
) -> None:
    with (
        replaying(exchanges, changed(**fault)) as address,
        pytest.raises(InconsistentResponse, match=reason),
    ):
        await complete(address, REQUESTS["branches"])


async def test_a_constraint_that_is_not_applied_is_noticed(exchanges: list[Exchange]) -> None:
    with (
        replaying(exchanges, changed(content="!")) as address,
        pytest.raises(InconsistentResponse, match=r"does not apply the constraint$"),
    ):
        await complete(address, REQUESTS["letters"])


async def test_a_router_is_refused(exchanges: list[Exchange]) -> None:
    def route(path: str, reply: Body) -> Body:
        return {**reply, "role": "router"} if path == "/props" else reply

    with replaying(exchanges, route) as address:
        async with LlamaServer(address, MODEL, limits=LIMITS) as client:
            with pytest.raises(Refused, match="is a router in front of several"):
                await client.served()


def test_longer_prompts_are_drawn_first_and_seeds_fit_the_server() -> None:
    children = list_children(REQUESTS["probes"])
    assert [len(child.prompt) for child in children] == sorted(
        (len(prompt) for prompt in REQUESTS["probes"].prompt), reverse=True
    )
    request = CompletionRequest(**{**fields(REQUESTS["branches"]), "seed": SEEDS - 1})
    assert [child.seed for child in list_children(request)] == [SEEDS - 1, 0, 1]


def test_every_parameter_of_the_sampling_is_sent() -> None:
    request = REQUESTS["signals"]
    sent = make_request(request, list_children(request)[0])
    assert (sent.temperature, sent.top_p, sent.top_k, sent.min_p) == (0.8, 0.9, 50, 0.01)
    assert (sent.repeat_penalty, sent.repeat_last_n) == (1.1, len(PROMPT) + request.max_tokens)
    assert (sent.samplers, sent.n_probs, sent.post_sampling_probs) == (SAMPLERS, 20, False)
    constrained = CompletionRequest(
        **{**fields(request), "structured_outputs": Structured(choice=["A", "B"])}
    )
    grammar = make_request(constrained, list_children(constrained)[0]).grammar
    assert grammar == 'root ::= "A" | "B"'
