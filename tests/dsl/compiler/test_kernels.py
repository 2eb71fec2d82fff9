"""Every kernel gives the same bits as machine code and as the Python that it is written in."""

import struct
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import beta, dirichlet, exponentials, numeric
from dsl.compiler import hindsight_kernels, set_kernels, vote_kernels
from dsl.compiler.kernel_types import symbol
from dsl.compiler.kernels import KERNELS, MODULES, KernelLibrary, translate_shared
from dsl.random_draws import splitmix64
from harness.bench.minimal import read_round_by_round
from tests.dsl.compiler.native_kernels import arrays, native

ANSWERS, BRANCHES = 5, 8

MANY = settings(max_examples=100, deadline=None)

reals = st.floats(allow_nan=False, allow_infinity=False)
near_zero = st.floats(-2, 2)
numbers = reals | near_zero | st.sampled_from([0.0, -0.0, 1.0, 745.2, -745.2, 5e-324])
votes = st.integers(0, 200) | st.integers(0, 2**53)
weights = st.floats(0, 1e6) | st.floats(0, 4)
uniforms = st.floats(0, 1, exclude_max=True)
words = st.integers(-(2**63), 2**63 - 1)
members = st.permutations(range(BRANCHES)).flatmap(
    lambda order: st.integers(0, BRANCHES).map(lambda size: list(order)[:size])
)
answers = st.lists(st.integers(-1, ANSWERS - 1), min_size=BRANCHES, max_size=BRANCHES)
statuses = st.lists(st.sampled_from([0, 1, 2]), min_size=BRANCHES, max_size=BRANCHES)
charges = st.lists(st.integers(0, 2**40), min_size=BRANCHES, max_size=BRANCHES)
branch_weights = st.lists(numbers, min_size=BRANCHES, max_size=BRANCHES)

SCALARS: dict[Callable[..., Any], tuple[st.SearchStrategy[Any], ...]] = {
    exponentials.exp_real: (numbers,),
    exponentials.log_real: (numbers,),
    exponentials.pow_real: (numbers, numbers),
    beta.beta_confidence_int: (votes, votes),
    beta.beta_confidence_real: (weights, weights),
    beta.beta_quantile: (uniforms, weights, weights),
    dirichlet.clip_votes: (numbers,),
    dirichlet.probability_below: (
        weights | st.integers(0, 600).map(float),
        st.floats(1e-18, 3e6),
        uniforms,
    ),
    numeric.add_real: (reals, reals),
    numeric.sub_real: (reals, reals),
    numeric.mul_real: (reals, reals),
    numeric.div_real: (reals, numbers),
    numeric.sqrt_real: (numbers,),
    splitmix64: (words, words),
    vote_kernels.share: (reals, reals),
    vote_kernels.confidence: (st.integers(0, 3), votes, votes),
    vote_kernels.confidence_weighted: (st.integers(0, 3), weights, weights),
}


def bits(value: Any) -> Any:  # noqa: ANN401
    return struct.pack(">d", value) if isinstance(value, float) else int(value) % 2**64


def alike(kernel: Callable[..., Any], *values: Any) -> Any:  # noqa: ANN401
    """Runs a kernel both ways, over arrays of its own, and gives result and arrays."""
    plain, packed = arrays(kernel, *values)
    expected, got = kernel(*plain), native(kernel)(*packed)
    if expected is not None:
        assert bits(got) == bits(expected)
    for one, other in zip(plain, packed, strict=True):
        if isinstance(one, list):
            np.testing.assert_array_equal(other, np.array(one, other.dtype))
    return expected, plain


@pytest.mark.parametrize("kernel", SCALARS, ids=lambda kernel: kernel.__qualname__)
def test_a_kernel_of_numbers_gives_the_same_bits(kernel: Callable[..., Any]) -> None:
    @MANY
    @given(st.tuples(*SCALARS[kernel]))
    def check(values: tuple[Any, ...]) -> None:
        alike(kernel, *values)

    check()


OF_RECORDS = {dirichlet.lay_nodes, dirichlet.node_at, dirichlet.density_at}
"""Kernels that take or give a record: those of votes run them."""


def over_sets() -> set[Callable[..., Any]]:
    """Kernels that take arrays: the tests below run each of them."""
    modules = {vote_kernels.__name__, set_kernels.__name__}
    return {kernel for kernel in KERNELS if kernel.__module__ in modules} - set(SCALARS)


def test_every_shared_kernel_is_among_them() -> None:
    assert set(KERNELS) - OF_RECORDS - over_sets() <= set(SCALARS)


