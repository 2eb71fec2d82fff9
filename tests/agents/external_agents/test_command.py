"""Command-line agents: improvement, isolation, time limits and failures."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agents.chat.settings import ChatSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionResult, SessionStatus, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.run.directory import RunDirectory, create_run
from agents.run.records import BaselineRef, Decision, ModelOptions, ReviewVerdict, RunLimits
from harness.errors import ExternalError, InputError
from store.reader import open_recording
from tests.agents.conftest import request
from tests.agents.loop.programs import BROKEN, CONTRARY, GOOD

AGENTS = Path(__file__).parent / "agents"

Begin = Callable[..., RunDirectory]


def agent(name: str, *arguments: object) -> str:
    return " ".join(["command:" + sys.executable, str(AGENTS / f"{name}.py"), *map(str, arguments)])


@pytest.fixture
def begin(recordings: list[Path], tmp_path: Path) -> Begin:
    """Create a run of one round with a command and a baseline that any program beats."""

    def create(
        proposer: str, name: str = "run", minutes: float = 1.0, **options: object
    ) -> RunDirectory:
        contrary = tmp_path / "contrary.rheo"
        contrary.write_text(CONTRARY)
        settings: list[dict[str, int | float]] = [{"n": n} for n in (1, 2, 4, 8)]
        few = {
            "proposers": [proposer],
            "caps": RunLimits(rounds=1),
            "asking": ModelOptions(agent_minutes=minutes),
            "baselines": [BaselineRef(controller=str(contrary), settings=settings)],
        }
        return create_run(tmp_path / name, request(recordings[:2], **(few | options)))

    return create


def play(run: RunDirectory, before: RunDirectory | None = None) -> SessionResult:
    resources = ProposerResources(run, run.request.asking, ChatSettings(), before)
    proposers = build_proposers(run.request.proposers, resources)
    return run_session(
        run, discovery_task_factory(proposers), finish, SessionOptions(workers=1, wait=False)
    )


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        run.write_text("selected.rheo", run.source(candidate))


def script(folder: Path, text: str) -> str:
    path = folder / "agent.py"
    path.write_text(text)
    return f"command:{sys.executable} {path}"


def test_agent_improves_a_controller_with_brief_and_evaluations(begin: Begin) -> None:
    run = begin(agent("improver"))
    assert play(run) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert run.review("r001-1").verdict is ReviewVerdict.BEST
    assert "winner(finished)" in run.source("r001-1")
    proposal = run.draft("r001-1").proposal
    assert proposal.words == "The winner in place of the runner-up, from contrary."
    assert proposal.parents == ["contrary"]
    usage = run.summaries()[0].usage
    assert (usage.tokens_in, usage.tokens_out, usage.usd) == (70, 7, 0.25)
    assert usage.evaluations == 4 + 1 + 1  # what it swept and profiled, and the review


@pytest.mark.slow
def test_agent_result_is_replayed_without_the_agent(begin: Begin, tmp_path: Path) -> None:
    command = script(tmp_path, (AGENTS / "improver.py").read_text())
    first = begin(command)
    play(first)
    (tmp_path / "agent.py").unlink()
    second = begin(command, "again")
    play(second, before=first)
    for path in ("archive.json", "rounds/001/summary.json"):
        assert (second.path / path).read_bytes() == (first.path / path).read_bytes()
    third = begin(command, "other", seed=5, per_round=2, screening=2)
    (first.path / "replies").rename(tmp_path / "gone")
    with pytest.raises(InputError, match="does not contain the work of command:"):
        play(third, before=first)


def test_agent_reads_copies_and_figures_only(
    begin: Begin, recordings: Sequence[Path], tmp_path: Path
) -> None:
    report, secret = tmp_path / "report.json", tmp_path / "secret.txt"
    secret.write_text("controller secret { finally { answer none } }")
    os.environ["RHEOSTAT_CACHE_DIR"] = str(tmp_path / "cache")
    try:
        run = begin(agent("snoop", report, secret))
        play(run)
    finally:
        del os.environ["RHEOSTAT_CACHE_DIR"]
    findings = json.loads(report.read_text())
    got = json.dumps(
        {name: findings[name] for name in ("prompt", "files", "stand in", "environment")}
    )
    # paths of the run
    for file in (run.path, *recordings):
        assert str(file) not in got
    assert "RHEOSTAT_CACHE_DIR" not in got
    assert sorted(findings["files"]) == [
        "brief.md", "candidate.rheo", "history/contrary.rheo", "history/index.md", "language.md",
    ]  # fmt: skip
    # gold answers and questions
    output = got + json.dumps([findings["desk"], findings["odd"], findings["sweep"]])
    for path in recordings[:2]:
        for question in open_recording(path).questions:
            assert not question.text or question.text not in output
    # requests that the server refuses
    assert set(findings["desk"].values()) == {
        "error: available here: check, sweep, compare, profile and explore"
    }
    assert set(findings["odd"]) == {"error: the request cannot be read"}
    assert findings["sweep"].startswith("objective")
    # links out of its directory
    assert run.summaries()[0].candidates == []
    for path in (run.path / "rounds").rglob("*.json"):
        assert "controller secret" not in path.read_text()


def test_reach_of_an_agent_without_a_container_is_as_documented(
    begin: Begin, recordings: Sequence[Path], tmp_path: Path
) -> None:
    output = tmp_path / "told"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        run = begin(
            script(
                tmp_path,
                f"""
