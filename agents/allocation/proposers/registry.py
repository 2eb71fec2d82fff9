"""Registry of trial proposers by name."""

from collections.abc import Callable, Mapping, Sequence

from agents.allocation.proposers import TrialProposer
from agents.allocation.proposers.heuristics import EvolveTrialProposer, RandomTrialProposer
from agents.proposers.registry import (
    CHAT,
    COMMAND,
    ProposerResources,
    check_command,
    parse_model_name,
)
from harness.errors import InputError
from harness.messages import suggest

TRIAL_PROPOSER_NAMES = ("agent", "bayes", "evolve", "random")
"""Names that ``--proposer`` takes without arguments, the default first."""


def check_trial_proposers(names: Sequence[str]) -> None:
    """Check that proposers with these names exist.

    Raises:
        InputError: A name is unknown.
        ExternalError: A requirement of the proposer is not installed.
    """
    for name in names:
        kind, _, argument = name.partition(":")
        if kind == CHAT:
            parse_model_name(name)
        elif kind == COMMAND:
            check_command(name, argument)
        elif name not in _PLAIN:
            listed = f"choose from {', '.join(TRIAL_PROPOSER_NAMES)}"
            hint = suggest(name, TRIAL_PROPOSER_NAMES, listed)
            raise InputError(
                f"--proposer {name}: unknown proposer; {hint}",
                hint='use chat:PROVIDER:MODEL for a language model, command:"…" for an agent',
            )
        else:
            _PLAIN[name]()


def build_trial_proposers(
    names: Sequence[str], resources: ProposerResources
) -> dict[str, TrialProposer]:
    """Build the proposers of a request by name.

    Raises:
        InputError: A name is unknown.
        ExternalError: A requirement of the proposer is missing.
    """
    return {name: _build_trial_proposer(name, resources) for name in names}


def _build_trial_proposer(name: str, resources: ProposerResources) -> TrialProposer:
    kind, _, argument = name.partition(":")
    if kind == CHAT:
        from agents.allocation.proposers.chat import build_chat_proposer

        return build_chat_proposer(name, resources)
    if kind == COMMAND:
        from agents.allocation.proposers.command import CommandTrialProposer

        return CommandTrialProposer(argument, resources)
    check_trial_proposers([name])
    return _PLAIN[name]()


def _bayes() -> TrialProposer:
    from agents.allocation.proposers.bayes import BayesTrialProposer

    return BayesTrialProposer()


def _agent() -> TrialProposer:
    from agents.allocation.proposers.rule_agent import RuleTrialProposer

    return RuleTrialProposer()


_PLAIN: Mapping[str, Callable[[], TrialProposer]] = {
    "agent": _agent, "bayes": _bayes, "evolve": EvolveTrialProposer, "random": RandomTrialProposer,
}  # fmt: skip
