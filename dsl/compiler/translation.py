"""From a checked program to the text of an LLVM module.

The module has one function for others, ``@run``, which plays questions one after the other, each
under every seed. Its argument is described by `dsl.compiler.memory_layout`.
"""

from typing import NamedTuple

from dsl import tree
from dsl.checker import CheckedProgram
from dsl.checker.symbols import free_knobs, schedule_lines
from dsl.compiler import lanes, numbers
from dsl.compiler.branches import BranchEmitter, SignalColumns
from dsl.compiler.emitter import Emitter
from dsl.compiler.expressions import KINDS, ExpressionEmitter
from dsl.compiler.hindsight_results import HindsightEmitter
from dsl.compiler.interval_signals import SIGNAL_WORDS
from dsl.compiler.kernels import MODULES, KernelLibrary
from dsl.compiler.memory_layout import SignalWord, StateWord, signal_word
from dsl.compiler.running import RunningTables
from dsl.compiler.shared_votes import STEPS
from dsl.compiler.state import EpisodeState, StateUses, named_signals
from dsl.compiler.statements import LineCounters, StatementEmitter
from dsl.compiler.variables import RingBuffer, Variables
from dsl.interpreter.controller import DEFAULT_CAP, MAX_CAP, MAX_WINDOW, window_size
from dsl.random_draws import splitmix64
from dsl.traversal import walk
from dsl.types import Type


class CompiledModule(NamedTuple):
    """A compiled program as text, and how it is to be fed."""

    text: str
    arrays: int
    """Arrays of N words in the working memory."""
    vote_arrays: int
    """Arrays of a word for each answer."""
    windows: int
    interval_tables: int
    """Tables of a 64-bit word for each interval of each chain."""
    kept_results: int
    """Tables of kept results."""
    knobs: tuple[tuple[str, Type], ...]
    """The knobs in the order in which they are passed, with their types."""
    literals: tuple[str, ...]
    """The quoted answers in the order in which they are passed."""


class Variant(NamedTuple):
    """What a program is compiled for."""

    wide: bool = False
    """Answers are numbered in 32 bits instead of 16."""
    counting: bool = False
    """Lines count their runs and tokens."""
    hindsight: bool = False
    """Episodes report their hindsight."""
    bounded: bool = True
    """The budget may end an episode. If not, nothing checks it, and advances take fewer steps."""


def translate_program(checked: CheckedProgram, variant: Variant) -> CompiledModule:
    """Translate a program."""
    return _Translation(checked, variant).module()


