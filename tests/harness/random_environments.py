"""Small recordings at random, with all that real ones have: short, empty and overlong chains."""

from collections.abc import Callable

from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import BranchPool, NamedSignal, ReplayChain

ANSWERS = ("A", "B", "C", "", "ERR")

Pick = Callable[[int], int]
"""Chooses one of so many, by place."""


def random_world(pick: Pick, *, signals: bool = True) -> ReplayEnvironment:
    """An environment of 1 to 3 questions with 0 to 9 chains each, at least one in all."""
    interval = (100, 500)[pick(2)]
    branch_pools = [
        BranchPool(
            [
                _chain(pick, interval, signals=signals)
                for _ in range(1 + pick(9) if index == 0 else pick(10))
            ],
            interval,
        )
        for index in range(1 + pick(3))
    ]
    gold = [(*ANSWERS, "nobody gave this")[pick(len(ANSWERS) + 1)] for _ in branch_pools]
    return ReplayEnvironment(branch_pools, gold)


def _chain(pick: Pick, interval: int, *, signals: bool) -> ReplayChain:
    count = (0, 1, 2, 3, 5, 8)[pick(6)]
    answers = ANSWERS[: 2 + pick(4)]
    probes = [answers[pick(len(answers))] for _ in range(count)]
    tokens = max(1, interval * count + (-120, 0, 1, 60, 99, 700)[pick(6)])
    chain = ReplayChain(probes, tokens, answers[pick(len(answers))], cut_off=pick(3) == 0)
    if not signals:
        return chain
    # The last stretch of a chain may lack a log-probability.
    logprobs = count + pick(2)
    return chain._replace(
        entropy=[pick(5) / 4 for _ in range(count)],
        logprob=[-pick(9) / 8 for _ in range(logprobs)],
        top_logprob=[-pick(9) / 8 - 1 for _ in range(logprobs)],
        signals={
            "reward": NamedSignal("branch", [pick(9) / 4 - 1]),
            "p_true": NamedSignal("probe", [pick(5) / 4 for _ in range(count)]),
            "certainty": NamedSignal(
                "interval", [pick(9) / 2 for _ in range(max(1, count + pick(2)))]
            ),
        },
    )
