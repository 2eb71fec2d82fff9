"""The compiled engine: run programs as machine code over dense arrays."""

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dsl.checker import CheckedProgram
from dsl.compiler.kept_results import TABLE_DOUBLES
from dsl.compiler.memory_layout import LANES, StateWord
from dsl.compiler.native import NativeProgram
from dsl.compiler.objects import ObjectCache
from dsl.compiler.state import named_signals
from dsl.compiler.translation import CompiledModule, Variant
from dsl.interpreter.controller import MAX_WINDOW
from dsl.numeric import MAX_INT
from dsl.schedule import clip_beta, evaluate
from dsl.types import Type
from harness.engines import ControllerSetting, EpisodeRules, LineCounts
from harness.engines.dense import DenseQuestions, stack_permutations
from harness.engines.question_words import MachineWords, ProgramInputs, QuestionWords, address
from harness.mdp.environment import ReplayEnvironment, refuse_unmet_needs
from harness.mdp.episodes import EpisodeArrays, empty_episodes
from harness.mdp.hindsight import HindsightArrays

MOST_QUESTIONS = 64
"""The most questions that are played in one call, so that an interrupt is handled soon."""


class CompiledEngine:
    """Play by machine code; results equal those of the interpreter to the last bit.

    Args:
        objects: The cache of compiled programs.
        threads: How many questions are played at a time; the results do not depend on it.
    """

    name = "compiled 2"

    def __init__(self, objects: ObjectCache | None = None, threads: int | None = None):
        self._objects = objects or ObjectCache()
        self._threads = threads or os.cpu_count() or 1
        self._recordings: WeakKeyDictionary[ReplayEnvironment, _DenseRecording] = (
            WeakKeyDictionary()
        )

    def play(
        self,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        seeds: Sequence[int],
        rules: EpisodeRules = EpisodeRules(),  # noqa: B008
        counts: LineCounts | None = None,
        hindsight: HindsightArrays | None = None,
    ) -> EpisodeArrays:
        """Play every question under every seed; see `harness.engines.ReplayEngine.play`.

        Args:
            checked: The program.
            setting: β and the free knobs that are set.
            replay_environment: The recording.
            seeds: Seeds of every question.
            rules: Budget and cost of a probe.
            counts: Counts of each source line, added to in place; ``None`` to count nothing.
            hindsight: Hindsight of each episode, filled in; ``None`` to compute none.
        """
        refuse_unmet_needs(checked, replay_environment)
        recording = self._recording(replay_environment, checked.needs.signals)
        dense = recording.dense
        budget = MAX_INT if rules.budget is None else rules.budget
        variant = Variant(
            wide=dense.wide,
            counting=counts is not None,
            hindsight=hindsight is not None,
            bounded=dense.can_exhaust(budget, rules.probe_cost),
        )
        module, native = self._objects.load(checked, variant)
        batch = _CompiledBatch(
            module, checked, setting, replay_environment, recording, seeds, rules, counts,
            hindsight,
        )  # fmt: skip
        parts = _split(len(dense.branches), self._threads)
        if self._threads == 1 or len(parts) <= 1:
            for questions in parts:
                batch.play(native, questions)
        else:
            with ThreadPoolExecutor(min(self._threads, len(parts))) as pool:
                done = [pool.submit(batch.play, native, questions) for questions in parts]
                try:
                    for future in done:
                        future.result()
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
        return batch.episodes

    def _recording(
        self, replay_environment: ReplayEnvironment, signals: Collection[str]
    ) -> "_DenseRecording":
        recording = self._recordings.get(replay_environment)
        if recording is None:
            recording = _DenseRecording(DenseQuestions(replay_environment, signals))
            self._recordings[replay_environment] = recording
        return recording


