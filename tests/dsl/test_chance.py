"""Chance: known bits, draws that depend on their key alone, and the distributions they promise."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dsl.beta import beta_quantile
from dsl.random_draws import EpisodeRandom, splitmix64

integers = st.integers(-(2**70), 2**70)
WHOLE = 2**64


def test_splitmix64_gives_its_published_numbers() -> None:
    assert [splitmix64(1234567, number) for number in range(5)] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
        16408922859458223821,
    ]  # fmt: skip


UNIFORM_BITS = [
    (0, 0, ["0x1.1c13ade1c7e5cp-3", "0x1.f1344acd6b045p-1", "0x1.1c8038765e03ep-2"]),
    (1, 0, ["0x1.631405e8db1b0p-1", "0x1.f18b6c5907ee0p-1", "0x1.b4ce745d004c2p-2"]),
    (0, 1, ["0x1.7880ff10a4b74p-3", "0x1.400c48111ecbap-1", "0x1.d258fe9e66252p-2"]),
    (99, 29, ["0x1.6a0b40a5aac4fp-1", "0x1.b844f16326745p-1", "0x1.241a2f5216247p-1"]),
    (-1, 3, ["0x1.a6f121ab7ea88p-4", "0x1.d84145db212f0p-3", "0x1.3f7ba4e8ee794p-3"]),
]


def test_first_draws_have_known_bits() -> None:
    for seed, question, expected in UNIFORM_BITS:
        draws = EpisodeRandom(seed, question)
        assert [draws.uniform().hex() for _ in expected] == expected


@settings(deadline=None)
@given(integers, integers)
def test_seeds_and_questions_count_modulo_two_to_the_64(seed: int, question: int) -> None:
    one, other = EpisodeRandom(seed, question), EpisodeRandom(seed % WHOLE, question + WHOLE)
    assert [one.uniform() for _ in range(3)] == [other.uniform() for _ in range(3)]


@settings(deadline=None)
@given(integers, integers, st.floats(-1, 2), st.floats(0, 3), st.floats(0, 3))
def test_every_call_takes_exactly_one_draw(
    seed: int, question: int, probability: float, a: float, b: float
) -> None:
    plain, mixed = EpisodeRandom(seed, question), EpisodeRandom(seed, question)
    uniforms = [plain.uniform() for _ in range(4)]
    assert mixed.chance(probability) == (uniforms[0] < probability)
    assert mixed.draw_beta(a, b) == beta_quantile(uniforms[1], a, b)
    assert mixed.draw_beta(0.0, b) == (0.0 if b >= 1e-100 or uniforms[2] < 0.5 else 1.0)
    assert mixed.uniform() == uniforms[3]
    assert mixed.number == 4


def test_probabilities_0_and_1_are_certain() -> None:
    draws = EpisodeRandom(5, 5)
    assert not any(draws.chance(0.0) or draws.chance(-1.0) for _ in range(500))
    assert all(draws.chance(1.0) and draws.chance(1.5) for _ in range(500))


@settings(deadline=None)
@given(integers, integers)
def test_a_uniform_draw_is_a_multiple_of_its_unit_below_1(seed: int, question: int) -> None:
    drawn = EpisodeRandom(seed, question).uniform()
    assert 0.0 <= drawn < 1.0
    assert (drawn * 2.0**53).is_integer()


def test_no_two_neighbouring_keys_share_a_stream() -> None:
    keys = list(itertools.product(range(-20, 100), range(60)))
    assert len({EpisodeRandom(*key).state for key in keys}) == len(keys)


@pytest.mark.parametrize("way", ["draws", "questions", "seeds"])
def test_draws_are_uniform_whichever_part_of_the_key_counts_up(way: str) -> None:
    if way == "draws":
        draws = EpisodeRandom(7, 3)
        found = [draws.uniform() for _ in range(16_384)]
    elif way == "questions":
        found = [EpisodeRandom(7, question).uniform() for question in range(16_384)]
    else:
        found = [EpisodeRandom(seed, 3).uniform() for seed in range(16_384)]
    cells = [0] * 64
    for value in found:
        cells[int(value * 64)] += 1
    assert stats.chisquare(cells).pvalue > 1e-3
    pairs = [0] * 64
    for first, second in zip(found[::2], found[1::2], strict=True):
        pairs[8 * int(first * 8) + int(second * 8)] += 1
    assert stats.chisquare(pairs).pvalue > 1e-3


def test_chance_matches_its_probability() -> None:
    draws = EpisodeRandom(11, 0)
    hits = sum(draws.chance(0.3) for _ in range(20_000))
    assert stats.binomtest(hits, 20_000, 0.3).pvalue > 1e-3


@pytest.mark.parametrize(("a", "b"), [(2.0, 5.0), (0.5, 0.5), (30.0, 12.5)])
def test_beta_draws_match_the_distribution(a: float, b: float) -> None:
    draws = EpisodeRandom(13, 1)
    found = [draws.draw_beta(a, b) for _ in range(120)]
    assert stats.kstest(found, stats.beta(a, b).cdf).pvalue > 1e-3
