"""How language models are asked in a run, made of what was typed and what a server says."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from agents.chat.models import ChatModel
from agents.chat.prices import Price
from agents.chat.serving import served
from agents.chat.settings import ChatSettings
from agents.outside.choose import place
from agents.outside.settings import AgentSettings
from agents.proposers.choose import CHAT, COMMAND, commands, models, refuse_absent
from agents.run.records import Asking, Caps, Language, Request
from harness.cli import console
from harness.errors import InputError

FIELDS = (
    "base_url", "temperatures", "reply_tokens", "constrained", "agent_minutes",
    "agent_image", "agent_network", "agent_env",
)  # fmt: skip
"""Options that make up `Asking`, by their fields."""

LEAST_PROMPT = 5600
"""Tokens of a prompt beside its brief: the language card, programs to build on, the task."""


def refuse_unfit_language(wanted: Request, asked: Mapping[str, Any]) -> None:
    """Refuses what does not go with controllers in Python.

    Args:
        wanted: what a new run is asked for.
        asked: what was typed.

    Raises:
        InputError: an option does not go with it, or nobody proposes in it.
    """
    if wanted.language is Language.RHEO:
        return
    kinds = {each.partition(":")[0] for each in wanted.proposers}
    if not kinds & {CHAT, COMMAND}:
        raise InputError(
            "--language python: is what language models and agents write, and none is asked",
            hint='add --proposer chat:PROVIDER:MODEL or --proposer command:"..."',
        )
    for name, option in (("constrained", "constrain"), ("free_knobs", "free-knobs")):
        if asked.get(name):
            raise InputError(f"--{option}: is for controllers in Rheo, and --language is python")


def typed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Asking` that were typed."""
    found = {name: asked[name] for name in FIELDS if asked.get(name) not in (None, ())}
    return {name: list(value) if type(value) is tuple else value for name, value in found.items()}


def asking(
    proposers: Sequence[str],
    given: Mapping[str, Any],
    *,
    brief_tokens: int,
    caps: Caps,
    settings: ChatSettings,
    agent: AgentSettings,
    before: Asking | None,
    language: Language = Language.RHEO,
) -> Asking:
    """How models are asked in a new run; the server is asked what it can do.

    Whatever is missing to ask them is told here, before a run is made.

    Args:
        proposers: of the request.
        given: what `typed` found.
        brief_tokens: the most tokens of a brief.
        caps: of the run.
        settings: how models are called.
        agent: where agents run, as far as ``given`` does not say.
        before: how they were asked in the run whose replies stand for them, if one does.
        language: what they are to write in.

    Raises:
        InputError: something does not fit together.
        SurroundingsError: the server does not answer, or a package or a key is missing.
    """
    found = replace(before or Asking(), **given)
    wanted = models(proposers)
    if "base_url" in given and not wanted:
        raise InputError("--base-url: no model is asked", hint="add --proposer chat:openai:MODEL")
    if commands(proposers):
        if before is None:
            found = _housed(found, given, agent)
            _refuse_unrun(found, proposers, agent)
    elif "agent_image" in given:
        raise InputError("--agent-image: no agent is run", hint='add --proposer command:"…"')
    for model in wanted:
        is_own_server = found.base_url is not None
        price = Price(model, settings.prices, is_own_server=is_own_server)
        if caps.usd is not None and not price.known:
            raise InputError(
                f"--max-usd: there is no price for {model}",
                hint=f'in rheostat.toml: [chat.prices] "{model}" = [DOLLARS_IN, DOLLARS_OUT],'
                " for a million tokens",
            )
        if before is None:
            asked = ChatModel(model, found.base_url, settings)  # or it says what is missing
            _warn_of_dropped(asked, model, found.temperatures)
            if found.base_url is not None:
                found = _fitted(
                    found,
                    found.base_url,
                    model,
                    brief_tokens,
                    language,
                    known="constrained" in given,
                )
    return found


def _warn_of_dropped(asked: ChatModel, model: str, temperatures: Sequence[float | None]) -> None:
    """Warns of temperatures that the model's client does not send."""
    changed = [each for each in temperatures if asked.sent_temperature(each) != each]
    wanted = ", ".join(f"{each:g}" for each in changed if each is not None)
    if wanted:
        console.warn(
            f"{model}: its client does not send the temperature {wanted} for a model of this name;"
            " replies come at the model's own, and candidates say so"
        )


def _housed(found: Asking, given: Mapping[str, Any], agent: AgentSettings) -> Asking:
    """With where agents run: as it was typed, or else by the settings.

    Raises:
        InputError: what is for a container was typed, and no image is named.
    """
    image = given.get("agent_image", agent.image or None)
    if image is None:
        for name in ("agent_network", "agent_env"):
            if name in given:
                raise InputError(
                    f"--{name.replace('_', '-')}: is for an agent in a container",
                    hint="name its image with --agent-image",
                )
        return found
    network, env = (given.get(f"agent_{name}", getattr(agent, name)) for name in ("network", "env"))
    return replace(found, agent_image=image, agent_network=network, agent_env=env)


def _refuse_unrun(asking: Asking, proposers: Sequence[str], agent: AgentSettings) -> None:
    """Refuses agents that cannot be run.

    Raises:
        InputError: and `SurroundingsError`: this machine has no such command, or the engine not
            what is asked of it.
    """
    if asking.agent_image is None:
        refuse_absent(proposers)
    else:
        place(asking, agent)


def _fitted(
    found: Asking,
    base_url: str,
    model: str,
    brief_tokens: int,
    language: Language,
    *,
    known: bool,
) -> Asking:
    provider, _, name = model.partition(":")
    if provider != "openai":
        raise InputError(
            f"--base-url: is for servers that speak OpenAI's protocol, and {model} is not asked so",
            hint=f"write chat:openai:{name}",
        )
    told = served(base_url, name)
    needs = LEAST_PROMPT + brief_tokens + found.reply_tokens
    if told.context is not None and needs > told.context:
        raise InputError(
            f"{name} has a context of {told.context:,} tokens, and a call takes up to {needs:,}",
            hint="less with --brief-tokens and --reply-tokens, whose sum is"
            f" {brief_tokens + found.reply_tokens:,}",
        )
    decodes = told.decodes and language is Language.RHEO
    return found if known else replace(found, constrained=decodes)
