"""The branches of a recording: as columns for arrays, and as branch pools for steps.

Each question is read from its file when it is needed, so that no recording must fit in memory.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np

from dsl.builtins import SIGNALS
from harness.mdp.replay import BranchPool, NamedSignal, ReplayChain
from store.reader import Recording
from store.records import Core, Ragged

KEPT_POOLS = 64
"""Branch pools that are kept; of a question of 128 branches each takes a megabyte."""


class RecordedPools(Sequence[BranchPool]):
    """The branch pools of a recording, read as they are requested. Its texts stay on disk.

    Args:
        recording: The recording.
    """

    def __init__(self, recording: Recording):
        self._recording = recording
        self.interval = recording.provenance.interval
        self.probed = recording.provenance.probed
        self.scopes = {
            name: declared.scope
            for name, declared in recording.provenance.signals.items()
            if name in recording.signals
        }
        """The scopes of the named signals that every branch has."""
        self.partial = frozenset(recording.provenance.signals) - recording.signals
        """The named signals that some branch lacks."""
        self.signals = (frozenset(SIGNALS) & recording.signals) | self.scopes.keys()
        self._cut_off: dict[int, list[bool]] = {}
        self._pool = lru_cache(maxsize=KEPT_POOLS)(self._build_pool)

    def __len__(self) -> int:
        return len(self._recording.questions)

    @overload
    def __getitem__(self, index: int) -> BranchPool: ...
    @overload
    def __getitem__(self, index: slice) -> list[BranchPool]: ...
    def __getitem__(self, index: int | slice) -> BranchPool | list[BranchPool]:
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return [self._pool(position) for position in positions]
        return self._pool(positions)

    def columns(self, question: int) -> Core:
        """Return the columns of a question, answers numbered in the order of the branches.

        Raises:
            StoreError: The recording is damaged.
        """
        return number_answers(self._recording.core(question))

    def signal_columns(self, question: int, names: Collection[str]) -> dict[str, Ragged]:
        """Return signals of a question.

        Args:
            question: Its position.
            names: The signals, which every branch has.

        Raises:
            StoreError: The recording is damaged, or lacks a signal.
        """
        return self._recording.signal_columns(question, names)

    def cut_off(self, question: int) -> list[bool]:
        """Return which branches of a question end at the bound on their tokens.

        Raises:
            StoreError: The recording is damaged.
        """
        if question not in self._cut_off:
            finishes = self._recording.finishes(question)
            self._cut_off[question] = [finish == "length" for finish in finishes]
        return self._cut_off[question]

    def _build_pool(self, question: int) -> BranchPool:
        core = self._recording.core(question)
        words = core.answers
        probes = [words[index] for index in core.probes.tolist()]
        cuts = {
            name: _cut(signal)
            for name, signal in self.signal_columns(question, self.signals).items()
        }
        signals = {name: cuts[name] for name in SIGNALS if name in cuts}
        chains = []
        start = 0
        columns = zip(core.counts.tolist(), core.tokens.tolist(), core.final.tolist(), strict=True)
        for branch, (count, tokens, final) in enumerate(columns):
            parts: dict[str, Any] = {name: cut[branch] for name, cut in signals.items()}
            if self.scopes:
                parts["signals"] = {
                    name: NamedSignal(scope, cuts[name][branch])
                    for name, scope in self.scopes.items()
                }
            chains.append(ReplayChain(probes[start : start + count], tokens, words[final], **parts))
            start += count
        return BranchPool(chains, self.interval, self.probed)


def pool_columns(branch_pool: BranchPool) -> Core:
    """Return the columns of a branch pool, answers numbered in the order of the branches."""
    numbered: dict[str, int] = {}
    probes: list[int] = []
    final: list[int] = []
    for chain in branch_pool.chains:
        probes.extend(numbered.setdefault(answer, len(numbered)) for answer in chain.probes)
        final.append(numbered.setdefault(chain.final, len(numbered)))
    return Core(
        answers=tuple(numbered),
        counts=np.array([len(chain.probes) for chain in branch_pool.chains], np.int32),
        probes=np.array(probes, np.int32),
        tokens=np.array([chain.tokens for chain in branch_pool.chains], np.int64),
        final=np.array(final, np.int32),
    )


def pool_signals(branch_pool: BranchPool, names: Collection[str]) -> dict[str, Ragged]:
    """Return the signals of a branch pool that each of its chains has."""
    signals = {}
    for name in names:
        found = [_values(chain, name) for chain in branch_pool.chains]
        rows = [row for row in found if row is not None]
        if rows and len(rows) == len(found):
            signals[name] = Ragged(
                np.array([len(row) for row in rows], np.int32),
                np.array([number for row in rows for number in row], np.float64),
            )
    return signals


def _values(chain: ReplayChain, name: str) -> Sequence[float] | None:
    """Return the values of a signal in a chain, ``None`` if it lacks the signal."""
    if name in SIGNALS:
        values: Sequence[float] | None = getattr(chain, name)
        return values
    named = chain.signals.get(name)
    return None if named is None else named.values


def number_answers(core: Core) -> Core:
    """Renumber the answers of a question as they first appear, branch after branch.

    A recording numbers them so, unless another program wrote it.
    """
    branches = len(core.counts)
    ends = np.cumsum(core.counts, dtype=np.int64) + np.arange(branches)
    sequence = np.empty(len(core.probes) + branches, np.int32)
    is_probe = np.ones(len(sequence), np.bool_)
    is_probe[ends] = False
    sequence[ends] = core.final
    sequence[is_probe] = core.probes
    highest = np.maximum.accumulate(sequence)
    rises = (highest[1:] - highest[:-1]).max(initial=0)
    if sequence[0] == 0 and rises <= 1 and highest[-1] == len(core.answers) - 1:
        return core
    used, first = np.unique(sequence, return_index=True)
    order = used[np.argsort(first)]
    numbers = np.zeros(len(core.answers), np.int32)
    numbers[order] = np.arange(len(order), dtype=np.int32)
    return core._replace(
        answers=tuple(core.answers[index] for index in order.tolist()),
        probes=numbers[core.probes],
        final=numbers[core.final],
    )


def _cut(signal: Ragged) -> list[list[float]]:
    """Return one list for each branch."""
    parts = []
    start = 0
    values = signal.values.tolist()
    for count in signal.counts.tolist():
        parts.append(values[start : start + count])
        start += count
    return parts
