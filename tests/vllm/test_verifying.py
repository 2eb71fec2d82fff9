"""Verifying a recording against a server: another model does not pass for the recorded one."""

import json
import re
from pathlib import Path

import pytest

from tests.command_lines import CommandLine
from tests.vllm.reasoners.questions import sums

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


def test_another_model_does_not_pass_for_the_recorded_one(
    cli: CommandLine, small_url: str, medium_url: str, tmp_path: Path
) -> None:
    questions, recording = tmp_path / "sums.jsonl", str(tmp_path / "medium.recording")
    questions.write_text("".join(json.dumps(task) + "\n" for task in sums(3, 2)))
    result = cli(
        "collect", "--model", "medium", "--base-url", medium_url, "--family", "think",
        "--force-end", "</think>\\n\\n", "--instruction", "", "--questions", str(questions),
        "--interval", "25", "--max-tokens", "600", "--branches", "4", "--temperature", "1",
        "--probe-stop", "}", "--token-ids", "-o", recording,
    )  # fmt: skip
    assert result.status == 0, result.err
    result = cli("verify", recording, "--base-url", medium_url, "--model", "medium")
    assert result.status == 0, result.out
    result = cli("verify", recording, "--base-url", small_url, "--model", "small")
    assert result.status == 1
    assert int(re.findall(r"(\d+) of 8 branches match", result.err)[0]) < 4
