"""Requests that the proxy refuses, and how the official client of OpenAI sees it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI

from tests.harness.proxy.proxies import KEY, Proxy, ask, proxy
from tests.store.serving.scripted import CONTEXT, MODEL, ScriptedServer


def test_a_wrong_key_is_refused_without_an_upstream_request(
    running: tuple[Proxy, Path], upstream: ScriptedServer
) -> None:
    before = len(upstream.seen)
    with OpenAI(base_url=running[0].url, api_key="another", max_retries=0) as other_client:
        with pytest.raises(openai.AuthenticationError, match="missing or wrong"):
            ask(other_client)
        with pytest.raises(openai.AuthenticationError):
            other_client.models.list()
    assert httpx.get(running[0].url.removesuffix("/v1") + "/metrics").status_code == 401
    assert len(upstream.seen) == before


def test_a_body_that_is_too_large_is_refused_without_content_length(
    client: OpenAI, running: tuple[Proxy, Path]
) -> None:
    long = [{"role": "user", "content": "x" * 6000}]
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, messages=long)
    assert caught.value.status_code == 413

    def untold() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    reply = httpx.post(f"{running[0].url}/chat/completions", content=untold(), headers=headers)
    assert reply.status_code == 413


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"stop": ["x", ""]}, "stop"),
        ({"stop": 3}, "stop"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": -0.5}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"reasoning_effort": "immense"}, "reasoning_effort"),
        ({"extra_body": {"budget": 0}}, "budget"),
        ({"extra_body": {"budget": 39}}, "budget"),
        ({"extra_body": {"budget": 1 << 50}}, "budget"),
        ({"extra_body": {"chat_template_kwargs": 3}}, "chat_template_kwargs"),
        (
            {"extra_body": {"chat_template_kwargs": {"chat_template": "x"}}},
            "chat_template_kwargs.chat_template",
        ),
        ({"extra_body": {"beta": 2}}, "beta"),
        ({"extra_body": {"beta": True}}, "beta"),
        ({"extra_body": {"best_of": 3}}, "best_of"),
    ],
)
def test_unsupported_parameters_are_refused_by_name(
    client: OpenAI, asked: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **asked)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"top_p": 0}, "`top_p` is 0; it must be above 0 and at most 1"),
        ({"extra_body": {"budget": 0}}, "`budget` is 0; it must be from 1 to 281474976710656"),
        ({"seed": 1 << 64}, "must be from -9223372036854775808 to 18446744073709551615"),
        ({"temperature": 2.5}, "`temperature` is 2.5; it must be from 0 to 2"),
        ({"extra_body": {"budget": 39}}, "too little for one branch; an interval has 40 tokens"),
    ],
)
def test_bounds_are_printed_in_full(client: OpenAI, asked: dict[str, object], message: str) -> None:
    with pytest.raises(openai.BadRequestError, match=message):
        ask(client, **asked)


def test_neutral_parameters_are_accepted(client: OpenAI) -> None:
    ask(client, n=1, logprobs=False, user="me", stop=None, presence_penalty=0.0, top_p=1)


def test_malformed_requests_are_refused_in_openais_format(running: tuple[Proxy, Path]) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    url = f"{running[0].url}/chat/completions"
    bodies: list[bytes] = [b"", b"[]", b"{", b"\xff", b'{"model": 3}', b'{"model": "m"}']
    picture = {"role": "user", "content": [{"type": "image_url"}]}
    bodies += [
        json.dumps({"model": MODEL, "messages": messages}).encode()
        for messages in ([], [1], [{"role": "tool", "content": "x"}], [{"role": "user"}], [picture])
    ]
    for body in bodies:
        reply = httpx.post(url, content=body, headers=headers)
        assert reply.status_code == 400, body
        assert reply.json()["error"]["type"] == "invalid_request_error"
    assert httpx.get(url, headers=headers).status_code == 405
    assert (
        "is not a path of the proxy"
        in httpx.get(url + "/x", headers=headers).json()["error"]["message"]
    )


def test_a_conversation_that_does_not_fit_is_refused(client: OpenAI) -> None:
    long = [{"role": "user", "content": "x" * 4000}]
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, messages=long)
    assert caught.value.code == "context_length_exceeded"


def test_a_program_that_reads_p_true_has_it_asked_within_the_context(
    upstream: ScriptedServer,
) -> None:
    with proxy(upstream.url, controller="cisc") as served:
        client = OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=20)
        upstream.seen.clear()
        assert ask(client).choices
        asked = [seen for seen in upstream.completions if seen.body.get("allowed_token_ids")]
        assert 0 < len(asked) <= 6
        # It fits with a probe, but not with the longer question of P(True).
        longest = CONTEXT - 200 - 160
        with pytest.raises(openai.BadRequestError) as caught:
            ask(client, messages=[{"role": "user", "content": "x" * longest}])
        assert caught.value.code == "context_length_exceeded"
    with proxy(upstream.url, controller="sc") as served:
        client = OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=20)
        assert ask(client, messages=[{"role": "user", "content": "x" * longest}]).choices
