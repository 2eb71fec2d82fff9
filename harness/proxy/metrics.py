"""The Prometheus metrics of the proxy."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from harness.proxy.responder import ProxyAnswer

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
"""Bounds of the histogram of seconds: from small local models to long reasoning."""


class ProxyMetrics:
    """The metrics of one proxy."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "rheostat_requests", "Requests for chat completions, by status; 499 is a disconnect.",
            ["status"], registry=self._registry,
        )  # fmt: skip
        self.running = Gauge(
            "rheostat_episodes_under_way", "Episodes being played.", registry=self._registry
        )
        self.seconds = Histogram(
            "rheostat_episode_seconds", "From a request to its answer.",
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        self.tokens = Counter(
            "rheostat_tokens", "Tokens generated for answers, by what generated them.",
            ["kind"], registry=self._registry,
        )  # fmt: skip
        self.branches = Counter(
            "rheostat_branches", "Branches opened for answers.", registry=self._registry
        )
        for kind in ("branch", "probe"):
            self.tokens.labels(kind)

    def count_answer(self, answer: ProxyAnswer) -> None:
        """Count an answer."""
        probed = answer.live_result.probe_tokens
        self.tokens.labels("branch").inc(answer.completion_tokens - probed)
        self.tokens.labels("probe").inc(probed)
        self.branches.inc(len(answer.live_result.episode.branches))

    def page(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        return generate_latest(self._registry)
