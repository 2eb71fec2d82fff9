"""Score an output against the gold answer, and fuse samples into one output."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from store.answers.equivalence import AnswerPool, Equivalence
from store.answers.extraction import NAMED, NO_ANSWER, extractor
from store.pipelines.schema import Metric

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


async def score_output(metric: Metric, output: str, gold: str, equivalence: Equivalence) -> float:
    """Score an output against the gold answer, from 0 to 1.

    Args:
        metric: The metric.
        output: The output of the last stage.
        gold: The gold answer.
        equivalence: Compares answers if the metric needs it.
    """
    if metric is Metric.MATH:
        return float(await equivalence.canonical(output, gold) == gold)
    return _METRICS[metric](output, gold)


async def join_outputs(outputs: Sequence[str], equivalence: Equivalence) -> list[str]:
    """Replace the outputs of one question by the forms under which they vote."""
    forms = await equivalence.pooled(AnswerPool(outputs, None))
    return [forms[output] for output in outputs]


def vote_output(outputs: Sequence[str]) -> str:
    """Return the most frequent output; the earliest of equals. Empty ones do not count."""
    counts = Counter(output for output in outputs if output.strip())
    if not counts:
        return ""
    most = max(counts.values())
    return next(output for output in outputs if counts.get(output) == most)


def extract_output(pattern: str, text: str) -> str:
    """Extract the output of a stage from a sample's text; empty if there is none."""
    if pattern in NAMED:
        answer = extractor(pattern).read(text)
        return "" if answer == NO_ANSWER else answer
    if not pattern:
        return text.strip()
    matches = re.findall(pattern, text, re.DOTALL)
    return matches[-1].strip() if matches else ""


def _normalise(text: str) -> str:
    return " ".join(text.casefold().split())


def _exact(output: str, gold: str) -> float:
    return float(_normalise(output) == _normalise(gold))


def _contains(output: str, gold: str) -> float:
    return float(_normalise(gold) in _normalise(output))


def _number(output: str, gold: str) -> float:
    numbers, gold_numbers = _NUMBER.findall(output), _NUMBER.findall(gold)
    if not numbers or not gold_numbers:
        return 0.0
    # Exact, whatever the number of digits.
    return float(
        Decimal(numbers[-1].replace(",", "")) == Decimal(gold_numbers[-1].replace(",", ""))
    )


def _words(text: str) -> Counter[str]:
    bare = re.sub(r"[^\w\s]", " ", text.casefold())
    return Counter(word for word in bare.split() if word not in ("a", "an", "the"))


def _f1(output: str, gold: str) -> float:
    ours, theirs = _words(output), _words(gold)
    shared = (ours & theirs).total()
    if not shared:
        return float(not ours and not theirs)
    precision, recall = shared / ours.total(), shared / theirs.total()
    return 2 * precision * recall / (precision + recall)


_METRICS: Mapping[Metric, Callable[[str, str], float]] = {
    Metric.EXACT: _exact, Metric.CONTAINS: _contains, Metric.NUMBER: _number, Metric.F1: _f1,
}  # fmt: skip
