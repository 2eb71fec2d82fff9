"""What a server counts of its prefix cache, read from its page of metrics."""

import re
from typing import NamedTuple

_LINE = re.compile(
    r"^vllm:prefix_cache_(?P<what>queries|hits)_total(?P<labels>\{[^}]*\})? (?P<count>\S+)$",
    re.MULTILINE,
)
_ENGINE = re.compile(r'engine="([^"]*)"')


class Counters(NamedTuple):
    """Prompt tokens since the server began; differences of two readings tell of the time between.

    Other users of the same server are counted too.
    """

    asked: int
    """Prompt tokens that were looked up in the prefix cache."""
    found: int
    """Those that were in it."""
    engines: int
    """Data-parallel engines that count."""

    def since(self, before: "Counters") -> "Counters":
        """What was counted after ``before``."""
        return Counters(self.asked - before.asked, self.found - before.found, self.engines)

    @property
    def share(self) -> float | None:
        """The share that was found, from 0 to 1; ``None`` where nothing was looked up."""
        return self.found / self.asked if self.asked else None


def read_counters(page: str) -> Counters | None:
    """The counters on a page of metrics in Prometheus' form; ``None`` where there are none."""
    sums = {"queries": 0.0, "hits": 0.0}
    engines = set()
    for line in _LINE.finditer(page):
        sums[line["what"]] += float(line["count"])
        engines.add("".join(_ENGINE.findall(line["labels"] or "")))
    if not engines:
        return None
    return Counters(int(sums["queries"]), int(sums["hits"]), len(engines))
