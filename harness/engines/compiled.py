"""The compiled engine: run programs as machine code over dense arrays."""

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dsl.checker import CheckedProgram
from dsl.compiler.memory_layout import (
    STATE_WORDS,
    VOTE_ARRAYS,
    WORDS_OF_SIGNAL,
    SignalScopeCode,
    SignalWord,
    StateWord,
    signal_word,
)
from dsl.compiler.native import NativeProgram
from dsl.compiler.objects import ObjectCache
from dsl.compiler.state import named_signals
from dsl.compiler.translation import CompiledModule, Variant
from dsl.interpreter.controller import MAX_WINDOW
from dsl.numeric import MAX_INT
from dsl.schedule import clip_beta, evaluate
from dsl.types import Type
from harness.engines import ControllerSetting, EpisodeRules, LineCounts
from harness.engines.dense import DenseQuestion, DenseQuestions, stack_permutations
from harness.mdp.environment import ReplayEnvironment, refuse_unmet_needs
from harness.mdp.episodes import EpisodeArrays, empty_episodes

MachineWords = NDArray[np.int64]


class CompiledEngine:
    """Play by machine code; results equal those of the interpreter to the last bit.

    Args:
        objects: The cache of compiled programs.
        threads: How many questions are played at a time; the results do not depend on it.
    """

    name = "compiled 1"

    def __init__(self, objects: ObjectCache | None = None, threads: int | None = None):
        self._objects = objects or ObjectCache()
        self._threads = threads or os.cpu_count() or 1
        self._dense: WeakKeyDictionary[ReplayEnvironment, DenseQuestions] = WeakKeyDictionary()

    def play(
        self,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008
        counts: LineCounts | None = None,
    ) -> EpisodeArrays:
        """Play every question under every seed; see `harness.engines.ReplayEngine.play`.

        Args:
            checked: The program.
            setting: β and the free knobs that are set.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.
        """
        refuse_unmet_needs(checked, replay_environment)
        dense = self._questions(replay_environment, checked.needs.signals)
        variant = Variant(wide=dense.wide, counting=counts is not None)
        module, native = self._objects.load(checked, variant)
        batch = _CompiledBatch(
            module, checked, setting, replay_environment, dense, seeds, rules, counts
        )
        questions = range(len(dense.branches))
        if self._threads == 1 or len(questions) <= 1:
            for question in questions:
                batch.play(native, question)
        else:
            with ThreadPoolExecutor(min(self._threads, len(questions))) as pool:
                done = [pool.submit(batch.play, native, question) for question in questions]
                try:
                    for future in done:
                        future.result()
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        return batch.episodes

    def _questions(
        self, replay_environment: ReplayEnvironment, signals: Collection[str]
    ) -> DenseQuestions:
        questions = self._dense.get(replay_environment)
        if questions is None:
            questions = DenseQuestions(replay_environment, signals)
            self._dense[replay_environment] = questions
        return questions


class _ThreadMemory(NamedTuple):
    """The working memory of one thread."""

    branches: NDArray[np.int64]
    votes: NDArray[np.int64]
    windows: NDArray[np.float64]
    branch_windows: NDArray[np.float64]


