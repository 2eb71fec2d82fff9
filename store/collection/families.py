"""The family of a model, detected from its own chat template, as the server renders it.

What the prompt holds where the model begins its reply is certain: an open ``<think>``, a channel of
harmony, ``[THINK]``. A template that drops thoughts from earlier turns, or that has an argument for
thinking, is a weaker sign, and the model's name goes before it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from store.forcing import FAMILIES, Forcing, guess_family
from store.serving.engine import Engine
from store.serving.errors import Refused

_QUESTION = "How many are there?"
_THOUGHT, _REPLY = "counting aloud", "There are three."

_HISTORY = (
    {"role": "user", "content": _QUESTION},
    {"role": "assistant", "content": f"<think>\n{_THOUGHT}\n</think>\n\n{_REPLY}"},
    {"role": "user", "content": _QUESTION},
)

_ARGUMENTS = ("enable_thinking", "thinking")
"""What templates call the argument that turns thinking on and off."""


class Family(NamedTuple):
    """How a model thinks."""

    name: str
    """One of `FAMILIES`."""
    closed: bool = False
    """Whether the prompt has ended the thinking already, so that chains begin with the reply."""


async def find_family(engine: Engine, model: str, template: Mapping[str, Any]) -> Family | None:
    """Find how a model thinks; ``None`` where neither its template nor its name shows it.

    Args:
        engine: what renders the chat template.
        model: the model's name.
        template: arguments of the template.

    Raises:
        ServingError: the server does not answer.
    """
    try:
        prompt = await _render(engine, ({"role": "user", "content": _QUESTION},), template)
    except Refused:  # it has no template, or one that does not take a conversation
        prompt = ""
    if (certain := _by_prompt(prompt)) is not None:
        return certain
    if (named := guess_family(model)) is not None:
        return Family(named)
    if not prompt or not await _thinks(engine, prompt, template):
        return None
    return Family("think")


def make_closed_forcing(forcing: Forcing) -> Forcing:
    """Return the forced text for a prompt that has already ended the thinking."""
    ask = "\n\n" + forcing.ask.lstrip("\n") if forcing.ask else ""
    return Forcing(end="", ask=ask, mark="")


async def is_closed(engine: Engine, prompt: list[int], forcing: Forcing) -> bool:
    """Return whether a prompt has ended the thinking of the reply that follows it.

    Args:
        engine: what gives the text of tokens.
        prompt: the prompt in tokens.
        forcing: the mark of the model's family.

    Raises:
        ServingError: the server does not answer.
    """
    if not forcing.mark:
        return False
    return (await engine.detokenize(prompt[-_TAIL:])).rstrip().endswith(forcing.mark)


_TAIL = 24
"""Tokens at a prompt's end that are searched for a closing mark."""


def _by_prompt(prompt: str) -> Family | None:
    """Return the family that a rendered prompt shows."""
    reply = prompt.rpartition(_QUESTION)[2]
    for name, forcing in FAMILIES.items():
        if forcing.mark and reply.rstrip().endswith(forcing.mark):
            return Family(name, closed=True)
    if "<|start|>assistant" in reply or "<|channel|>" in prompt:
        return Family("harmony")
    if "[THINK]" in prompt:
        return Family("magistral")
    return Family("think") if "<think>" in reply else None


async def _thinks(engine: Engine, prompt: str, template: Mapping[str, Any]) -> bool:
    """Return whether a template knows of thoughts between ``<think>`` marks."""
    for name in _ARGUMENTS:
        switched = {
            value: await _try_render(engine, {**template, name: value}) for value in (True, False)
        }
        if switched[True] != switched[False]:
            # With the argument left out, one of the two is what the model gets.
            return prompt != switched[False]
    try:
        history = await _render(engine, _HISTORY, template)
    except Refused:
        return False
    return _REPLY in history and _THOUGHT not in history


async def _try_render(engine: Engine, template: Mapping[str, Any]) -> str:
    try:
        return await _render(engine, ({"role": "user", "content": _QUESTION},), template)
    except Refused:
        return ""


async def _render(
    engine: Engine, messages: tuple[Mapping[str, str], ...], template: Mapping[str, Any]
) -> str:
    return await engine.detokenize(await engine.tokenize_chat(messages, dict(template)))


def make_forcing(family: Family, *, end: str | None, ask: str | None) -> Forcing:
    """Return what is forced on a model of a family.

    Args:
        family: how it thinks.
        end: ends the thinking, in place of the family's usual text.
        ask: begins the answer, in place of the usual.
    """
    usual = FAMILIES[family.name]
    if family.closed:
        usual = make_closed_forcing(usual)
    texts = {"end": end, "ask": ask}
    return msgspec.structs.replace(
        usual, **{name: text for name, text in texts.items() if text is not None}
    )
