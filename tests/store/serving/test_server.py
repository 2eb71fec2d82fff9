"""The client of a server: what it asks, what it believes, how often it asks again."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from store.collection.draw_requests import (
    DrawSettings,
    ProbeSettings,
    request_branches,
    request_openings,
    request_probes,
)
from store.forcing import FAMILIES, ForcingTokens
from store.pipelines.call_cache import PipelineCall
from store.serving.engine import Served
from store.serving.errors import InconsistentResponse, Refused, ServingError, Unreachable
from store.serving.replies import CompletionResult, error_document, logprob_fault
from store.serving.requests import CompletionRequest
from store.serving.retries import Limits
from store.serving.streams import StreamChunk
from store.serving.text_client import TextClient
from store.serving.vllm_server import VllmServer
from tests.store.serving.scripted import CONTEXT, MODEL, Body, Fault, ScriptedServer, serving
from tests.store.serving.scripted_model import draw, encode

PROMPT = encode("how many?<reply>")
DRAWING = DrawSettings(interval=40, max_tokens=120, seed=3)
LIMITS = Limits(patience=2.0, first_wait=0.01, longest_wait=0.05, stall=0.4, whole=0.4)
ASKED = request_branches(PROMPT, "q", 0, 3, DRAWING)
FORCED = ForcingTokens(
    *(tuple(encode(text)) for text in (
        FAMILIES["think"].end, FAMILIES["think"].ask, FAMILIES["think"].text, "</think>"
    ))
)  # fmt: skip

BREAKS = ["busy", "broken", "truncated", "cut", "abort"]
STALLS = ["stall", "drip"]
LIES = ["other_model", "no_tokens", "short", "wrong_count", "wrong_prompt", "unasked"]


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


def once(fault: Fault, server: ScriptedServer, times: int = 1) -> None:
    """The first requests for completions go wrong."""

    def script(number: int, body: Body) -> Fault:
        return fault if number < times else None

    server.fault = script


async def complete(
    server: ScriptedServer, asked: CompletionRequest = ASKED
) -> list[CompletionResult]:
    async with VllmServer(server.url, MODEL, limits=LIMITS) as client:
        return await client.complete(asked)


async def stream(
    server: ScriptedServer, asked: CompletionRequest = ASKED
) -> dict[int, CompletionResult]:
    found: dict[int, CompletionResult] = {}
    async with VllmServer(server.url, MODEL, limits=LIMITS) as client:
        await take_all(client.stream(asked, every=16), found)
    return found


async def take_all(pieces: AsyncIterator[StreamChunk], found: dict[int, CompletionResult]) -> None:
    """Keep the children that end."""
    async for piece in pieces:
        if piece.finished is not None:
            found[piece.finished.child] = piece.finished.given


async def test_served_model_is_described(scripted: ScriptedServer) -> None:
    async with VllmServer(scripted.url + "/v1/", MODEL) as client:
        assert await client.served() == Served(MODEL, CONTEXT, "0.0.1")


async def test_unserved_model_error_lists_the_served_models(
    scripted: ScriptedServer,
) -> None:
    async with VllmServer(scripted.url, "other") as client:
        with pytest.raises(Refused, match="does not serve the model other") as refused:
            await client.served()
    assert refused.value.hint == f"it serves {MODEL}"


async def test_text_and_conversations_are_tokenised_by_the_server(
    scripted: ScriptedServer,
) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        assert await client.tokenize("a</think>") == [97, 256]
        assert await client.tokenize_chat([{"role": "user", "content": "a"}]) == [97, 10, 258]
        await client.tokenize_chat([{"role": "user", "content": "a"}], {"enable_thinking": True})
    assert scripted.seen[-1].body["chat_template_kwargs"] == {"enable_thinking": True}
    assert scripted.seen[0].body["add_special_tokens"] is False


async def test_completions_follow_their_seeds_whole_and_streamed(
    scripted: ScriptedServer,
) -> None:
    whole = await complete(scripted)
    streamed = await stream(scripted)
    assert ASKED.seed is not None
    for child, result in enumerate(whole):
        assert result.token_ids == draw(PROMPT, ASKED.seed + child, 120).tokens
        assert streamed[child] == result


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
async def test_streams_may_end_their_lines_with_carriage_returns(
    scripted: ScriptedServer, line_end: str
) -> None:
    expected = await stream(scripted)
    scripted.line_end = line_end
    assert await stream(scripted) == expected
    assert len(expected) == ASKED.children


async def test_every_parameter_of_the_sampling_is_sent(scripted: ScriptedServer) -> None:
    await complete(scripted)
    body = scripted.completions[0].body
    assert body["model"] == MODEL
    assert body["return_token_ids"] is True
    sent = {name: body[name] for name in ("temperature", "top_p", "top_k", "min_p")}
    assert sent == {"temperature": 0.7, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
    assert "prompt_logprobs" not in body


async def test_a_request_goes_to_the_rank_that_is_named(scripted: ScriptedServer) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        await client.complete(ASKED, rank=3)
        await client.complete(ASKED)
    assert [completion.rank for completion in scripted.completions] == ["3", None]


@pytest.mark.parametrize("fault", BREAKS + STALLS)
async def test_failed_request_is_retried(scripted: ScriptedServer, fault: str) -> None:
    once(fault, scripted)
    assert [len(completion.token_ids) for completion in await complete(scripted)]
    assert len(scripted.completions) == 2
    assert scripted.completions[0].body == scripted.completions[1].body


async def test_repeated_429_responses_are_retried(scripted: ScriptedServer) -> None:
    once("busy", scripted, times=12)
    await complete(scripted)
    assert len(scripted.completions) == 13


@pytest.mark.parametrize("fault", ["busy", "cut", "truncated"])
async def test_retries_stop_after_the_patience_limit(scripted: ScriptedServer, fault: str) -> None:
    once(fault, scripted, times=10**6)
    limits = Limits(patience=0.2, first_wait=0.01, longest_wait=0.05)
    async with VllmServer(scripted.url, MODEL, limits=limits) as client:
        with pytest.raises(Unreachable, match=scripted.url):
            await client.complete(ASKED)


@pytest.mark.parametrize("fault", [*LIES, "extra", "no_finish"])
async def test_inconsistent_reply_fails_without_retry(scripted: ScriptedServer, fault: str) -> None:
    once(fault, scripted)
    with pytest.raises(InconsistentResponse, match=scripted.url):
        await complete(scripted)
    assert len(scripted.completions) == 1


@pytest.mark.parametrize("fault", [*LIES, "extra"])
async def test_inconsistent_stream_fails_without_retry(
    scripted: ScriptedServer, fault: str
) -> None:
    once(fault, scripted)
    with pytest.raises(InconsistentResponse, match=scripted.url):
        await stream(scripted)


@pytest.mark.parametrize("fault", [*BREAKS, *STALLS, "no_finish"])
async def test_broken_stream_is_reported(scripted: ScriptedServer, fault: str) -> None:
    once(fault, scripted)
    with pytest.raises(Unreachable, match=scripted.url):
        await stream(scripted)


async def test_completions_from_a_broken_stream_are_correct(scripted: ScriptedServer) -> None:
    once("cut", scripted)
    asked = request_branches(PROMPT, "q", 0, 12, DrawSettings(interval=40, max_tokens=400))
    found: dict[int, CompletionResult] = {}
    async with VllmServer(scripted.url, MODEL, limits=LIMITS) as client:
        pieces = client.stream(asked, every=16)
        with pytest.raises(Unreachable):
            await take_all(pieces, found)
    assert 0 < len(found) < 12
    assert asked.seed is not None
    for child, result in found.items():
        assert result.token_ids == draw(PROMPT, asked.seed + child, 400).tokens


async def test_rejected_request_is_not_retried(scripted: ScriptedServer) -> None:
    once("refused", scripted)
    with pytest.raises(Refused, match="answers 400 Bad Request: too long"):
        await complete(scripted)
    assert len(scripted.completions) == 1


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_stream_error_with_4xx_code_is_final(scripted: ScriptedServer, status: int) -> None:
    once(f"event {status}", scripted, times=10)
    with pytest.raises(Refused, match=f"code {status}: scripted"):
        await stream(scripted)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_stream_error_with_5xx_code_is_retried(scripted: ScriptedServer, status: int) -> None:
    once(f"event {status}", scripted)
    with pytest.raises(Unreachable, match=f"code {status}: scripted"):
        await stream(scripted)


async def test_error_in_a_200_reply_uses_its_own_code(
    scripted: ScriptedServer,
) -> None:
    once("document 503", scripted)
    assert await complete(scripted)
    once("document 400", scripted, times=10)
    call = PipelineCall(model=MODEL, interface="completions", prompt="?", temperature=0.0, tokens=4)
    async with TextClient(scripted.url, MODEL, limits=LIMITS) as asking:
        with pytest.raises(Refused, match="scripted"):
            await asking.ask(call)
    with pytest.raises(Refused, match="code 400: scripted"):
        await complete(scripted)


@pytest.mark.parametrize("status", [500, 502, 507, 529])
async def test_every_5xx_status_is_retried(scripted: ScriptedServer, status: int) -> None:
    once(f"status {status}", scripted)
    assert await complete(scripted)
    assert len(scripted.completions) == 2


@pytest.mark.parametrize("status", [400, 403, 413, 422])
async def test_every_other_4xx_status_is_final(scripted: ScriptedServer, status: int) -> None:
    once(f"status {status}", scripted, times=10)
    with pytest.raises(Refused, match="scripted"):
        await complete(scripted)
    assert len(scripted.completions) == 1


async def test_a_missing_path_names_the_server_that_is_needed(scripted: ScriptedServer) -> None:
    once("status 404", scripted, times=2)
    with pytest.raises(Refused) as caught:
        await complete(scripted)
    assert caught.value.hint == "a server of vLLM is needed here"
    call = PipelineCall(model=MODEL, interface="completions", prompt="?", temperature=0.0, tokens=4)
    async with TextClient(scripted.url, MODEL, limits=LIMITS) as asking:
        with pytest.raises(Refused) as caught:
            await asking.ask(call)
    assert caught.value.hint == "a server of OpenAI's API is needed here"


@pytest.mark.parametrize(
    ("document", "message", "status"),
    [
        ({"error": {"message": "no\n room", "code": "404"}}, "no room", 404),
        ({"object": "error", "message": "gone", "code": 503}, "gone", 503),
        ({"error": {"message": "n", "type": "BadRequestError"}}, "n", 400),
        ({"error": "Unauthorized"}, "Unauthorized", 500),
        ({"error": {"message": None, "code": None}}, "no reason given", 500),
    ],
)
def test_errors_are_read_in_every_shape(
    document: dict[str, object], message: str, status: int
) -> None:
    found = error_document(json.dumps(document).encode())
    assert found is not None
    assert (str(found), found.status) == (message, status)


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_an_unauthorised_client_is_pointed_to_the_variable_with_the_key(
    scripted: ScriptedServer, key: str | None
) -> None:
    scripted.key = "right"
    async with VllmServer(scripted.url, MODEL, key=key) as client:
        with pytest.raises(Refused, match="401 Unauthorized") as refused:
            await client.served()
    assert "OPENAI_API_KEY" in (refused.value.hint or "")


@pytest.mark.parametrize("fault", ["no_logprobs", "above_zero", "masked"])
async def test_impossible_log_probabilities_are_rejected(
    scripted: ScriptedServer, fault: str
) -> None:
    once(fault, scripted, times=2)
    asked = request_branches(
        PROMPT, "q", 0, 2, DrawSettings(interval=40, max_tokens=120, logprobs=True)
    )
    with pytest.raises(InconsistentResponse):
        await complete(scripted, asked)
    with pytest.raises(InconsistentResponse):
        await stream(scripted, asked)


async def test_log_probabilities_are_sorted_likeliest_first(scripted: ScriptedServer) -> None:
    forced = await complete(scripted, request_openings(PROMPT, [[97]], FORCED))
    top = forced[0].top
    assert top is not None
    assert top[0] == sorted(top[0], reverse=True)
    assert len(top[0]) == 20


@pytest.mark.parametrize(
    ("own", "top", "reason"),
    [
        ([-9999.0], [[-0.1]], "of a masked token"),
        ([-0.2], [[-0.2, float("-inf")]], "not a number"),
        ([-0.2], [[0.4, -3.0]], "above 0"),
        ([-0.2], [[-0.2, -0.3, -0.4]], "more than 1"),
    ],
)
def test_impossible_log_probabilities_are_rejected_with_the_mode_to_serve_with(
    own: list[float], top: list[list[float]], reason: str
) -> None:
    fault = logprob_fault(own, top)
    assert fault is not None
    assert reason in fault
    assert "--logprobs-mode raw_logprobs" in fault
    assert logprob_fault([-0.7], [[-0.6, -0.8]]) is None


async def test_cancelling_the_task_closes_the_connection(scripted: ScriptedServer) -> None:
    scripted.pace = 0.2
    task = asyncio.create_task(stream(scripted))
    while not scripted.completions:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(200):
        if scripted.dropped:
            break
        await asyncio.sleep(0.01)
    assert scripted.dropped == 1


async def test_the_cache_counters_are_read(scripted: ScriptedServer) -> None:
    async with VllmServer(scripted.url, MODEL) as client:
        before = await client.counters()
        await client.complete(request_probes(PROMPT, [[97]], FORCED, ProbeSettings()))
        after = await client.counters()
    assert before is not None
    assert after is not None
    assert after.since(before).queries > 0
    assert after.since(before).share == pytest.approx(0.5, abs=0.1)


async def test_unreachable_server_error_names_the_address() -> None:
    limits = Limits(patience=0.05, first_wait=0.01)
    async with VllmServer("http://127.0.0.1:9", MODEL, limits=limits) as client:
        with pytest.raises(
            ServingError, match=r"http://127\.0\.0\.1:9: cannot connect: connection refused"
        ):
            await client.served()
