"""The signals of a recording: real values by name, each declared with its scope and meaning.

Three signals are built into the format and need no declaration: ``entropy``, ``logprob`` and
``top_logprob`` (`BUILTIN_SIGNALS`). Any other is declared in the provenance. A scope determines how
many values a branch has, and when a controller may see them (docs/language.md).
"""

import math
import re
from collections.abc import Mapping

from store.records import Branch, Provenance, SignalDeclaration

BUILTIN_SIGNALS = {
    "entropy": SignalDeclaration(
        scope="probe",
        meaning="entropy of the first token after the end of thinking is forced",
        unit="nats",
        direction="lower",
    ),
    "logprob": SignalDeclaration(
        scope="interval",
        meaning="mean log-probability of the chosen tokens",
        unit="nats",
        direction="higher",
    ),
    "top_logprob": SignalDeclaration(
        scope="interval",
        meaning="mean log-probability of the 20 likeliest tokens",
        unit="nats",
        direction="lower",
    ),
}
"""What the format itself defines."""

RESERVED_NAMES = frozenset(
    {
        *BUILTIN_SIGNALS, *Branch.__struct_fields__,
        # columns of exported tables
        "question", "branch", "probe", "probes", "position", "gold", "answer", "right",
    }
)  # fmt: skip
"""Names that no declared signal can have: they are those of other parts and columns."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def name_fault(name: str) -> str | None:
    """Return why a signal cannot be declared under a name, or ``None``."""
    if _NAME.fullmatch(name) is None:
        return (
            f"{name!r} cannot be the name of a signal; use up to 64 letters, digits and _, and"
            " start with a letter or _"
        )
    if name in RESERVED_NAMES or name.startswith("tail_"):
        return f"{name!r} cannot be the name of a signal: recordings use it for something else"
    return None


def declaration_fault(signals: Mapping[str, SignalDeclaration]) -> str | None:
    """Return what is wrong with the declarations of a provenance, or ``None``."""
    return next((fault for name in signals if (fault := name_fault(name)) is not None), None)


def signal_fault(branch: Branch, signals: Mapping[str, SignalDeclaration]) -> str | None:
    """Return what is wrong with the values that a branch has of declared signals, or ``None``."""
    for name, values in branch.signals.items():
        declared = signals.get(name)
        if declared is None:
            known = ", ".join(signals) or "none"
            return f"signal {name} is not declared in the provenance, which declares {known}"
        if fault := _length_fault(name, declared, len(values), len(branch.answers)):
            return fault
        if not all(map(math.isfinite, values)):
            return f"signal {name} contains a value that is not finite; leave the signal out there"
    return None


def _length_fault(name: str, declared: SignalDeclaration, count: int, probes: int) -> str | None:
    match declared.scope:
        case "branch" if count != 1:
            return f"signal {name} is per branch and has {count} values; one is needed"
        case "probe" if count != probes:
            return f"signal {name} is per probe and has {count} values for {probes} probes"
        case "interval" if count not in (probes, probes + 1) or not count:
            wanted = f"{probes} or {probes + 1}" if probes else "1"
            return f"signal {name} is per interval and has {count} values; {wanted} are needed"
    return None


def all_declarations(provenance: Provenance) -> dict[str, SignalDeclaration]:
    """Return the declarations of every signal that a recording may hold, by name, sorted."""
    both = BUILTIN_SIGNALS | provenance.signals
    return {name: both[name] for name in sorted(both)}
