"""The option ``--signal``: what a command line states of named signals."""

from collections.abc import Sequence

from harness.errors import InputError
from store.importing.named_signals import SignalFault, StatedSignal, parse_statement


def parse_statements(statements: Sequence[str]) -> dict[str, StatedSignal]:
    """Return what ``--signal`` states, by the name of the signal.

    Raises:
        InputError: A statement is malformed, or two are of the same signal.
    """
    stated: dict[str, StatedSignal] = {}
    for statement in statements:
        try:
            name, signal = parse_statement(statement)
        except SignalFault as error:
            raise InputError(f"--signal {error}") from error
        if name in stated:
            raise InputError(f"--signal {name} is given twice; put all of it in one option")
        stated[name] = signal
    return stated
