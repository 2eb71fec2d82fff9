"""The engine, and every command that speaks to it, on a real llama.cpp server on the CPU."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tokenizers import Tokenizer

from store.collection.draw_requests import (
    DrawSettings,
    request_branches,
    request_interval,
    request_probes,
)
from store.collection.draw_requests import ProbeSettings as Probing
from store.reader import open_recording
from store.serving.detection import open_server
from store.serving.engine import LLAMA_CPP
from store.serving.llama_cpp.client import LlamaServer
from store.serving.retries import Limits
from tests.command_lines import CommandLine
from tests.harness.proxy.proxies import proxy
from tests.llamacpp.conftest import NAME
from tests.store.serving.llama_cpp.recorded import (
    FORCED,
    HOW,
    MESSAGES,
    PREFIXES,
    PROMPT,
    TEXTS,
    write_questions,
)
from tests.vllm.conftest import REASONERS

pytestmark = [pytest.mark.llamacpp, pytest.mark.timeout(1200)]

DRAWING = DrawSettings(interval=50, max_tokens=200, temperature=1.0, seed=9)


@pytest.fixture
async def client(llama_url: str) -> AsyncIterator[LlamaServer]:
    async with open_server(llama_url, NAME, limits=Limits(patience=10)) as engine:
        assert isinstance(engine, LlamaServer)
        yield engine


async def test_the_server_is_described(client: LlamaServer) -> None:
    served = await client.served()
    assert (served.engine, served.context, served.slots) == (LLAMA_CPP, 1024, 4)


async def test_texts_have_the_tokens_of_the_model(client: LlamaServer) -> None:
    tokenizer = Tokenizer.from_file(str(REASONERS / NAME / "tokenizer.json"))
    for text in TEXTS:
        tokens = await client.tokenize(text)
        assert tokens == tokenizer.encode(text).ids
        assert await client.detokenize(tokens) == text
    prompt = await client.tokenize_chat(MESSAGES)
    text = f"<|im_start|>user\n{MESSAGES[0]['content']}<|im_end|>\n<|im_start|>assistant\n<think>\n"
    assert prompt == tokenizer.encode(text).ids


async def test_seeds_decide_what_is_drawn_from_one_slot(client: LlamaServer) -> None:
    request = request_branches(PROMPT, "q", 0, 4, DRAWING)
    first = await client.complete(request)
    again = await client.complete(request)
    assert len({tuple(result.token_ids) for result in first}) == 4
    assert [result.token_ids for result in again] == [result.token_ids for result in first]


async def test_intervals_and_probes_of_a_branch_are_cached(client: LlamaServer) -> None:
    done: list[int] = []
    while len(done) < DRAWING.max_tokens:
        (result,) = await client.complete(request_interval(PROMPT, "c", 0, done, DRAWING))
        done += result.token_ids
        if result.finish != "length":
            break
        await client.complete(request_probes(PROMPT, [done], FORCED, Probing(max_tokens=4)))
    counters = await client.counters()
    assert counters is not None
    # Of each prompt, only what was forced after it, or generated since, is new.
    assert counters.queries - counters.hits <= len(PROMPT) + (len(done) // 50) * 12 + 12


async def test_probes_keep_to_their_grammar(client: LlamaServer) -> None:
    for probing, admitted in (
        (Probing(max_tokens=8, regex=r"\d{2}"), "0123456789"),
        (Probing(max_tokens=8, choice=["A", "B"]), "AB"),
    ):
        answers = await client.complete(request_probes(PROMPT, PREFIXES, FORCED, probing))
        assert all(answer.text and set(answer.text) <= set(admitted) for answer in answers)


async def slots(url: str) -> int:
    """Completions that the server works on, by its own count."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/slots") as response:
        return sum(slot["is_processing"] for slot in await response.json())


async def test_closing_the_connection_ends_the_completion(
    client: LlamaServer, llama_url: str
) -> None:
    # At this length a completion takes longer than the test waits.
    drawing = DrawSettings(interval=50, max_tokens=990, temperature=2.0, seed=1)
    tasks = [
        asyncio.create_task(client.complete(request_branches(PROMPT, f"{n}", 0, 50, drawing)))
        for n in range(8)
    ]
    while await slots(llama_url) < 4:
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    deadline = time.monotonic() + 30
    while await slots(llama_url):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def _questions(home: Path) -> None:
    write_questions(home)


def test_a_collection_is_verified_and_replayed(
    cli: CommandLine, llama_url: str, home: Path
) -> None:
    server = ["--base-url", llama_url]
    result = cli("collect", *HOW, *server, "--self-certainty", "--token-ids", "-o", "a.recording")
    assert result.status == 0, result.err
    recording = open_recording(home / "a.recording")
    assert str(recording.provenance.engine).startswith("llama.cpp ")
    assert "self_certainty" in recording.provenance.signals
    checked = cli("verify", "a.recording", *server, "--model", NAME)
    assert checked.status in (0, 1), checked.err
    assert "branches match the recording" in checked.err
    assert cli("sweep", "sc", "--on", "a.recording").status == 0


def test_a_controller_runs_live_and_against_a_recording(
    cli: CommandLine, llama_url: str, home: Path
) -> None:
    server = ["--base-url", llama_url, "--server", "llama.cpp"]
    result = cli("collect", *HOW, *server, "--stepwise", "-o", "s.recording")
    assert result.status == 0, result.err
    words = ["run", "cmc", *server, "--model", NAME, "--against", "s.recording", "--json"]
    result = cli(*words)
    assert result.status == 0, result.err
    assert len(json.loads(result.out)) == 2
    assert "episodes match the recording, token by token" in result.err


async def test_the_proxy_answers_from_llama_cpp(llama_url: str) -> None:
    more = ["--instruction", "", "--temperature", "1", "--max-tokens", "300", "--interval", "50"]
    with proxy(f"{llama_url}/v1", *more, model=NAME) as found:
        body = {"model": NAME, "messages": list(MESSAGES)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{found.url}/chat/completions", json=body) as response,
        ):
            reply = await response.json()
    assert reply["choices"][0]["message"]["content"]
    assert reply["rheostat"]["branches"] >= 1
