"""The state words of each question that are the same for every setting of a program."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsl.compiler.memory_layout import (
    STATE_WORDS,
    WORDS_OF_SIGNAL,
    SignalScopeCode,
    SignalWord,
    StateWord,
    signal_word,
)
from harness.engines.dense import DenseQuestion, DenseQuestions
from harness.mdp.environment import ReplayEnvironment

MachineWords = NDArray[np.int64]

SIGNALS = {
    "entropy": (StateWord.ENTROPY, None),
    "logprob": (StateWord.LOGPROB, StateWord.LOGPROB_COUNT),
    "top_logprob": (StateWord.TOP_LOGPROB, StateWord.TOP_LOGPROB_COUNT),
}
"""The words of the format's own signals: of their values, and of their counts if they have any."""


class ProgramInputs(NamedTuple):
    """What a program reads of a recording."""

    signals: tuple[str, ...]
    """Signals in order, named ones included."""
    named: tuple[str, ...]
    """Those that the format itself does not have."""
    endings: bool
    """Whether it reads which branches were cut off."""


class QuestionRows(NamedTuple):
    """The state words of some questions."""

    words: MachineWords
    """(Q, W): a row for each question, free to be written to."""
    arrays: list[object]
    """What the words point into, to be kept alive while they are used."""


class QuestionWords:
    """The words of the questions of one recording for programs that read the same of it.

    The environment is passed to every call, since an engine keeps this for as long as it lives.

    Args:
        environment: The environment.
        dense: Its arrays.
        inputs: What the programs read.
    """

    def __init__(
        self, environment: ReplayEnvironment, dense: DenseQuestions, inputs: ProgramInputs
    ):
        self._dense = dense
        self._inputs = inputs
        count = len(dense.branches)
        self._words = np.zeros((count, STATE_WORDS + WORDS_OF_SIGNAL * len(inputs.named)), np.int64)
        self._arrays: list[list[object] | None] = [None] * count
        self._literals: dict[tuple[str, ...], NDArray[np.int32]] = {}
        self.gold = np.array(
            [environment.words(question)[gold] for question, gold in enumerate(environment.gold)],
            np.int32,
        )
        """(Q,) the number of each gold answer."""
        self._words[:, StateWord.QUESTION] = np.arange(count)
        self._words[:, StateWord.ANSWER_COUNT] = dense.most_answers
        for index, name in enumerate(inputs.named):
            scope = SignalScopeCode[environment.scopes[name].upper()]
            self._words[:, signal_word(index, SignalWord.SCOPE)] = scope

    def rows(self, environment: ReplayEnvironment, questions: range) -> QuestionRows:
        """Return the words of consecutive questions.

        Args:
            environment: The environment that these are of.
            questions: Their positions.

        Raises:
            StoreError: The recording is damaged.
        """
        words = self._words[questions.start : questions.stop].copy()
        alive: list[object] = []
        for row, question in enumerate(questions):
            arrays = self._arrays[question]
            if arrays is None:
                arrays = self._point(environment, question, words[row])
                if self._dense.keeps(question, self._inputs.signals):
                    self._words[question] = words[row]
                    self._arrays[question] = arrays
            alive += arrays
        return QuestionRows(words, alive)

    def literals(self, environment: ReplayEnvironment, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return the numbers of quoted answers; those that no branch gave count down from -2.

        Args:
            environment: The environment that these are of.
            texts: The answers that a program quotes.

        Returns:
            (Q, L) array.
        """
        key = tuple(texts)
        if key not in self._literals:
            self._literals[key] = np.array(
                [
                    _number_texts(environment.words(question), key)
                    for question in range(len(self._arrays))
                ],
                np.int32,
            ).reshape(len(self._arrays), len(key))
        return self._literals[key]

    def _point(
        self, environment: ReplayEnvironment, question: int, words: MachineWords
    ) -> list[object]:
        """Enter a question's sizes and arrays in its words; return the arrays."""
        arrays = self._dense.question(environment, question, self._inputs.signals)
        words[StateWord.BRANCHES] = len(arrays.probes)
        words[StateWord.WIDTH] = arrays.answers.shape[1]
        words[StateWord.INTERVAL] = environment.interval(question)
        pointed: list[tuple[int, NDArray[Any]]] = [
            (StateWord.ANSWERS, arrays.answers),
            (StateWord.PROBES, arrays.probes),
            (StateWord.TOKENS, arrays.tokens),
            *self._signal_arrays(arrays),
        ]
        if self._inputs.endings:
            cut_off = np.array(environment.cut_off(question), np.int64)
            pointed.append((StateWord.CUT_OFF, cut_off))
        for word, array in pointed:
            words[word] = address(array)
        return [array for _, array in pointed]

    def _signal_arrays(self, arrays: DenseQuestion) -> list[tuple[int, NDArray[Any]]]:
        pointed: list[tuple[int, NDArray[Any]]] = []
        for name, (values, counts) in SIGNALS.items():
            if name in arrays.signals:
                pointed.append((values, arrays.signals[name].values))
                if counts is not None:
                    pointed.append((counts, arrays.signals[name].counts))
        for index, name in enumerate(self._inputs.named):
            signal = arrays.signals.get(name)  # a question without branches has none
            if signal is not None:
                pointed.append((signal_word(index, SignalWord.VALUES), signal.values))
                pointed.append((signal_word(index, SignalWord.COUNTS), signal.counts))
        return pointed


def address(array: NDArray[Any]) -> int:
    """Return where the elements of an array are in memory."""
    # `array.ctypes.data` takes three times as long.
    position: int = array.__array_interface__["data"][0]
    return position


def _number_texts(numbers: Mapping[str, int], texts: Sequence[str]) -> list[int]:
    return [numbers.get(text, -2 - index) for index, text in enumerate(texts)]
