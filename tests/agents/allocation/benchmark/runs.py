"""Runs that say what one wants."""

from agents.allocation.benchmark.runs import Rehearsal, Setting


def run(seed: int, *curve: float, proposer: str = "agent", without: Setting = "") -> Rehearsal:
    spent = [0.5 * at for at in range(1, len(curve) + 1)]
    return Rehearsal(
        proposer=proposer, seed=seed, without=without, optimum=0.8, curve=[*curve], spent=spent
    )
