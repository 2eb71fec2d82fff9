"""Measure how many trials proposers need to come near the optimum of simulated pipelines.

``python -m agents.allocation.benchmark --seeds 20`` runs every proposer on the pipelines of seeds 0
to 19, each at its usual budget, and writes one line of JSON for each run. Proposers run as in the
loop, one trial per round, without a run on disk. A trial counts with the expected score of the best
allocation so far by measured score, so luck does not count.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import accumulate, product
from pathlib import Path

import msgspec

from agents.allocation.allocation_task import RoundTrialBench
from agents.allocation.benchmark.benchmark_runs import ABLATION_SETTINGS, BenchmarkRun
from agents.allocation.proposers import ObservedTrial, TrialProposer
from agents.allocation.proposers.registry import TRIAL_PROPOSER_NAMES, build_trial_proposers
from agents.chat.settings import ChatSettings
from agents.proposers.registry import ProposerResources
from agents.run.directory import RunDirectory
from agents.run.records import ModelOptions
from harness.allocation.simulator import Simulator, build_simulator, default_budget
from harness.allocation.space import AllocationSpace
from store.pipelines.schema import Simulation, Trial


def play_trials(proposer: TrialProposer, simulator: Simulator, trials: int) -> Iterator[Trial]:
    """Play a proposer's trials, one in each round, until there are enough or the space is empty.

    Args:
        proposer: Proposer to run.
        simulator: The pipeline; its seed is also the seed of the search.
        trials: Maximum number of trials.
    """
    space = AllocationSpace(simulator.pipeline, default_budget(simulator.pipeline))
    observed: list[ObservedTrial] = []
    state, number = None, 0
    while len(observed) < trials:
        number += 1
        bench = RoundTrialBench(
            space,
            observed,
            seed=f"{simulator.simulation.seed}/{number}/01-{proposer.name}",
            state=state,
            planned=trials,
        )
        batch = proposer.suggest(bench)
        state = batch.state or state
        if not batch.trials:
            return  # a small space is exhausted
        for suggestion in batch.trials:
            trial = simulator.play(suggestion.choices)
            observed.append(ObservedTrial(trial.choices, trial.score, trial.cost))
            yield trial


def run_benchmark(
    proposer: TrialProposer, simulator: Simulator, trials: int, optimum: float
) -> BenchmarkRun:
    """Run a proposer on a simulated pipeline.

    Args:
        proposer: Proposer to run.
        simulator: The pipeline; its seed is also the seed of the search.
        trials: Maximum number of trials.
        optimum: Highest expected score of any allocation.
    """
    budget = default_budget(simulator.pipeline)
    simulation, observed, curve = simulator.simulation, list[Trial](), list[float]()
    for trial in play_trials(proposer, simulator, trials):
        observed.append(trial)
        leader = max(observed, key=lambda trial: (trial.score, -trial.cost))
        curve.append(simulator.expected(simulator.quality(leader.choices)) / optimum)
    return BenchmarkRun(
        proposer=proposer.name,
        seed=simulation.seed,
        without=next(
            (
                setting
                for setting in ABLATION_SETTINGS
                if setting and not getattr(simulation, setting)
            ),
            "",
        ),
        optimum=optimum,
        curve=curve,
        spent=[total / budget for total in accumulate(trial.cost for trial in observed)],
    )


def main(arguments: Sequence[str]) -> None:
    """Run the requested benchmark and write a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument(
        "--proposers", nargs="+", choices=TRIAL_PROPOSER_NAMES, default=list(TRIAL_PROPOSER_NAMES)
    )
    parser.add_argument(
        "--without", nargs="+", choices=ABLATION_SETTINGS, default=list(ABLATION_SETTINGS)
    )
    parser.add_argument("--sampled", action="store_true")
    options = parser.parse_args(arguments)
    resources = ProposerResources(RunDirectory(Path()), ModelOptions(), ChatSettings())
    for without, seed in product(options.without, range(options.seeds)):
        switches = {without: False} if without else {}
        simulator = build_simulator(Simulation(seed=seed, sampled=options.sampled, **switches))
        optimum = simulator.optimum(default_budget(simulator.pipeline)).score
        for proposer in build_trial_proposers(options.proposers, resources).values():
            run = run_benchmark(proposer, simulator, options.trials, optimum)
            sys.stdout.write(f"{msgspec.json.encode(run).decode()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
