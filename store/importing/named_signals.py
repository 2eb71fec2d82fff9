"""Named signals of a file of branches: what was stated of each, and the scope that its values show.

The number of values shows the scope where only one is possible: one value is of the whole branch, P
values are of its probes, and P + 1 values in some branch are of the intervals. Anything else must
be stated.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from store.messages import suggest_name
from store.records import SignalDeclaration, SignalScope
from store.signals import name_fault

SCOPES: tuple[SignalScope, ...] = ("branch", "probe", "interval")


class StatedSignal(msgspec.Struct, frozen=True):
    """What the user states of a signal; ``None`` for what is left open."""

    scope: SignalScope | None = None
    direction: Literal["higher", "lower"] | None = None
    unit: str | None = None
    meaning: str | None = None


class SignalFault(Exception):
    """A statement about a signal that cannot be used; the message is the reason."""


class SignalLengths(NamedTuple):
    """How many values of a signal one branch has, and how many probes."""

    values: int
    probes: int


def parse_statement(text: str) -> tuple[str, StatedSignal]:
    """Read ``NAME=probe``, or ``NAME=branch,higher,unit=nats,meaning=…``.

    Items are separated by commas and may be in any order; a meaning is last, since it may itself
    have commas.

    Raises:
        SignalFault: it is not of this form.
    """
    name, equals, rest = text.partition("=")
    if not equals or not rest:
        raise SignalFault(f"{text}: write NAME=branch, NAME=probe or NAME=interval")
    if fault := name_fault(name):
        raise SignalFault(fault)
    parts: dict[str, str] = {}
    head, comma, meaning = f",{rest}".partition(",meaning=")
    if comma:
        parts["meaning"] = meaning
    for item in filter(None, head.split(",")):
        key, value = _item(item)
        if key in parts:
            raise SignalFault(f"{text}: states two values of {key}")
        parts[key] = value
    return name, msgspec.convert(parts, StatedSignal)


def _item(item: str) -> tuple[str, str]:
    """Return the field that an item of a statement is for, and its value."""
    if item in SCOPES:
        return "scope", item
    if item in {"higher", "lower"}:
        return "direction", item
    if item.startswith("unit="):
        return "unit", item.removeprefix("unit=")
    words = (*SCOPES, "higher", "lower", "unit=", "meaning=")
    raise SignalFault(f"{item!r} describes no signal; {suggest_name(item, words)}")


def declare(name: str, stated: StatedSignal, lengths: Iterable[SignalLengths]) -> SignalDeclaration:
    """Return the declaration of a signal, with the scope that was stated or that its values show.

    Args:
        name: the signal.
        stated: what the user states of it.
        lengths: of every branch that has it; they are checked by `store.signals.signal_fault`.

    Raises:
        SignalFault: its name cannot be that of a signal, or its scope is not clear.
    """
    if fault := name_fault(name):
        raise SignalFault(fault)
    scope = stated.scope or _shown_scope(name, list(lengths))
    return SignalDeclaration(
        scope=scope, meaning=stated.meaning, unit=stated.unit, direction=stated.direction
    )


def _shown_scope(name: str, lengths: list[SignalLengths]) -> SignalScope:
    possible: dict[SignalScope, bool] = {
        "branch": all(values == 1 for values, _ in lengths),
        "probe": all(values == probes for values, probes in lengths),
        "interval": all(values in (probes, probes + 1) for values, probes in lengths),
    }
    scopes = [scope for scope, fits in possible.items() if fits]
    unprobed = all(probes == 0 for _, probes in lengths)
    if scopes == ["branch", "interval"] and unprobed:
        # The only interval of each branch is the branch.
        return "branch"
    if scopes == ["probe", "interval"]:
        return "probe"
    if len(scopes) == 1:
        return scopes[0]
    if not scopes:
        raise SignalFault(
            f"signal {name} has neither one value for each branch, nor one for each probe or"
            f" interval; state which it should have, such as --signal {name}=branch, to find the"
            " first branch that differs"
        )
    either = " or ".join(scopes) if len(scopes) == 2 else "branch, probe or interval"
    statements = " or ".join(f"--signal {name}={scope}" for scope in scopes)
    raise SignalFault(
        f"signal {name} may be per {either}: each branch has as many values; state it with"
        f" {statements}"
    )


def declare_all(
    rows: Mapping[str, list[SignalLengths]], stated: Mapping[str, StatedSignal]
) -> dict[str, SignalDeclaration]:
    """Return the declarations of all signals of a file, by name, sorted.

    Args:
        rows: the lengths in every branch that has the signal, by name.
        stated: what the user states, by name.

    Raises:
        SignalFault: a stated signal is not in the file, or one cannot be declared.
    """
    for name in stated:
        if name not in rows:
            advice = suggest_name(name, sorted(rows)) if rows else "the file has no named signals"
            raise SignalFault(f"no branch has a signal {name}; {advice}")
    return {
        name: declare(name, stated.get(name, StatedSignal()), rows[name]) for name in sorted(rows)
    }
