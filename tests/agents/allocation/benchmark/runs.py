"""Build benchmark runs for tests."""

from agents.allocation.benchmark.benchmark_runs import AblationSetting, BenchmarkRun


def run(
    seed: int, *curve: float, proposer: str = "agent", without: AblationSetting = ""
) -> BenchmarkRun:
    spent = [0.5 * index for index in range(1, len(curve) + 1)]
    return BenchmarkRun(
        proposer=proposer, seed=seed, without=without, optimum=0.8, curve=[*curve], spent=spent
    )
