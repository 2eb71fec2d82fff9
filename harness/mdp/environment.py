"""Replay environments: recordings prepared for replay, with the gold answers for scoring."""

from collections.abc import Sequence
from functools import cached_property

from dsl.builtins import SIGNALS
from dsl.checker import CheckedProgram
from harness.errors import InputError
from harness.mdp.replay import BranchPool, NotProbed, ReplayChain
from store.reader import Recording


class ReplayEnvironment:
    """One recording prepared for replay. Only scoring may read ``gold``.

    Args:
        branch_pools: The branches of each question.
        gold: The gold answer of each question.
        digest: The digest of the recording, or an empty string.
        name: The name in results, ``model/benchmark``.
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
        """Return the distinct answers of a question: its branches' in recorded order, then gold."""
        if question not in self._words:
            numbered: dict[str, int] = {}
            for chain in self.branch_pools[question].chains:
                for answer in (*chain.probes, chain.final):
                    numbered.setdefault(answer, len(numbered))
            numbered.setdefault(self.gold[question], len(numbered))
            self._words[question] = numbered
        return self._words[question]

    def word(self, question: int, answer: str | None) -> int:
        """Return the number of an answer: -1 for none, -2 for one that is not in the recording."""
        return -1 if answer is None else self.words(question).get(answer, -2)


def load_replay_environment(recording: Recording) -> ReplayEnvironment:
    """Prepare a recording for replay; its texts stay on disk."""
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
    """Raise if a recording lacks something that a program needs.

    Raises:
        NotProbed: The program looks inside branches, and only their ends were recorded.
        InputError: It needs a signal that was not recorded.
    """
    if checked.needs.probes and not replay_environment.probed:
        raise NotProbed
    missing = sorted(checked.needs.signals - replay_environment.signals)
    if missing:
        raise InputError(
            f"`{checked.name}` needs {' and '.join(missing)}, which the recording"
            f" {replay_environment.name} does not contain",
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