@MANY
@given(members, answers, st.integers(-3, ANSWERS - 1))
def test_votes_are_counted_and_read_equally(
    chosen: list[int], given_answers: list[int], asked: int
) -> None:
    zeros, unseen = [0] * ANSWERS, [0] * (ANSWERS + 1)
    found, after = alike(vote_kernels.tally, chosen, len(chosen), given_answers, zeros, unseen)
    counts, seen = after[3], after[4]
    assert found == len({given_answers[branch] for branch in chosen} - {-1})
    best, _ = alike(vote_kernels.leader, seen, found, counts, -1)
    second, _ = alike(vote_kernels.leader, seen, found, counts, best)
    for place in (best, second):
        alike(vote_kernels.answer_at, seen, place)
        alike(vote_kernels.votes_at, seen, place, counts)
    alike(vote_kernels.votes_of, asked, counts)
    alike(vote_kernels.total, seen, found, counts)
    alike(vote_kernels.entropy, seen, found, counts)
    if found:
        alike(vote_kernels.dirichlet_confidence, seen, found, counts, best)
    _, cleared = alike(vote_kernels.clear, seen, found, counts, [1] * ANSWERS)
    assert cleared[2] == [0] * ANSWERS


@MANY
@given(members, answers, st.integers(-1, ANSWERS - 1))
def test_no_guess_changes_the_winner(
    chosen: list[int], given_answers: list[int], guess: int
) -> None:
    zeros, unseen = [0] * ANSWERS, [0] * (ANSWERS + 1)
    found, after = alike(
        vote_kernels.winner, chosen, len(chosen), given_answers, zeros, unseen, guess
    )
    given_by = [given_answers[branch] for branch in chosen if given_answers[branch] >= 0]
    # `max` takes the first of equals.
    assert found == max(dict.fromkeys(given_by), key=given_by.count, default=-1)
    assert after[3] == zeros


@MANY
@given(weights | numbers, weights | numbers, uniforms | numbers)
def test_a_bound_compares_with_a_level_as_the_confidence_does(
    first: float, second: float, level: float
) -> None:
    bound, _ = alike(vote_kernels.bound_confidence, first, second, level)
    confidence = beta.beta_confidence_real(first, second)
    if bound != level:
        assert (bound < level, bound > level) == (confidence < level, confidence > level)


@pytest.mark.parametrize(("first", "second"), [(0.3, 0.2), (2.5, 1.5), (7.9, 7.8), (255.5, 200.1)])
def test_a_level_next_to_a_confidence_is_left_to_the_confidence(
    first: float, second: float
) -> None:
    confidence = beta.beta_confidence_real(first, second)
    for level in (confidence - 1e-9, confidence, confidence + 1e-9):
        assert vote_kernels.bound_confidence(first, second, level) == level
    assert vote_kernels.bound_confidence(first, second, 0.01) > 0.01
    assert vote_kernels.bound_confidence(first, second, 0.9999) < 0.9999


@MANY
@given(members, answers, branch_weights, st.integers(-3, ANSWERS - 1))
def test_weighted_votes_are_counted_and_read_equally(
    chosen: list[int], given_answers: list[int], given_weights: list[float], asked: int
) -> None:
    found, after = alike(
        vote_kernels.tally_weighted, chosen, len(chosen), given_answers, given_weights,
        [0.0] * ANSWERS, [0] * ANSWERS, [0] * (ANSWERS + 1),
    )  # fmt: skip
    sums, seen = after[4], after[6]
    best, _ = alike(vote_kernels.leader_weighted, seen, found, sums, -1)
    second, _ = alike(vote_kernels.leader_weighted, seen, found, sums, best)
    for place in (best, second):
        alike(vote_kernels.votes_at_weighted, seen, place, sums)
    alike(vote_kernels.votes_of_weighted, asked, sums)
    alike(vote_kernels.total_weighted, seen, found, sums)
    alike(vote_kernels.entropy_weighted, seen, found, sums)
    if found:
        alike(vote_kernels.dirichlet_confidence_weighted, seen, found, sums, best)


@MANY
@given(members, st.lists(st.integers(-3, 3), min_size=BRANCHES, max_size=BRANCHES))
def test_sorting_is_stable(chosen: list[int], keys: list[int]) -> None:
    size = len(chosen)
    _, (found, *_) = alike(set_kernels.sort_integers, chosen, keys, size)
    assert found == [m for _, m in sorted(zip(keys, chosen, strict=False), key=lambda p: p[0])]
    _, (same, *_) = alike(set_kernels.sort_reals, chosen, [float(key) for key in keys], size)
    assert same == found


