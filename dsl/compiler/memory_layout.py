"""The memory of a compiled program: questions, each under many seeds.

A program is compiled to a function of one argument, an array of 64-bit words for one question,
which leads to those of the next. Each word is an integer, the bits of a double, or the address of
an array. The harness fills the words; `StateWord` names them. N is the number of branches, W the
width of a row of answers, S the number of seeds.
"""

from enum import IntEnum


class StateWord(IntEnum):
    """The words, in order."""

    ANSWERS = 0
    """(N, W) the answer at each depth from 1, numbered, the final answer after the last probe."""
    PROBES = 1
    """(N,) int64: P of each branch."""
    TOKENS = 2
    """(N,) int64: T of each branch."""
    BRANCHES = 3
    """N."""
    WIDTH = 4
    """W."""
    PERMUTATIONS = 5
    """(S, N) int32: the order in which each seed opens the branches."""
    SEEDS = 6
    """(S,) int64: the seeds."""
    SEED_COUNT = 7
    """S."""
    QUESTION = 8
    """The question's position in its recording."""
    INTERVAL = 9
    BUDGET = 10
    """The largest integer where there is no bound."""
    PROBE_COST = 11
    KNOBS = 12
    """The knobs' values in the order of `Compiled.knobs`, int64 or double each."""
    BETA = 13
    """A double."""
    LITERALS = 14
    """int32: the program's quoted answers in the order of `Compiled.literals`; those that no branch
    gave are numbered from -2 down."""
    OUT_ANSWER = 15
    """(S,) int32."""
    OUT_TOKENS = 16
    """(S,) int64."""
    OUT_SEQUENTIAL = 17
    """(S,) int64."""
    OUT_ROUNDS = 18
    """(S,) int32."""
    OUT_LINE = 19
    """(S,) int32."""
    LINE_RUNS = 20
    """(lines + 1,) int64, added to, by programs compiled to count."""
    LINE_TOKENS = 21
    """(lines + 1,) int64, tokens charged; added to, by programs compiled to count."""
    SCRATCH = 22
    """`Compiled.arrays` arrays of N 64-bit words each."""
    VOTES = 23
    """`Compiled.vote_arrays` arrays of `ANSWER_COUNT` 64-bit words each, all 0 at first. A program
    leaves votes and marks 0, but no orders of first sight: the same memory keeps its layout."""
    ANSWER_COUNT = 24
    """The most answers of any question."""
    WINDOWS = 25
    """`dsl.interpreter.controller.MAX_WINDOW` doubles for each window."""
    ENTROPY = 26
    """(N, W) double: the signal at each probe from 1, where the program needs it."""
    LOGPROB = 27
    """(N, W) double: the signal over each interval from 1, where the program needs it."""
    LOGPROB_COUNT = 28
    """(N,) int64: intervals of each branch that have the signal."""
    TOP_LOGPROB = 29
    TOP_LOGPROB_COUNT = 30
    CUT_OFF = 31
    """(N,) int64: 1 for a branch that ends at the bound on its tokens, where the program asks."""
    INTERVAL_TABLES = 32
    """(N, W) 64-bit words for each running value and branch window: after each interval."""
    NEXT = 33
    """The address of the words of the question to play next, 0 after the last."""
    KEPT_RESULTS = 34
    """`Compiled.kept_results` tables of `dsl.compiler.kept_results.TABLE_DOUBLES` doubles each."""
    OUT_SETTLED = 35
    """(S,) int64, as are all below: hindsight, by programs compiled for it. 1 where the leader at
    the end is the answer."""
    OUT_AFTER_SETTLED = 36
    """Tokens charged after the leader changed for the last time, 0 where it is not the answer."""
    OUT_PRUNED = 37
    """Tokens on branches that were pruned."""
    OUT_UNCOUNTED = 38
    """Tokens on other branches whose latest answer is not the episode's."""
    OUT_SILENT = 39
    """The part of these on branches without an answer."""
    OUT_AGREEING = 40
    """Tokens on branches that were not pruned and whose latest answer is the episode's."""


STATE_WORDS = len(StateWord)
"""The words of every program; those of its named signals follow, `WORDS_OF_SIGNAL` for each."""


class SignalWord(IntEnum):
    """The words of one named signal, in order."""

    VALUES = 0
    """(N, W) double: each branch's values, in order."""
    COUNTS = 1
    """(N,) int64: how many values each branch has."""
    SCOPE = 2
    """A `SignalScopeCode`."""


WORDS_OF_SIGNAL = len(SignalWord)


class SignalScopeCode(IntEnum):
    """What has a value each."""

    BRANCH = 0
    PROBE = 1
    INTERVAL = 2


def signal_word(index: int, word: SignalWord) -> int:
    """Return the position of a word of a named signal.

    Args:
        index: the signal's position among those that the program needs, sorted by name.
        word: which of its words.
    """
    return STATE_WORDS + WORDS_OF_SIGNAL * index + word


LANES = 8
"""How many branches are looked at together where that is possible. `StateWord.SCRATCH` has as many
words after the last array, which are read and not used."""
