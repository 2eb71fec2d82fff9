"""Runs of trials: simulated, carried out, recorded, replayed, resumed, approved."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.run.directory import open_run
from dsl.allocation import load_allocation
from dsl.source import Source
from store.pipelines.schema import format_choices
from store.pipelines.trials import read_trials
from tests.agents.allocation.doubling import run_allocate
from tests.agents.allocation.doubling_server import serve_doubling
from tests.command_lines import CommandLine


@pytest.mark.parametrize("proposer", ["agent", "evolve", "random"])
def test_search_of_a_simulated_pipeline_respects_the_budget(
    cli: CommandLine, proposer: str
) -> None:
    words = ["--budget", "1800", "--trials", "6", "--seed", "0", "--proposer", proposer]
    result = run_allocate(cli, *words)
    assert len(result["trials"]) == 6
    assert all(trial["cost"] <= 1800 for trial in result["trials"])
    assert result["best"]["score"] == max(trial["score"] for trial in result["trials"])
    assert result["best"]["score"] <= result["optimum"]["score"]
    stages = [tuple((stage["model"], stage["samples"]) for stage in trial["stages"])
              for trial in result["trials"]]  # fmt: skip
    assert len(set(stages)) == 6
    again = run_allocate(cli, *words)
    assert again["trials"] == result["trials"]


@pytest.mark.slow
def test_agent_beats_random_search_in_few_trials(cli: CommandLine) -> None:
    def best(proposer: str, seed: str) -> float:
        result = run_allocate(cli, "--trials", "14", "--seed", seed, "--proposer", proposer)
        return float(result["best"]["score"])

    scores = {
        proposer: sum(best(proposer, seed) for seed in ("2", "18"))
        for proposer in ("agent", "random")
    }
    assert scores["agent"] > scores["random"]


@pytest.mark.slow
def test_executed_trials_are_replayed_exactly(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    words = ["--on", str(doubling), "--budget", "120"]
    with serve_doubling() as doubling_server:
        run = ["--run", str(tmp_path / "run"), "--base-url", doubling_server.url]
        result = run_allocate(cli, *words, *run, "--trials", "6")
        request_count = len(doubling_server.requests)
    record = tmp_path / "run" / "trials.record"
    replayed = run_allocate(cli, *words, "--record", str(record), "--trials", "6", "--seed", "5")
    assert len(doubling_server.requests) == request_count

    def scores(of: dict[str, Any]) -> dict[str, float]:
        return {json.dumps(trial["stages"]): trial["score"] for trial in of["trials"]}

    assert scores(replayed) == scores(result)
    best = load_allocation(Source((tmp_path / "run" / "selected.rheo").read_text()))
    assert [stage.stage for stage in best.at(0).stages] == ["first", "second"]


@pytest.mark.slow
def test_trials_share_samples_and_repeat_no_call(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    with serve_doubling() as doubling_server:
        run = ["--run", str(tmp_path / "run"), "--base-url", doubling_server.url]
        run_allocate(cli, "--on", str(doubling), "--budget", "30", *run, "--trials", "4")
        keys = Counter(json.dumps(request, sort_keys=True) for request in doubling_server.requests)
    assert max(keys.values()) == 1
    trials = read_trials(tmp_path / "run" / "trials.record").trials
    most: dict[str, int] = {}
    for choices in trials:
        most[choices[0].model] = max(most.get(choices[0].model, 0), choices[0].samples)
    firsts = Counter(
        request["model"] for request in doubling_server.requests
        if int(request["messages"][0]["content"].split()[-1]) <= 12
        and request["messages"][0]["content"].split()[-1] in map(str, range(1, 13))
    )  # fmt: skip
    # Inputs of the second stage overlap with those of the first, so its calls are a lower bound.
    assert (
        sum(12 * n for n in most.values()) <= sum(firsts.values()) <= len(doubling_server.requests)
    )
    sample_count = sum(12 * (choices[0].samples + choices[1].samples) for choices in trials)
    assert len(doubling_server.requests) < sample_count


@pytest.mark.slow
def test_unrecorded_trial_is_rejected_by_name(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    with serve_doubling() as doubling_server:
        run = ["--run", str(tmp_path / "run"), "--base-url", doubling_server.url]
        run_allocate(cli, "--on", str(doubling), "--budget", "30", *run, "--trials", "2")
    record = tmp_path / "run" / "trials.record"
    recorded = {format_choices(choices) for choices in read_trials(record).trials}
    assert "small x11, small x1" not in recorded
    play = tmp_path / "mine.rheo"
    play.write_text(
        'allocation mine { budget 500 stage first { model = "small" samples = 11 }'
        ' stage second { model = "small" samples = 1 } }'
    )
    result = cli("allocate", "--on", str(doubling), "--record", str(record), "--play", str(play))
    assert result.status == 2
    assert "the trial small x11, small x1 is not recorded" in result.err


def test_allocation_that_follows_beta_gives_a_frontier(cli: CommandLine, tmp_path: Path) -> None:
    reference = run_allocate(cli, "--seed", "1", "--trials", "1", "--proposer", "random")
    stages = "\n".join(
        f'stage {stage["stage"]} {{ model = "14B" samples = 1 + round(6 * beta) }}'
        for stage in reference["trials"][0]["stages"]
    )
    file = tmp_path / "lean.rheo"
    file.write_text(f"allocation lean {{ budget 1000 + 9000 * beta {stages} }}")
    result = cli("allocate", "--seed", "1", "--play", str(file), "--json")
    points = json.loads(result.out)
    assert [point["beta"] for point in points][:2] == [0.0, 0.1]
    assert [point["cost"] for point in points] == sorted(point["cost"] for point in points)
    assert points[0]["score"] < points[-1]["score"]


@pytest.mark.slow
def test_resumed_run_equals_an_uninterrupted_one(cli: CommandLine, tmp_path: Path) -> None:
    words = ["--seed", "3", "--proposer", "evolve"]
    uninterrupted = run_allocate(cli, *words, "--trials", "12", "--run", str(tmp_path / "whole"))
    part = str(tmp_path / "part")
    run_allocate(cli, *words, "--trials", "5", "--run", part)
    resumed = run_allocate(cli, "--run", part, "--resume", "--trials", "12")
    assert resumed["trials"] == uninterrupted["trials"]


def test_final_selection_waits_for_approval(cli: CommandLine, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    words = ["--seed", "0", "--trials", "4", "--proposer", "random", "--run", run]
    result = cli("allocate", *words, "--approve", "final", "--no-wait", "--json")
    waits = json.loads(result.out)["waiting"]
    assert cli("reject", run, waits, "--note", "too dear").status == 0
    result = cli("allocate", "--run", run, "--resume", "--no-wait", "--json")
    second = json.loads(result.out)["waiting"]
    assert second != waits
    assert cli("approve", run, second).status == 0
    found = run_allocate(cli, "--run", run, "--resume")
    assert found["best"]["candidate"] == second
    assert open_run(tmp_path / "run").selected_path.exists()
    listed = cli("runs", run)
    assert "ended" in listed.out


@pytest.mark.slow
def test_report_contains_trials_and_guidelines(cli: CommandLine, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    run_allocate(cli, "--seed", "6", "--trials", "8", "--run", run)
    assert cli("report", run).status == 0
    page = (tmp_path / "run" / "report.md").read_text()
    for heading in ("The best allocation", "Guidelines", "Score over trials", "Saturation"):
        assert f"## {heading}" in page
    assert (tmp_path / "run" / "report.html").read_text().count("<svg") >= 3


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--budget", "1"], "costs"),
        (["--proposer", "agnet"], "did you mean agent?"),
        (["--resume"], "no run is given"),
        (["--approve", "final"], "no run is given"),
        (["--governor", "answer=cmc@0.5"], "needs a pipeline file"),
        (["--on", "nowhere.toml"], "no such pipeline file"),
    ],
)
def test_invalid_options_are_rejected_before_a_run_is_created(
    cli: CommandLine, words: list[str], problem: str
) -> None:
    result = cli("allocate", *words)
    assert result.status == 2
    assert problem in result.err
    assert result.out == ""


@pytest.mark.slow
def test_command_agent_writes_guidelines_and_trials(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    script = tmp_path / "agent.py"
    script.write_text(
        "import pathlib\n"
        "done = pathlib.Path('brief.md').read_text().count('| small x')\n"
        "pathlib.Path('guidelines.md').write_text('- first: small will do.\\n')\n"
        "pathlib.Path('trials.rheo').write_text("
        "'allocation a { budget 120 stage first { model = \"small\" samples = %d }'"
        "' stage second { model = \"small\" samples = 2 } }' % (done + 3))\n"
    )
    with serve_doubling() as doubling_server:
        run = ["--run", str(tmp_path / "run"), "--base-url", doubling_server.url, "--trials", "8"]
        result = run_allocate(
            cli, "--on", str(doubling), "--budget", "120", *run,
            "--proposer", f"command:python3 {script}",
        )  # fmt: skip
    assert result["guidelines"] == ["first: small will do."]
    last = result["trials"][-1]["stages"]
    assert (last[0]["model"], last[1]["samples"]) == ("small", 2)
