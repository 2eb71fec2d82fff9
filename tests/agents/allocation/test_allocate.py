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
from tests.agents.allocation.doubling import told
from tests.agents.allocation.teller import telling
from tests.command_lines import CommandLine


@pytest.mark.parametrize("proposer", ["agent", "evolve", "random"])
def test_a_simulated_pipeline_is_searched_within_its_budget(
    cli: CommandLine, proposer: str
) -> None:
    words = ["--budget", "1800", "--trials", "6", "--seed", "0", "--proposer", proposer]
    found = told(cli, *words)
    assert len(found["trials"]) == 6
    assert all(each["cost"] <= 1800 for each in found["trials"])
    assert found["best"]["score"] == max(each["score"] for each in found["trials"])
    assert found["best"]["score"] <= found["optimum"]["score"]
    stages = [tuple((one["model"], one["samples"]) for one in each["stages"])
              for each in found["trials"]]  # fmt: skip
    assert len(set(stages)) == 6
    again = told(cli, *words)
    assert again["trials"] == found["trials"]


@pytest.mark.slow
def test_the_agent_finds_more_in_few_trials_than_chance_does(cli: CommandLine) -> None:
    def best(proposer: str, seed: str) -> float:
        found = told(cli, "--trials", "14", "--seed", seed, "--proposer", proposer)
        return float(found["best"]["score"])

    scores = {
        proposer: sum(best(proposer, seed) for seed in ("2", "18"))
        for proposer in ("agent", "random")
    }
    assert scores["agent"] > scores["random"]


@pytest.mark.slow
def test_trials_are_carried_out_and_replayed_exactly(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    words = ["--on", str(doubling), "--budget", "120"]
    with telling() as teller:
        run = ["--run", str(tmp_path / "run"), "--base-url", teller.url]
        found = told(cli, *words, *run, "--trials", "6")
        asked = len(teller.asked)
    record = tmp_path / "run" / "trials.record"
    replayed = told(cli, *words, "--record", str(record), "--trials", "6", "--seed", "5")
    assert len(teller.asked) == asked

    def scores(of: dict[str, Any]) -> dict[str, float]:
        return {json.dumps(each["stages"]): each["score"] for each in of["trials"]}

    assert scores(replayed) == scores(found)
    best = load_allocation(Source((tmp_path / "run" / "selected.rheo").read_text()))
    assert [each.stage for each in best.at(0).stages] == ["first", "second"]


def test_the_first_samples_of_a_stage_are_shared_and_no_call_is_made_twice(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    with telling() as teller:
        run = ["--run", str(tmp_path / "run"), "--base-url", teller.url]
        told(cli, "--on", str(doubling), "--budget", "30", *run, "--trials", "4")
        keys = Counter(json.dumps(each, sort_keys=True) for each in teller.asked)
    assert max(keys.values()) == 1
    trials = read_trials(tmp_path / "run" / "trials.record").trials
    most: dict[str, int] = {}
    for choices in trials:
        most[choices[0].model] = max(most.get(choices[0].model, 0), choices[0].samples)
    firsts = Counter(
        each["model"] for each in teller.asked
        if int(each["messages"][0]["content"].split()[-1]) <= 12
        and each["messages"][0]["content"].split()[-1] in map(str, range(1, 13))
    )  # fmt: skip
    # What the second stage is asked overlaps in its inputs, so the first's calls are a floor.
    assert sum(12 * n for n in most.values()) <= sum(firsts.values()) <= len(teller.asked)
    drawn = sum(12 * (choices[0].samples + choices[1].samples) for choices in trials)
    assert len(teller.asked) < drawn


def test_what_is_not_recorded_is_refused_by_name(
    cli: CommandLine, doubling: Path, tmp_path: Path
) -> None:
    with telling() as teller:
        run = ["--run", str(tmp_path / "run"), "--base-url", teller.url]
        told(cli, "--on", str(doubling), "--budget", "30", *run, "--trials", "2")
    record = tmp_path / "run" / "trials.record"
    held = {format_choices(each) for each in read_trials(record).trials}
    assert "small x11, small x1" not in held
    play = tmp_path / "mine.rheo"
    play.write_text(
        'allocation mine { budget 500 stage first { model = "small" samples = 11 }'
        ' stage second { model = "small" samples = 1 } }'
    )
    said = cli("allocate", "--on", str(doubling), "--record", str(record), "--play", str(play))
    assert said.status == 2
    assert "the trial small x11, small x1 is not recorded" in said.err


def test_an_allocation_that_follows_beta_gives_a_frontier(cli: CommandLine, tmp_path: Path) -> None:
    drawn = told(cli, "--seed", "1", "--trials", "1", "--proposer", "random")
    stages = "\n".join(
        f'stage {each["stage"]} {{ model = "14B" samples = 1 + round(6 * beta) }}'
        for each in drawn["trials"][0]["stages"]
    )
    file = tmp_path / "lean.rheo"
    file.write_text(f"allocation lean {{ budget 1000 + 9000 * beta {stages} }}")
    said = cli("allocate", "--seed", "1", "--play", str(file), "--json")
    points = json.loads(said.out)
    assert [each["beta"] for each in points][:2] == [0.0, 0.1]
    assert [each["cost"] for each in points] == sorted(each["cost"] for each in points)
    assert points[0]["score"] < points[-1]["score"]


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped_and_comes_out_the_same(
    cli: CommandLine, tmp_path: Path
) -> None:
    words = ["--seed", "3", "--proposer", "evolve"]
    whole = told(cli, *words, "--trials", "12", "--run", str(tmp_path / "whole"))
    part = str(tmp_path / "part")
    told(cli, *words, "--trials", "5", "--run", part)
    resumed = told(cli, "--run", part, "--resume", "--trials", "12")
    assert resumed["trials"] == whole["trials"]


def test_a_person_has_the_last_word(cli: CommandLine, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    words = ["--seed", "0", "--trials", "4", "--proposer", "random", "--run", run]
    said = cli("allocate", *words, "--approve", "final", "--no-wait", "--json")
    waits = json.loads(said.out)["waiting"]
    assert cli("reject", run, waits, "--note", "too dear").status == 0
    said = cli("allocate", "--run", run, "--resume", "--no-wait", "--json")
    second = json.loads(said.out)["waiting"]
    assert second != waits
    assert cli("approve", run, second).status == 0
    found = told(cli, "--run", run, "--resume")
    assert found["best"]["candidate"] == second
    assert open_run(tmp_path / "run").selected_path.exists()
    listed = cli("runs", run)
    assert "ended" in listed.out


def test_the_report_holds_the_trials_and_the_guidelines(cli: CommandLine, tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    told(cli, "--seed", "6", "--trials", "8", "--run", run)
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
def test_what_cannot_be_asked_is_told_before_anything_is_made(
    cli: CommandLine, words: list[str], problem: str
) -> None:
    said = cli("allocate", *words)
    assert said.status == 2
    assert problem in said.err
    assert said.out == ""


@pytest.mark.slow
def test_an_agent_of_ones_own_writes_guidelines_and_trials(
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
    with telling() as teller:
        run = ["--run", str(tmp_path / "run"), "--base-url", teller.url, "--trials", "8"]
        found = told(
            cli, "--on", str(doubling), "--budget", "120", *run,
            "--proposer", f"command:python3 {script}",
        )  # fmt: skip
    assert found["guidelines"] == ["first: small will do."]
    last = found["trials"][-1]["stages"]
    assert (last[0]["model"], last[1]["samples"]) == ("small", 2)
