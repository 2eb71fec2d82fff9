"""``rheostat collect --scorer``, as it is typed."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.reader import open_recording
from store.records import SignalDeclaration
from store.writer import RecordingWriter
from tests.command_lines import CommandLine
from tests.store.serving.scripted import MODEL, ScriptedServer, serving

JUDGE = """
import json, os, sys
for line in sys.stdin:
    branch = json.loads(line)
    with open("seen.jsonl", "a") as seen:
        seen.write(line)
    if os.path.exists("limit") and len(open("seen.jsonl").readlines()) > 5:
        sys.exit("out of memory")
    print(json.dumps({"score": len(branch["text"]) / 7}))
"""
COMMAND = f"{shlex.quote(sys.executable)} judge.py"


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with serving(ScriptedServer()) as server:
        yield server


@pytest.fixture
def words(scripted: ScriptedServer, home: Path) -> list[str]:
    """A command line that collects and scores twelve branches."""
    rows = [{"id": name, "question": f"{name}?", "answer": "3"} for name in ("a", "b")]
    (home / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "judge.py").write_text(JUDGE)
    return [
        "collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
        "--questions", "sums.jsonl", "--interval", "40", "--max-tokens", "200", "--branches", "6",
        "--group", "3", "--patience", "2", "--equivalence", "exact",
        "--scorer", f"reward={COMMAND}",
    ]  # fmt: skip


def test_scores_are_a_signal_that_programs_read(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    stated = ["--signal", "reward=branch,higher,meaning=length, in weeks"]
    result = cli(*words, *stated, "--text", "-o", "r.recording")
    assert result.status == 0, result.err
    recording = open_recording(home / "r.recording")
    assert recording.provenance.signals == {
        "reward": SignalDeclaration(
            scope="branch", meaning="length, in weeks", direction="higher",
            source=f"scorer: {COMMAND}",
        )
    }  # fmt: skip
    for number in range(2):
        for branch in recording.branches(number):
            assert branch.signals == {"reward": [len(branch.text or "") / 7]}
    assert not (home / "r.recording.scores").exists()
    seen = [json.loads(line) for line in (home / "seen.jsonl").read_text().splitlines()]
    assert sorted((line["id"], line["branch"]) for line in seen) == [
        (name, index) for name in "ab" for index in range(6)
    ]
    swept = [
        cli("sweep", "best_of_n", "--on", "r.recording", "--seeds", "5", "--no-cache", "--csv",
            "--engine", engine)
        for engine in ("compiled", "interpreter")
    ]  # fmt: skip
    assert swept[0].status == 0, swept[0].err
    assert swept[0].out == swept[1].out


def test_a_failed_scorer_is_named_and_the_same_command_resumes_to_the_same_bytes(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    assert cli(*words, "-o", "a.recording").status == 0
    (home / "seen.jsonl").unlink()
    (home / "limit").touch()
    result = cli(*words, "--concurrency", "3", "-o", "b.recording")
    assert result.status == 3
    assert "error: scorer reward: question '" in result.err
    assert "it ended with status 1 before its answer: out of memory\n" in result.err
    assert "run the same command again to resume" in result.err
    with RecordingWriter.resume(home / "b.recording") as writer:
        assert sum(map(len, writer.recorded_indexes.values())) == 5
    (home / "limit").unlink()
    result = cli(*words, "-o", "b.recording")
    assert result.status == 0, result.err
    assert (home / "b.recording").read_bytes() == (home / "a.recording").read_bytes()
    answered = (home / "seen.jsonl").read_text().splitlines()
    # The line at which the program ended is sent again, and no other.
    assert (len(answered), len(set(answered))) == (13, 12)


def test_another_command_does_not_resume_a_recording(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    (home / "limit").touch()
    assert cli(*words, "-o", "r.recording").status == 3
    (home / "limit").unlink()
    changed = [word.replace("judge.py", "judge.py --strict") for word in words]
    result = cli(*changed, "-o", "r.recording")
    assert result.status == 2
    assert "was started with other settings: signals" in result.err


def test_scores_of_a_deleted_journal_are_not_used(
    cli: CommandLine, words: list[str], home: Path
) -> None:
    (home / "r.recording.scores").write_text("old\n")
    assert cli(*words, "-o", "r.recording").status == 0
    assert not (home / "r.recording.scores").exists()


def test_existing_chains_can_be_scored(
    cli: CommandLine, scripted: ScriptedServer, words: list[str], home: Path
) -> None:
    row = {"id": "a", "question": "?", "answer": "3", "chains": [{"text": "a" * 70}]}
    (home / "chains.jsonl").write_text(json.dumps(row))
    result = cli("collect", "--base-url", scripted.url, "--model", MODEL, "--family", "think",
                 "--from", "chains.jsonl", "--interval", "40", "--equivalence", "exact",
                 "--scorer", f"reward={COMMAND}", "-o", "r")  # fmt: skip
    assert result.status == 0, result.err
    assert open_recording(home / "r").branches(0)[0].signals == {"reward": [10.0]}


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (["--scorer", "judge.py"], 2, "--scorer judge.py: write NAME=COMMAND"),
        (["--scorer", "reward=true"], 2, "--scorer reward is given twice"),
        (["--scorer", "other= "], 2, "--scorer other: the command is empty"),
        (["--scorer", "other='a"], 2, "cannot be split into words: no closing quotation"),
        (["--scorer", "depth=true"], 2, "`.depth` is an attribute of every branch"),
        (["--scorer", "text=true"], 2, "recordings use it for something else"),
        (["--scorer", "self_certainty=true"], 2, "is what --self-certainty records"),
        (["--signal", "reward=probe"], 2, "gives one value per branch, and none per probe"),
        (["--signal", "reward=interval"], 2, "gives one value per branch, and none per interval"),
        (["--signal", "rewards=higher"], 2, "--signal rewards: no scorer gives this signal"),
        (["--signal", "reward=best"], 2, "'best' describes no signal"),
        (["--scorer", "other=./none"], 3, "scorer other: `./none` cannot be started: No such file"),
    ],
)
def test_invalid_scorers_end_in_one_sentence_before_anything_is_sampled(
    cli: CommandLine,
    scripted: ScriptedServer,
    words: list[str],
    more: list[str],
    status: int,
    message: str,
) -> None:
    result = cli(*words, "-o", "r.recording", *more)
    assert result.status == status, result.err
    assert message in result.err
    assert not scripted.completions
