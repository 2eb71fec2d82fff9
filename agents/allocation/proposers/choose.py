"""The proposers of trials by name: the one place that knows which there are."""

from collections.abc import Callable, Mapping, Sequence

from agents.allocation.proposers import TrialProposer
from agents.allocation.proposers.evolve import Evolve
from agents.allocation.proposers.random import Random
from agents.proposers.choose import CHAT, COMMAND, Means, check_command, model_of
from dsl.spelling import nearest
from harness.errors import InputError

NAMES = ("agent", "bayes", "evolve", "random")
"""The names that ``--proposer`` takes as they are, the default first."""


def check(names: Sequence[str]) -> None:
    """Refuses names of which there is no proposer.

    Raises:
        InputError: there is none of that name.
        SurroundingsError: what it needs is not installed.
    """
    for name in names:
        kind, _, rest = name.partition(":")
        if kind == CHAT:
            model_of(name)
        elif kind == COMMAND:
            check_command(name, rest)
        elif name not in _PLAIN:
            near = nearest(name, NAMES)
            meant = f"did you mean {near}?" if near else f"there are {', '.join(NAMES)}"
            raise InputError(
                f"--proposer {name}: there is no proposer of that name; {meant}",
                hint='chat:PROVIDER:MODEL and command:"…" ask others',
            )
        else:
            _PLAIN[name]()


def trial_proposers(names: Sequence[str], means: Means) -> dict[str, TrialProposer]:
    """The proposers of a request, by the names that it uses.

    Raises:
        InputError: there is none of that name.
        SurroundingsError: what it needs is not there.
    """
    return {name: _made(name, means) for name in names}


def _made(name: str, means: Means) -> TrialProposer:
    kind, _, rest = name.partition(":")
    if kind == CHAT:
        from agents.allocation.proposers.chat import asked_model

        return asked_model(name, means)
    if kind == COMMAND:
        from agents.allocation.proposers.command import Command

        return Command(rest, means)
    check([name])
    return _PLAIN[name]()


def _bayes() -> TrialProposer:
    from agents.allocation.proposers.bayes import Bayes

    return Bayes()


def _agent() -> TrialProposer:
    from agents.allocation.proposers.rules import Rules

    return Rules()


_PLAIN: Mapping[str, Callable[[], TrialProposer]] = {
    "agent": _agent, "bayes": _bayes, "evolve": Evolve, "random": Random,
}  # fmt: skip
