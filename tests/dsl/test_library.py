"""The library's programs are sound, give the published figures and do what their papers say."""

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.interpreter import Interpreter
from dsl.library import NAMES, load_entry, load_source
from dsl.parser import parse
from dsl.program import analyse_program, load_checked_program, read_program_file
from dsl.schedule import evaluate as knobs_at
from harness.mdp.replay import BranchPool
from tests.conftest import LoadEnvironment
from tests.dsl.generated_recordings import branch_pools, episode_settings
from tests.dsl.method_twins import LastingProbe
from tests.dsl.plain import EpisodeSetting, LanguageRules, finished_else_alive
from tests.dsl.recorded_episodes import assert_plays_alike, record_episode
from tests.harness.controller_figures import play_controller
from tests.harness.published_controllers import (
    AdaptiveConsistency,
    ConfidenceMomentum,
    EarlyStoppingConsistency,
    SelfConsistency,
    cmc_knobs,
)
from tests.harness.published_figures import PUBLISHED, SEQUENTIAL, Row, in_turn

PATHS = {
    path.stem: path for path in sorted(Path(str(resources.files("dsl.library"))).glob("*.rheo"))
}
PUBLISHED_PROGRAMS = {"sc", "asc", "esc", "parallel_probe", "cmc"}

SAMPLERS = {"sc", "asc", "asc_dirichlet", "esc", "certaindex"}
"""Programs of whole reads, which may overshoot the budget."""
OF_SIGNALS = {name for name in NAMES if load_entry(name).needs}
"""Programs that need a recording with signals."""

QUICK = {
    ("Qwen3-0.6B", "asc", 4),
    ("Qwen3-1.7B", "asc", 8),
    ("Qwen3-8B", "esc", 16),
}
"""A few rows that take a second or two."""

SLOW = {
    ("asc", 32),
    ("esc", 32),
    ("parallel_probe", 8),
    ("cmc", 0.5),
}
"""Rows that take up to a minute, each on one of the models.

That all 104 come out is a test of the compiled engine, which is compared with this interpreter.
"""


def program(name: str, **knobs: float) -> Interpreter:
    return Interpreter(load_checked_program(read_program_file(PATHS[name])), knobs)


def test_the_library_holds_the_published_controllers() -> None:
    assert set(PATHS) >= PUBLISHED_PROGRAMS


@pytest.mark.parametrize("name", PATHS)
def test_a_library_program_checks_without_warnings(name: str) -> None:
    analysis = analyse_program(read_program_file(PATHS[name]))
    assert analysis.diagnostics == []
    assert analysis.checked is not None
    assert analysis.checked.name == name


@pytest.mark.parametrize("name", PATHS)
def test_a_library_program_can_be_read_on_one_screen(name: str) -> None:
    lines = read_program_file(PATHS[name]).text.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100


# The published figures


def rows(*, quick: bool) -> list[tuple[str, Row]]:
    return [
        (model, row)
        for model, published in PUBLISHED.items()
        for row in published
        if (model, row.controller, row.setting) in QUICK
        if quick
    ] + [
        (model, row)
        for model, row in in_turn()
        if (row.controller, row.setting) in SLOW
        if not quick
    ]


def check(load_released: LoadEnvironment, model: str, row: Row) -> None:
    if row.controller == "cmc":
        got = play_controller(program("cmc"), load_released(model), beta=row.setting)
    else:
        got = play_controller(program(row.controller, n=int(row.setting)), load_released(model))
    assert (got.accuracy, got.cost) == (row.accuracy, row.cost)
    assert got.episodes == 3000


@pytest.mark.parametrize(("model", "row"), rows(quick=True), ids=str)
def test_a_published_row_comes_out_of_the_program(
    load_released: LoadEnvironment, model: str, row: Row
) -> None:
    check(load_released, model, row)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "row"), rows(quick=False), ids=str)
def test_more_published_rows_come_out_of_the_programs(
    load_released: LoadEnvironment, model: str, row: Row
) -> None:
    check(load_released, model, row)


def test_every_row_that_is_named_is_checked() -> None:
    assert len(rows(quick=True)) == len(QUICK)
    assert len(rows(quick=False)) == len(SLOW)


