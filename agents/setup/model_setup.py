"""Model options of a run, resolved from the command line, the settings and the server."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from agents.chat.models import ChatModel
from agents.chat.server_info import query_server
from agents.chat.settings import ChatSettings, Price
from agents.external_agents.runners import select_runner
from agents.external_agents.settings import AgentSettings
from agents.proposers.registry import CHAT, COMMAND, list_commands, list_models, require_commands
from agents.run.records import ControllerLanguage, ModelOptions, Request, RunLimits
from harness.errors import InputError
from harness.request.option_names import name_option

MODEL_FIELDS = (
    "base_url", "temperatures", "reply_tokens", "constrained", "agent_minutes",
    "agent_image", "agent_network", "agent_env",
)  # fmt: skip
"""Options that set the fields of `ModelOptions` of the same names."""

MIN_PROMPT_TOKENS = 5600
"""Tokens of a prompt without its brief: the language card, programs to build on, the task."""


def check_language_options(request: Request, options: Mapping[str, Any]) -> None:
    """Check that the options of a new run are compatible with controllers in Python.

    Args:
        request: Request of the run.
        options: Options of the command by name; ``None`` if an option was not given.

    Raises:
        InputError: An option applies to Rheo only, or no proposer writes Python.
    """
    if request.language is ControllerLanguage.RHEO:
        return
    kinds = {proposer.partition(":")[0] for proposer in request.proposers}
    if not kinds & {CHAT, COMMAND}:
        raise InputError(
            f"{name_option('language', 'python')}: needs a language model or an agent, and none is"
            " configured",
            hint=f"add {name_option('proposers', 'chat:PROVIDER:MODEL')} or"
            f" {name_option('proposers', 'command:…')}",
        )
    for option in ("constrained", "free_knobs"):
        if options.get(option):
            raise InputError(
                f"{name_option(option)}: applies to controllers in Rheo, but"
                f" {name_option('language')} is python"
            )


def collect_model_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the fields of `ModelOptions` that were given as options."""
    fields = {name: options[name] for name in MODEL_FIELDS if options.get(name) not in (None, ())}
    return {name: list(value) if type(value) is tuple else value for name, value in fields.items()}


def resolve_model_setup(
    proposers: Sequence[str],
    fields: Mapping[str, Any],
    *,
    brief_tokens: int,
    caps: RunLimits,
    settings: ChatSettings,
    agent: AgentSettings,
    before: ModelOptions | None,
    warn: Callable[[str], None],
    language: ControllerLanguage = ControllerLanguage.RHEO,
) -> ModelOptions:
    """Resolve the model options of a new run, and query the server for its abilities.

    Anything that prevents calls of the models is reported here, before the run is created.

    Args:
        proposers: Names of the proposers of the run.
        fields: Options that were given, from `collect_model_fields`.
        brief_tokens: Maximum number of tokens of a brief.
        caps: Limits of the run.
        settings: Settings of model calls.
        agent: Settings of agents; ``fields`` takes precedence.
        before: Options of the run whose replies are replayed; ``None`` to call models.
        warn: Called with each warning.
        language: Language that models and agents write in.

    Raises:
        InputError: Options are incompatible with each other or with the server.
        ExternalError: The server does not answer, or a package or a key is missing.
    """
    resolved = replace(before or ModelOptions(), **fields)
    _refuse_unused(proposers, fields)
    if list_commands(proposers) and before is None:
        resolved = _with_container(resolved, fields, agent)
        _check_agents(resolved, proposers, agent)
    for model in list_models(proposers):
        if caps.usd is not None:
            _require_price(model, settings, is_own_server=resolved.base_url is not None)
        if before is None:
            client = ChatModel(model, resolved.base_url, settings)  # raises if it cannot be called
            for text in _describe_dropped(client, model, resolved.temperatures):
                warn(text)
            if resolved.base_url is not None:
                resolved = _fit_to_server(
                    resolved,
                    resolved.base_url,
                    model,
                    brief_tokens,
                    language,
                    is_constraint_given="constrained" in fields,
                )
    return resolved