class _Translation:
    def __init__(self, checked: CheckedProgram, variant: Variant):
        self._checked = checked
        self._variant = variant
        self._emit = Emitter("internal void @play(ptr noalias %words)")
        self._state = EpisodeState(self._emit, StateUses(checked), charges=variant.hindsight)
        self._library = KernelLibrary(elsewhere=MODULES)
        self._hindsight = (
            HindsightEmitter(self._state, self._library) if variant.hindsight else None
        )
        self._variables = Variables()
        self._expressions = ExpressionEmitter(checked, self._state, self._library, self._variables)
        self._windows: dict[str, tree.Expression] = {}
        self._branch_windows: dict[str, tree.Expression] = {}
        self._cells: dict[str, tree.Cell] = {}
        self._fields: dict[str, tree.Cell] = {}
        symbols = {symbol.name: symbol.type for symbol in checked.symbols.values()}
        named = (*free_knobs(checked.program), *schedule_lines(checked.program))
        self._knobs = tuple((name, symbols[name]) for name in named if name in symbols)
        self._literals = _answer_texts(checked)
        self._running = RunningTables(checked, self._expressions, self._load_inputs)

    def module(self) -> CompiledModule:
        emit, state = self._emit, self._state
        state.lay_out_lists()
        self._load_inputs(state, self._variables)
        self._lay_out_memory()
        permutations = state.word(StateWord.PERMUTATIONS, "ptr")
        seeds = state.word(StateWord.SEEDS, "ptr")
        question = state.word(StateWord.QUESTION)
        self._running.begin_question()
        with emit.loop(state.word(StateWord.SEED_COUNT)) as episode:
            offset = emit.op(f"mul i64 {episode}, {state.size}")
            seed = emit.load_element("i64", seeds, episode)
            first = self._library.call(emit, splitmix64, seed, "0")
            draws = self._library.call(emit, splitmix64, first, question)
            state.begin(emit.element("i32", permutations, offset), draws)
            if self._hindsight is not None:
                self._hindsight.begin()
            self._expressions.votes.begin()
            self._first_values()
            self._episode()
            self._results(episode)
            if self._hindsight is not None:
                self._hindsight.store_results(episode)
            state.end()
            self._expressions.votes.end()
        emit.give("void")
        rows = self._running.text()
        text = "\n".join(
            (
                numbers.INTRINSICS,
                lanes.DECLARATIONS,
                self._library.text(),
                self._expressions.kept_results.text(),
                rows,
                emit.text(),
                _play_all(),
            )
        )
        return CompiledModule(
            text, state.arrays, state.vote_array_count, len(self._windows),
            self._running.count, self._expressions.kept_results.count, self._knobs,
            self._literals,
        )  # fmt: skip

    def _load_inputs(self, state: EpisodeState, variables: Variables) -> None:
        """Emit what a program is given, in the function of a state."""
        emit = state.emit
        variables.beta = state.word(StateWord.BETA, "double")
        knobs = state.word(StateWord.KNOBS, "ptr")
        for index, (name, kind) in enumerate(self._knobs):
            variables.knobs[name] = emit.load_element(KINDS[kind], knobs, str(index))
        literals = state.word(StateWord.LITERALS, "ptr")
        for index, text in enumerate(self._literals):
            narrow = emit.load_element("i32", literals, str(index))
            variables.literals[text] = emit.op(f"sext i32 {narrow} to i64")

    def _lay_out_memory(self) -> None:
        emit, state, variables = self._emit, self._state, self._variables
        base = state.word(StateWord.WINDOWS, "ptr")
        for name in state.uses.interval_signals:
            values, counts = (state.word(word, "ptr") for word in SIGNAL_WORDS[name])
            variables.signals[name] = values, counts
        for section in self._checked.program.sections:
            match section:
                case tree.Memory(items=items):
                    for cell in items:
                        self._lay_out_cell(cell, base)
                case tree.EachBranch(items=items):
                    for cell in items:
                        if isinstance(cell, tree.BranchWindow):
                            self._branch_windows[cell.name.text] = window_size(cell.value)
                            continue
                        self._fields[cell.name.text] = cell
                        if not isinstance(cell, tree.RunningValue):
                            variables.fields[cell.name.text] = state.array()
                        kind = KINDS[self._expressions.type_of(cell.value)]
                        variables.first_fields[cell.name.text] = emit.slot(kind)
                case _:
                    pass

    def _lay_out_cell(self, cell: tree.Cell, base: str) -> None:
        emit, name = self._emit, cell.name.text
        kind = self._expressions.type_of(cell.value)
        if kind is not Type.WINDOW:
            self._cells[name] = cell
            self._variables.cells[name] = emit.slot(KINDS[kind])
            return
        values = emit.element("double", base, str(len(self._windows) * MAX_WINDOW))
        self._windows[name] = window_size(cell.value)
        slots = emit.slot("i64"), emit.slot("i64"), emit.slot("i64")
        self._variables.windows[name] = RingBuffer(values, *slots)

    def _set_capacity(self, size: tree.Expression, capacity: str) -> None:
        emit = self._emit
        wanted = numbers.largest(emit, "i64", "1", self._expressions.value(size))
        emit.store("i64", numbers.smallest(emit, "i64", wanted, str(MAX_WINDOW)), capacity)

    def _first_values(self) -> None:
        emit, expressions = self._emit, self._expressions
        for name, size in self._windows.items():
            window = self._variables.windows[name]
            self._set_capacity(size, window.capacity)
            emit.store("i64", "0", window.length)
            emit.store("i64", "0", window.start)
        for name, cell in self._cells.items():
            kind = KINDS[expressions.type_of(cell.value)]
            emit.store(kind, expressions.value(cell.value), self._variables.cells[name])
        for name, cell in self._fields.items():
            kind = KINDS[expressions.type_of(cell.value)]
            emit.store(kind, expressions.value(cell.value), self._variables.first_fields[name])
        for name, size in self._branch_windows.items():
            self._set_capacity(size, self._variables.branch_windows[name].capacity)

    def _new_branch(self, branch: str) -> None:
        for name, cell in self._fields.items():
            if isinstance(cell, tree.RunningValue):
                continue
            kind = self._expressions.type_of(cell.value)
            value = self._emit.load(KINDS[kind], self._variables.first_fields[name])
            self._expressions.store_field(name, kind, value, branch)

    def _episode(self) -> None:
        emit, state = self._emit, self._state
        to_finally, done = emit.label("finally"), emit.label("done")
        counters = None
        if self._variant.counting:
            counters = LineCounters(
                state.word(StateWord.LINE_RUNS, "ptr"), state.word(StateWord.LINE_TOKENS, "ptr")
            )
        statements = StatementEmitter(
            self._checked, self._expressions, self._actions(), self._new_branch, to_finally, done,
            counters, self._hindsight, bounded=self._variant.bounded,
        )  # fmt: skip
        sections = {type(section): section for section in self._checked.program.sections}
        start, step = sections.get(tree.Start), sections.get(tree.Step)
        if isinstance(start, tree.Start):
            statements.block(start.body)
        if isinstance(step, tree.Step):
            self._steps(statements, step, to_finally)
        emit.start_block(to_finally)
        ending = sections.get(tree.Finally)
        if isinstance(ending, tree.Finally):
            statements.block(ending.body)
        emit.start_block(done)

    def _actions(self) -> BranchEmitter:
        state = self._state
        entropy = state.word(StateWord.ENTROPY, "ptr") if "entropy" in state.signal else None
        named = {}
        for index, name in enumerate(named_signals(self._checked)):
            if name in state.signal:
                named[name] = SignalColumns(
                    state.word(signal_word(index, SignalWord.VALUES), "ptr"),
                    state.word(signal_word(index, SignalWord.COUNTS), "ptr"),
                    state.word(signal_word(index, SignalWord.SCOPE)),
                )
        kind = "i32" if self._variant.wide else "i16"
        return BranchEmitter(state, kind, entropy, named, self._running)

    def _steps(self, statements: StatementEmitter, step: tree.Step, to_finally: str) -> None:
        emit, state = self._emit, self._state
        cap = str(DEFAULT_CAP) if step.cap is None else self._expressions.value(step.cap)
        most = numbers.smallest(emit, "i64", cap, str(MAX_CAP))
        with emit.loop(most) as steps:
            emit.store("i64", steps, state.steps)
            self._expressions.votes.shared.forget(STEPS)
            opened = emit.load("i64", state.opened)
            statements.block(step.body)
            emit.store("i64", emit.op(f"add i64 {steps}, 1"), state.steps)
            still = emit.op(f"icmp eq i64 {emit.load('i64', state.opened)}, {opened}")
            idle = emit.op(f"icmp eq i64 {emit.load('i64', state.active_count)}, 0")
            on = emit.label("on")
            emit.branch(emit.op(f"and i1 {still}, {idle}"), to_finally, on)
            emit.start_block(on)

    def _results(self, episode: str) -> None:
        emit, state = self._emit, self._state
        stopped, line = emit.load("i64", state.stopped), emit.load("i64", state.line)
        none = emit.op(f"icmp eq i64 {stopped}, 0")
        ended = emit.select(none, "i64", line, stopped)
        rounds = emit.load("i64", state.rounds)
        for word, kind, value in (
            (StateWord.OUT_ANSWER, "i32", emit.load("i32", state.result)),
            (StateWord.OUT_TOKENS, "i64", emit.load("i64", state.spent)),
            (StateWord.OUT_SEQUENTIAL, "i64", emit.load("i64", state.sequential)),
            (StateWord.OUT_ROUNDS, "i32", emit.op(f"trunc i64 {rounds} to i32")),
            (StateWord.OUT_LINE, "i32", emit.op(f"trunc i64 {ended} to i32")),
        ):
            emit.store_element(kind, value, state.word(word, "ptr"), episode)


def _play_all() -> str:
    """Return the function that plays a question and all that follow it."""
    emit = Emitter("void @run(ptr %first)")
    words = emit.slot("ptr", "%first")
    again, done = emit.label("again"), emit.label("done")
    emit.start_block(again)
    question = emit.load("ptr", words)
    emit.do(f"call void @play(ptr {question})")
    following = emit.load("ptr", emit.element("i64", question, str(int(StateWord.NEXT))))
    emit.store("ptr", following, words)
    emit.branch(emit.op(f"icmp eq ptr {following}, null"), done, again)
    emit.start_block(done)
    emit.give("void")
    return emit.text()


def _answer_texts(checked: CheckedProgram) -> tuple[str, ...]:
    """Return the texts that are answers; reasons and titles have no type."""
    texts = (
        node.text
        for node in walk(checked.program)
        if isinstance(node, tree.Text) and node in checked.types
    )
    return tuple(dict.fromkeys(texts))
