"""Stages that a controller governs: searched beside samples, exported, played back, replayed."""

import json
from pathlib import Path
from typing import Any

import pytest

from dsl.allocation import ResolvedStage, load_allocation
from dsl.allocation.formatting import write_allocation
from dsl.source import Source
from store.pipelines.schema import StageChoice
from store.pipelines.trials import read_trials
from tests.agents.allocation.doubling import DOUBLING, run_allocate
from tests.agents.allocation.doubling_server import serve_doubling
from tests.command_lines import CommandLine
from tests.harness.small_recordings import branch, tiny

SIMULATED = """
name = "governed"

[[model]]
name = "small"
parameters = 3.0

[[stage]]
name = "retrieve"
prompt_tokens = 128
output_tokens = 64

[[stage]]
name = "answer"
prompt_tokens = 128
output_tokens = 64
[stage.recordings]
small = "answers.recording"

[simulation]
seed = 3
"""

TWICE = """controller twice {
  start { open 2 }
  step { advance active if confidence(alive) > 0.9 { answer winner(alive) } }
  finally { answer winner(alive) }
}
"""


def play_allocation(cli: CommandLine, *words: str) -> list[dict[str, Any]]:
    """The points of an allocation that was played."""
    result = cli("allocate", *words, "--json")
    assert result.status == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def write_recording(path: Path) -> None:
    """A recording of the twelve questions of `doubling`, all of whose branches are right."""
    golds = [str(4 * n) for n in range(1, 13)]
    branches = [[branch(gold, gold), branch(gold), branch(gold, gold)] for gold in golds]
    tiny(path, ids=[f"q{n}" for n in range(1, 13)], branches=branches, golds=golds)


@pytest.fixture
def simulated(home: Path) -> Path:
    write_recording(home / "answers.recording")
    (home / "sim.toml").write_text(SIMULATED)
    return home / "sim.toml"


@pytest.fixture
def governable(doubling: Path) -> Path:
    """The pipeline on servers, whose second stage can be governed."""
    write_recording(doubling.parent / "answers.recording")
    last = 'prompt = "Double {input}"\n'
    text = DOUBLING.replace(last, f'{last}[stage.recordings]\nsmall = "answers.recording"\n')
    doubling.write_text(text)
    return doubling


WORDS = ("--budget", "12", "--proposer", "random", "--seed", "1")
GOVERNORS = ("--governor", "answer=cmc@0.5", "--governor", "answer=sc@0.25")


@pytest.mark.slow
def test_search_covers_samples_and_controllers_and_winner_replays(
    cli: CommandLine, simulated: Path
) -> None:
    result = run_allocate(
        cli, "--on", str(simulated), *WORDS, *GOVERNORS, "--trials", "12", "--run", "run"
    )
    last = [trial["stages"][-1] for trial in result["trials"]]
    assert {stage["controller"] for stage in last} == {"", "cmc", "sc"}
    assert any(stage["samples"] > 1 for stage in last)
    assert all(trial["cost"] <= 12 for trial in result["trials"])
    best = result["best"]
    assert best["stages"][-1]["controller"] in ("cmc", "sc")  # whose branches are all right
    selected = Path("run/selected.rheo")
    name, beta = best["stages"][-1]["controller"], best["stages"][-1]["beta"]
    assert f"controller = {name} at beta = {beta:g}" in selected.read_text()
    assert cli("check", str(selected), "--on", str(simulated)).status == 0
    [point] = play_allocation(cli, "--on", str(simulated), "--play", str(selected))
    assert (point["score"], point["cost"]) == (best["score"], best["cost"])
    page = cli("report", "run").out
    assert f"governed by {name} at beta {beta:g}" in page


@pytest.mark.slow
def test_agent_searches_governed_stages(cli: CommandLine, simulated: Path) -> None:
    result = run_allocate(
        cli, "--on", str(simulated), "--budget", "12", *GOVERNORS, "--trials", "12"
    )
    assert result["best"]["stages"][-1]["controller"] in ("cmc", "sc")
    assert result["best"]["score"] == pytest.approx(result["optimum"]["score"], rel=0.02)


