"""How language models are asked in a run, made of what was typed and what a server says."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from agents.chat.models import ChatModel
from agents.chat.server_info import query_server
from agents.chat.settings import ChatSettings, Price
from agents.external_agents.runners import select_runner
from agents.external_agents.settings import AgentSettings
from agents.proposers.registry import CHAT, COMMAND, list_commands, list_models, require_commands
from agents.run.records import ControllerLanguage, ModelOptions, Request, RunLimits
from harness.cli import console
from harness.errors import InputError

MODEL_FIELDS = (
    "base_url", "temperatures", "reply_tokens", "constrained", "agent_minutes",
    "agent_image", "agent_network", "agent_env",
)  # fmt: skip
"""Options that make up `ModelOptions`, by their fields."""

MIN_PROMPT_TOKENS = 5600
"""Tokens of a prompt beside its brief: the language card, programs to build on, the task."""


def check_language_options(wanted: Request, asked: Mapping[str, Any]) -> None:
    """Refuses what does not go with controllers in Python.

    Args:
        wanted: what a new run is asked for.
        asked: what was typed.

    Raises:
        InputError: an option does not go with it, or nobody proposes in it.
    """
    if wanted.language is ControllerLanguage.RHEO:
        return
    kinds = {each.partition(":")[0] for each in wanted.proposers}
    if not kinds & {CHAT, COMMAND}:
        raise InputError(
            "--language python: needs a language model or an agent, and none is configured",
            hint='add --proposer chat:PROVIDER:MODEL or --proposer command:"..."',
        )
    for name, option in (("constrained", "constrain"), ("free_knobs", "free-knobs")):
        if asked.get(name):
            raise InputError(
                f"--{option}: applies to controllers in Rheo, but --language is python"
            )


def collect_model_fields(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `ModelOptions` that were typed."""
    found = {name: asked[name] for name in MODEL_FIELDS if asked.get(name) not in (None, ())}
    return {name: list(value) if type(value) is tuple else value for name, value in found.items()}


def resolve_model_setup(
    proposers: Sequence[str],
    given: Mapping[str, Any],
    *,
    brief_tokens: int,
    caps: RunLimits,
    settings: ChatSettings,
    agent: AgentSettings,
    before: ModelOptions | None,
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> ModelOptions:
    """How models are asked in a new run; the server is asked what it can do.

    Whatever is missing to ask them is told here, before a run is made.

    Args:
        proposers: of the request.
        given: what `collect_model_fields` found.
        brief_tokens: the most tokens of a brief.
        caps: of the run.
        settings: how models are called.
        agent: where agents run, as far as ``given`` does not say.
        before: how they were asked in the run whose replies stand for them, if one does.
        language: what they are to write in.

    Raises:
        InputError: something does not fit together.
        ExternalError: the server does not answer, or a package or a key is missing.
    """
    found = replace(before or ModelOptions(), **given)
    wanted = list_models(proposers)
    if "base_url" in given and not wanted:
        raise InputError("--base-url: no model is used", hint="add --proposer chat:openai:MODEL")
    if list_commands(proposers):
        if before is None:
            found = _with_container(found, given, agent)
            _check_agents(found, proposers, agent)
    elif "agent_image" in given:
        raise InputError("--agent-image: no agent is used", hint='add --proposer command:"…"')
    for model in wanted:
        is_own_server = found.base_url is not None
        price = Price(model, settings.prices, is_own_server=is_own_server)
        if caps.usd is not None and not price.known:
            raise InputError(
                f"--max-usd: the price of {model} is unknown",
                hint=f'add it to rheostat.toml: [chat.prices] "{model}" = [DOLLARS_IN,'
                " DOLLARS_OUT], per million tokens",
            )
        if before is None:
            asked = ChatModel(model, found.base_url, settings)  # or it says what is missing
            _warn_of_dropped(asked, model, found.temperatures)
            if found.base_url is not None:
                found = _fit_to_server(
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
            f"{model}: its client does not send the temperature {wanted} for a model of this"
            " name; the model uses its own default, and candidates record that"
        )


def _with_container(
    found: ModelOptions, given: Mapping[str, Any], agent: AgentSettings
) -> ModelOptions:
    """With where agents run: as it was typed, or else by the settings.

    Raises:
        InputError: what is for a container was typed, and no image is named.
    """
    image = given.get("agent_image", agent.image or None)
    if image is None:
        for name in ("agent_network", "agent_env"):
            if name in given:
                raise InputError(
                    f"--{name.replace('_', '-')}: applies only to an agent in a container",
                    hint="set its image with --agent-image",
                )
        return found
    network, env = (given.get(f"agent_{name}", getattr(agent, name)) for name in ("network", "env"))
    return replace(found, agent_image=image, agent_network=network, agent_env=env)


def _check_agents(asking: ModelOptions, proposers: Sequence[str], agent: AgentSettings) -> None:
    """Refuses agents that cannot be run.

    Raises:
        InputError: and `ExternalError`: this machine has no such command, or the engine not
            what is asked of it.
    """
    if asking.agent_image is None:
        require_commands(proposers)
    else:
        select_runner(asking, agent)


def _fit_to_server(
    found: ModelOptions,
    base_url: str,
    model: str,
    brief_tokens: int,
    language: ControllerLanguage,
    *,
    known: bool,
) -> ModelOptions:
    provider, _, name = model.partition(":")
    if provider != "openai":
        raise InputError(
            f"--base-url: applies to servers with OpenAI's API, and {model} does not use it",
            hint=f"use chat:openai:{name}",
        )
    told = query_server(base_url, name)
    needs = MIN_PROMPT_TOKENS + brief_tokens + found.reply_tokens
    if told.context is not None and needs > told.context:
        raise InputError(
            f"{name} has a context of {told.context:,} tokens, but a call takes up to {needs:,}",
            hint="reduce --brief-tokens or --reply-tokens; their sum is"
            f" {brief_tokens + found.reply_tokens:,}",
        )
    decodes = told.decodes and language is ControllerLanguage.RHEO
    return found if known else replace(found, constrained=decodes)
