"""What an output is worth against the gold answer, and how samples become one output."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from store.pipelines.records import Metric

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def score(metric: Metric, output: str, gold: str) -> float:
    """From 0 to 1."""
    return _METRICS[metric](output, gold)


def vote(outputs: Sequence[str]) -> str:
    """The most frequent output; the earliest of equals. Those that say nothing do not count."""
    counts = Counter(each for each in outputs if each.strip())
    if not counts:
        return ""
    most = max(counts.values())
    return next(each for each in outputs if counts.get(each) == most)


def extracted(pattern: str, text: str) -> str:
    """The output that a stage takes out of a sample's text."""
    if not pattern:
        return text.strip()
    found = re.findall(pattern, text, re.DOTALL)
    return found[-1].strip() if found else ""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _exact(output: str, gold: str) -> float:
    return float(_plain(output) == _plain(gold))


def _contains(output: str, gold: str) -> float:
    return float(_plain(gold) in _plain(output))


def _number(output: str, gold: str) -> float:
    found, wanted = _NUMBER.findall(output), _NUMBER.findall(gold)
    if not found or not wanted:
        return 0.0
    return float(float(found[-1].replace(",", "")) == float(wanted[-1].replace(",", "")))


def _words(text: str) -> Counter[str]:
    bare = re.sub(r"[^\w\s]", " ", text.casefold())
    return Counter(each for each in bare.split() if each not in ("a", "an", "the"))


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