@MANY
@given(members, members)
def test_members_of_the_excluded_set_are_left_out(chosen: list[int], gone: list[int]) -> None:
    count, after = alike(
        set_kernels.subtract, chosen, len(chosen), gone, len(gone), [0] * BRANCHES, [0] * BRANCHES
    )
    assert after[5][:count] == [branch for branch in chosen if branch not in gone]
    assert after[4] == [0] * BRANCHES


@MANY
@given(st.integers(0, BRANCHES), statuses, answers)
def test_the_leader_of_branches_not_pruned_is_that_of_their_votes(
    opened: int, status: list[int], given_answers: list[int]
) -> None:
    leader, after = alike(
        hindsight_kernels.leading_answer, opened, status, given_answers, [0] * ANSWERS
    )
    voting = [given_answers[branch] for branch in range(opened) if status[branch] != 2]
    votes = Counter(answer for answer in voting if answer >= 0)
    assert leader == (votes.most_common(1)[0][0] if votes else -1)
    assert after[3] == [0] * ANSWERS


@MANY
@given(st.integers(0, BRANCHES), statuses, answers, charges)
def test_charges_are_divided_by_what_became_of_branches(
    opened: int, status: list[int], given_answers: list[int], charged: list[int]
) -> None:
    pruned, _ = alike(hindsight_kernels.sum_pruned, opened, status, charged)
    voting = [
        alike(hindsight_kernels.sum_voting, opened, status, given_answers, charged, answer)[0]
        for answer in range(-1, ANSWERS)
    ]
    assert pruned == sum(charged[branch] for branch in range(opened) if status[branch] == 2)
    assert pruned + sum(voting) == sum(charged[:opened])


@given(st.data())
def test_the_pass_of_the_benchmark_reads_equally(data: st.DataObject) -> None:
    branches, width, seeds = 4, 5, 3
    number = st.integers(0, 9)
    draw = data.draw
    recorded = draw(st.lists(number, min_size=branches * width, max_size=branches * width))
    probes = draw(st.lists(st.integers(0, width - 1), min_size=branches, max_size=branches))
    dealt = [chain for _ in range(seeds) for chain in draw(st.permutations(range(branches)))]
    reads = draw(st.lists(st.integers(0, 30), min_size=seeds, max_size=seeds))
    abreast = draw(st.lists(st.integers(0, 6), min_size=seeds, max_size=seeds))
    _, after = alike(
        read_round_by_round, recorded, probes, width, dealt, branches, reads, abreast, seeds,
        [0] * branches, [0] * branches, [0] * seeds,
    )  # fmt: skip
    if min(reads) > branches * width and min(abreast) > 0:
        rows = [
            recorded[index * width : index * width + probes[index] + 1] for index in range(branches)
        ]
        assert after[-1] == [sum(map(sum, rows))] * seeds


def _defined(*modules: ModuleType) -> set[Callable[..., Any]]:
    return {
        function
        for module in modules
        for function in vars(module).values()
        if callable(function) and getattr(function, "__module__", "") == module.__name__
    }


def test_every_kernel_over_sets_is_shared() -> None:
    kernels = _defined(set_kernels, vote_kernels)
    assert kernels <= set(KERNELS)
    heads = [line for line in translate_shared().splitlines() if line.startswith("define ")]
    for kernel in kernels:
        assert any(f" {symbol(kernel)}(" in head for head in heads)


def test_every_kernel_of_hindsight_is_translated() -> None:
    kernels = _defined(hindsight_kernels)
    library = KernelLibrary(elsewhere=MODULES)
    for kernel in kernels:
        library.need(kernel)
    heads = [line for line in library.text().splitlines() if line.startswith("define internal ")]
    for kernel in kernels:
        assert any(f" {symbol(kernel)}(" in head for head in heads)


def test_shared_kernels_are_translated_equally_every_time() -> None:
    assert translate_shared() == translate_shared()


def test_unsupported_kernel_syntax_is_rejected() -> None:
    with pytest.raises(NotImplementedError, match="raise"):
        KernelLibrary().need(_raises)
    with pytest.raises(AssertionError, match="powers of two"):
        KernelLibrary().need(_thirds)


def _raises(a: int) -> int:
    raise ValueError(a)


def _thirds(a: int) -> int:
    return a // 3