import json, pathlib, socket
got = dict(
    recording=len(pathlib.Path({str(recordings[0])!r}).read_bytes()),
    network=socket.create_connection(("127.0.0.1", {port}), 5).getpeername()[1],
)
pathlib.Path({str(output)!r}).write_text(json.dumps(got))
""",
            )
        )
        play(run)
    # It has the permissions of the user who started the run, so it can read known paths.
    reached = {"recording": recordings[0].stat().st_size, "network": port}
    assert json.loads(output.read_text()) == reached
    page = (Path(__file__).parents[3] / "docs" / "language-models.md").read_text()
    assert "without an image it runs as you" in page
    warnings = [event.says for event in run.events() if event.data.get("warning")]
    assert len(warnings) == 1
    assert "runs with your permissions" in warnings[0]


def test_agent_that_exceeds_its_time_is_ended_with_its_children(
    begin: Begin, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    run = begin(agent("endless", pids), minutes=0.03)
    assert play(run).end is SessionStatus.ENDED
    assert run.summaries()[0].search[run.request.proposers[0]]["ended"] == "out of time"
    deadline = time.monotonic() + 10
    for pid in map(int, pids.read_text().split()):
        while alive(pid):
            assert time.monotonic() < deadline, f"{pid} is still there"
            time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_failed_program_returns_to_the_agent_with_diagnostics(begin: Begin, tmp_path: Path) -> None:
    run = begin(
        script(
            tmp_path,
            f"""
import pathlib, sys
prompt = sys.stdin.read()
told = pathlib.Path("diagnostics.txt")
if told.exists():
    assert "winer" in told.read_text() and "diagnostics.txt" in prompt
    pathlib.Path("candidate.rheo").write_text({GOOD!r})
else:
    pathlib.Path("candidate.rheo").write_text({BROKEN!r})
""",
        )
    )
    assert play(run) == SessionResult(SessionStatus.ENDED, "r001-1")
    assert run.source("r001-1") == GOOD
    assert run.draft("r001-1").tries == 2


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit(7)",
        "import pathlib; pathlib.Path('candidate.rheo').write_text('')",
        "import pathlib; pathlib.Path('candidate.rheo').unlink()",
        "import os; os.unlink('candidate.rheo'); os.mkfifo('candidate.rheo')",
        "import os; os.unlink('candidate.rheo'); os.mkdir('candidate.rheo')",
        "import shutil; shutil.rmtree('.', ignore_errors=True)",
        "import pathlib; pathlib.Path('usage.json').write_text('{\"usd\": -1}')",
    ],
)
def test_agent_without_output_costs_a_round_and_not_the_run(
    begin: Begin, tmp_path: Path, text: str
) -> None:
    run = begin(script(tmp_path, text))
    assert play(run) == SessionResult(SessionStatus.ENDED, None)
    assert run.summaries()[0].candidates == []
    assert run.summaries()[0].usage.usd == 0


def test_agent_plays_no_more_than_the_allowance(begin: Begin, tmp_path: Path) -> None:
    output = tmp_path / "told"
    run = begin(
        script(
            tmp_path,
            f"""
import pathlib, subprocess
source = pathlib.Path("candidate.rheo").read_text()
for n in range(1, 7):
    pathlib.Path("trial.rheo").write_text(source.replace("in 1..16", f"in 1..{{16 + n}}"))
    ran = subprocess.run(["rheostat", "sweep", "trial.rheo"], capture_output=True, text=True)
    with open({str(output)!r}, "a") as file:
        print(ran.returncode, (ran.stdout + ran.stderr).splitlines()[-1], file=file)
""",
        ),
        round_evaluations=4,
    )
    play(run)
    lines = output.read_text().splitlines()
    assert lines[3] == "0 0 programs are left to play"
    assert lines[4] == "2 error: no programs are left to play in this round"


def test_missing_command_gives_one_sentence(begin: Begin) -> None:
    run = begin("command:no-such-agent --now")
    with pytest.raises(ExternalError, match="no-such-agent: no such file"):
        play(run)
