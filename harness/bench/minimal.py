"""The minimal cost of a replay: read as much as an episode, and decide nothing.

The pass uses the same arrays and permutations, and reads round by round, with as many parallel
branches as the episode had on average, until it has read as often as the episode. The extra cost of
a controller is the price of its decisions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsl.compiler.emitter import Emitter
from dsl.compiler.kernel_types import Ints16, Ints32, Ints64
from dsl.compiler.kernels import KernelLibrary
from dsl.compiler.native import NativeProgram, Tier, compile_text
from dsl.compiler.numbers import INTRINSICS
from harness.engines.dense import DenseQuestion


def read_round_by_round(
    answers: Ints16, probes: Ints64, width: int, permutations: Ints32, branches: int, reads: Ints64,
    abreast: Ints64, seeds: int, chains: Ints64, depths: Ints64, sums: Ints64,
) -> None:  # fmt: skip
    """Read one question under every seed; sum what was read, so that no read is optimised away.

    ``abreast`` branches advance in parallel. When one ends, the next of the permutation replaces
    it.

    Args:
        answers: Answer ids after each interval, ``width`` per branch.
        probes: Number of probes of each branch.
        width: Row length of ``answers``.
        permutations: Order of the branches under each seed, ``branches`` per seed.
        branches: Number of branches of the question.
        reads: Number of answers to read under each seed.
        abreast: Number of branches that advance in parallel under each seed.
        seeds: Number of seeds.
        chains: Working memory for the active branches, ``branches`` long.
        depths: Working memory for their depths, ``branches`` long.
        sums: Output: the sum of the answer ids that were read under each seed.
    """
    for seed in range(seeds):
        remaining = reads[seed]
        count = min(abreast[seed], branches)
        dealt = count
        total = 0
        for slot in range(count):
            chains[slot] = permutations[seed * branches + slot]
            depths[slot] = 0
        while remaining > 0 and count > 0:
            active = 0
            for slot in range(count):
                chain = chains[slot]
                depth = depths[slot]
                total += answers[chain * width + depth]
                remaining -= 1
                if depth < probes[chain]:
                    chains[active] = chain
                    depths[active] = depth + 1
                    active += 1
                elif dealt < branches:
                    chains[active] = permutations[seed * branches + dealt]
                    depths[active] = 0
                    dealt += 1
                    active += 1
                if remaining == 0:
                    break
            count = active
        sums[seed] = total


_KINDS = ("ptr", "ptr", "i64", "ptr", "i64", "ptr", "ptr", "i64", "ptr", "ptr", "ptr")


class MinimalInput(NamedTuple):
    """One question, prepared for the pass."""

    question: DenseQuestion
    permutations: NDArray[np.int32]
    reads: NDArray[np.int64]
    """(S,) reads of each episode."""
    abreast: NDArray[np.int64]
    """(S,) parallel branches of each episode: its reads for each round, rounded up."""


class MinimalPass:
    """The pass as machine code, compiled like programs."""

    def __init__(self) -> None:
        library = KernelLibrary()
        emit = Emitter("void @run(ptr noalias %words)")
        words = [
            emit.load_element(kind, "%words", str(index))
            if kind == "i64"
            else emit.load(kind, emit.element("i64", "%words", str(index)))
            for index, kind in enumerate(_KINDS)
        ]
        library.call(emit, read_round_by_round, *words)
        emit.give("void")
        text = "\n".join((INTRINSICS, library.text(), emit.text()))
        self._native = NativeProgram(compile_text(text, Tier.QUICK))

    def run(self, inputs: MinimalInput) -> NDArray[np.int64]:
        """Run over one question; return the sum of what each seed read."""
        question, seeds = inputs.question, len(inputs.reads)
        assert question.answers.dtype == np.int16
        chains, depths = np.zeros((2, inputs.permutations.shape[1]), np.int64)
        sums = np.zeros(seeds, np.int64)
        values = (
            question.answers, question.probes, question.answers.shape[1], inputs.permutations,
            inputs.permutations.shape[1], inputs.reads, inputs.abreast, seeds, chains, depths, sums,
        )  # fmt: skip
        words = np.array([v if isinstance(v, int) else v.ctypes.data for v in values], np.uint64)
        self._native.run(words.ctypes.data)
        return sums
