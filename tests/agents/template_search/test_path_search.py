"""The search over settings finds the good ones, with figures whose optimum is known."""

from collections.abc import Sequence

import numpy as np
import pytest

from agents.search.measurements import CurveScore, SettingFigures
from agents.template_search.knob_paths import make_monotone
from agents.template_search.path_search import (
    AVERAGED_ROUNDS,
    PAIR_HEATS,
    PathState,
    bend_path,
    refine_path,
    start_path,
)
from agents.template_search.program_templates import (
    ProgramTemplate,
    Setting,
    parse_program_template,
)
from agents.template_search.races import (
    BRED,
    BRED_SEEDS,
    FIRST_DRAWN,
    FIRST_SEEDS,
    RacedSettings,
    SettingPlayer,
    breed_points,
    race_settings,
)

SOURCE = """\
controller toy {
  knobs {
    n     = 4 in 1..64
    level = 0.5 in 0.0..1.0
  }

  start { open n }

  step {
    advance active
    if confidence(finished) > level { answer winner(finished) because "clear" }
  }

  finally { answer winner(alive) }
}
"""
TEMPLATE = parse_program_template("toy", SOURCE)
BETAS = (0.0, 0.5, 1.0)


class Landscape:
    """Accuracy rises with `n`, which costs, and is highest where `level` is 0.8."""

    def __init__(self) -> None:
        self.seeds: list[range] = []

    def __call__(
        self, template: ProgramTemplate, settings: Sequence[Setting], seeds: range
    ) -> SettingFigures:
        self.seeds.append(seeds)
        n = np.array([setting["n"] for setting in settings], float)
        level = np.array([setting["level"] for setting in settings], float)
        accuracy = 12 * np.sqrt(np.log2(n)) - 40 * (level - 0.8) ** 2
        cost = 1000 * n[:, None]
        return SettingFigures(cost, accuracy[:, None], cost, cost)


def toy(path: list[list[float]], **fields: float) -> PathState:
    return PathState(template="toy", source=SOURCE, path=path, **fields)  # type: ignore[arg-type]


def score(figures: SettingFigures) -> CurveScore:
    return CurveScore(float(figures.accuracy.mean()), 0.0, True, 0.0)


def refine(landscape: Landscape, state: PathState, generations: int = 15) -> PathState:
    return refine_path(
        TEMPLATE, state, landscape, score, betas=BETAS, seed=1, generations=generations
    )


def race(landscape: SettingPlayer, allowance: int = 4000) -> RacedSettings | None:
    return race_settings(TEMPLATE, landscape, np.random.default_rng(0), allowance=allowance)


def test_a_race_breeds_settings_near_the_frontier() -> None:
    raced = race(Landscape())
    assert raced is not None
    bred = [TEMPLATE.setting(point)["level"] for point in raced.points[-BRED:]]
    assert np.abs(np.array(bred) - 0.8).mean() < 0.1
    assert raced.distances()[-BRED:].mean() < raced.distances()[:BRED].mean() / 4


def test_a_race_plays_no_more_than_its_allowance() -> None:
    landscape = Landscape()
    raced = race(landscape, allowance=2000)
    assert raced is not None
    played = [FIRST_DRAWN * FIRST_SEEDS, BRED * BRED_SEEDS]
    assert len(raced.points) == FIRST_DRAWN + BRED
    assert sum(played) <= 2000
    assert [len(seeds) for seeds in landscape.seeds] == [FIRST_SEEDS, BRED_SEEDS]


def test_a_race_for_too_few_settings_does_not_begin() -> None:
    assert race(Landscape(), allowance=90) is None


def test_a_race_that_is_out_of_time_ends_with_what_it_played() -> None:
    raced = race_settings(
        TEMPLATE,
        Landscape(),
        np.random.default_rng(0),
        allowance=4000,
        is_out_of_time=lambda: True,
    )
    assert raced is not None
    assert len(raced.points) == FIRST_DRAWN


def test_settings_beyond_the_sequential_limit_are_no_parents() -> None:
    raced = RacedSettings(
        np.zeros((3, 2)), np.array([50.0, 90.0, 60.0]), np.array([1.0, np.inf, 2.0])
    )
    assert raced.distances().tolist() == [0.0, np.inf, 0.0]
    assert raced.find_best(0.1, 3).tolist() == [[0.0, 0.0]] * 3


