"""The proxy under the official client of OpenAI: answers, streams, refusals, and its own end."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.command_lines import CommandLine
from tests.harness.proxy.proxies import KEY, MESSAGES, Proxy, ask, proxy, stream
from tests.store.serving.scripted import MODEL, Body, Fault, ScriptedServer


def soon(happened: Callable[[], bool]) -> None:
    """Wait for something that is to happen, and fail if it does not."""
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def stalled(number: int, body: Body) -> Fault:
    return "stall"


def test_an_answer_is_the_text_of_a_branch_with_the_usage_of_all(
    cli: CommandLine, client: OpenAI, running: tuple[Proxy, Path], upstream: ScriptedServer
) -> None:
    before = len(upstream.completions)
    create: Any = client.chat.completions.with_raw_response.create
    reply = create(model=MODEL, messages=MESSAGES, seed=7, extra_body={"beta": 0.3})
    result = reply.parse()
    summary = json.loads(reply.text)["rheostat"]
    (choice,) = result.choices
    assert choice.message.content == f"The final answer is \\boxed{{{summary['answer']}}}"
    assert choice.finish_reason == "stop"
    assert result.usage is not None
    assert len(upstream.completions) > before
    name = reply.headers["x-rheostat-trace"]
    assert name == result.id
    trace = json.loads(cli("trace", "--from", str(running[1]), "--question", name, "--json").out)
    probed = trace["what"]["probe_tokens"]
    assert result.usage.completion_tokens == trace["episode"]["tokens"] + probed
    assert trace["what"]["beta"] == 0.3
    assert trace["episode"]["gold"] is None


def test_the_same_seed_gives_the_same_answer_whole_and_streamed(client: OpenAI) -> None:
    whole = ask(client, seed=7)
    text, used, ended = "", None, None
    for chunk in stream(client, seed=7, stream_options={"include_usage": True}):
        used = chunk.usage or used
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ended = choice.finish_reason or ended
    assert text == whole.choices[0].message.content
    assert (used, ended) == (whole.usage, "stop")
    assert ask(client, seed=8).usage != whole.usage


def test_a_branch_has_no_more_tokens_than_the_client_allows(
    client: OpenAI, upstream: ScriptedServer
) -> None:
    before = len(upstream.completions)
    result = ask(client, max_completion_tokens=25)
    assert result.choices[0].finish_reason == "length"
    sent = [completion.body["max_tokens"] for completion in upstream.completions[before:]]
    assert max(most for most in sent if most != 32) == 25


def test_a_waiting_stream_sends_keep_alive_comments(
    running: tuple[Proxy, Path], upstream: ScriptedServer, client: OpenAI
) -> None:
    upstream.fault = stalled
    body = {"model": MODEL, "messages": MESSAGES, "stream": True}
    lines = []
    url = f"{running[0].url}/chat/completions"
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as reply:
        for line in reply.iter_lines():
            lines.append(line)
            if lines.count(": thinking") == 3:
                break
    soon(lambda: upstream.under_way == 0)


def test_a_disconnected_client_cancels_its_requests(
    client: OpenAI, upstream: ScriptedServer
) -> None:
    upstream.fault = stalled
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.5))
    soon(lambda: upstream.under_way == 0)
    streamed = stream(client)
    next(iter(streamed))
    soon(lambda: upstream.under_way > 0)
    streamed.close()
    soon(lambda: upstream.under_way == 0)


def test_the_model_is_listed_and_others_are_not_found(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).owned_by == "rheostat"
    with pytest.raises(openai.NotFoundError):
        ask(client, model="gpt")


def test_requests_beyond_the_limit_are_refused(client: OpenAI, upstream: ScriptedServer) -> None:
    upstream.fault = stalled
    streams = [stream(client) for _ in range(2)]
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    assert caught.value.response.headers["retry-after"] == "1"
    for reply in streams:
        reply.close()
    upstream.fault = lambda number, body: None
    soon(lambda: upstream.under_way == 0)

    def answered() -> bool:
        try:
            return bool(ask(client).choices)
        except openai.RateLimitError:
            return False

    soon(answered)


def test_an_unreachable_server_is_reported_without_its_address(
    client: OpenAI, upstream: ScriptedServer
) -> None:
    upstream.fault = lambda number, body: "broken"
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert caught.value.status_code == 502
    assert "127.0.0.1" not in str(caught.value)
    with pytest.raises(openai.APIError, match="returned an invalid response"):
        list(stream(client))


def test_metrics_count_requests_and_tokens(client: OpenAI, running: tuple[Proxy, Path]) -> None:
    root = running[0].url.removesuffix("/v1")
    assert httpx.get(f"{root}/health").status_code == 200
    headers = {"Authorization": f"Bearer {KEY}"}

    def counted(name: str) -> float:
        page = httpx.get(f"{root}/metrics", headers=headers).text
        lines = [line for line in page.splitlines() if line.startswith(name)]
        return float(lines[0].rpartition(" ")[2]) if lines else 0.0

    names = ['rheostat_requests_total{status="200"}', 'rheostat_tokens_total{kind="branch"}']
    before = [counted(name) for name in names]
    result = ask(client)
    after = [counted(name) for name in names]
    assert after[0] == before[0] + 1
    assert result.usage is not None
    assert 0 < after[1] - before[1] <= result.usage.completion_tokens
    assert counted("rheostat_episodes_under_way") == 0


def test_shutdown_completes_running_requests(upstream: ScriptedServer) -> None:
    waited: list[float] = []

    def slow(number: int, body: Body) -> Fault:
        waited.append(1)
        time.sleep(0.01)
        return None

    with proxy(upstream.url) as result:
        upstream.fault = slow
        got: list[str | None] = []
        client = OpenAI(base_url=result.url, api_key="any", max_retries=0, timeout=30)
        asking = Thread(target=lambda: got.append(ask(client).choices[0].message.content))
        asking.start()
        soon(lambda: len(waited) > 2)
        assert result.end() == 0
        asking.join(30)
        client.close()
    upstream.fault = lambda number, body: None
    assert len(got) == 1


def test_an_answer_without_a_finished_branch_is_returned_as_forced(
    upstream: ScriptedServer, tmp_path: Path
) -> None:
    program = tmp_path / "glance.rheo"
    program.write_text(
        'controller glance "Looks once" { start { open 3 } finally { answer winner(alive) } }\n'
    )
    with (
        proxy(upstream.url, "--interval", "10", controller=str(program)) as result,
        OpenAI(base_url=result.url, api_key="any", max_retries=0, timeout=20) as client,
    ):
        reply = ask(client, seed=1)
    (choice,) = reply.choices
    summary = (reply.model_extra or {})["rheostat"]
    assert choice.message.content == f"The final answer is \\boxed{{{summary['answer']}}}"
    assert reply.usage is not None
    assert reply.usage.completion_tokens > summary["tokens"] == 3 * 10


def test_a_proxy_without_a_server_ends_before_it_listens(cli: CommandLine) -> None:
    words = ["--base-url", "http://127.0.0.1:9", "--model", "m", "--family", "think"]
    result = cli("serve", "cmc", *words, "--patience", "0")
    assert (result.status, "cannot connect" in result.err) == (3, True)


@pytest.mark.slow
def test_no_request_runs_after_a_thousand_disconnects(upstream: ScriptedServer) -> None:
    upstream.fault = stalled
    dropped = upstream.dropped
    with proxy(upstream.url, "--at-once", "50") as result, httpx.Client(timeout=30) as http:
        body = {"model": MODEL, "messages": MESSAGES, "stream": True}
        for _ in range(1000):
            with http.stream("POST", f"{result.url}/chat/completions", json=body) as reply:
                assert reply.status_code == 200
                soon(lambda: upstream.under_way > 0)

        def all_counted() -> bool:
            page = http.get(result.url.removesuffix("/v1") + "/metrics").text
            gone = 'rheostat_requests_total{status="499"} 1000.0' in page
            return gone and "rheostat_episodes_under_way 0.0" in page

        soon(all_counted)
        soon(lambda: upstream.under_way == 0)
    upstream.fault = lambda number, body: None
    assert upstream.dropped >= dropped + 1000
