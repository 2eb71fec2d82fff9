"""Registry of proposers by name."""

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from agents.chat.settings import ChatSettings
from agents.external_agents.runners import select_runner
from agents.external_agents.settings import AgentSettings
from agents.proposers import Proposer
from agents.run.directory import RunDirectory
from agents.run.records import ModelOptions
from harness.errors import InputError
from harness.messages import suggest
from harness.request.option_names import name_option

if TYPE_CHECKING:
    from agents.chat.client import ModelClient
    from agents.chat.models import LanguageModel

PROPOSER_NAMES = ("templates", "evolve", "random")
"""Names that ``--proposer`` takes without arguments, the default first; ``hand`` always exists."""

CHAT, COMMAND = "chat", "command"
"""Proposers that take an argument after a colon: a model, or a command."""


class ProposerResources(NamedTuple):
    """Resources of proposers that call models or run commands."""

    run: RunDirectory
    model_options: ModelOptions
    settings: ChatSettings
    before: RunDirectory | None = None
    """Another run whose replies are used instead of calls to models."""
    agent: AgentSettings = AgentSettings()
    """Settings of the containers of agents."""


def build_proposers(names: Sequence[str], resources: ProposerResources) -> dict[str, Proposer]:
    """Build the proposers of a request by name.

    Raises:
        InputError: A name is unknown.
        ExternalError: A requirement of a proposer is missing.
    """
    return {name: _build_proposer(name, resources) for name in names}


def check_proposer_names(names: Sequence[str]) -> None:
    """Check that proposers with these names exist.

    Raises:
        InputError: A name is unknown.
    """
    for name in names:
        kind, _, argument = name.partition(":")
        if kind == CHAT:
            parse_model_name(name)
        elif kind == COMMAND:
            check_command(name, argument)
        elif name not in _PLAIN:
            raise _unknown(name)


def parse_model_name(name: str) -> str:
    """Return ``PROVIDER:MODEL`` of a proposer ``chat:PROVIDER:MODEL``.

    Raises:
        InputError: The name does not have this form.
    """
    model_name = name.partition(":")[2]
    provider, _, model = model_name.partition(":")
    if not provider or not model:
        raise InputError(
            f"{name_option('proposers', name)}: write chat:PROVIDER:MODEL",
            hint=f"use chat:openai:MODEL with {name_option('base_url')} for your own server",
        )
    return model_name


def check_command(name: str, command: str) -> None:
    """Check that a command line can be parsed.

    Raises:
        InputError: It is empty, or its quotes do not match.
    """
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise InputError(f"{name_option('proposers', name)}: {str(problem).lower()}") from problem
    if not words:
        raise InputError(
            f"{name_option('proposers', name)}: no command; write one after the colon, such as"
            " command:my-agent"
        )


def require_commands(names: Sequence[str]) -> None:
    """Check that the commands among some proposers are installed on this machine.

    Raises:
        InputError: A command is not installed.
    """
    for name in list_commands(names):
        program = shlex.split(name.partition(":")[2])[0]
        if shutil.which(program) is None:
            raise InputError(f"{name_option('proposers', name)}: there is no command {program}")


def list_models(names: Sequence[str]) -> list[str]:
    """Return the models of the ``chat`` proposers among some names."""
    return [parse_model_name(name) for name in names if name.partition(":")[0] == CHAT]


def list_commands(names: Sequence[str]) -> list[str]:
    """Return the names of ``command`` proposers among some names."""
    return [name for name in names if name.partition(":")[0] == COMMAND]


def _build_proposer(name: str, resources: ProposerResources) -> Proposer:
    kind, _, argument = name.partition(":")
    if kind == CHAT:
        return _chat(parse_model_name(name), resources)
    if kind == COMMAND:
        from agents.proposers.command import CommandProposer

        return CommandProposer(
            argument,
            resources.run,
            resources.model_options,
            resources.before,
            lambda: select_runner(resources.model_options, resources.agent),
        )
    if name not in _PLAIN:
        raise _unknown(name)
    return _PLAIN[name]()


def _make_model_opener(model: str, resources: ProposerResources) -> "Callable[[], LanguageModel]":
    """Return the factory of a model; in a replay of another run it raises at the first call."""
    before = resources.before

    def open_model() -> "LanguageModel":
        from agents.chat.models import ChatModel

        if before is not None:
            raise InputError(
                f"{before.path}: contains no reply to this request to {model}",
                hint="--replies repeats only a run with the same requests; omit it to call the"
                " model",
            )
        return ChatModel(model, resources.model_options.base_url, resources.settings)

    return open_model


def build_model_client(model: str, resources: ProposerResources) -> "ModelClient":
    """Build the client of a model, with its price and the reply cache of the run."""
    from agents.chat.client import ModelClient
    from agents.chat.reply_cache import ReplyCache
    from agents.chat.settings import Price

    is_own_server = resources.model_options.base_url is not None
    price = Price(model, resources.settings.prices, is_own_server=is_own_server)
    replies = ReplyCache(resources.run, resources.before)
    return ModelClient(
        model, _make_model_opener(model, resources), price, replies, resources.model_options
    )


def _chat(model: str, resources: ProposerResources) -> Proposer:
    from agents.proposers.chat import ChatProposer

    return ChatProposer(build_model_client(model, resources))


def _templates() -> Proposer:
    from agents.proposers.templates import TemplatesProposer

    return TemplatesProposer()


def _evolve() -> Proposer:
    from agents.proposers.evolve import EvolveProposer

    return EvolveProposer()


def _random() -> Proposer:
    from agents.proposers.random import RandomProposer

    return RandomProposer()


_PLAIN: Mapping[str, Callable[[], Proposer]] = {
    "templates": _templates,
    "evolve": _evolve,
    "random": _random,
}


def _unknown(name: str) -> InputError:
    if name == "hand":
        return InputError(
            f"{name_option('proposers', name)}: users can always propose; leave it out",
            hint="rheostat propose RUN FILE",
        )
    forms = (*PROPOSER_NAMES, "chat:PROVIDER:MODEL", 'command:"…"')
    meant = suggest(name, (*PROPOSER_NAMES, CHAT, COMMAND), f"choose from {', '.join(forms)}")
    return InputError(f"{name_option('proposers', name)}: unknown proposer; {meant}")