def test_a_race_continues_where_no_setting_is_within_the_sequential_limit() -> None:
    raced = RacedSettings(np.full((80, 2), 0.5), np.full(80, 50.0), np.full(80, np.inf))
    with np.errstate(all="raise"):
        bred = breed_points(raced, np.random.default_rng(0))
    assert bred.shape == (BRED, 2)


def start(landscape: SettingPlayer) -> PathState | None:
    raced = race(Landscape())
    assert raced is not None
    return start_path(TEMPLATE, raced, landscape, score, np.random.default_rng(0), BETAS)


def test_a_path_starts_with_the_best_pair_of_raced_settings() -> None:
    landscape = Landscape()
    path = start(landscape)
    assert path is not None
    first, last = (TEMPLATE.setting(point) for point in path.points)
    assert last["n"] > first["n"]
    assert abs(last["level"] - 0.8) < 0.15
    assert [len(seeds) for seeds in landscape.seeds] == [seeds for _, seeds in PAIR_HEATS]
    assert path.seeds_played == landscape.seeds[-1].stop


def test_no_path_starts_beyond_the_allowance() -> None:
    assert start(lambda *_: None) is None


def test_generations_raise_the_score_and_play_no_seed_twice() -> None:
    landscape = Landscape()
    start = toy([[0.1, 0.2], [0.6, 0.3]])
    refined = refine(landscape, start)
    assert refined.generations == 15
    before, after = (
        score(landscape(TEMPLATE, [TEMPLATE.setting(point) for point in path.points], range(1)))
        for path in (start, refined)
    )
    assert after.fitness > before.fitness + 5
    assert abs(TEMPLATE.setting(refined.points[1])["level"] - 0.8) < 0.3
    played = [seed for seeds in landscape.seeds[:30:2] for seed in seeds]  # of the lower betas
    assert len(set(played)) == len(played)


def test_a_refined_path_continues_where_it_stopped() -> None:
    once = refine(Landscape(), toy([[0.1, 0.2], [0.6, 0.3]]), 5)
    landscape = Landscape()
    again = refine(landscape, once, 5)
    assert landscape.seeds[0].start == once.seeds_played
    assert again.generations == 10


def test_the_average_is_that_of_the_last_rounds() -> None:
    path = toy([[0.1, 0.2], [0.6, 0.3]])
    refined = []
    for _ in range(AVERAGED_ROUNDS + 1):
        path = refine(Landscape(), path, 3)
        refined.append(path.points)
        if len(refined) == 1:
            assert path.average is None
    assert path.average == pytest.approx(make_monotone(np.mean(refined[1:], axis=0)))


def test_equal_seeds_give_equal_paths() -> None:
    start = toy([[0.1, 0.2], [0.6, 0.3]])
    assert refine(Landscape(), start, 4) == refine(Landscape(), start, 4)


def test_an_early_end_of_the_curve_is_penalised() -> None:
    start = toy([[0.1, 0.8], [0.5, 0.8]])

    def uncovered(figures: SettingFigures) -> CurveScore:
        return CurveScore(0.0, 0.0, True, float(np.log2(64_000 / figures.cost.max())))

    reached = refine_path(
        TEMPLATE, start, Landscape(), uncovered, betas=BETAS, seed=1, generations=15
    )
    assert TEMPLATE.setting(reached.points[1])["n"] >= 28


def test_a_knob_that_gains_nothing_by_moving_becomes_fixed() -> None:
    start = toy([[0.1, 0.2], [0.6, 0.9]])

    def indifferent(figures: SettingFigures) -> CurveScore:
        return CurveScore(0.0, 0.0, True, 0.0)

    fixed = refine_path(
        TEMPLATE, start, Landscape(), indifferent, betas=BETAS, seed=1, generations=40
    )
    assert fixed.points[0].tolist() == fixed.points[1].tolist()


def test_bending_keeps_the_path() -> None:
    path = refine(Landscape(), refine(Landscape(), toy([[0.0, 0.2], [1.0, 0.4]]), 2), 2)
    bent = bend_path(path)
    for straight, points in ((path.points, bent.points), (path.average, bent.average)):
        assert straight is not None
        assert points == pytest.approx(np.insert(straight, 1, straight.mean(axis=0), axis=0))
    assert bend_path(bent) == bent
