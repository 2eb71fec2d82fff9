"""``rheostat inspect`` and a record of trials; what else is said of one."""

import json
from pathlib import Path

import pytest

from store.environment import save
from store.pipelines.schema import (
    Pipeline,
    PipelineModel,
    QuestionResult,
    Stage,
    StageChoice,
    Trial,
)
from store.pipelines.trials import TrialsHeader, TrialWriter
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine


@pytest.fixture
def record(home: Path) -> Path:
    """Two trials of one stage over two questions, in the working directory."""
    models = [PipelineModel(name="small", parameters=3), PipelineModel(name="large", parameters=70)]
    stage = Stage(name="answer", prompt_tokens=1, output_tokens=1)
    pipeline = Pipeline(name="digits", models=models, stages=[stage])
    with TrialWriter.open(
        home / "trials.record",
        TrialsHeader(pipeline=pipeline, digest="d" * 32, questions=["a", "b"]),
    ) as writer:
        for samples, scores in ((1, (0.0, 1.0)), (3, (1.0, 0.5))):
            answered = [
                QuestionResult(question=name, score=score)
                for name, score in zip("ab", scores, strict=True)
            ]
            choices = (StageChoice("small", samples),)
            writer.add(Trial(choices=choices, cost=2.0 * samples, answered=answered))
    return Path("trials.record")


def test_a_record_is_shown_in_detail(cli: CommandLine, record: Path) -> None:
    result = cli("inspect", str(record))
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        "record        trials.record",
        "pipeline      digits",
        f"digest        {'d' * 32}",
        "stage         answer: small, large",
        "questions     2, scored by exact",
        "trials        2",
        "best          75.00 % for 6: small x3",
    ]


def test_a_torn_append_is_reported_and_complete_trials_stay(cli: CommandLine, record: Path) -> None:
    record.write_bytes(record.read_bytes()[:-5])
    result = cli("inspect", "--verify", str(record))
    assert (
        "trials        1\nbest          50.00 % for 2: small x1\ntorn          the last"
        in result.out
    )
    assert "every byte is intact, but for 1 torn last append" in result.err
    [found] = json.loads(cli("inspect", "--json", str(record)).out)
    assert (found["trials"], found["best"]["score"]) == (1, 0.5)
    assert found["torn"].startswith("the last append was incomplete")


def test_a_changed_byte_is_reported(cli: CommandLine, record: Path) -> None:
    content = bytearray(record.read_bytes())
    content[90] ^= 1
    record.write_bytes(content)
    result = cli("inspect", str(record))
    assert result.status == 2
    assert "trials.record" in result.err


def test_questions_and_several_records_are_tables(cli: CommandLine, record: Path) -> None:
    rows = cli("inspect", "--questions", "--csv", str(record), str(record)).out.splitlines()
    assert rows[1:3] == ["trials.record,a,50.0,100.0", "trials.record,b,75.0,50.0"]
    assert cli("inspect", "--questions", str(record)).out.splitlines()[-1].split()[1:] == [
        "b", "75.00", "50.00",
    ]  # fmt: skip
    head, row, _ = cli("inspect", "--csv", str(record), str(record)).out.splitlines()
    assert head == "record,pipeline,questions,trials,best_score,cost,torn"
    assert row == "trials.record,digits,2,2,75.0,6.0,no"


def test_a_record_and_a_recording_together_are_refused(cli: CommandLine, record: Path) -> None:
    reasoner = SimulatedReasoner("one", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, 4)), Path("one.recording"))
    result = cli("inspect", "one.recording", str(record))
    assert result.status == 2
    assert "one.recording: not a record of trials, but trials.record is one" in result.err


@pytest.mark.parametrize(
    "words",
    [("verify", "--base-url", "http://127.0.0.1:9", "--model", "m"), ("sweep", "asc", "--on")],
)
def test_commands_for_recordings_refuse_a_record_with_a_hint(
    cli: CommandLine, record: Path, words: tuple[str, ...]
) -> None:
    result = cli(*words, str(record))
    assert result.status == 2
    assert "trials.record: is a record of the trials of a pipeline" in result.err
    assert "`rheostat inspect` shows its contents" in result.err
