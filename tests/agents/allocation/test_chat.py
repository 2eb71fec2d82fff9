"""Allocation by a language model: guidelines persist, and infeasible trials are reported to it."""

import json
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.agents.chat.server import Answer, server
from tests.command_lines import CommandLine

SAMPLES = count(2)
WORDS = ("allocate", "--budget", "400", "--trials", "6", "--seed", "3", "--json")


def allocation(example: str, samples: int) -> str:
    """The example of the task, with so many samples in its last stage."""
    head, _, tail = example.rpartition("samples")
    return f"{head}samples = {samples}{tail[tail.index(chr(10)) :]}"


def answer_request(request: dict[str, Any]) -> Answer:
    """Reply without an allocation first; then with two allocations, the second over the budget."""
    conversation = "\n".join(str(message["content"]) for message in request["messages"])
    if "None of these can be tried" not in conversation:
        return Answer("I would spend more on the answer.")
    [*_, example] = re.findall(r"^allocation \w+ {.*?^}", conversation, re.DOTALL | re.MULTILINE)
    blocks = [allocation(example, samples) for samples in (next(SAMPLES), 100_000)]
    listed = "Guidelines\n\n- retrieve: the largest model.\n- answer: samples pay.\n"
    return Answer(f"{listed}\n```rheo\n{blocks[0]}\n\n{blocks[1]}\n```\n")


@pytest.mark.slow
def test_model_learns_of_infeasible_trials_and_guidelines_persist(
    cli: CommandLine, home: Path
) -> None:
    with server(answer_request) as model_server:
        result = cli(
            *WORDS, "--proposer", "chat:openai:scripted", "--base-url", model_server.url,
            "--run", "run", "--reply-tokens", "900",
        )  # fmt: skip
    assert result.status == 0, result.err
    found = json.loads(result.out)
    assert found["guidelines"] == ["retrieve: the largest model.", "answer: samples pay."]
    assert {2, 3} <= {trial["stages"][-1]["samples"] for trial in found["trials"]}
    assert all(trial["cost"] <= 400 for trial in found["trials"])
    assert any(
        "Your reply contains no allocation" in str(request["messages"])
        for request in model_server.requests
    )
    replies = list(Path("run/replies").glob("*.json"))
    assert len(replies) == len(model_server.requests)
    again = cli(*WORDS, "--proposer", "chat:openai:scripted", "--run", "again", "--replies", "run")
    assert again.status == 0, again.err
    assert json.loads(again.out)["trials"] == found["trials"]
