"""Runs whose candidates are written in Python: checked, repaired, replayed, profiled, exported."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.chat.settings import ChatSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.round_files import submit_proposal
from agents.loop.session import SessionOptions, SessionStatus, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.report.card import export_controller
from agents.run.directory import RunDirectory, create_run
from agents.run.records import (
    BaselineRef,
    ControllerLanguage,
    Decision,
    ModelOptions,
    ReviewVerdict,
    RunLimits,
)
from tests.agents.chat.server import Answer, Server, server
from tests.agents.conftest import request
from tests.agents.loop.programs import CONTRARY

CHAT = "chat:openai:scripted"
GOOD = '''\
def controller(episode, beta):
    """Majority of a few branches."""
    episode.sample(round(1 + 7 * beta))
    return winner(episode.finished)
'''
BETTER = GOOD.replace("1 + 7", "2 + 10")
FORBIDDEN = f"import os\n{GOOD}"
FAILING = GOOD.replace("winner(episode.finished)", "episode.finished[0].answer[9999]")

Begin = Callable[..., RunDirectory]


@pytest.fixture
def begin(recordings: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Create a run with one Python candidate per round and a baseline that any program beats."""
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")

    def create(url: str = "", **options: object) -> RunDirectory:
        contrary = tmp_path / "contrary.rheo"
        contrary.write_text(CONTRARY)
        settings: list[dict[str, int | float]] = [{"n": n} for n in (1, 2, 4, 8)]
        few = {
            "language": ControllerLanguage.PYTHON,
            "proposers": [CHAT],
            "caps": RunLimits(rounds=1),
            "per_round": 1,
            "seeds": 3,
            "screening": 2,
            "asking": ModelOptions(base_url=url or None, reply_tokens=900),
            "baselines": [BaselineRef(controller=str(contrary), settings=settings)],
        }
        return create_run(tmp_path / "run", request(recordings[:2], **(few | options)))

    return create


@pytest.fixture(autouse=True)
def sessions_keep_their_players() -> None:
    """Start players in each test, whose environment variables select how Python is played."""


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        export_controller(run, candidate, decision)


def play(run: RunDirectory) -> None:
    proposers = build_proposers(
        run.request.proposers, ProposerResources(run, run.request.asking, ChatSettings(retries=1))
    )
    assert (
        run_session(
            run, discovery_task_factory(proposers), finish, SessionOptions(workers=1, wait=False)
        ).end
        is SessionStatus.ENDED
    )


def played(begin: Begin, replies: list[str], **options: object) -> tuple[RunDirectory, Server]:
    with server(
        [Answer(f"Fewer branches.\n\n```python\n{reply}```\n") for reply in replies]
    ) as model_server:
        run = begin(url=model_server.url, **options)
        play(run)
    return run, model_server


def prompt(model_server: Server, number: int) -> str:
    return "\n".join(
        str(message["content"]) for message in model_server.requests[number]["messages"]
    )


def test_python_controller_is_reviewed_selected_and_exported(begin: Begin) -> None:
    run, model_server = played(begin, [GOOD])
    review = run.review("r001-1")
    assert review.verdict is ReviewVerdict.BEST
    assert review.size > 10
    assert run.source_path("r001-1") == run.candidate_path("r001-1") / "source.py"
    assert run.selected_path.name == "selected.py"
    assert run.selected_path.read_text() == GOOD
    card = run.card_path.read_text()
    assert "Majority of a few branches" in card
    assert "rheostat sweep selected.py --on RECORDINGS" in card
    assert "restricted Python" in prompt(model_server, 0)
    assert "episode.advance" in prompt(model_server, 0)


@pytest.mark.slow
def test_policy_violation_is_repaired_from_its_message(begin: Begin) -> None:
    run, model_server = played(begin, [FORBIDDEN, GOOD])
    assert (run.draft("r001-1").tries, run.review("r001-1").verdict) == (2, ReviewVerdict.BEST)
    assert "error: import of 'os' is not allowed" in prompt(model_server, 1)
    assert "1 | import os" in prompt(model_server, 1)


@pytest.mark.slow
def test_runtime_failure_is_repaired_and_reveals_no_answer(begin: Begin) -> None:
    run, model_server = played(begin, [FAILING, GOOD])
    assert (run.draft("r001-1").tries, run.review("r001-1").verdict) == (2, ReviewVerdict.BEST)
    assert "candidate.py:4:12: raised: IndexError (question 1, seed 0)" in prompt(model_server, 1)


@pytest.mark.slow
def test_exception_text_of_a_controller_is_not_in_the_prompt(begin: Begin) -> None:
    raising = "raise ValueError('the answer is ' + winner(episode.finished))"
    telling = GOOD.replace("return winner(episode.finished)", raising)
    _, model_server = played(begin, [telling, GOOD])
    assert "raised: ValueError (question 1" in prompt(model_server, 1)
    assert "the answer is" not in prompt(model_server, 1).partition("raised:")[2].partition("\n")[0]


@pytest.mark.slow
def test_next_prompt_has_the_program_and_its_line_profile(begin: Begin) -> None:
    run, model_server = played(begin, [GOOD, BETTER], caps=RunLimits(rounds=2))
    text = prompt(model_server, 1)
    assert "`r001-1`, worth" in text
    assert "```python\ndef controller" in text
    assert "episode.sample(round(1 + 7 * beta))" in text
    assert "tokens 100.0 | 100.0 %" in text
    assert run.review("r002-1").objective is not None


@pytest.mark.slow
def test_edits_of_a_python_program_are_applied(begin: Begin) -> None:
    old, new = (
        next(line for line in text.splitlines() if "sample" in line) for text in (GOOD, BETTER)
    )
    edit = f"```edit r001-1\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n```\n"
    with server([Answer(f"```python\n{GOOD}```"), Answer(edit)]) as model_server:
        run = begin(url=model_server.url, caps=RunLimits(rounds=2))
        play(run)
    assert run.source("r002-1") == BETTER
    assert run.draft("r002-1").proposal.parents == ["r001-1"]


@pytest.mark.slow
def test_agent_writes_its_program_to_candidate_py(begin: Begin, tmp_path: Path) -> None:
    agent = tmp_path / "agent.py"
    agent.write_text(
        "import pathlib, subprocess\n"
        "assert 'def controller' in pathlib.Path('language.md').read_text()\n"
        f"pathlib.Path('candidate.py').write_text({GOOD!r})\n"
        "for words in (['check'], ['sweep'], ['profile']):\n"
        "    ran = subprocess.run(['rheostat', *words, 'candidate.py'], capture_output=True)\n"
        "    assert ran.returncode == 0, ran.stdout\n"
        "pathlib.Path('reasons.md').write_text('It checks.')\n"
    )
    run = begin(proposers=[f"command:{sys.executable} {agent}"])
    play(run)
    assert run.review("r001-1").verdict is ReviewVerdict.BEST
    assert run.draft("r001-1").proposal.words == "It checks."


@pytest.mark.slow
def test_user_submits_python_to_a_search_in_rheo(begin: Begin) -> None:
    run = begin(proposers=["random"], language=ControllerLanguage.RHEO, round_evaluations=2)
    submit_proposal(run, GOOD, "mine", ControllerLanguage.PYTHON)
    play(run)
    mine = next(
        candidate
        for candidate in run.summaries()[0].candidates
        if run.draft(candidate).proposer == "hand"
    )
    assert run.language(mine) is ControllerLanguage.PYTHON
    assert run.review(mine).objective is not None