def test_self_consistency_matches_the_papers(load_released: LoadEnvironment) -> None:
    replay_environment = load_released("Qwen3-1.7B")
    assert play_controller(program("sc", n=8), replay_environment) == play_controller(
        SelfConsistency(8), replay_environment
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", SEQUENTIAL)
def test_sequential_tokens_come_out_of_the_programs(
    load_released: LoadEnvironment, model: str
) -> None:
    sc = play_controller(program("sc", n=64), load_released(model)).sequential
    esc = play_controller(program("esc", n=64), load_released(model)).sequential
    expected = SEQUENTIAL[model]
    assert (round(sc / 1000, 1), round(esc / 1000, 1)) == (expected.sc_64, expected.esc_64)


# Episode by episode against plain Python


@given(branch_pools(), episode_settings(), st.integers(1, 24))
def test_sc_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int
) -> None:
    plain = LanguageRules(SelfConsistency(n), finished_else_alive)
    assert_plays_alike(program("sc", n=n), plain, branch_pool, setting)


@given(
    branch_pools(), episode_settings(), st.integers(1, 24), st.sampled_from([0.5, 0.8, 0.95, 1.0])
)
def test_asc_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, threshold: float
) -> None:
    n = min(n, len(branch_pool.chains))
    plain = LanguageRules(AdaptiveConsistency(n, threshold), finished_else_alive)
    assert_plays_alike(program("asc", n=n, threshold=threshold), plain, branch_pool, setting)


@given(branch_pools(), episode_settings(), st.integers(1, 24), st.integers(1, 9))
def test_esc_plays_as_plain_python_does(
    branch_pool: BranchPool, setting: EpisodeSetting, n: int, size: int
) -> None:
    n = min(n, len(branch_pool.chains))
    plain = LanguageRules(EarlyStoppingConsistency(n, size), finished_else_alive)
    assert_plays_alike(program("esc", n=n, size=size), plain, branch_pool, setting)


@given(
    branch_pools(),
    episode_settings(),
    st.integers(1, 24),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 8),
)
def test_parallel_probe_plays_as_plain_python_does(
    branch_pool: BranchPool,
    setting: EpisodeSetting,
    n: int,
    stable: int,
    patience: int,
    warm_up: int,
) -> None:
    knobs = {"stable": stable, "patience": patience, "warm_up": warm_up}
    plain = LastingProbe(n, stable, patience, warm_up)
    ruled = LanguageRules(plain, plain.ending)
    assert_plays_alike(program("parallel_probe", n=n, **knobs), ruled, branch_pool, setting)


@pytest.mark.slow
@given(branch_pools(branches=70, longest=40), episode_settings(beta=True))
@settings(max_examples=40)
def test_cmc_plays_as_plain_python_does(branch_pool: BranchPool, setting: EpisodeSetting) -> None:
    plain = LanguageRules(ConfidenceMomentum(), finished_else_alive)
    assert_plays_alike(program("cmc"), plain, branch_pool, setting)


@pytest.mark.parametrize("name", [name for name in PATHS if name not in OF_SIGNALS])
@given(branch_pools(), episode_settings(beta=True))
def test_every_program_answers_within_its_budget(
    name: str, branch_pool: BranchPool, setting: EpisodeSetting
) -> None:
    got = record_episode(program(name), branch_pool, setting)
    if setting.budget is None:
        assert got.answer is not None
    elif name not in SAMPLERS:
        # An action is admitted by an interval, and the last stretch of a chain may be longer.
        stretches = [
            chain.tokens - branch_pool.interval * len(chain.probes) for chain in branch_pool.chains
        ]
        assert got.tokens <= setting.budget + max(0, max(stretches) - branch_pool.interval)


# The schedule, by name


@pytest.mark.slow
@given(st.floats(0.0, 1.0))
def test_cmc_has_the_published_value_of_every_knob(beta: float) -> None:
    ours = knobs_at(load_checked_program(read_program_file(PATHS["cmc"])), beta)
    theirs = cmc_knobs(beta)
    assert ours == {
        "n_init": theirs.n_init,
        "width": theirs.max_branch_use,
        "warm_up": theirs.warm_up,
        "patience": theirs.abandon_patience,
        "span": theirs.T_ema,
        "alpha": theirs.ema_alpha,
        "level": theirs.conf_thresh,
        "slack": theirs.delta_slack,
        "burst": theirs.burst_aligned,
        "widen": theirs.widen_burst,
        "flat": theirs.trend_thresh,
        "quorum": theirs.min_complete,
    }


@pytest.mark.parametrize("name", NAMES)
def test_listed_needs_are_those_of_the_parsed_program(name: str) -> None:
    program = parse(load_source(name)).program
    assert program is not None
    assert load_entry(name).needs == tuple(word.text for word in program.needs)
