"""A pipeline that doubles numbers twice, and a helper that runs `rheostat allocate`."""

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


def run_allocate(cli: CommandLine, *arguments: str) -> dict[str, Any]:
    result = cli("allocate", *arguments, "--json")
    assert result.status == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document
