"""Runs with a language model, on a server that fails in every way; each failure costs a try."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.chat.settings import ChatSettings
from agents.loop.discovery_task import discovery_task_factory
from agents.loop.session import SessionOptions, SessionResult, SessionStatus, run_session
from agents.proposers.registry import ProposerResources, build_proposers
from agents.run.directory import RunDirectory, create_run
from agents.run.records import BaselineRef, Decision, ModelOptions, ReviewVerdict, RunLimits
from harness.errors import ExternalError, InputError
from tests.agents.chat.server import Answer, Server, server
from tests.agents.conftest import request
from tests.agents.loop.programs import BAD, BROKEN, CONTRARY, GOOD, OTHER

CHAT = "chat:openai:scripted"
SETTINGS = ChatSettings(retries=1, timeout=1.0, prices={"openai:scripted": (1.0, 10.0)})

Begin = Callable[..., RunDirectory]
Answers = list[Answer] | Callable[[dict[str, Any]], Answer]


@pytest.fixture
def begin(recordings: list[Path], tmp_path: Path) -> Begin:
    """Create a run with a model, one candidate per round and a baseline that any program beats."""

    def create(name: str = "run", url: str = "", **options: object) -> RunDirectory:
        contrary = tmp_path / "contrary.rheo"
        contrary.write_text(CONTRARY)
        settings: list[dict[str, int | float]] = [{"n": n} for n in (1, 2, 4, 8)]
        few = {
            "proposers": [CHAT],
            "caps": RunLimits(rounds=1),
            "per_round": 1,
            "asking": ModelOptions(base_url=url or None, reply_tokens=900),
            "baselines": [BaselineRef(controller=str(contrary), settings=settings)],
        }
        return create_run(tmp_path / name, request(recordings[:2], **(few | options)))

    return create


def play(run: RunDirectory, before: RunDirectory | None = None) -> SessionResult:
    resources = ProposerResources(run, run.request.asking, SETTINGS, before)
    proposers = build_proposers(run.request.proposers, resources)
    return run_session(
        run, discovery_task_factory(proposers), finish, SessionOptions(workers=1, wait=False)
    )


def finish(run: RunDirectory, candidate: str | None, decision: Decision | None) -> None:
    if candidate is not None:
        run.write_text("selected.rheo", run.source(candidate))


def played(begin: Begin, answers: Answers, **options: object) -> tuple[RunDirectory, Server]:
    with server(answers) as model_server:
        run = begin(url=model_server.url, **options)
        assert play(run).end is SessionStatus.ENDED
    return run, model_server


def fenced(source: str, text: str = "Fewer branches, since most agree early.") -> Answer:
    return Answer(f"{text}\n\n```rheo\n{source}```\n")


def searched(run: RunDirectory) -> dict[str, Any]:
    return run.summaries()[0].search[CHAT]


def test_model_program_is_reviewed_and_its_rationale_stored(begin: Begin) -> None:
    run, _ = played(begin, [fenced(GOOD)])
    assert run.review("r001-1").verdict is ReviewVerdict.BEST
    draft = run.draft("r001-1")
    assert draft.proposal.words == "Fewer branches, since most agree early."
    assert draft.proposal.parents == ["contrary"]
    assert run.selected_path.read_text() == GOOD
    usage = run.summaries()[0].usage
    assert (usage.tokens_in, usage.tokens_out) == (4000, 500)
    assert usage.usd == pytest.approx(0.009)


def test_candidates_are_requested_concurrently_at_their_temperatures(begin: Begin) -> None:
    def answer(body: dict[str, Any]) -> Answer:
        return fenced({0.3: GOOD, 0.7: OTHER}.get(body.get("temperature", 0), BAD))

    run, model_server = played(begin, answer, per_round=3)
    assert sorted(request["temperature"] for request in model_server.requests) == [0.3, 0.7, 1.0]
    assert [run.source(f"r001-{number}") for number in (1, 2, 3)] == [GOOD, OTHER, BAD]


FAULTS = {
    "a refusal": (Answer("", finish="content_filter"), "refused"),
    "an empty reply": (Answer(""), "refused"),
    "garbage": (Answer("}}{{ \x00 ~~~ <<<"), "no program"),
    "prose": (Answer("I would use fewer branches."), "no program"),
    "a program cut off": (Answer(GOOD[:80], finish="length"), "cut off"),
    "a stream cut off": (Answer(GOOD, cut=True), "failed"),
    "no reply in time": (Answer(GOOD, wait=4.0), "failed"),
    "429": (Answer("busy", status=429, headers=(("Retry-After", "0.01"),)), "failed"),
    "500": (Answer("oops", status=500, headers=(("Retry-After", "0.01"),)), "failed"),
    "no stream": (Answer(body="<html>"), "failed"),
    "an edit of nothing": (
        Answer("```edit r077-1\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n```"),
        "edits of nothing",
    ),
    "an edit that does not apply": (
        Answer("```edit contrary\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n```"),
        "edits that do not apply",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failed_call_costs_a_try_and_not_the_run(begin: Begin, fault: str) -> None:
    answer, count = FAULTS[fault]
    passing = [answer] * 2 if answer.status != 200 else [answer]  # those are asked again first
    run, _ = played(begin, [*passing, fenced(GOOD)])
    assert searched(run)[count] == 1
    assert run.draft("r001-1").tries == 2
    assert run.review("r001-1").verdict is ReviewVerdict.BEST


def test_tries_are_limited(begin: Begin) -> None:
    run, model_server = played(begin, [Answer("I would rather not.")])
    assert len(model_server.requests) == 1 + run.request.repairs
    assert searched(run)["no program"] == 3
    assert run.summaries()[0].candidates == []
    assert run.summaries()[0].usage.tokens_in == 12_000


def test_retry_prompt_contains_the_reason(begin: Begin) -> None:
    search = "  start { sample n + 1 }\n"
    edit = f"```edit contrary\n<<<<<<< SEARCH\n{search}=======\nx\n>>>>>>> REPLACE\n```"
    _, model_server = played(begin, [Answer(edit), Answer("Well."), fenced(GOOD)])
    first, second = (request["messages"][-1]["content"] for request in model_server.requests[1:])
    assert "  start { sample n }" in first
    assert "+  start { sample n + 1 }" in first
    assert "contains no program" in second
    assert [message["role"] for message in model_server.requests[2]["messages"]] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip


def test_edit_applies_to_the_program_it_names(begin: Begin) -> None:
    old, new = "runner_up(finished)", "winner(finished)"
    line = '  finally { answer runner_up(finished) else "nothing" }\n'
    edit = f"<<<<<<< SEARCH\n{line}=======\n{line.replace(old, new)}>>>>>>> REPLACE\n"
    run, _ = played(begin, [Answer(f"The winner is better.\n```edit contrary\n{edit}```")])
    assert run.source("r001-1").strip() == CONTRARY.replace(old, new).strip()
    assert run.draft("r001-1").proposal.parents == ["contrary"]


def test_failed_program_is_repaired_from_its_diagnostics(begin: Begin) -> None:
    run, model_server = played(begin, [fenced(BROKEN), fenced(GOOD, "A misspelt name.")])
    prompt = model_server.requests[1]["messages"][-1]["content"]
    assert "winer" in prompt
    assert "did you mean" in prompt
    assert (run.source("r001-1"), run.draft("r001-1").tries) == (GOOD, 2)
    assert run.review("r001-1").verdict is ReviewVerdict.BEST


def test_program_that_never_checks_is_unsound_after_all_tries(begin: Begin) -> None:
    run, model_server = played(begin, [fenced(BROKEN)])
    assert run.review("r001-1").verdict is ReviewVerdict.UNSOUND
    assert len(model_server.requests) == 1 + run.request.repairs


def test_best_of_earlier_rounds_is_in_the_prompt_and_can_be_edited(begin: Begin) -> None:
    edit = "<<<<<<< SEARCH\n  start { open n }\n=======\n  start { open n + 1 }\n>>>>>>> REPLACE\n"
    answers = [fenced(GOOD), Answer(f"One more.\n```edit r001-1\n{edit}```")]
    run, model_server = played(begin, answers, caps=RunLimits(rounds=2))
    assert "`r001-1`, worth" in model_server.requests[1]["messages"][1]["content"]
    assert run.source("r002-1") == GOOD.replace("open n }", "open n + 1 }")


# Money


def test_call_that_could_exceed_the_token_limit_is_not_made(begin: Begin) -> None:
    run, model_server = played(begin, [fenced(GOOD)], caps=RunLimits(rounds=50, tokens=14_000))
    assert 1 <= len(model_server.requests) <= 3
    ending = run.ending
    assert ending is not None
    assert ending.usage.tokens_in + ending.usage.tokens_out <= 14_000
    assert re.search("tokens are left, and a call may take", ending.reason)
    assert "selected" in [event.kind for event in run.events()]


def test_call_that_could_exceed_the_dollar_limit_is_not_made(begin: Begin) -> None:
    run, model_server = played(begin, [fenced(GOOD)], caps=RunLimits(rounds=50, usd=0.03))
    assert 1 <= len(model_server.requests) <= 3
    ending = run.ending
    assert ending is not None
    assert 0 < ending.usage.usd <= 0.03
    assert "dollars are left" in ending.reason


def test_raised_limit_continues_the_run(begin: Begin) -> None:
    from msgspec.structs import replace

    with server([fenced(GOOD)]) as model_server:
        run = begin(url=model_server.url, caps=RunLimits(rounds=2, tokens=100))
        play(run)
        assert model_server.requests == []
        run.write("request.json", replace(run.request, caps=RunLimits(rounds=2, tokens=100_000)))
        assert play(run).candidate == "r002-1"


# Replies


def test_stored_reply_is_not_requested_again(begin: Begin) -> None:
    with server([fenced(GOOD)]) as model_server:
        run = begin(url=model_server.url)
        play(run)
        for path in ("candidates", "rounds"):  # as if the session had been killed in its proposal
            assert (run.path / path).is_dir()
        other = begin("other", model_server.url)
        (run.path / "replies").rename(other.path / "replies")
        play(other)
        assert len(model_server.requests) == 1
    assert other.source("r001-1") == GOOD


def test_run_replays_from_stored_replies_without_a_model(begin: Begin) -> None:
    answers = [
        Answer("Well."), fenced(BROKEN), fenced(GOOD), Answer("no", status=500),
        Answer("no", status=500), fenced(OTHER),
    ]  # fmt: skip
    caps = RunLimits(rounds=2)
    first, _ = played(begin, answers, caps=caps)
    second = begin("again", "http://127.0.0.1:9/v1", caps=caps)
    assert play(second, before=first).end is SessionStatus.ENDED
    for path in ("archive.json", "rounds/001/summary.json", "rounds/002/summary.json"):
        assert (second.path / path).read_bytes() == (first.path / path).read_bytes()


def test_replay_with_another_prompt_is_refused(begin: Begin) -> None:
    first, _ = played(begin, [fenced(GOOD)])
    second = begin("again", per_round=2)
    with pytest.raises(InputError, match="contains no reply to this request to openai:scripted"):
        play(second, before=first)


def test_unreachable_server_ends_the_session_and_not_the_run(begin: Begin) -> None:
    run = begin(url="http://127.0.0.1:9/v1")
    with pytest.raises(ExternalError, match="3 calls without any reply"):
        play(run)
    assert not run.has("replies")
    with server([fenced(GOOD)]) as model_server:
        from msgspec.structs import replace

        moved = replace(
            run.request, asking=ModelOptions(base_url=model_server.url, reply_tokens=900)
        )
        run.write("request.json", moved)
        assert play(run) == SessionResult(SessionStatus.ENDED, "r001-1")


@pytest.mark.slow
def test_model_and_evolution_share_the_rounds(begin: Begin) -> None:
    run, model_server = played(
        begin, [fenced(GOOD)], proposers=["random", CHAT], caps=RunLimits(rounds=5),
        round_evaluations=20,
    )  # fmt: skip
    chosen = [event.proposer for event in run.events() if event.kind == "chosen"]
    assert chosen[:2] == ["random", CHAT]
    assert len(chosen) == 5
    assert len(model_server.requests) == chosen.count(CHAT)
    assert chosen.count(CHAT) > chosen.count("random")  # it has brought more