def _refuse_unused(proposers: Sequence[str], fields: Mapping[str, Any]) -> None:
    """Refuse options of models or agents in a run without them.

    Raises:
        InputError: An option has no effect.
    """
    if "base_url" in fields and not list_models(proposers):
        raise InputError(
            f"{name_option('base_url')}: no model is used",
            hint=f"add {name_option('proposers', 'chat:openai:MODEL')}",
        )
    if "agent_image" in fields and not list_commands(proposers):
        raise InputError(
            f"{name_option('agent_image')}: no agent is used",
            hint=f"add {name_option('proposers', 'command:…')}",
        )


def _require_price(model: str, settings: ChatSettings, *, is_own_server: bool) -> None:
    if not Price(model, settings.prices, is_own_server=is_own_server).known:
        raise InputError(
            f"{name_option('max_usd')}: the price of {model} is unknown",
            hint=f'add it to rheostat.toml: [chat.prices] "{model}" = [DOLLARS_IN,'
            " DOLLARS_OUT], per million tokens",
        )


def _describe_dropped(
    client: ChatModel, model: str, temperatures: Sequence[float | None]
) -> list[str]:
    """Describe temperatures that the model's client does not send."""
    dropped = [
        temperature
        for temperature in temperatures
        if client.sent_temperature(temperature) != temperature
    ]
    listing = ", ".join(f"{temperature:g}" for temperature in dropped if temperature is not None)
    if not listing:
        return []
    text = (
        f"{model}: its client does not send the temperature {listing} for a model of this"
        " name; the model uses its own default, and candidates record that"
    )
    return [text]


def _with_container(
    resolved: ModelOptions, fields: Mapping[str, Any], agent: AgentSettings
) -> ModelOptions:
    """Set the container of agents from the options, or else from the settings.

    Raises:
        InputError: An option of containers was given without an image.
    """
    image = fields.get("agent_image", agent.image or None)
    if image is None:
        for name in ("agent_network", "agent_env"):
            if name in fields:
                raise InputError(
                    f"{name_option(name)}: applies only to an agent in a container",
                    hint=f"set its image with {name_option('agent_image')}",
                )
        return resolved
    network, env = (
        fields.get(f"agent_{name}", getattr(agent, name)) for name in ("network", "env")
    )
    return replace(resolved, agent_image=image, agent_network=network, agent_env=env)


def _check_agents(asking: ModelOptions, proposers: Sequence[str], agent: AgentSettings) -> None:
    """Check that the agents can be run.

    Raises:
        InputError: A variable is not set, or the network cannot be used.
        ExternalError: A command does not exist, or the container engine lacks the image.
    """
    if asking.agent_image is None:
        require_commands(proposers)
    else:
        select_runner(asking, agent)


def _fit_to_server(
    resolved: ModelOptions,
    base_url: str,
    model: str,
    brief_tokens: int,
    language: ControllerLanguage,
    *,
    is_constraint_given: bool,
) -> ModelOptions:
    provider, _, name = model.partition(":")
    if provider != "openai":
        raise InputError(
            f"{name_option('base_url')}: applies to servers with OpenAI's API, and {model} does not"
            " use it",
            hint=f"use chat:openai:{name}",
        )
    server = query_server(base_url, name)
    needs = MIN_PROMPT_TOKENS + brief_tokens + resolved.reply_tokens
    if server.context is not None and needs > server.context:
        raise InputError(
            f"{name} has a context of {server.context:,} tokens, but a call takes up to {needs:,}",
            hint=f"reduce {name_option('brief_tokens')} or {name_option('reply_tokens')}; their sum"
            f" is {brief_tokens + resolved.reply_tokens:,}",
        )
    decodes = server.decodes and language is ControllerLanguage.RHEO
    return resolved if is_constraint_given else replace(resolved, constrained=decodes)