def test_controller_without_beta_follows_the_allocation(cli: CommandLine, simulated: Path) -> None:
    Path("lean.rheo").write_text(
        'allocation lean { budget 20 stage retrieve { model = "small" samples = 1 }'
        ' stage answer { model = "small" controller = cmc } }'
    )
    points = play_allocation(
        cli, "--on", str(simulated), "--play", "lean.rheo", "--beta", "0,0.35,1"
    )
    assert [point["stages"][-1]["beta"] for point in points] == [0.0, 0.35, 1.0]


def test_own_controller_is_read_from_the_pipeline_directory(
    cli: CommandLine, simulated: Path
) -> None:
    (simulated.parent / "twice.rheo").write_text(TWICE)
    words = ["--on", str(simulated), *WORDS, "--trials", "6", "--governor", "answer=twice"]
    found = run_allocate(cli, *words)
    governed = [trial for trial in found["trials"] if trial["stages"][-1]["controller"] == "twice"]
    assert governed
    result = cli("allocate", *words[:-1], "answer=./twice.rheo@0.5")
    assert result.status == 2
    assert "'./twice.rheo' is not the name of a controller" in result.err


@pytest.mark.parametrize(
    ("governor", "problem"),
    [
        ("answer=cmc@2", "with beta from 0 to 1"),
        ("answer=cmc@half", "with beta from 0 to 1"),
        ("answer", "write STAGE=CONTROLLER@BETA"),
        ("anwser=cmc@0.5", "governed has no stage anwser; it has retrieve, answer"),
        ("retrieve=cmc@0.5", "has no recording, so no controller can govern it"),
        ("answer=cmcc@0.5", "cmcc"),
    ],
)
def test_invalid_governor_is_rejected(
    cli: CommandLine, simulated: Path, governor: str, problem: str
) -> None:
    result = cli("allocate", "--on", str(simulated), "--budget", "9", "--governor", governor)
    assert (result.status, result.out) == (2, "")
    assert problem in result.err


@pytest.mark.slow
def test_governed_trial_is_replayed_from_its_record(cli: CommandLine, governable: Path) -> None:
    governor = ("--governor", "second=cmc@0.5")
    words = ("--on", str(governable), "--budget", "3", "--proposer", "random", "--trials", "5")
    with serve_doubling() as doubling_server:
        server = ("--base-url", doubling_server.url, "--run", "run")
        found = run_allocate(cli, *words, *governor, *server)
        request_count = len(doubling_server.requests)
        record = ("--record", "run/trials.record")
        replayed = run_allocate(cli, *words, *governor, *record, "--seed", "9")
        assert len(doubling_server.requests) == request_count
    assert found["best"]["score"] == 1.0
    assert found["best"]["stages"][-1]["controller"] == "cmc"

    def scores(of: dict[str, Any]) -> dict[str, float]:
        return {json.dumps(trial["stages"]): trial["score"] for trial in of["trials"]}

    assert scores(replayed) == scores(found)
    trials = read_trials(Path("run/trials.record")).trials
    governed = [trial for trial in trials if trial[1] == StageChoice("small", 0, "cmc", 0.5)]
    assert governed
    outputs = trials[governed[0]].answered[2].outputs
    assert outputs[1].text == "12"  # the recording's answer, independent of the first stage
    points = play_allocation(cli, "--on", str(governable), *record, "--play", "run/selected.rheo")
    assert [point["score"] for point in points] == [1.0]
    result = cli("allocate", *words, *record)
    assert result.status == 2
    assert "--governor second=cmc@0.5" in result.err


def test_governed_stage_is_written_without_loss_of_precision() -> None:
    text = write_allocation("fine", 1234567.5, [ResolvedStage("answer", "small", 0, "cmc", 1 / 3)])
    result = load_allocation(Source(text)).at(0)
    assert (result.budget, result.stages[0].beta) == (1234567.5, 1 / 3)
