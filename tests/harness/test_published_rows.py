"""A correct replay gives every published figure to the last digit."""

import pytest

from dsl.episode import Controller
from harness.mdp.evaluate import evaluate
from tests.conftest import World
from tests.harness.published_controllers import (
    AdaptiveConsistency,
    ConfidenceMomentum,
    EarlyStoppingConsistency,
    ParallelProbe,
    SelfConsistency,
)
from tests.harness.published_figures import PUBLISHED, SEQUENTIAL, Row

QUICK = {("Qwen3-0.6B", "asc", 64), ("Qwen3-4B", "esc", 64), ("Qwen3-1.7B", "cmc", 0.0)}
EVERY_FIFTH_SEED = range(0, 100, 5)


def rows(*, quick: bool) -> list[tuple[str, Row]]:
    return [
        (model, row)
        for model, published in PUBLISHED.items()
        for row in published
        if ((model, row.controller, row.setting) in QUICK) == quick
    ]


def controller(row: Row) -> Controller:
    match row.controller:
        case "asc":
            return AdaptiveConsistency(int(row.setting))
        case "esc":
            return EarlyStoppingConsistency(int(row.setting))
        case "parallel_probe":
            return ParallelProbe(int(row.setting))
        case _:
            return ConfidenceMomentum()


def check(released_world: World, model: str, row: Row) -> None:
    beta = row.setting if row.controller == "cmc" else None
    got = evaluate(controller(row), released_world(model), beta=beta)
    assert (got.accuracy, got.cost) == (row.accuracy, row.cost)
    assert got.episodes == 3000


@pytest.mark.parametrize(("model", "row"), rows(quick=True), ids=str)
def test_a_published_row_comes_out_to_the_digit(
    released_world: World, model: str, row: Row
) -> None:
    check(released_world, model, row)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "row"), rows(quick=False), ids=str)
def test_every_other_published_row_comes_out_to_the_digit(
    released_world: World, model: str, row: Row
) -> None:
    check(released_world, model, row)


def test_all_104_published_rows_are_checked() -> None:
    every = rows(quick=True) + rows(quick=False)
    assert len(set(every)) == len(every) == 104


@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_are_the_published_ones(released_world: World, model: str) -> None:
    world = released_world(model)
    sc = evaluate(SelfConsistency(64), world).sequential
    esc = evaluate(EarlyStoppingConsistency(64), world).sequential
    expected = SEQUENTIAL[model]
    assert (round(sc / 1000, 1), round(esc / 1000, 1)) == (expected.sc_64, expected.esc_64)


@pytest.mark.slow
@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_of_parallel_probe_count_barriers(
    released_world: World, model: str
) -> None:
    got = evaluate(ParallelProbe(64), released_world(model), seeds=EVERY_FIFTH_SEED).sequential
    assert round(got / 1000, 1) == SEQUENTIAL[model].parallel_probe_64