class _CompiledBatch:
    """One program at one setting over one recording; questions may be played in parallel."""

    def __init__(
        self,
        module: CompiledModule,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        dense: DenseQuestions,
        seeds: Sequence[int],
        rules: EpisodeRules,
        counts: LineCounts | None,
    ):
        self.episodes = empty_episodes(len(dense.branches), len(seeds))
        self._module = module
        self._replay_environment = replay_environment
        self._dense = dense
        self._signals = sorted(checked.needs.signals)
        self._named = named_signals(checked)
        self._endings = checked.needs.endings
        self._rules = rules
        self._counts = counts
        self._adding = threading.Lock()
        self._local = threading.local()
        self._seeds = np.array([seed % 2**64 for seed in seeds], np.uint64).view(np.int64)
        self._deals = {size: stack_permutations(size, tuple(seeds)) for size in set(dense.branches)}
        self._beta = 0.0 if setting.beta is None else clip_beta(setting.beta)
        self._knobs = _knob_words(module, evaluate(checked, self._beta, setting.knobs))
        self._outputs = (
            (StateWord.OUT_ANSWER, self.episodes.answer),
            (StateWord.OUT_TOKENS, self.episodes.tokens),
            (StateWord.OUT_SEQUENTIAL, self.episodes.sequential),
            (StateWord.OUT_ROUNDS, self.episodes.rounds),
            (StateWord.OUT_LINE, self.episodes.line),
        )
        self._most_branches = max(dense.branches, default=0)

    @cached_property
    def _common(self) -> MachineWords:
        """Return the state words that are the same for every question."""
        words = np.zeros(STATE_WORDS + WORDS_OF_SIGNAL * len(self._named), np.int64)
        words[StateWord.SEEDS] = _address(self._seeds)
        words[StateWord.SEED_COUNT] = len(self._seeds)
        words[StateWord.BUDGET] = MAX_INT if self._rules.budget is None else self._rules.budget
        words[StateWord.PROBE_COST] = self._rules.probe_cost
        words[StateWord.KNOBS] = _address(self._knobs)
        words[StateWord.BETA] = np.float64(self._beta).view(np.int64)
        words[StateWord.ANSWER_COUNT] = self._dense.most_answers
        for index, name in enumerate(self._named):
            scope = self._replay_environment.scopes[name]
            words[signal_word(index, SignalWord.SCOPE)] = SignalScopeCode[scope.upper()]
        return words

    def play(self, native: NativeProgram, question: int) -> None:
        """Play one question under every seed."""
        arrays = self._dense.question(self._replay_environment, question, self._signals)
        lines = None
        if self._counts is not None:
            lines = (np.zeros_like(self._counts.runs), np.zeros_like(self._counts.tokens))
        words, buffers = self._words(question, arrays, lines)
        native.run(words.ctypes.data)
        self._score(question)
        del buffers  # keep the arrays alive until here: the state words point into them
        if self._counts is not None and lines is not None:
            with self._adding:
                self._counts.runs[:] += lines[0]
                self._counts.tokens[:] += lines[1]

    def _words(
        self,
        question: int,
        arrays: DenseQuestion,
        lines: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
    ) -> tuple[MachineWords, list[object]]:
        """Return the argument of a compiled program, and the arrays that must outlive the call."""
        words = self._common.copy()
        literals, scratch = self._literals(question), self._scratch()
        permutations = self._deals[len(arrays.probes)]
        words[StateWord.BRANCHES] = len(arrays.probes)
        words[StateWord.WIDTH] = arrays.answers.shape[1]
        words[StateWord.QUESTION] = question
        words[StateWord.INTERVAL] = self._replay_environment.interval(question)
        pointed: list[tuple[int, NDArray[Any]]] = [
            (StateWord.ANSWERS, arrays.answers),
            (StateWord.PROBES, arrays.probes),
            (StateWord.TOKENS, arrays.tokens),
            (StateWord.DEAL, permutations),
            (StateWord.LITERALS, literals),
            (StateWord.SCRATCH, scratch.branches),
            (StateWord.VOTES, scratch.votes),
            (StateWord.WINDOWS, scratch.windows),
            (StateWord.BRANCH_WINDOWS, scratch.branch_windows),
        ]
        for name, (values, counts) in _SIGNALS.items():
            if name in arrays.signals:
                pointed.append((values, arrays.signals[name].values))
                if counts is not None:
                    pointed.append((counts, arrays.signals[name].counts))
        for index, name in enumerate(self._named):
            signal = arrays.signals.get(name)  # a question without branches has none
            if signal is not None:
                pointed.append((signal_word(index, SignalWord.VALUES), signal.values))
                pointed.append((signal_word(index, SignalWord.COUNTS), signal.counts))
        if self._endings:
            cut_off = np.array(self._replay_environment.cut_off(question), np.int64)
            pointed.append((StateWord.CUT_OFF, cut_off))
        if lines is not None:
            pointed += [(StateWord.LINE_RUNS, lines[0]), (StateWord.LINE_TOKENS, lines[1])]
        for word, array in pointed:
            words[word] = _address(array)
        for word, array in self._outputs:
            words[word] = _address(array) + question * array.strides[0]
        return words, [array for _, array in pointed]

    def _scratch(self) -> _ThreadMemory:
        """Return this thread's working memory; programs reset its votes to 0."""
        memory: _ThreadMemory | None = getattr(self._local, "scratch", None)
        if memory is None:
            memory = self._local.scratch = _ThreadMemory(
                np.zeros(self._module.arrays * self._most_branches, np.int64),
                np.zeros(VOTE_ARRAYS * self._dense.most_answers, np.int64),
                np.zeros(self._module.windows * MAX_WINDOW, np.float64),
                np.zeros(self._module.branch_windows * self._dense.most_cells, np.float64),
            )
        return memory

    def _literals(self, question: int) -> NDArray[np.int32]:
        """Return the numbers of the program's quoted answers; unknown ones count down from -2."""
        words = self._replay_environment.words(question)
        return np.array(
            [words.get(text, -2 - index) for index, text in enumerate(self._module.literals)],
            np.int32,
        )

    def _score(self, question: int) -> None:
        answers = self.episodes.answer[question]
        gold = self._replay_environment.words(question)[self._replay_environment.gold[question]]
        self.episodes.right[question] = answers == gold
        np.maximum(answers, -2, out=answers)


_SIGNALS = {
    "entropy": (StateWord.ENTROPY, None),
    "logprob": (StateWord.LOGPROB, StateWord.LOGPROB_COUNT),
    "top_logprob": (StateWord.TOP_LOGPROB, StateWord.TOP_LOGPROB_COUNT),
}


def _address(array: NDArray[Any]) -> int:
    # Called for every question; `array.ctypes.data` takes three times as long.
    address: int = array.__array_interface__["data"][0]
    return address


def _knob_words(module: CompiledModule, values: Mapping[str, int | float]) -> MachineWords:
    words = np.zeros(max(1, len(module.knobs)), np.int64)
    for index, (name, kind) in enumerate(module.knobs):
        if kind is Type.REAL:
            words[index] = np.float64(values[name]).view(np.int64)
        else:
            words[index] = values[name]
    return words
