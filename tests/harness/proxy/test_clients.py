"""What clients send besides a question: history, stop strings, arguments of the template."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletion

from harness.proxy.chat_request import Stopping
from tests.harness.proxy.proxies import proxy
from tests.store.serving.scripted import MODEL, Body, ScriptedServer, plain_template, serving
from tests.store.serving.scripted_model import show

MESSAGES = [{"role": "user", "content": "how many?"}]


def switched(messages: list[Body], arguments: Body) -> str:
    """A template that ends the thinking where it is told not to think."""
    off = arguments.get("enable_thinking") is False
    return plain_template(messages, arguments) + ("<think>\n\n</think>\n\n" if off else "")


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        server.template = switched
        yield server


@pytest.fixture(scope="module")
def client(upstream: ScriptedServer) -> Iterator[OpenAI]:
    with (
        proxy(upstream.url, "--patience", "0.3") as result,
        OpenAI(base_url=result.url, api_key="any", max_retries=0, timeout=20) as made,
    ):
        yield made


def ask(client: OpenAI, **more: object) -> ChatCompletion:
    create: Any = client.chat.completions.create
    result = create(**({"model": MODEL, "messages": MESSAGES, "seed": 7} | more))
    assert isinstance(result, ChatCompletion)
    return result


def streamed(client: OpenAI, **more: object) -> tuple[str, str | None]:
    """The text of a stream, and why it ended."""
    create: Any = client.chat.completions.create
    text, ended = "", None
    for chunk in create(model=MODEL, messages=MESSAGES, seed=7, stream=True, **more):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ended = choice.finish_reason or ended
    return text, ended


def rendered(upstream: ScriptedServer) -> Body:
    """The last conversation that was rendered."""
    return next(request.body for request in reversed(upstream.seen) if "messages" in request.body)


def test_a_reply_of_the_proxy_is_accepted_as_history_without_its_thoughts(
    client: OpenAI, upstream: ScriptedServer
) -> None:
    reply = ask(client).choices[0].message
    sent = reply.model_dump()
    assert sent["reasoning_content"]
    again = ask(client, messages=[*MESSAGES, sent, {"role": "user", "content": "and now?"}])
    assert again.choices[0].message.content
    assert rendered(upstream)["messages"][1] == {"role": "assistant", "content": reply.content}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": None, "reasoning_content": "cut off while thinking"}, ""),
        ({"content": "3", "reasoning": "by counting", "tool_calls": []}, "3"),
        ({"content": "3", "thinking_blocks": [{"type": "thinking"}], "refusal": None}, "3"),
        ({"content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "3"}]}, "3"),
    ],
)
def test_thoughts_are_removed_under_every_name_that_clients_use(
    client: OpenAI, upstream: ScriptedServer, message: Body, content: str
) -> None:
    history = [*MESSAGES, {"role": "assistant"} | message, {"role": "user", "content": "and now?"}]
    ask(client, messages=history)
    assert rendered(upstream)["messages"][1] == {"role": "assistant", "content": content}


def test_thoughts_of_a_user_are_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, messages=[MESSAGES[0] | {"reasoning_content": "hm"}])
    assert caught.value.param == "messages[0].reasoning_content"


@pytest.mark.parametrize("stop", ["boxed", ["none of it", "{", " is"]])
def test_content_ends_at_a_stop_string_whole_and_streamed(
    client: OpenAI, stop: str | list[str]
) -> None:
    whole = ask(client).choices[0].message.content
    assert whole is not None
    strings = [stop] if isinstance(stop, str) else stop
    wanted = whole[: min(position for string in strings if (position := whole.find(string)) >= 0)]
    result = ask(client, stop=stop)
    assert (result.choices[0].message.content, result.choices[0].finish_reason) == (wanted, "stop")
    assert streamed(client, stop=stop) == (wanted, "stop")
    assert result.usage == ask(client).usage


def test_a_stop_string_can_be_included_and_an_absent_one_has_no_effect(
    client: OpenAI,
) -> None:
    whole = ask(client).choices[0].message.content
    extra = {"include_stop_str_in_output": True}
    shown = ask(client, stop="answer", extra_body=extra).choices[0].message.content
    assert shown == "The final answer"
    assert ask(client, stop=["Question:", "<|im_end|>"]).choices[0].message.content == whole


def test_of_several_stop_strings_the_first_in_the_text_ends_it() -> None:
    assert Stopping(("c", "b")).cut("abcb") == "a"
    assert Stopping(("bc", "b"), included=True).cut("abc") == "ab"
    assert Stopping(("x",)).cut("abc") is None
    assert Stopping().cut("abc") is None


def test_arguments_of_the_template_are_passed_on(client: OpenAI, upstream: ScriptedServer) -> None:
    ask(client, reasoning_effort="low")
    assert rendered(upstream)["chat_template_kwargs"] == {
        "reasoning_effort": "low", "enable_thinking": True,
    }  # fmt: skip
    ask(client, extra_body={"chat_template_kwargs": {"enable_thinking": True, "depth": 3}})
    assert rendered(upstream)["chat_template_kwargs"] == {"enable_thinking": True, "depth": 3}


@pytest.mark.parametrize(
    "how",
    [
        {"reasoning_effort": "none"},
        {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}},
    ],
)
def test_without_thinking_all_of_the_text_is_content(
    client: OpenAI, upstream: ScriptedServer, how: dict[str, object]
) -> None:
    before = len(upstream.completions)
    result = ask(client, **how).choices[0].message
    assert result.content
    assert (result.model_extra or {}).get("reasoning_content") is None
    probes = [
        completion.body for completion in upstream.completions[before:] if "stop" in completion.body
    ]
    for prompt in [item for body in probes for item in body["prompt"]]:
        text = show(prompt)
        assert text.endswith("\n\nThe final answer is \\boxed{")
        assert not text.endswith("\n</think>\n\nThe final answer is \\boxed{")
    assert probes
    assert (ask(client).choices[0].message.model_extra or {})["reasoning_content"]


def test_a_conversation_that_the_template_refuses_is_refused_to_the_client(
    client: OpenAI, upstream: ScriptedServer
) -> None:
    upstream.template = None
    try:
        with pytest.raises(openai.BadRequestError, match="chat template rejects this"):
            ask(client)
    finally:
        upstream.template = switched


def test_temperature_0_gives_a_warning_in_the_reply(client: OpenAI) -> None:
    summary = (ask(client, temperature=0).model_extra or {})["rheostat"]
    assert summary["warnings"] == [
        "at temperature 0 all branches are the same, and a vote among them decides nothing"
    ]
    assert "warnings" not in (ask(client).model_extra or {})["rheostat"]
