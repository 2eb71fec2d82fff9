"""A real server with options that change what a client gets: each is noticed, and named."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from store.collection.draw_requests import DrawSettings, request_branches
from store.reader import open_recording
from store.serving.errors import Refused
from store.serving.retries import Limits
from store.serving.vllm_server import VllmServer
from tests.command_lines import CommandLine
from tests.vllm.conftest import REASONERS
from tests.vllm.reasoners.questions import sums
from tests.vllm.serving import serving

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def url(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two names for its model, and with much that is not as usual."""
    log = tmp_path_factory.mktemp("odd") / "log"
    options = ["--served-model-name", "small", "second", "--reasoning-parser", "qwen3",
               "--logprobs-mode", "processed_logprobs"]  # fmt: skip
    with serving(REASONERS / "small", "small", log, *options) as found:
        yield found


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("questions") / "sums.jsonl"
    path.write_text("".join(json.dumps(task) + "\n" for task in sums(3, 2)))
    return path


def words(url: str, questions: Path, target: Path, *more: str) -> list[str]:
    return [
        "collect", "--model", "second", "--base-url", url, "--force-end", "</think>\\n\\n",
        "--instruction", "", "--questions", str(questions), "--interval", "25",
        "--max-tokens", "200", "--branches", "3", "--temperature", "1", "--probe-stop", "}",
        "--equivalence", "exact", "--token-ids", "-o", str(target), *more,
    ]  # fmt: skip


def test_a_second_name_is_collected_from_and_verified_by_either_name(
    cli: CommandLine, url: str, questions: Path, tmp_path: Path
) -> None:
    target = tmp_path / "r"
    result = cli(*words(url, questions, target, "--temperature", "0"))
    assert result.status == 0, result.err
    assert "all 3 branches of a question will be identical" in result.err
    probes = open_recording(target).provenance.probes
    assert probes is not None
    assert probes.mark == "</think>", "the family is found in the chat template"
    for name in ("small", "second"):
        again = cli("verify", str(target), "--base-url", url, "--model", name)
        assert again.status == 0, again.err
        assert "warning" not in again.err


def test_a_constraint_that_the_server_does_not_hold_is_refused(
    cli: CommandLine, url: str, questions: Path, tmp_path: Path
) -> None:
    constrained = ["--probe-regex", "[x-z]{3}"]
    plain = ["--family", "plain", "--force-end", "", *constrained]
    result = cli(*words(url, questions, tmp_path / "plain", *plain))
    assert result.status == 3, result.err
    assert "does not apply the constraint" in result.err
    assert "--reasoning-parser" in result.err
    result = cli(*words(url, questions, tmp_path / "think", *constrained))
    assert result.status == 0, result.err
    held = open_recording(tmp_path / "think").branches(0)
    assert all(set(text) <= set("xyz") for branch in held for text in branch.raw or [])


def test_log_probabilities_of_masked_tokens_are_refused_with_the_mode(
    cli: CommandLine, url: str, questions: Path, tmp_path: Path
) -> None:
    result = cli(*words(url, questions, tmp_path / "r", "--logprobs", "--top-k", "3"))
    assert result.status == 3, result.err
    assert "a log-probability is -9999, that of a masked token" in result.err
    assert "--logprobs-mode raw_logprobs" in result.err


async def test_a_value_that_only_the_engine_checks_ends_a_stream_as_it_ends_a_whole_reply(
    url: str,
) -> None:
    drawn = request_branches([5, 6, 7], "q", 0, 2, DrawSettings(interval=25, max_tokens=50))
    asked = msgspec.structs.replace(drawn, logprobs=50)
    async with VllmServer(url, "small", limits=Limits(patience=20.0)) as client:
        with pytest.raises(Refused, match=r"400 Bad Request: .* greater than max allowed: 20"):
            await client.complete(asked)
        with pytest.raises(Refused, match=r"code 400: .* greater than max allowed: 20"):
            _ = [piece async for piece in client.stream(asked)]


def test_a_bound_beyond_the_context_is_refused_before_any_request(
    cli: CommandLine, url: str, questions: Path, tmp_path: Path
) -> None:
    result = cli(*words(url, questions, tmp_path / "r", "--max-tokens", "4000"))
    assert result.status == 2
    assert "branches of up to 4000 tokens" in result.err
    assert not (tmp_path / "r").exists()
