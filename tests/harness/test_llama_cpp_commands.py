"""Commands on llama.cpp, as they are typed, against what a real server answered."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.reader import open_recording
from tests.command_lines import CommandLine
from tests.store.serving.llama_cpp.exchanges import read_exchanges, replaying
from tests.store.serving.llama_cpp.recorded import (
    COMMANDS,
    FILE,
    MODEL,
    QUESTIONS,
    write_questions,
)

WHOLE, STEPS, RUN = COMMANDS


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with replaying(read_exchanges(FILE)) as address:
        yield address


@pytest.fixture(autouse=True)
def _questions(home: Path) -> None:
    write_questions(home)


def test_branches_are_collected_with_their_probes(cli: CommandLine, url: str, home: Path) -> None:
    result = cli(*WHOLE, "--base-url", url)
    assert result.status == 0, result.err
    assert "% of prompt tokens from the cache" in result.err
    recording = open_recording(home / "whole.recording")
    assert str(recording.provenance.engine).startswith("llama.cpp b")
    for number in range(len(QUESTIONS)):
        branches = recording.branches(number)
        assert len(branches) == 3
        for branch in branches:
            assert branch.entropy is not None
            assert len(branch.entropy) == len(branch.answers) == -(-branch.tokens // 50) - 1


def test_verify_gives_the_recording_again_from_the_same_replies(cli: CommandLine, url: str) -> None:
    assert cli(*WHOLE, "--base-url", url).status == 0
    words = ["verify", "whole.recording", "--base-url", url, "--model", MODEL]
    result = cli(*words, "--server", "llama.cpp", "--json")
    assert result.status == 0, result.err
    assert all(row["same"] == "yes" for row in json.loads(result.out))


def test_stepwise_collections_claim_no_exactness(cli: CommandLine, url: str) -> None:
    result = cli(*STEPS, "--base-url", url)
    assert result.status == 0, result.err
    assert "warning: --stepwise: llama.cpp computes in another order" in result.err


def test_a_controller_runs_live(cli: CommandLine, url: str) -> None:
    result = cli(*RUN, "--base-url", url, "--traces", "t.jsonl", "--json")
    assert result.status == 0, result.err
    assert len(json.loads(result.out)) == 2 * len(QUESTIONS)
    shown = cli("trace", "--from", "t.jsonl")
    assert f"live, {MODEL} by llama.cpp b" in shown.out


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (["--ranks", "2"], "llama.cpp has no data-parallel engines"),
        (["--probe-regex", r"(\d)\1"], r"--probe-regex: '(\\d)\\1' cannot be a grammar"),
        (["--max-tokens", "1020"], "do not fit a context of 1024"),
        (["--server", "vllm"], "so it is not a vLLM server"),
    ],
)
def test_what_the_server_cannot_do_is_refused_before_anything_is_sampled(
    cli: CommandLine, url: str, more: list[str], problem: str
) -> None:
    result = cli(*WHOLE, "--base-url", url, *more)
    assert result.status in (2, 3)
    assert problem in result.err


def test_vllm_without_a_server_is_not_llama_cpp(cli: CommandLine, home: Path) -> None:
    python = home / "python"
    python.touch()
    result = cli(*WHOLE, "--server", "llama.cpp", "--offline", str(python))
    assert result.status == 2
    assert "--offline runs vLLM; start a llama.cpp server" in result.err
