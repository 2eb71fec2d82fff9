"""User profiles as the objective of allocations."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.allocation.allocation_objective import (
    AllocationObjective,
    check_profiles,
    compute_usage,
)
from agents.run.directory import open_run
from agents.run.user_profiles import UserProfile
from harness.allocation.simulator import build_simulator
from harness.allocation.space import AllocationSpace
from harness.errors import InputError
from store.pipelines.schema import (
    CostUnit,
    Pipeline,
    PipelineModel,
    Simulation,
    Stage,
    StageChoice,
)
from tests.agents.allocation.doubling import run_allocate
from tests.command_lines import CommandLine

PROFILES = """
[[profiles]]
name = "careful"
accuracy = 30.0

[[profiles]]
name = "frugal"
tokens = 12000

[[profiles]]
name = "dreamer"
accuracy = 100.0
usd = 0.0000001
"""


@pytest.fixture
def users(tmp_path: Path) -> str:
    (tmp_path / "users.toml").write_text(PROFILES)
    return f"meet:{tmp_path / 'users.toml'}"


def test_report_names_the_allocation_that_meets_each_profile(
    cli: CommandLine, users: str, tmp_path: Path
) -> None:
    run = str(tmp_path / "run")
    words = ["--seed", "0", "--trials", "6", "--proposer", "random", "--objective", users]
    found = run_allocate(cli, *words, "--run", run)
    assert found["objective"] == users
    careful, frugal, dreamer = found["profiles"]
    assert dreamer["candidate"] is None
    for result in (careful, frugal):
        trial = found["trials"][result["trial"] - 1]
        assert trial["candidate"] == result["candidate"]
    assert 100 * careful["score"] >= 30
    assert frugal["tokens"] <= 12000
    reviews = open_run(Path(run)).reviews()
    assert any("of 3 user profiles" in review.reasons[0] for review in reviews)
    assert cli("report", run).status == 0
    page = (tmp_path / "run" / "report.md").read_text()
    assert "## User profiles" in page
    assert "| dreamer | at least 100 % right, at most 1e-07 dollars | no | - |" in page


def test_agent_searches_for_profiles_that_no_trial_meets_yet(cli: CommandLine, users: str) -> None:
    found = run_allocate(cli, "--seed", "0", "--trials", "4", "--objective", users)
    assert [result["candidate"] is not None for result in found["profiles"]] == [True, True, False]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ("sequential = 10", "limits sequential tokens, and the trials of a pipeline record no"),
        ("accuracy = -1", "is below 0"),
        ("", "has no limit"),
    ],
)
def test_unusable_profiles_are_refused_by_name(
    cli: CommandLine, tmp_path: Path, limits: str, problem: str
) -> None:
    file = tmp_path / "users.toml"
    file.write_text(f'[[profiles]]\nname = "chat"\n{limits}\n')
    result = cli("allocate", "--seed", "0", "--objective", f"meet:{file}")
    assert result.status == 2
    assert "'chat'" in result.err
    assert problem in result.err


def test_unknown_objective_is_refused(cli: CommandLine) -> None:
    result = cli("allocate", "--seed", "0", "--objective", "meat:x")
    assert result.status == 2
    assert "unknown objective; choose from score and meet:FILE" in result.err


def test_run_of_an_earlier_version_is_resumed_with_the_score(
    cli: CommandLine, tmp_path: Path
) -> None:
    """Its request has the default objective of discovery."""
    words = ["--run", str(tmp_path / "run")]
    run_allocate(cli, *words, "--trials", "2")
    run = open_run(tmp_path / "run")
    run.write("request.json", replace(run.request, objective="frontier"))
    resumed = run_allocate(cli, *words, "--resume", "--trials", "3", "--objective", "score")
    assert (len(resumed["trials"]), resumed["objective"]) == (3, "score")


def test_resumed_run_keeps_its_objective(cli: CommandLine, users: str, tmp_path: Path) -> None:
    words = ["--run", str(tmp_path / "run"), "--trials", "1", "--proposer", "random"]
    run_allocate(cli, "--seed", "0", *words, "--objective", users)
    result = cli("allocate", *words, "--resume", "--objective", "score")
    assert result.status == 2
    assert "--objective: the run was started with another value" in result.err


def build_priced_space(price: float) -> AllocationSpace:
    model = PipelineModel(name="m", parameters=3.0, dollars_in=price, dollars_out=2 * price)
    stage = Stage(name="only", prompt_tokens=100, output_tokens=50)
    unit = CostUnit.COMPUTE
    return AllocationSpace(Pipeline(name="p", unit=unit, models=[model], stages=[stage]), 1e6)


def test_prices_of_models_come_before_that_of_the_file() -> None:
    choices = (StageChoice("m", 4),)
    usage = compute_usage(build_priced_space(1.0), choices)
    assert usage.tokens == 300.0
    assert usage.usd == pytest.approx(500e-6)
    profile = UserProfile(name="a", usd=4e-4, usd_per_million_tokens=1.0)
    met = [
        bool(AllocationObjective(build_priced_space(price), [profile]).find_met(
            np.array([0.5]), [choices])[0, 0])
        for price in (1.0, 0.0)
    ]  # fmt: skip
    assert met == [False, True]
    with pytest.raises(InputError, match="'b' limits dollars, and p has no price for m"):
        check_profiles(build_priced_space(0.0).pipeline, [UserProfile(name="b", usd=1.0)])


@given(st.floats(0, 1), st.floats(0, 100), st.integers(1, 6))
def test_objective_is_the_share_of_met_profiles(score: float, least: float, samples: int) -> None:
    simulator = build_simulator(Simulation(seed=2))
    space = AllocationSpace(simulator.pipeline, float("inf"))
    choices = tuple(StageChoice(models[0], samples) for models in space.models)
    tokens = sum(
        stage.prompt_tokens + samples * stage.output_tokens for stage in simulator.pipeline.stages
    )
    profiles = [
        UserProfile(name="right", accuracy=least),
        UserProfile(name="enough", tokens=tokens),
        UserProfile(name="short", tokens=tokens - 1),
    ]
    [value] = AllocationObjective(space, profiles)(np.array([score]), [choices])
    expected = ((100 * score >= least) + 1) / 3
    assert value == pytest.approx(expected + 0.01 * score)
