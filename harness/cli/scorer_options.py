"""The options ``--scorer`` and ``--signal`` of ``rheostat collect``."""

import shlex
from collections.abc import Sequence

from dsl.builtins import signal_name_fault
from harness.cli.signal_statements import parse_statements
from harness.errors import InputError
from store.collection.scorers import Scorer
from store.collection.served_signals import SERVED_NAMES
from store.importing.named_signals import StatedSignal
from store.messages import lower_first
from store.records import SignalDeclaration
from store.signals import name_fault


def parse_scorers(options: Sequence[str], statements: Sequence[str]) -> list[Scorer]:
    """Return the scorers of the command line.

    Args:
        options: The values of ``--scorer``, each ``NAME=COMMAND``.
        statements: The values of ``--signal``, which describe signals of scorers.

    Raises:
        InputError: A value is malformed, two scorers have one name, or a statement describes
            something that a scorer does not give.
    """
    stated = parse_statements(statements)
    scorers: dict[str, Scorer] = {}
    for option in options:
        name, command = _parse_option(option)
        if name in scorers:
            raise InputError(f"--scorer {name} is given twice; give each scorer its own name")
        scorers[name] = Scorer(
            name=name, command=command, declaration=_declare(name, command, stated.get(name))
        )
    for name in stated:
        if name not in scorers:
            known = f"the scorers are {', '.join(scorers)}" if scorers else "there are no scorers"
            raise InputError(
                f"--signal {name}: no scorer gives this signal; {known}",
                hint=f'give its program with --scorer {name}="COMMAND"',
            )
    return list(scorers.values())


def _parse_option(option: str) -> tuple[str, list[str]]:
    """Return the name and the command of ``NAME=COMMAND``."""
    name, equals, text = option.partition("=")
    if not equals:
        raise InputError(f"--scorer {option}: write NAME=COMMAND")
    if fault := name_fault(name) or signal_name_fault(name):
        raise InputError(f"--scorer {option}: {fault}", hint="choose another name")
    if name in SERVED_NAMES:
        raise InputError(
            f"--scorer {option}: {name} is what --{name.replace('_', '-')} records",
            hint="choose another name",
        )
    try:
        command = shlex.split(text)
    except ValueError as error:
        reason = lower_first(str(error))
        problem = f"--scorer {name}: the command cannot be split into words: {reason}"
        raise InputError(problem) from error
    if not command:
        raise InputError(f"--scorer {name}: the command is empty; write NAME=COMMAND")
    return name, command


def _declare(name: str, command: Sequence[str], stated: StatedSignal | None) -> SignalDeclaration:
    stated = stated or StatedSignal()
    if stated.scope not in (None, "branch"):
        raise InputError(
            f"--signal {name}={stated.scope}: a scorer gives one value per branch, and none per"
            f" {stated.scope}",
            hint=f"write --signal {name}=branch",
        )
    return SignalDeclaration(
        scope="branch",
        meaning=stated.meaning,
        unit=stated.unit,
        direction=stated.direction,
        source=f"scorer: {shlex.join(command)}",
    )
