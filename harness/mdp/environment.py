"""Environments: recordings made ready for replay, with the gold answers for the scoring side."""

from collections.abc import Sequence
from functools import cached_property

from dsl.builtins import SIGNALS
from dsl.checker import CheckedProgram
from harness.errors import InputError
from harness.mdp.replay import BranchPool, NotProbed, ReplayChain
from store.reader import Recording


class ReplayEnvironment:
    """One recording ready for replay. Scoring alone may read ``gold``.

    Args:
        branch_pools: the chains of each question.
        gold: the gold answer of each question.
        digest: the digest of the recording, empty where there is none.
        name: how results call it, ``model/benchmark``.
    """

    def __init__(
        self,
        branch_pools: Sequence[BranchPool],
        gold: Sequence[str],
        *,
        digest: str = "",
        name: str = "",
    ):
        self.branch_pools = branch_pools
        self.gold = gold
        self.digest = digest
        self.name = name
        self._words: dict[int, dict[str, int]] = {}

    @cached_property
    def probed(self) -> bool:
        """Whether the answers inside branches were recorded."""
        return all(branch_pool.probed for branch_pool in self.branch_pools)

    @cached_property
    def signals(self) -> frozenset[str]:
        """The optional signals that every chain has."""
        chains = [chain for branch_pool in self.branch_pools for chain in branch_pool.chains]
        return frozenset(
            name for name in SIGNALS if all(getattr(chain, name) is not None for chain in chains)
        )

    def words(self, question: int) -> dict[str, int]:
        """The answers of a question, numbered: the branches' in recorded order, then gold."""
        if question not in self._words:
            numbered: dict[str, int] = {}
            for chain in self.branch_pools[question].chains:
                for answer in (*chain.probes, chain.final):
                    numbered.setdefault(answer, len(numbered))
            numbered.setdefault(self.gold[question], len(numbered))
            self._words[question] = numbered
        return self._words[question]

    def word(self, question: int, answer: str | None) -> int:
        """The number of an answer: -1 for none, -2 for one that nobody gave and is not gold."""
        return -1 if answer is None else self.words(question).get(answer, -2)


def load_replay_environment(recording: Recording) -> ReplayEnvironment:
    """Makes a recording ready for replay; its texts stay on disk."""
    provenance = recording.provenance
    branch_pools = [
        BranchPool(_chains(recording, question), provenance.interval, provenance.probed)
        for question in range(len(recording.questions))
    ]
    return ReplayEnvironment(
        branch_pools,
        [question.gold for question in recording.questions],
        digest=recording.digest,
        name=f"{provenance.model}/{provenance.benchmark}",
    )


def refuse_unmet_needs(checked: CheckedProgram, replay_environment: ReplayEnvironment) -> None:
    """Raises where a recording lacks something that a program needs.

    Raises:
        NotProbed: the program looks inside branches, and only their ends were recorded.
        InputError: it needs a signal that was not recorded.
    """
    if checked.needs.probes and not replay_environment.probed:
        raise NotProbed
    missing = sorted(checked.needs.signals - replay_environment.signals)
    if missing:
        raise InputError(
            f"`{checked.name}` needs {' and '.join(missing)}, which the recording"
            f" {replay_environment.name} does"
            " not hold",
            hint="`rheostat inspect` lists the signals of a recording",
        )


def _chains(recording: Recording, question: int) -> list[ReplayChain]:
    core = recording.core(question)
    words = core.answers
    probes = [words[index] for index in core.probes.tolist()]
    signals = {
        name: recording.signal(question, name) for name in SIGNALS if name in recording.signals
    }
    cuts = {
        name: _cut(ragged.counts.tolist(), ragged.values.tolist())
        for name, ragged in signals.items()
    }
    chains = []
    start = 0
    columns = zip(core.counts.tolist(), core.tokens.tolist(), core.final.tolist(), strict=True)
    for branch, (count, tokens, final) in enumerate(columns):
        parts = {name: cut[branch] for name, cut in cuts.items()}
        chains.append(ReplayChain(probes[start : start + count], tokens, words[final], **parts))
        start += count
    return chains


def _cut(counts: list[int], values: list[float]) -> list[list[float]]:
    """Values laid end to end, as one list for each branch."""
    parts = []
    start = 0
    for count in counts:
        parts.append(values[start : start + count])
        start += count
    return parts
