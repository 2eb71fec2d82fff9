"""Each kind of file, where another is wanted: the message says what it is and where it goes."""

from pathlib import Path

import pytest

from store.environment import save
from store.file_kinds import FileKind, file_kind
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine

CONTENTS = {
    FileKind.BRANCHES: '{"question": "2 + 3?", "answer": "5",'
    ' "branches": [{"tokens": 40, "final": "5"}]}\n',
    FileKind.QUESTIONS: '{"id": "sum", "question": "2 + 3?", "answer": "5"}\n',
    FileKind.TABLE: "Problem,Answer\n2 + 3,5\n",
    FileKind.RELEASED: '[{"question": "2 + 3?", "gold_answer": "5", "probe_freq": 500,'
    ' "final_answers_trace": ["5"], "each_branch": [[["5"], 600, "5"]]}]',
    FileKind.PROGRAM: "# mine\n\ncontroller mine {\n  start { sample 4 }\n"
    "  finally { answer winner(finished) else winner(alive) }\n}\n",
    FileKind.PYTHON: "def controller(episode, beta):\n    episode.sample(4)\n",
    FileKind.ALLOCATION: "allocation mine { }\n",
    FileKind.PIPELINE: 'version = 1\n\n[[model]]\nname = "small"\n',
}  # fmt: skip

COMMANDS = {
    "sweep {} --on r.recording": {FileKind.PROGRAM, FileKind.PYTHON},
    "compare sc {} --on r.recording": {FileKind.PROGRAM, FileKind.PYTHON},
    "trace {} --on r.recording": {FileKind.PROGRAM, FileKind.PYTHON},
    "check {}": {FileKind.PROGRAM, FileKind.PYTHON, FileKind.ALLOCATION},
    "fmt {}": {FileKind.PROGRAM, FileKind.PYTHON, FileKind.ALLOCATION},
    "sweep sc --on {}": {FileKind.RECORDING},
    "profile sc --on {}": {FileKind.RECORDING},
    "inspect {}": {FileKind.RECORDING},
    "import jsonl {} --model m --benchmark b --interval 5 -o new.recording": {FileKind.BRANCHES},
    "import autotts {} -o new": {FileKind.RELEASED},
    "collect --questions {} --family plain --base-url http://127.0.0.1:9 --model m -o new.recording"
    " --dry-run": {FileKind.QUESTIONS},
    "trace --from {}": set(),
    "report {}": {FileKind.RUN},
    "allocate --on {} --budget 4": {FileKind.PIPELINE},
}  # fmt: skip


@pytest.fixture
def files(home: Path) -> dict[FileKind, Path]:
    """A file of each kind, in a directory of its own."""
    reasoner = SimulatedReasoner("tiny", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 3, 4)), home / "r.recording")
    result = {FileKind.RECORDING: Path("r.recording"), FileKind.RUN: Path("run")}
    (home / "run").mkdir()
    (home / "run" / "request.json").write_text("{}")
    for kind, content in CONTENTS.items():
        suffix = {FileKind.PYTHON: ".py", FileKind.TABLE: ".csv"}.get(kind, ".txt")
        result[kind] = Path(f"{kind.name.lower()}{suffix}")
        (home / result[kind]).write_text(content)
    return result


def test_each_kind_is_known_by_its_content(files: dict[FileKind, Path]) -> None:
    assert {kind: file_kind(path) for kind, path in files.items()} == {kind: kind for kind in files}


def test_other_files_have_no_kind(home: Path) -> None:
    for content in (b"", b"\0\1\2", b"# Notes\n\nSome words.\n", b"{}", b"a,b\n1,2\n", b"\xff\xfe"):
        (home / "other").write_bytes(content)
        assert file_kind(home / "other") is None
    assert file_kind(home) is None
    assert file_kind(home / "nowhere") is None


def test_a_misspelt_field_of_branches_gets_a_suggestion(cli: CommandLine, home: Path) -> None:
    branch = '{"tokens": 9, "final": "2", "signal": {"reward": [1]}}'
    words = ["import", "jsonl", "mine.jsonl", "--model", "m", "--benchmark", "b", "--interval", "9"]
    for field, shown in (("branchs", "`branches`"), ("branches", "`signals`")):
        line = f'{{"question": "?", "answer": "2", "{field}": [{branch}]}}'
        (home / "mine.jsonl").write_text(line)
        result = cli(*words, "-o", "new.recording")
        assert result.status == 2
        assert f"; did you mean {shown}?" in result.err


@pytest.mark.parametrize("line", COMMANDS)
def test_a_misplaced_file_gets_a_hint_to_its_command(
    cli: CommandLine, files: dict[FileKind, Path], line: str
) -> None:
    for kind, path in files.items():
        if kind in COMMANDS[line]:
            continue
        result = cli(*line.replace("{}", str(path)).split())
        assert (result.status, result.out) == (2, ""), (kind, result)
        assert f"is {kind.description}" in result.err, (kind, result.err)
        assert kind.use(path) in result.err, (kind, result.err)
    assert not Path("new.recording").exists()
    assert not Path("new").exists()
