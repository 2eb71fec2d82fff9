"""What researchers would write next can be said in Rheo, and plays as its Python twin does."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.interpreter import Interpreter
from dsl.program import analyse_program, load_checked_program, read_program_file
from harness.mdp.replay import BranchPool
from tests.conftest import LoadEnvironment
from tests.dsl.controllers import twins_by_course, twins_by_votes
from tests.dsl.generated_recordings import branch_pools, episode_settings
from tests.dsl.plain import EpisodeSetting, LanguageRules, PlainController
from tests.dsl.recorded_episodes import assert_plays_alike

HERE = Path(__file__).parent
PATHS = {path.stem: path for path in sorted(HERE.glob("*.rheo"))}
TWINS: dict[str, type[PlainController]] = {
    "asymmetric": twins_by_votes.Asymmetric,
    "clusters": twins_by_votes.Clusters,
    "forgiving": twins_by_votes.Forgiving,
    "halving": twins_by_course.Halving,
    "lock_streak": twins_by_course.LockStreak,
    "naps": twins_by_course.Naps,
    "pacing": twins_by_course.Pacing,
    "plateau": twins_by_votes.Plateau,
    "restart": twins_by_course.Restart,
    "sparse": twins_by_course.Sparse,
    "streak_vote": twins_by_votes.StreakVote,
    "thompson": twins_by_votes.Thompson,
    "two_averages": twins_by_course.TwoAverages,
    "two_finalists": twins_by_course.TwoFinalists,
    "two_stage": twins_by_votes.TwoStage,
}
KNOBS: dict[str, list[dict[str, float]]] = {
    "asymmetric": [{"n": 5, "long": 3, "short": 2, "lead": 0.2}, {"n": 12, "lead": 0.6}],
    "forgiving": [{"n": 6, "patience": 2, "least": 1, "forgive": 1, "level": 0.8}],
    "naps": [{"n": 4, "nap": 1}, {"n": 9, "nap": 7, "top": 25}],
    "pacing": [{"n": 2, "width": 9, "cut": 1.2}, {"n": 6, "cut": 5.0}],
}
"""Other settings of free knobs than the defaults, which the twins share."""

COSTLY = {"thompson"}
"""Programs of many draws from a Beta distribution, each of which takes milliseconds here."""

names = pytest.mark.parametrize("name", PATHS)


def program(name: str, knobs: dict[str, float]) -> Interpreter:
    return Interpreter(load_checked_program(read_program_file(PATHS[name])), knobs)


def twin(name: str, knobs: dict[str, float]) -> LanguageRules:
    plain = TWINS[name](**knobs)
    return LanguageRules(plain, plain.ending)


def compare(
    name: str, branch_pools: Sequence[BranchPool], seeds: Sequence[int], betas: Sequence[float]
) -> None:
    """Plays every question both ways; a program without a schedule is played by its knobs."""
    ours, theirs = program(name, {}), twin(name, {})
    for question, branch_pool in enumerate(branch_pools):
        for seed in seeds:
            for beta in betas if ours.checked.scheduled else [None]:
                setting = EpisodeSetting(seed=seed, question=question, beta=beta)
                assert_plays_alike(ours, theirs, branch_pool, setting)


def test_every_program_has_a_python_twin() -> None:
    assert set(PATHS) == set(TWINS)


@names
def test_a_program_checks_without_warnings_and_fits_on_a_screen(name: str) -> None:
    analysis = analyse_program(read_program_file(PATHS[name]))
    assert analysis.diagnostics == []
    assert analysis.checked is not None
    assert analysis.checked.name == name
    assert len(read_program_file(PATHS[name]).text.splitlines()) <= 50


@names
@given(data=st.data(), setting=episode_settings(beta=True))
def test_a_program_plays_as_its_twin_on_generated_recordings(
    name: str, data: st.DataObject, setting: EpisodeSetting
) -> None:
    knobs = data.draw(st.sampled_from([{}, *KNOBS.get(name, [])]))
    recordings = (
        branch_pools(branches=6, longest=9) if name in COSTLY else branch_pools(branches=36)
    )
    branch_pool = data.draw(recordings)
    assert_plays_alike(program(name, knobs), twin(name, knobs), branch_pool, setting)


@names
def test_a_program_plays_as_its_twin_on_a_released_recording(
    name: str, load_released: LoadEnvironment
) -> None:
    some = load_released("Qwen3-1.7B").branch_pools
    compare(name, some[:1] if name in COSTLY else some, seeds=[3], betas=[0.5])


@pytest.mark.slow
@names
def test_a_program_plays_as_its_twin_on_more_of_the_released_recordings(
    name: str, load_released: LoadEnvironment
) -> None:
    some = load_released("Qwen3-0.6B").branch_pools
    if name in COSTLY:
        compare(name, some[::10], seeds=[0], betas=[0.0, 1.0])
    else:
        compare(name, some[::2], seeds=[0], betas=[0.0, 0.4, 1.0])


@names
def test_a_program_follows_beta_or_has_knobs_that_are_tried(name: str) -> None:
    checked = load_checked_program(read_program_file(PATHS[name]))
    assert checked.scheduled == (name not in KNOBS)
