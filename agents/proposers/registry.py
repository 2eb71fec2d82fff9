"""The proposers by name: the one place that knows which there are."""

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

if TYPE_CHECKING:
    from agents.chat.client import ModelClient
    from agents.chat.models import LanguageModel

PROPOSER_NAMES = ("templates", "evolve", "random")
"""The names that ``--proposer`` takes as they are, the default first; ``hand`` is always there."""

CHAT, COMMAND = "chat", "command"
"""Those that take something behind a colon: a model, or a command."""


class ProposerResources(NamedTuple):
    """What proposers that ask others work with."""

    run: RunDirectory
    asking: ModelOptions
    settings: ChatSettings
    before: RunDirectory | None = None
    """Another run, whose replies stand for the models: none is called."""
    agent: AgentSettings = AgentSettings()
    """What agents may use in their containers."""


def build_proposers(names: Sequence[str], means: ProposerResources) -> dict[str, Proposer]:
    """Return the proposers of a request, by the names that it uses.

    Raises:
        InputError: there is none of that name.
        ExternalError: what it needs is not there.
    """
    return {name: _build_proposer(name, means) for name in names}


def check_proposer_names(names: Sequence[str]) -> None:
    """Refuses names of which there is no proposer.

    Raises:
        InputError: there is none of that name.
    """
    for name in names:
        kind, _, rest = name.partition(":")
        if kind == CHAT:
            parse_model_name(name)
        elif kind == COMMAND:
            check_command(name, rest)
        elif name not in _PLAIN:
            raise _unknown(name)


def parse_model_name(name: str) -> str:
    """``PROVIDER:MODEL`` of a proposer ``chat:PROVIDER:MODEL``.

    Raises:
        InputError: it is not written so.
    """
    rest = name.partition(":")[2]
    provider, _, model = rest.partition(":")
    if not provider or not model:
        raise InputError(
            f"--proposer {name}: write chat:PROVIDER:MODEL",
            hint="chat:openai:MODEL for a server of your own too, with --base-url",
        )
    return rest


def check_command(name: str, command: str) -> None:
    """Refuses a command that cannot be started.

    Raises:
        InputError: it is empty, not written as in a shell, or there is none of its name.
    """
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise InputError(f"--proposer {name}: {str(problem).lower()}") from problem
    if not words:
        raise InputError(f'--proposer {name}: no command; write command:"my-agent --flag"')


def require_commands(names: Sequence[str]) -> None:
    """Refuses commands that this machine does not have.

    Raises:
        InputError: there is none of that name.
    """
    for name in list_commands(names):
        word = shlex.split(name.partition(":")[2])[0]
        if shutil.which(word) is None:
            raise InputError(f"--proposer {name}: there is no command {word}")


def list_models(names: Sequence[str]) -> list[str]:
    """Return the models among some proposers."""
    return [parse_model_name(each) for each in names if each.partition(":")[0] == CHAT]


def list_commands(names: Sequence[str]) -> list[str]:
    """Return the names of those that are commands."""
    return [each for each in names if each.partition(":")[0] == COMMAND]


def _build_proposer(name: str, means: ProposerResources) -> Proposer:
    kind, _, rest = name.partition(":")
    if kind == CHAT:
        return _chat(parse_model_name(name), means)
    if kind == COMMAND:
        from agents.proposers.command import CommandProposer

        return CommandProposer(
            rest,
            means.run,
            means.asking,
            means.before,
            lambda: select_runner(means.asking, means.agent),
        )
    if name not in _PLAIN:
        raise _unknown(name)
    return _PLAIN[name]()


def _make_model_opener(model: str, means: ProposerResources) -> "Callable[[], LanguageModel]":
    """Return what makes a model when a call is first made; where a run is replayed, none may be."""
    before = means.before

    def opened() -> "LanguageModel":
        from agents.chat.models import ChatModel

        if before is not None:
            raise InputError(
                f"{before.path}: holds no reply to what {model} is asked here",
                hint="it replays only a run that asks the same; without --replies the model is"
                " called",
            )
        return ChatModel(model, means.asking.base_url, means.settings)

    return opened


def build_model_client(model: str, means: ProposerResources) -> "ModelClient":
    """Return a model with its price and the run's replies, to be asked by a proposer."""
    from agents.chat.client import ModelClient
    from agents.chat.reply_cache import ReplyCache
    from agents.chat.settings import Price

    is_own_server = means.asking.base_url is not None
    price = Price(model, means.settings.prices, is_own_server=is_own_server)
    replies = ReplyCache(means.run, means.before)
    return ModelClient(model, _make_model_opener(model, means), price, replies, means.asking)


def _chat(model: str, means: ProposerResources) -> Proposer:
    from agents.proposers.chat import ChatProposer

    return ChatProposer(build_model_client(model, means))


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
            "--proposer hand: people can always propose; leave it out",
            hint="rheostat propose RUN FILE",
        )
    forms = (*PROPOSER_NAMES, "chat:PROVIDER:MODEL", 'command:"…"')
    meant = suggest(name, (*PROPOSER_NAMES, CHAT, COMMAND), f"there are {', '.join(forms)}")
    return InputError(f"--proposer {name}: there is no such proposer; {meant}")
