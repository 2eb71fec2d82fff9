"""Programs that score branches: what they read, what their numbers become, and how they fail."""

import asyncio
import sys
from pathlib import Path

import msgspec
import pytest

from store.collection.scorers import (
    Scorer,
    ScorerError,
    ScorerInput,
    ScorerProcess,
    make_input,
    parse_answer,
)
from store.collection.scoring import BranchScoring, ScoreFile, open_scoring, score_key
from store.records import Question, SignalDeclaration

QUESTION = Question(id="q", gold="3", text="how many?")

ECHO = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"score": len(json.loads(line)["text"])}))
"""

TOGETHER = """
import json, sys
lines = [json.loads(sys.stdin.readline()) for _ in range(3)]
for line in lines:
    print(json.dumps({"score": line["branch"], "id": line["id"], "branch": line["branch"]}))
"""


def scorer(tmp_path: Path, program: str, name: str = "reward") -> Scorer:
    path = tmp_path / f"{name}.py"
    path.write_text(program)
    return Scorer(
        name=name,
        command=[sys.executable, str(path)],
        declaration=SignalDeclaration(scope="branch"),
    )


async def scores(scorer: Scorer, texts: list[str], silence: float = 60.0) -> list[float]:
    """Score branches that end at the same time."""
    process = ScorerProcess(scorer, silence=silence)
    try:
        await process.start()
        branches = [make_input(QUESTION, index, text) for index, text in enumerate(texts)]
        found = await asyncio.gather(*map(process.score, branches))
        await process.finish()
        return found
    finally:
        await process.stop()


def test_a_scorer_does_not_read_the_correct_answer() -> None:
    question = Question(id="q", gold="B", text="which?", choices=["1", "2"])
    line = msgspec.json.decode(msgspec.json.encode(make_input(question, 4, "so B")))
    assert line == {
        "id": "q", "question": "which?", "branch": 4, "text": "so B", "choices": ["1", "2"],
    }  # fmt: skip
    line = msgspec.json.decode(msgspec.json.encode(make_input(QUESTION, 0, "3")))
    assert line == {"id": "q", "question": "how many?", "branch": 0, "text": "3"}


async def test_each_branch_gets_its_own_score(tmp_path: Path) -> None:
    texts = ["", "a\nb", "é" * 70_000, *("x" * length for length in range(50))]
    assert await scores(scorer(tmp_path, ECHO), texts) == [len(text) for text in texts]


async def test_a_scorer_may_read_lines_before_it_answers(tmp_path: Path) -> None:
    assert await scores(scorer(tmp_path, TOGETHER), ["a", "b", "c"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise ValueError('no weights')", "it ended with status 1 before its answer: ValueError:"),
        ("import sys; sys.stdin.readline()", "it ended with status 0 before its answer"),
        ("import os; os.kill(os.getpid(), 9)", "it ended with signal 9 before its answer"),
        ("print('loading')", "printed more lines than it was sent|'loading' is not a line such as"),
        (ECHO.replace('len(json.loads(line)["text"])', "float('nan')"), "NaN.* finite number"),
        (ECHO.replace('len(json.loads(line)["text"])', "'high'"), "high.* finite number"),
        (ECHO.replace('len(json.loads(line)["text"])', "None"), "null.* finite number"),
        (ECHO.replace("score", "scores"), "scores.* is not a line such as"),
        ("print('x' * 2_000_000)", "its answer is longer than 1,048,576 bytes"),
        ("import time; time.sleep(60)", r"no answer for 0\.5 s; it must flush its output"),
    ],
)
async def test_a_failure_names_the_scorer_the_question_and_the_branch(
    tmp_path: Path, program: str, reason: str
) -> None:
    silence = 0.5 if "sleep" in program else 60.0
    with pytest.raises(
        ScorerError, match=rf"(?s)^scorer reward: question 'q', branch 0: .*({reason})"
    ) as failure:
        await scores(scorer(tmp_path, program), ["a"], silence)
    assert "\n" not in str(failure.value)
    assert failure.value.exit_code == 3


async def test_too_few_answers_name_the_first_branch_without_one(tmp_path: Path) -> None:
    program = TOGETHER.replace("for line in lines:", "for line in lines[:2]:")
    with pytest.raises(ScorerError, match=r"branch 2: it ended with status 0 before its answer"):
        await scores(scorer(tmp_path, program), ["a", "b", "c"])


async def test_too_many_answers_are_an_error(tmp_path: Path) -> None:
    program = f"{ECHO}\nprint('{{\"score\": 1}}')"
    with pytest.raises(ScorerError, match="reward: it printed more lines than it was sent"):
        await scores(scorer(tmp_path, program), ["a", "b"])


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    missing = msgspec.structs.replace(scorer(tmp_path, ECHO), command=["./no-such-judge"])
    with pytest.raises(
        ScorerError, match=r"scorer reward: `\./no-such-judge` cannot be started: No such file"
    ):
        async with open_scoring([missing], tmp_path / "r"):
            pass


def test_an_answer_for_another_branch_is_refused() -> None:
    branch = ScorerInput("q", "?", 1, "text")
    assert parse_answer(b'{"score": 2, "id": "q", "branch": 1, "why": "short"}\n', branch) == 2.0
    with pytest.raises(ValueError, match="its answer is for question 'q', branch 2"):
        parse_answer(b'{"score": 2, "branch": 2}\n', branch)


async def test_scores_are_kept_until_the_branch_is_recorded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    counted = ECHO.replace(
        "for line in sys.stdin:", f"for line in sys.stdin:\n    open({str(log)!r}, 'a').write('x')"
    )
    good = scorer(tmp_path, counted, "good")
    bad = scorer(tmp_path, "raise SystemExit(1)", "bad")
    for _ in range(2):
        async with open_scoring([good, bad], tmp_path / "r") as scoring:
            with pytest.raises(ScorerError, match="scorer bad: question 'q', branch 5"):
                await scoring.signals(QUESTION, 5, "abc")
    (tmp_path / "bad.py").write_text(ECHO)
    async with open_scoring([good, bad], tmp_path / "r") as scoring:
        assert await scoring.signals(QUESTION, 5, "abc") == {"good": [3.0], "bad": [3.0]}
    assert log.read_text() == "x"


async def test_no_branch_is_begun_while_many_wait_for_scores(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waiting = "import os, time\nwhile not os.path.exists(sys.argv[1]):\n    time.sleep(0.01)\n"
    program = scorer(tmp_path, ECHO.replace("import json, sys\n", f"import json, sys\n{waiting}"))
    program = msgspec.structs.replace(program, command=[*program.command, str(gate)])
    process, scores_file = ScorerProcess(program), ScoreFile(tmp_path / "r")
    try:
        await process.start()
        scoring = BranchScoring([process], scores_file, most=2)
        first = asyncio.create_task(scoring.signals(QUESTION, 0, "a"))
        await asyncio.sleep(0)
        await scoring.wait_for_scores()
        second = asyncio.create_task(scoring.signals(QUESTION, 1, "bc"))
        await asyncio.sleep(0)
        begun = asyncio.create_task(scoring.wait_for_scores())
        await asyncio.sleep(0)
        assert not begun.done()
        gate.touch()
        assert await first == {"reward": [1.0]}
        assert await second == {"reward": [2.0]}
        await begun
    finally:
        await process.stop()
        scores_file.close()


def test_an_incomplete_line_of_kept_scores_is_skipped(tmp_path: Path) -> None:
    file = ScoreFile(tmp_path / "r")
    file.add("a", 0.1)
    file.close()
    file.path.write_bytes(file.path.read_bytes() + b'{"key":"b","sc')
    file = ScoreFile(tmp_path / "r")
    file.add("c", -2.5e-300)
    file.close()
    again = ScoreFile(tmp_path / "r")
    assert [again.get(key) for key in "abc"] == [0.1, None, -2.5e-300]


def test_the_key_of_a_score_is_of_the_command_and_the_line(tmp_path: Path) -> None:
    one = scorer(tmp_path, ECHO)
    other = msgspec.structs.replace(one, command=[*one.command, "--strict"])
    branches = [make_input(QUESTION, 0, "a"), make_input(QUESTION, 1, "a")]
    keys = {score_key(program, branch) for program in (one, other) for branch in branches}
    assert len(keys) == 4
    assert score_key(one, branches[0]) == score_key(one, make_input(QUESTION, 0, "a"))
