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
from tests.harness.published_figures import PUBLISHED, SEQUENTIAL, Row, in_turn

QUICK = {("Qwen3-1.7B", "asc", 4), ("Qwen3-4B", "esc", 16)}
EVERY_FIFTH_SEED = range(0, 100, 5)


def rows(*, quick: bool) -> list[tuple[str, Row]]:
    """Each setting of each controller on one of the models: a row takes this replay seconds.

    That all 104 come out is a test of the compiled engine, which is held to this replay.
    """
    return [
        (model, row)
        for model, row in in_turn()
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


def test_every_published_setting_is_checked_and_every_model() -> None:
    every = rows(quick=True) + rows(quick=False)
    settings = {(row.controller, row.setting) for _, row in every}
    assert len(settings) == len(every) == 26
    assert sum(map(len, PUBLISHED.values())) == 104
    assert {model for model, _ in every} == set(PUBLISHED)


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
