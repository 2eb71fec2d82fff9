"""A correct replay gives every published figure to the last digit."""

import pytest

from dsl.episode import Controller
from tests.conftest import LoadEnvironment
from tests.harness.controller_figures import play_controller
from tests.harness.published_controllers import (
    AdaptiveConsistency,
    ConfidenceMomentum,
    EarlyStoppingConsistency,
    ParallelProbe,
    SelfConsistency,
)
from tests.harness.published_figures import PUBLISHED, SEQUENTIAL, Row, in_turn

QUICK = {("Qwen3-1.7B", "asc", 4), ("Qwen3-4B", "esc", 16)}
SLOW = {
    *(("asc", n) for n in (1, 16, 64)),
    *(("esc", n) for n in (32, 64)),
    *(("parallel_probe", n) for n in (4, 16)),
    *(("cmc", beta) for beta in (0.0, 0.4, 1.0)),
}
EVERY_FIFTH_SEED = range(0, 100, 5)


def rows(*, quick: bool) -> list[tuple[str, Row]]:
    """Some settings of each controller, each on one of the models; a row takes up to 20 seconds.

    That all 104 come out is a test of the compiled engine, which is held to this replay.
    """
    return [
        (model, row)
        for model, row in in_turn()
        if (
            (model, row.controller, row.setting) in QUICK
            if quick
            else (row.controller, row.setting) in SLOW
        )
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


def check(load_released: LoadEnvironment, model: str, row: Row) -> None:
    beta = row.setting if row.controller == "cmc" else None
    got = play_controller(controller(row), load_released(model), beta=beta)
    assert (got.accuracy, got.cost) == (row.accuracy, row.cost)
    assert got.episodes == 3000


@pytest.mark.parametrize(("model", "row"), rows(quick=True), ids=str)
def test_a_published_row_is_reproduced_exactly(
    load_released: LoadEnvironment, model: str, row: Row
) -> None:
    check(load_released, model, row)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "row"), rows(quick=False), ids=str)
def test_more_published_rows_are_reproduced_exactly(
    load_released: LoadEnvironment, model: str, row: Row
) -> None:
    check(load_released, model, row)


def test_every_listed_row_and_model_is_checked() -> None:
    every = rows(quick=True) + rows(quick=False)
    assert len(every) == len(QUICK) + len(SLOW)
    assert sum(map(len, PUBLISHED.values())) == 104
    assert {model for model, _ in every} == set(PUBLISHED)


@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_are_the_published_ones(
    load_released: LoadEnvironment, model: str
) -> None:
    replay_environment = load_released(model)
    sc = play_controller(SelfConsistency(64), replay_environment).sequential
    esc = play_controller(EarlyStoppingConsistency(64), replay_environment).sequential
    expected = SEQUENTIAL[model]
    assert (round(sc / 1000, 1), round(esc / 1000, 1)) == (expected.sc_64, expected.esc_64)


@pytest.mark.slow
@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_of_parallel_probe_count_barriers(
    load_released: LoadEnvironment, model: str
) -> None:
    got = play_controller(
        ParallelProbe(64), load_released(model), seeds=EVERY_FIFTH_SEED
    ).sequential
    assert round(got / 1000, 1) == SEQUENTIAL[model].parallel_probe_64
