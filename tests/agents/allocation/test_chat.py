"""A language model that allocates: its guidelines are kept, and what cannot be tried is told it."""

import json
import re
from itertools import count
from pathlib import Path
from typing import Any

from tests.agents.chat.server import Answer, server
from tests.command_lines import CommandLine

SAMPLES = count(2)
WORDS = ("allocate", "--budget", "400", "--trials", "6", "--seed", "3", "--json")


def allocation(example: str, samples: int) -> str:
    """The example of the task, with so many samples in its last stage."""
    head, _, tail = example.rpartition("samples")
    return f"{head}samples = {samples}{tail[tail.index(chr(10)) :]}"


def answering(asked: dict[str, Any]) -> Answer:
    """First something that cannot be tried; then two allocations, the second too dear."""
    told = "\n".join(str(each["content"]) for each in asked["messages"])
    if "None of these can be tried" not in told:
        return Answer("I would spend more on the answer.")
    [*_, example] = re.findall(r"^allocation \w+ {.*?^}", told, re.DOTALL | re.MULTILINE)
    blocks = [allocation(example, samples) for samples in (next(SAMPLES), 100_000)]
    listed = "Guidelines\n\n- retrieve: the largest model.\n- answer: samples pay.\n"
    return Answer(f"{listed}\n```rheo\n{blocks[0]}\n\n{blocks[1]}\n```\n")


def test_a_model_is_told_what_cannot_be_tried_and_its_guidelines_are_kept(
    cli: CommandLine, home: Path
) -> None:
    with server(answering) as at:
        said = cli(
            *WORDS, "--proposer", "chat:openai:scripted", "--base-url", at.url, "--run", "run",
            "--reply-tokens", "900",
        )  # fmt: skip
    assert said.status == 0, said.err
    found = json.loads(said.out)
    assert found["guidelines"] == ["retrieve: the largest model.", "answer: samples pay."]
    assert {2, 3} <= {each["stages"][-1]["samples"] for each in found["trials"]}
    assert all(each["cost"] <= 400 for each in found["trials"])
    assert any("Your reply contains no allocation" in str(each["messages"]) for each in at.asked)
    replies = list(Path("run/replies").glob("*.json"))
    assert len(replies) == len(at.asked)
    again = cli(*WORDS, "--proposer", "chat:openai:scripted", "--run", "again", "--replies", "run")
    assert again.status == 0, again.err
    assert json.loads(again.out)["trials"] == found["trials"]
