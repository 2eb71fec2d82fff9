"""What a record must satisfy besides its types, each rule with a one-sentence message.

Each function returns what is wrong, or ``None``. The writer applies them to whatever comes in, and
`Recording.verify` applies them again to what is on disk.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import islice, pairwise

from store.records import Branch, Provenance, Question, SignalDeclaration
from store.signals import declaration_fault, signal_fault

MOST_TOKENS = 1 << 48
"""The most tokens of one branch or interval: sums over any recording stay inside 64 bits."""

MOST_BRANCHES = 1 << 31
"""Branch indexes are below this."""

NO_SIGNALS: Mapping[str, SignalDeclaration] = {}
"""The declarations of a provenance without named signals."""


def provenance_fault(provenance: Provenance) -> str | None:
    """Return what is wrong with a provenance."""
    if not 0 < provenance.interval <= MOST_TOKENS:
        return f"interval is {provenance.interval}; it must be from 1 to 2**48 tokens"
    sampling = provenance.sampling
    numbers = {"temperature": sampling.temperature, "top_p": sampling.top_p, **sampling.extra}
    for name, number in numbers.items():
        if isinstance(number, float) and not math.isfinite(number):
            return f"sampling parameter {name} is {number}; it must be finite"
    return declaration_fault(provenance.signals)


def question_fault(question: Question) -> str | None:
    """Return what is wrong with a question."""
    if not question.id:
        return "the id is empty; every question needs one of its own"
    if question.greedy is not None and not 0 <= question.greedy.tokens <= MOST_TOKENS:
        return f"greedy.tokens is {question.greedy.tokens}; it must be from 0 to 2**48"
    if question.difficulty is not None and question.difficulty < 0:
        return f"difficulty is {question.difficulty}; ranks count from 0"
    missing = [-1, *(question.missing or [])]
    if any(one >= other for one, other in pairwise(missing)) or missing[-1] >= MOST_BRANCHES:
        return "missing must list indexes of branches from 0, each once, in increasing order"
    return None


def branch_fault(
    branch: Branch, *, probed: bool, signals: Mapping[str, SignalDeclaration] = NO_SIGNALS
) -> str | None:
    """Return what is wrong with a branch.

    Args:
        branch: the branch.
        probed: whether the recording has answers at probes.
        signals: the signals that its provenance declares.
    """
    if not 0 <= branch.tokens <= MOST_TOKENS:
        return f"tokens is {branch.tokens}; it must be from 0 to 2**48"
    if branch.answers and not probed:
        return "it has answers at probes, but the provenance has probed = false"
    return (
        _length_fault(branch)
        or _number_fault(branch)
        or _text_fault(branch)
        or signal_fault(branch, signals)
    )


def _length_fault(branch: Branch) -> str | None:
    probes = len(branch.answers)
    for name in ("raw", "probe_tokens", "entropy"):
        items: Sequence[object] | None = getattr(branch, name)
        if items is not None and len(items) != probes:
            return f"{name} has {len(items)} items for {probes} answers; one for each is needed"
    for name in ("logprob", "top_logprob"):
        items = getattr(branch, name)
        if items is not None and len(items) not in (probes, probes + 1):
            return (
                f"{name} has {len(items)} items for {probes} answers; "
                "one for each is needed, and at most one more for the last stretch"
            )
    return None


def _number_fault(branch: Branch) -> str | None:
    for name in ("entropy", "logprob", "top_logprob"):
        if any(map(math.isnan, getattr(branch, name) or ())):
            return f"{name} contains a NaN; leave a signal out where it was not measured"
    for name in ("probe_tokens", "token_ids"):
        numbers: list[int] = getattr(branch, name) or [0]
        if min(numbers) < 0 or max(numbers) > MOST_TOKENS:
            return f"{name} contains a number below 0 or above 2**48"
    return None


def _text_fault(branch: Branch) -> str | None:
    for name in ("sentences", "paragraphs"):
        ends: list[int] | None = getattr(branch, name)
        if ends is None:
            continue
        if branch.text is None:
            return f"{name} is given without the text whose characters it counts"
        bounds = [0, *ends, len(branch.text)]
        if any(left > right for left, right in pairwise(bounds)):
            return f"{name} must rise from 0 to the text's {len(branch.text)} characters"
    return None


def index_fault(indexes: Collection[int]) -> str | None:
    """Return what keeps a question with these branch indexes from being sealed."""
    if not indexes:
        return "it has no branches; add them, or leave the question out"
    last = max(indexes)
    missing = last + 1 - len(indexes)
    if not missing:
        return None
    first = islice((index for index in range(last) if index not in indexes), 5)
    named = ", ".join(str(index) for index in first)
    more = f" and {missing - 5} more" if missing > 5 else ""
    return f"of branches 0 to {last}, {named}{more} are missing; add them, then seal"
