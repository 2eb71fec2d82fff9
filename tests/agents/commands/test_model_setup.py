"""``discover`` with a language model: checks before the run is created, and replays."""

import json
import sys
from pathlib import Path

import pytest

from tests.agents.chat.server import Answer, server
from tests.agents.loop.programs import wide
from tests.command_lines import CommandLine

GOOD = Answer(f"Fewer.\n```rheo\n{wide(8)}```")


@pytest.fixture
def arguments(home: Path, recordings: list[Path]) -> list[str]:
    """Arguments of a small discovery, without its proposers."""
    return [
        "discover", "--on", str(recordings[0]), "--run", "run", "--rounds", "1",
        "--seeds", "4", "--screening", "2", "--beta", "0,1", "--per-round", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--language", "python"], "needs a language model or an agent"),
        (
            ["--language", "python", "--proposer", "command:true", "--constrain"],
            "--constrain: applies to controllers in Rheo",
        ),
        (["--proposer", "chat:gpt"], "write chat:PROVIDER:MODEL"),
        (["--proposer", "command:no-such-agent"], "there is no command no-such-agent"),
        (["--base-url", "http://localhost:1/v1"], "no model is used"),
        (["--agent-image", "any"], "no agent is used"),
        (["--proposer", "command:true", "--agent-env", "KEY"], "applies only to an agent"),
        (
            ["--proposer", "chat:openai:none", "--max-usd", "1"],
            'add it to rheostat.toml: [chat.prices] "openai:none" = [DOLLARS_IN, DOLLARS_OUT]',
        ),
        (["--proposer", "chat:openai:x", "--base-url", "nowhere"], "not a URL"),
        (["--proposer", "chat:openai:x", "--base-url", "http://127.0.0.1:9/v1"], "no answer"),
        (
            ["--proposer", "chat:anthropic:x", "--base-url", "http://localhost:1/v1"],
            "langchain-anthropic",
        ),
        (["--proposer", "chat:nosuch:x"], "nosuch"),
        (["--temperature", "3"], "3 is not between 0 and 2"),
        (["--temperature", "hot"], "hot is not a number, and not the word default"),
        (["--replies", "nowhere"], "nowhere"),
    ],
)
def test_unusable_model_options_are_refused_before_the_run_is_created(
    cli: CommandLine, arguments: list[str], options: list[str], message: str
) -> None:
    result = cli(*arguments, *options)
    assert result.status in (2, 3, 4)
    assert message in result.err
    assert not Path("run").exists()


