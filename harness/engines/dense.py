"""A recording as dense arrays, as compiled programs read it."""

import threading
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.mdp.environment import ReplayEnvironment
from harness.mdp.replay import permute_branches
from store.records import Core, Ragged

K = TypeVar("K")
V = TypeVar("V", bound=tuple[Any, ...])

KEPT_BYTES = 512 << 20
"""The most bytes of arrays that are kept of one environment."""


class DenseSignal(NamedTuple):
    """An optional signal of one question."""

    values: NDArray[np.float64]
    """(N, W) values, 0 where there is none."""
    counts: NDArray[np.int64]
    """(N,) how many intervals of each branch have the signal."""


class DenseQuestion(NamedTuple):
    """One question: N branches, rows of W answers."""

    answers: NDArray[np.int16 | np.int32]
    """(N, W) the number of the answer at each depth from 1; after the last probe, the final answer.
    """
    probes: NDArray[np.int64]
    """(N,) P, the intervals of each branch."""
    tokens: NDArray[np.int64]
    """(N,) T, the tokens of each branch."""
    signals: dict[str, DenseSignal]


class DenseQuestions:
    """The questions of an environment as arrays, the first of them kept.

    The environment is passed to every call, since an engine keeps this for as long as it lives.

    Args:
        environment: The environment.
        signals: Signals that will be used; others are read later.
        most_bytes: Arrays up to this size are kept. Of further questions, only the answers' texts
            and the sizes are; their arrays are built again for each use.

    Raises:
        StoreError: The recording is damaged.
    """

    def __init__(
        self,
        environment: ReplayEnvironment,
        signals: Collection[str] = (),
        most_bytes: int = KEPT_BYTES,
    ):
        self._left = most_bytes
        self._lock = threading.Lock()
        self._answers: dict[int, DenseQuestion] = {}
        self._signals: dict[tuple[int, str], DenseSignal] = {}
        self.branches: list[int] = []
        """The number of branches of each question."""
        self.most_answers = 0
        """The most distinct answers of a question, its gold answer included."""
        self.most_cells = 0
        """The most cells of a question's array of answers, N times W."""
        self.most_tokens = 0.0
        """An upper bound of the tokens that an episode can generate."""
        self.most_probes = 0.0
        """An upper bound of the probes of an episode."""
        for question in range(len(environment.branch_pools)):
            columns = environment.columns(question)
            environment.add_words(question, columns)
            self.branches.append(len(columns.counts))
            self.most_answers = max(self.most_answers, len(environment.words(question)))
            # In the common type: a later question may turn out to need a wider one.
            arrays = _answers(columns, np.int16)
            self.most_cells = max(self.most_cells, arrays.answers.size)
            self._bound_charges(arrays, environment.interval(question))
            self._keep(self._answers, question, arrays)
            if self._left:
                self._add_signals(environment, question, arrays, signals)
        self.wide = self.most_answers > np.iinfo(np.int16).max
        """Whether some question has more answers than 16 bits can number."""
        if self.wide:
            self._answers.clear()
            self._left = most_bytes

    def _bound_charges(self, arrays: DenseQuestion, interval: int) -> None:
        probes = arrays.probes.astype(np.float64)
        # An action is admitted by the price of an interval even if it then costs less.
        tokens = np.maximum(arrays.tokens, probes * interval) + interval
        self.most_tokens = max(self.most_tokens, float(tokens.sum()))
        self.most_probes = max(self.most_probes, float((probes + 1).sum()))

    def can_exhaust(self, budget: int, probe_cost: int) -> bool:
        """Return whether a budget may end an episode over some question.

        Args:
            budget: The budget in tokens.
            probe_cost: Cost of a probe in tokens.
        """
        # Doubles are rounded: leave room for that.
        return budget <= 1.001 * (self.most_tokens + probe_cost * self.most_probes) + 1

    def question(
        self, environment: ReplayEnvironment, question: int, signals: Collection[str] = ()
    ) -> DenseQuestion:
        """Return the arrays of a question.

        Args:
            environment: The environment that these are of.
            question: Its position.
            signals: The signals to add.

        Raises:
            StoreError: The recording is damaged.
        """
        arrays = self._answers.get(question)
        if arrays is None:
            kind = np.int32 if self.wide else np.int16
            arrays = _answers(environment.columns(question), kind)
            self._keep(self._answers, question, arrays)
        return self._add_signals(environment, question, arrays, signals)

    def keeps(self, question: int, signals: Collection[str]) -> bool:
        """Return whether the arrays of a question are kept, and with them those of signals.

        Args:
            question: Its position.
            signals: The signals.
        """
        return question in self._answers and all(
            (question, name) in self._signals for name in signals
        )

    def _add_signals(
        self,
        environment: ReplayEnvironment,
        question: int,
        arrays: DenseQuestion,
        names: Collection[str],
    ) -> DenseQuestion:
        """Return the arrays of a question with those of signals."""
        signals = {}
        missing = []
        for name in names:
            kept = self._signals.get((question, name))
            if kept is None:
                missing.append(name)
            else:
                signals[name] = kept
        for name, columns in environment.signal_columns(question, missing).items():
            signals[name] = _signal(columns, arrays.answers.shape[1])
            self._keep(self._signals, (question, name), signals[name])
        return arrays._replace(signals=signals)

    def _keep(self, among: dict[K, V], key: K, value: V) -> None:
        """Keep arrays while there is room: what is evicted would be needed again in each cell."""
        size = sum(part.nbytes for part in value if isinstance(part, np.ndarray))
        with self._lock:
            if key in among:
                return
            if size <= self._left:
                self._left -= size
                among[key] = value
            else:
                self._left = 0


def _answers(columns: Core, kind: type[np.int16] | type[np.int32]) -> DenseQuestion:
    counts = columns.counts
    width = int(counts.max(initial=0)) + 1
    answers = np.repeat(columns.final.astype(kind)[:, None], width, axis=1)
    answers[np.arange(width) < counts[:, None]] = columns.probes
    return DenseQuestion(answers, counts.astype(np.int64), np.asarray(columns.tokens, np.int64), {})


def _signal(signal: Ragged, width: int) -> DenseSignal:
    counts = signal.counts
    most = max(width, int(counts.max(initial=0)))
    values = np.zeros((len(counts), most))
    values[np.arange(most) < counts[:, None]] = signal.values
    return DenseSignal(np.ascontiguousarray(values[:, :width]), counts.astype(np.int64))


@lru_cache(maxsize=16)
def stack_permutations(branches: int, seeds: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the order in which each seed opens the branches.

    Returns:
        (S, N) array. It is shared: do not modify it.
    """
    return np.array([permute_branches(branches, seed) for seed in seeds], np.int32).reshape(
        len(seeds), branches
    )
