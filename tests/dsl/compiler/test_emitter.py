"""The emitter writes functions that LLVM takes, whatever way a block is left."""

import ctypes
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.compiler import numbers
from dsl.compiler.emitter import Emitter, real
from dsl.compiler.native import NativeProgram, Tier, compile_text
from dsl.compiler.numbers import INTRINSICS


def run(write: Callable[[Emitter], None], *words: int, tier: Tier = Tier.QUICK) -> list[int]:
    """Runs a function over some words, and gives them as it leaves them."""
    emit = Emitter("void @run(ptr noalias %words)")
    write(emit)
    emit.give("void")
    native = NativeProgram(compile_text(f"{INTRINSICS}\n{emit.text()}", tier))
    given_words = (ctypes.c_int64 * len(words))(*words)
    native.run(ctypes.addressof(given_words))
    return list(given_words)


@pytest.mark.parametrize("tier", Tier)
def test_loop_runs_the_given_number_of_times(tier: Tier) -> None:
    def write(emit: Emitter) -> None:
        with emit.loop(emit.load("i64", "%words")) as index:
            emit.bump(emit.element("i64", "%words", "1"), index)

    assert run(write, 5, 0, tier=tier) == [5, 10]
    assert run(write, 0, 7, tier=tier) == [0, 7]
    assert run(write, -3, 7, tier=tier) == [-3, 7]


def test_unreachable_code_after_a_jump_is_not_emitted() -> None:
    def write(emit: Emitter) -> None:
        behind = emit.label("behind")
        emit.jump(behind)
        assert not emit.is_open
        emit.store("i64", "99", "%words")
        emit.start_block(behind)
        assert emit.is_open

    assert run(write, 1) == [1]


def test_a_loop_can_be_left() -> None:
    def write(emit: Emitter) -> None:
        with emit.breakable("10") as (index, behind):
            emit.store("i64", index, "%words")
            on = emit.label("on")
            emit.branch(emit.op(f"icmp eq i64 {index}, 3"), behind, on)
            emit.start_block(on)

    assert run(write, 0) == [3]


def test_a_condition_guards_what_is_inside() -> None:
    def write(emit: Emitter) -> None:
        positive = emit.op(f"icmp sgt i64 {emit.load('i64', '%words')}, 0")
        with emit.when(positive):
            emit.store("i64", "0", "%words")

    assert [run(write, value) for value in (-2, 0, 5)] == [[-2], [0], [0]]


@given(st.floats(allow_nan=False))
def test_double_is_written_exactly(value: float) -> None:
    assert int(real(value), 16) == int.from_bytes(ctypes.c_double(value), "little")


def test_unknown_operator_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"\^"):
        numbers.integer(Emitter("void @f()"), "^", "1", "2")
