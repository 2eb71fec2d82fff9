"""A pipeline of two stages over three real reasoners: carried out, recorded, replayed, searched."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from store.pipelines.trials import read_trials
from tests.command_lines import CommandLine

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

PIPELINE = Path(__file__).parent / "pipelines" / "digits.toml"

QUESTIONS, HELD_OUT = 8, 6
"""Of those that the pipeline has: a sample is a chain of a hundred tokens."""

BUDGET = ["--budget", "2.5"]
"""The large model affords one sample in each stage."""


@pytest.fixture(scope="module")
def digits(
    small_url: str, medium_url: str, large_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The pipeline over its first questions, with the server of each model."""
    folder = tmp_path_factory.mktemp("digits")
    text = PIPELINE.read_text()
    for name, url in (("small", small_url), ("medium", medium_url), ("large", large_url)):
        text = text.replace(f'name = "{name}"', f'name = "{name}"\nbase_url = "{url}"')
    for name, count in (("digits.jsonl", QUESTIONS), ("digits-unseen.jsonl", HELD_OUT)):
        lines = PIPELINE.with_name(name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(lines[:count]))
    (folder / "digits.toml").write_text(text)
    return folder / "digits.toml"


def told(cli: CommandLine, *words: str) -> dict[str, Any]:
    result = cli("allocate", *words, "--json")
    assert result.status == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def scores(of: dict[str, Any]) -> dict[str, float]:
    return {json.dumps(trial["stages"]): trial["score"] for trial in of["trials"]}


def calls(run: Path) -> int:
    """How many calls of models a run has kept."""
    with sqlite3.connect(run / "calls.sqlite") as kept:
        return int(kept.execute("select count(*) from calls").fetchone()[0])


def test_a_real_pipeline_is_carried_out_recorded_replayed_and_searched(
    cli: CommandLine, digits: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["--on", str(digits), *BUDGET]
    found = told(cli, *words, "--trials", "4", "--run", str(run))
    held = read_trials(run / "trials.record").trials
    assert len(held) == len(found["trials"]) == 4
    for trial in held.values():
        assert len(trial.answered) == QUESTIONS
        assert all(output.tokens_out > 0 for result in trial.answered for output in result.outputs)
    samples = sum(QUESTIONS * choice.samples for trial in held for choice in trial)
    assert 0 < calls(run) < samples
    assert {choice.model for trial in held for choice in trial} == {"small", "medium", "large"}

    recorded = calls(run)
    further = told(cli, "--run", str(run), "--resume", "--trials", "6")
    assert scores(further).items() >= scores(found).items()
    assert calls(run) > recorded
    assert further["best"]["score"] > 0.3

    recorded = calls(run)
    result = cli("report", str(run), "--open-held-out", "--json")
    assert result.status == 0, result.err
    unseen = json.loads(result.out)["held_out"]["unseen"]
    assert unseen["questions"] == HELD_OUT
    assert unseen["selected"]["value"] > 0.25
    assert calls(run) > recorded
    assert len(read_trials(run / "held-out.record").trials) == 2

    record = ["--record", str(run / "trials.record")]
    recorded = calls(run)
    replayed = told(cli, *words, *record, "--trials", "6", "--seed", "9")
    assert scores(replayed) == scores(further)
    assert replayed["best"]["score"] == further["best"]["score"]
    assert calls(run) == recorded


def test_the_same_trial_carried_out_again_makes_no_call_and_comes_out_the_same(
    cli: CommandLine, digits: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.rheo"
    mine.write_text(
        "allocation mine { budget 4 + 4 * beta"
        ' stage extract { model = "medium" samples = 1 + round(2 * beta) }'
        ' stage add { model = "small" samples = 3 } }'
    )
    words = ["--on", str(digits), "--execute", "--play", str(mine), "--beta", "0,1", "--json"]
    first = cli("allocate", *words)
    assert first.status == 0, first.err
    recorded = calls(tmp_path)
    assert [load["cost"] for load in json.loads(first.out)] == pytest.approx([0.70, 1.06])
    (tmp_path / "trials.record").unlink()
    assert cli("allocate", *words).out == first.out
    assert calls(tmp_path) == recorded