def test_server_without_the_model_or_with_a_short_context_is_refused(
    cli: CommandLine, arguments: list[str]
) -> None:
    with server([GOOD], models=[{"id": "small", "max_model_len": 4096}]) as model_server:
        url = ["--base-url", model_server.url]
        result = cli(*arguments, *url, "--proposer", "chat:openai:large")
        assert "does not serve the model large" in result.err
        assert "serves small" in result.err
        result = cli(*arguments, *url, "--proposer", "chat:openai:small")
        assert "has a context of 4,096 tokens" in result.err
        assert "--brief-tokens or --reply-tokens" in result.err
    assert not Path("run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("owner", "constrained"), [("vllm", True), ("ollama", False)])
def test_grammar_is_sent_to_a_server_that_supports_it(
    cli: CommandLine, arguments: list[str], owner: str, constrained: bool
) -> None:
    answer = Answer(f"# Fewer.\n{wide(8)}") if constrained else GOOD
    with server([answer], models=[{"id": "scripted", "owned_by": owner}]) as model_server:
        result = cli(
            *arguments, "--proposer", "chat:openai:scripted", "--base-url", model_server.url
        )
        assert result.status == 0, result.err
        assert ("structured_outputs" in model_server.requests[0]) is constrained
    draft = json.loads(Path("run/candidates/r001-1/draft.json").read_text())
    assert draft["proposal"]["words"] == "Fewer."


def test_missing_key_is_reported_before_the_run_is_created(
    cli: CommandLine, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    result = cli(*arguments, "--proposer", "chat:openai:some-model")
    assert "openai:some-model cannot be called" in result.err
    assert not Path("run").exists()


def test_missing_extra_is_reported_with_the_install_command(
    cli: CommandLine, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("langchain.chat_models", "genai_prices"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    result = cli(*arguments, "--proposer", "chat:openai:some-model")
    assert 'pip install ".[chat]"' in result.err
    assert not Path("run").exists()


@pytest.mark.slow
def test_run_resumes_with_another_server_url(cli: CommandLine, arguments: list[str]) -> None:
    model = ["--proposer", "chat:openai:scripted"]
    with server([GOOD]) as model_server:
        assert cli(*arguments, *model, "--base-url", model_server.url).status == 0
    with server([GOOD]) as model_server:
        again = [
            "discover",
            "--run",
            "run",
            "--resume",
            "--rounds",
            "2",
            "--base-url",
            model_server.url,
        ]
        result = cli(*again)
        assert result.status == 0, result.err
        assert len(model_server.requests) == 1


@pytest.mark.slow
def test_spending_is_printed(cli: CommandLine, arguments: list[str]) -> None:
    Path("rheostat.toml").write_text('[chat.prices]\n"openai:scripted" = [1, 10]\n')
    with server([GOOD]) as model_server:
        options = [
            "--proposer",
            "chat:openai:scripted",
            "--base-url",
            model_server.url,
            "--max-usd",
            "1",
        ]
        result = cli(*arguments, *options)
    assert result.status == 0, result.err
    assert "4,500 tokens of language models, 0.01 dollars" in " ".join(result.out.split())


@pytest.mark.slow
@pytest.mark.parametrize("owner", ["vllm", "ollama"])
def test_replay_does_not_depend_on_the_decoding_of_the_server(
    cli: CommandLine, arguments: list[str], owner: str
) -> None:
    model = ["--proposer", "chat:openai:scripted", "--temperature", "0.2"]
    answer = Answer(f"# Fewer.\n{wide(8)}") if owner == "vllm" else GOOD
    with server([answer], models=[{"id": "scripted", "owned_by": owner}]) as model_server:
        assert cli(*arguments, *model, "--base-url", model_server.url).status == 0
    model = model[:2]
    again = [*arguments, *model, "--replies", "run"]
    again[again.index("run")] = "again"
    result = cli(*again)
    assert result.status == 0, result.err
    assert Path("again/archive.json").read_bytes() == Path("run/archive.json").read_bytes()


def test_python_search_requires_container_isolation(
    cli: CommandLine, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [*arguments, "--proposer", "command:true", "--language", "python"]
    monkeypatch.setenv("RHEOSTAT_SANDBOX_WALL", "process")
    result = cli(*options)
    assert result.status == 2
    assert "untrusted code runs only in containers" in result.err
    monkeypatch.delenv("RHEOSTAT_SANDBOX_WALL")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    result = cli(*options)
    assert result.status == 3
    assert "cannot connect to a Docker engine" in result.err
    assert not Path("run").exists()


@pytest.mark.slow
def test_temperature_that_is_not_sent_gives_a_warning(
    cli: CommandLine, arguments: list[str]
) -> None:
    with server([GOOD], models=[{"id": "gpt-5-mini", "owned_by": "test"}]) as model_server:
        model = ["--proposer", "chat:openai:gpt-5-mini", "--base-url", model_server.url]
        priced = cli(*arguments, *model, "--max-usd", "1")
        assert priced.status == 2
        assert "the price of openai:gpt-5-mini is unknown" in priced.err
        result = cli(*arguments, *model)
        assert result.status == 0, result.err
        assert "temperature" not in model_server.requests[0]
    assert "does not send the temperature 0.3, 0.7" in " ".join(result.err.split())
    draft = json.loads(Path("run/candidates/r001-1/draft.json").read_text())
    assert draft["proposal"]["temperature"] is None
