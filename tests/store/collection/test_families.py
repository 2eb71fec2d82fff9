"""The family of a model, found in its chat template: those of usual models, in a few words."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store.collection.families import (
    Family,
    find_family,
    is_closed,
    make_closed_forcing,
    make_forcing,
)
from store.forcing import FAMILIES, guess_family
from store.serving.vllm_server import VllmServer
from tests.store.serving.scripted import MODEL, Body, ScriptedServer, plain_template, serving
from tests.store.serving.scripted_model import encode


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


def turns(messages: list[Body], *, without_thoughts: bool = True) -> str:
    """A conversation in the marks of ChatML."""
    rendered_prompt = ""
    for message in messages:
        text = str(message["content"])
        if without_thoughts and message["role"] == "assistant":
            text = text.rpartition("</think>")[2].lstrip()
        rendered_prompt += f"<|im_start|>{message['role']}\n{text}<|im_end|>\n"
    return rendered_prompt + "<|im_start|>assistant\n"


def switched_on(messages: list[Body], arguments: Body) -> str:
    """Thinks unless it is reported not to, as Qwen3 does."""
    off = arguments.get("enable_thinking", True) is False
    return turns(messages) + ("<think>\n\n</think>\n\n" if off else "")


def switched_off(messages: list[Body], arguments: Body) -> str:
    """Thinks only if it is reported to, as DeepSeek-V3.1 does."""
    return turns(messages) + ("<think>" if arguments.get("thinking") else "</think>")


def silent_switch(messages: list[Body], arguments: Body) -> str:
    """Thinks only if it is reported to by its first message, and leaves no mark where it is not."""
    about = "Think between <think> and </think>.\n" if arguments.get("thinking") else ""
    return about + turns(messages, without_thoughts=False)


def opens(messages: list[Body], arguments: Body) -> str:
    """Always thinks, as QwQ and DeepSeek-R1 do."""
    return turns(messages) + "<think>\n"


def drops(messages: list[Body], arguments: Body) -> str:
    """Shows that it thinks by what it drops of earlier turns, and by nothing else."""
    return turns(messages)


def harmony(messages: list[Body], arguments: Body) -> str:
    effort = arguments.get("reasoning_effort", "medium")
    rendered_prompt = f"<|start|>system<|message|>Reasoning: {effort}<|end|>"
    rendered_prompt += "".join(
        f"<|start|>{m['role']}<|message|>{m['content']}<|end|>" for m in messages
    )
    return rendered_prompt + "<|start|>assistant"


def magistral(messages: list[Body], arguments: Body) -> str:
    rendered_prompt = (
        "[SYSTEM_PROMPT]Draft your thoughts: [THINK]Your thoughts[/THINK][/SYSTEM_PROMPT]"
    )
    return rendered_prompt + "".join(f"[INST]{m['content']}[/INST]" for m in messages)


def keeps(messages: list[Body], arguments: Body) -> str:
    return turns(messages, without_thoughts=False)


Template = Callable[[list[Body], Body], str]


async def found(
    server: ScriptedServer, template: Template | None, name: str = MODEL, **arguments: object
) -> Family | None:
    server.template = template
    async with VllmServer(server.url, MODEL) as client:
        return await find_family(client, name, arguments)


@pytest.mark.parametrize(
    ("template", "family"),
    [
        (switched_on, "think"),
        (opens, "think"),
        (drops, "think"),
        (harmony, "harmony"),
        (magistral, "magistral"),
    ],
)
async def test_family_is_detected_from_the_chat_template(
    scripted: ScriptedServer, template: Template, family: str
) -> None:
    assert guess_family(MODEL) is None
    assert await found(scripted, template) == Family(family)


@pytest.mark.parametrize("template", [keeps, plain_template, silent_switch, None])
async def test_unrecognized_template_gives_no_family(
    scripted: ScriptedServer, template: Template | None
) -> None:
    assert await found(scripted, template) is None


async def test_disabled_thinking_is_closed_in_the_prompt(
    scripted: ScriptedServer,
) -> None:
    assert await found(scripted, switched_on, enable_thinking=False) == Family("think", closed=True)
    assert await found(scripted, switched_off) == Family("think", closed=True)
    assert await found(scripted, switched_off, thinking=True) == Family("think")


async def test_prompt_takes_precedence_over_name_and_name_over_template(
    scripted: ScriptedServer,
) -> None:
    assert await found(scripted, magistral, "Ministral-3-8B-Reasoning") == Family("magistral")
    assert await found(scripted, drops, "some-7B-Instruct") == Family("plain")
    assert await found(scripted, None, "Qwen3-8B") == Family("think")


def test_instruct_models_do_not_think() -> None:
    assert guess_family("Qwen3-30B-A3B-Instruct-2507") == "plain"
    assert guess_family("Qwen3-30B-A3B-Thinking-2507") == "think"


def test_closed_thinking_is_not_ended_again() -> None:
    forcing = make_forcing(Family("think", closed=True), end=None, ask=None)
    assert forcing == make_closed_forcing(FAMILIES["think"])
    assert (forcing.end, forcing.mark) == ("", "")
    assert forcing.ask.startswith("\n\n")
    own = make_forcing(Family("think"), end="</think>", ask="So:")
    assert (own.end, own.ask, own.mark) == ("</think>", "So:", "</think>")


@pytest.mark.parametrize(
    ("text", "is_it"),
    [("a<think>\n\n</think>\n\n", True), ("a</think>b", False), ("a<think>", False)],
)
async def test_a_prompt_that_ends_with_the_closing_mark_is_closed(
    scripted: ScriptedServer, text: str, is_it: bool
) -> None:
    arguments: dict[str, Any] = {"forcing": FAMILIES["think"]}
    async with VllmServer(scripted.url, MODEL) as client:
        assert await is_closed(client, encode(text), **arguments) is is_it
