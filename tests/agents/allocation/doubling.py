"""A pipeline that doubles numbers twice, and what a search of it said."""

import json
from typing import Any

from tests.command_lines import CommandLine

DOUBLING = """
name = "doubling"
questions = "questions.jsonl"

[[model]]
name = "small"
parameters = 3.0

[[model]]
name = "large"
parameters = 70.0

[[stage]]
name = "first"
prompt_tokens = 128
output_tokens = 64
prompt = "Double {question}"

[[stage]]
name = "second"
prompt_tokens = 128
output_tokens = 64
prompt = "Double {input}"
"""


def told(cli: CommandLine, *words: str) -> dict[str, Any]:
    said = cli("allocate", *words, "--json")
    assert said.status == 0, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found