def _split(count: int, threads: int) -> list[range]:
    """Split questions into the parts of single calls, several for each thread."""
    size = MOST_QUESTIONS if threads == 1 else -(-count // (4 * threads))
    size = max(1, min(size, MOST_QUESTIONS))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


class _DenseRecording:
    """A recording as compiled programs read it.

    Args:
        dense: Its arrays.
    """

    def __init__(self, dense: DenseQuestions):
        self.dense = dense
        self._words: dict[ProgramInputs, QuestionWords] = {}

    def words(
        self, replay_environment: ReplayEnvironment, checked: CheckedProgram
    ) -> QuestionWords:
        """Return the words of the questions for a program."""
        needs = checked.needs
        inputs = ProgramInputs(
            tuple(sorted(needs.signals)), tuple(named_signals(checked)), bool(needs.endings)
        )
        words = self._words.get(inputs)
        if words is None:
            words = QuestionWords(replay_environment, self.dense, inputs)
            self._words[inputs] = words
        return words


class _ThreadMemory(NamedTuple):
    """The working memory of one thread."""

    branches: NDArray[np.int64]
    votes: NDArray[np.int64]
    windows: NDArray[np.float64]
    interval_tables: NDArray[np.int64]
    kept_results: NDArray[np.float64]


class _CompiledBatch:
    """One program at one setting over one recording; questions may be played in parallel."""

    def __init__(
        self,
        module: CompiledModule,
        checked: CheckedProgram,
        setting: ControllerSetting,
        replay_environment: ReplayEnvironment,
        recording: _DenseRecording,
        seeds: Sequence[int],
        rules: EpisodeRules,
        counts: LineCounts | None,
        hindsight: HindsightArrays | None,
    ):
        self._module = module
        self._replay_environment = replay_environment
        self._dense = dense = recording.dense
        self._words = recording.words(replay_environment, checked)
        self._counts = counts
        self._hindsight = hindsight
        self._adding = threading.Lock()
        self._local = threading.local()
        self.episodes = empty_episodes(len(dense.branches), len(seeds))
        self._seeds = np.array([seed % 2**64 for seed in seeds], np.uint64).view(np.int64)
        self._permutations = {
            size: stack_permutations(size, tuple(seeds)) for size in set(dense.branches)
        }
        where = {size: address(rows) for size, rows in self._permutations.items()}
        self._permutation_addresses = np.array([where[size] for size in dense.branches], np.int64)
        beta = 0.0 if setting.beta is None else clip_beta(setting.beta)
        self._knobs = _knob_words(module, evaluate(checked, beta, setting.knobs))
        self._literals = self._words.literals(replay_environment, module.literals)
        self._common = {
            StateWord.SEEDS: address(self._seeds),
            StateWord.SEED_COUNT: len(self._seeds),
            StateWord.BUDGET: MAX_INT if rules.budget is None else rules.budget,
            StateWord.PROBE_COST: rules.probe_cost,
            StateWord.KNOBS: address(self._knobs),
            StateWord.BETA: int(np.float64(beta).view(np.int64)),
        }

    def play(self, native: NativeProgram, questions: range) -> None:
        """Play consecutive questions under every seed, in one call of the program."""
        rows = self._words.rows(self._replay_environment, questions)
        words = rows.words
        lines = None
        if self._counts is not None:
            lines = (np.zeros_like(self._counts.runs), np.zeros_like(self._counts.tokens))
            words[:, StateWord.LINE_RUNS] = address(lines[0])
            words[:, StateWord.LINE_TOKENS] = address(lines[1])
        memory = self._memory()
        words[:, StateWord.SCRATCH] = address(memory.branches)
        words[:, StateWord.VOTES] = address(memory.votes)
        words[:, StateWord.WINDOWS] = address(memory.windows)
        words[:, StateWord.INTERVAL_TABLES] = address(memory.interval_tables)
        words[:, StateWord.KEPT_RESULTS] = address(memory.kept_results)
        for word, value in self._common.items():
            words[:, word] = value
        words[:, StateWord.PERMUTATIONS] = self._permutation_addresses[_slice(questions)]
        words[:, StateWord.LITERALS] = _row_addresses(self._literals, questions)
        for word, array in self._outputs():
            words[:, word] = _row_addresses(array, questions)
        following = words.strides[0] * np.arange(1, len(words) + 1) + address(words)
        words[:, StateWord.NEXT] = following
        words[-1, StateWord.NEXT] = 0
        native.run(address(words))
        self._score(questions)
        if self._counts is not None and lines is not None:
            with self._adding:
                self._counts.runs[:] += lines[0]
                self._counts.tokens[:] += lines[1]

    def _outputs(self) -> Sequence[tuple[StateWord, NDArray[Any]]]:
        episodes, hindsight = self.episodes, self._hindsight
        outputs: list[tuple[StateWord, NDArray[Any]]] = [
            (StateWord.OUT_ANSWER, episodes.answer),
            (StateWord.OUT_TOKENS, episodes.tokens),
            (StateWord.OUT_SEQUENTIAL, episodes.sequential),
            (StateWord.OUT_ROUNDS, episodes.rounds),
            (StateWord.OUT_LINE, episodes.line),
        ]
        if hindsight is not None:
            outputs += [
                (StateWord.OUT_SETTLED, hindsight.settled),
                (StateWord.OUT_AFTER_SETTLED, hindsight.after_settled),
                (StateWord.OUT_PRUNED, hindsight.pruned),
                (StateWord.OUT_UNCOUNTED, hindsight.uncounted),
                (StateWord.OUT_SILENT, hindsight.silent),
                (StateWord.OUT_AGREEING, hindsight.agreeing),
            ]
        return outputs

    def _memory(self) -> _ThreadMemory:
        """Return this thread's working memory; programs reset its votes to 0."""
        memory: _ThreadMemory | None = getattr(self._local, "memory", None)
        if memory is None:
            most_branches = max(self._dense.branches, default=0)
            memory = self._local.memory = _ThreadMemory(
                np.zeros(self._module.arrays * most_branches + LANES, np.int64),
                np.zeros(self._module.vote_arrays * self._dense.most_answers, np.int64),
                np.zeros(self._module.windows * MAX_WINDOW, np.float64),
                np.zeros(self._module.interval_tables * self._dense.most_cells, np.int64),
                np.full(self._module.kept_results * TABLE_DOUBLES, np.nan),
            )
        return memory

    def _score(self, questions: range) -> None:
        part = _slice(questions)
        answers = self.episodes.answer[part]
        self.episodes.right[part] = answers == self._words.gold[part, None]
        np.maximum(answers, -2, out=answers)


def _slice(questions: range) -> slice:
    return slice(questions.start, questions.stop)


def _row_addresses(array: NDArray[Any], questions: range) -> NDArray[np.int64]:
    """Return the address of each question's row."""
    return address(array) + array.strides[0] * np.arange(questions.start, questions.stop)


def _knob_words(module: CompiledModule, values: Mapping[str, int | float]) -> MachineWords:
    words = np.zeros(max(1, len(module.knobs)), np.int64)
    for index, (name, kind) in enumerate(module.knobs):
        if kind is Type.REAL:
            words[index] = np.float64(values[name]).view(np.int64)
        else:
            words[index] = values[name]
    return words
