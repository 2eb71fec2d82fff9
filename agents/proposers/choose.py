"""The proposers by name: the one place that knows which there are."""

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from agents.chat.settings import ChatSettings
from agents.outside.choose import place
from agents.outside.settings import AgentSettings
from agents.proposers import Proposer
from agents.run.directory import RunDirectory
from agents.run.records import Asking
from dsl.spelling import nearest
from harness.errors import InputError

if TYPE_CHECKING:
    from agents.chat.models import Model

NAMES = ("evolve", "random")
"""The names that ``--proposer`` takes as they are, the default first; ``hand`` is always there."""

CHAT, COMMAND = "chat", "command"
"""Those that take something behind a colon: a model, or a command."""


class Means(NamedTuple):
    """What proposers that ask others work with."""

    run: RunDirectory
    asking: Asking
    settings: ChatSettings
    before: RunDirectory | None = None
    """Another run, whose replies stand for the models: none is called."""
    agent: AgentSettings = AgentSettings()
    """What agents may use in their containers."""


def proposers(names: Sequence[str], means: Means) -> dict[str, Proposer]:
    """The proposers of a request, by the names that it uses.

    Raises:
        InputError: there is none of that name.
        SurroundingsError: what it needs is not there.
    """
    return {name: _made(name, means) for name in names}


def check(names: Sequence[str]) -> None:
    """Refuses names of which there is no proposer.

    Raises:
        InputError: there is none of that name.
    """
    for name in names:
        kind, _, rest = name.partition(":")
        if kind == CHAT:
            model_of(name)
        elif kind == COMMAND:
            check_command(name, rest)
        elif name not in _PLAIN:
            raise _unknown(name)


def model_of(name: str) -> str:
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


def refuse_absent(names: Sequence[str]) -> None:
    """Refuses commands that this machine does not have.

    Raises:
        InputError: there is none of that name.
    """
    for name in commands(names):
        word = shlex.split(name.partition(":")[2])[0]
        if shutil.which(word) is None:
            raise InputError(f"--proposer {name}: there is no command {word}")


def models(names: Sequence[str]) -> list[str]:
    """The models among some proposers."""
    return [model_of(each) for each in names if each.partition(":")[0] == CHAT]


def commands(names: Sequence[str]) -> list[str]:
    """The names of those that are commands."""
    return [each for each in names if each.partition(":")[0] == COMMAND]


def _made(name: str, means: Means) -> Proposer:
    kind, _, rest = name.partition(":")
    if kind == CHAT:
        return _chat(model_of(name), means)
    if kind == COMMAND:
        from agents.proposers.command import Command

        return Command(
            rest, means.run, means.asking, means.before, lambda: place(means.asking, means.agent)
        )
    if name not in _PLAIN:
        raise _unknown(name)
    return _PLAIN[name]()


def opener(model: str, means: Means) -> "Callable[[], Model]":
    """What makes a model when a call is first made; where a run is replayed, none may be."""
    before = means.before

    def opened() -> "Model":
        from agents.chat.models import ChatModel

        if before is not None:
            raise InputError(
                f"{before.path}: holds no reply to what {model} is asked here",
                hint="it replays only a run that asks the same; without --replies the model is"
                " called",
            )
        return ChatModel(model, means.asking.base_url, means.settings)

    return opened


def _chat(model: str, means: Means) -> Proposer:
    from agents.chat.prices import Price
    from agents.chat.replies import Replies
    from agents.proposers.chat import Chat

    is_own_server = means.asking.base_url is not None
    price = Price(model, means.settings.prices, is_own_server=is_own_server)
    replies = Replies(means.run, means.before)
    return Chat(model, opener(model, means), price, replies, means.asking)


def _evolve() -> Proposer:
    from agents.proposers.evolve import Evolve

    return Evolve()


def _random() -> Proposer:
    from agents.proposers.random import RandomSearch

    return RandomSearch()


_PLAIN: Mapping[str, Callable[[], Proposer]] = {"evolve": _evolve, "random": _random}


def _unknown(name: str) -> InputError:
    if name == "hand":
        return InputError(
            "--proposer hand: people can always propose; leave it out",
            hint="rheostat propose RUN FILE",
        )
    forms = (*NAMES, "chat:PROVIDER:MODEL", 'command:"…"')
    near = nearest(name, (*NAMES, CHAT, COMMAND))
    meant = f"did you mean {near}?" if near else f"there are {', '.join(forms)}"
    return InputError(f"--proposer {name}: there is no such proposer; {meant}")
