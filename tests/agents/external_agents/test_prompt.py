"""Complete prompts of an agent; RHEOSTAT_UPDATE_GOLDEN=1 updates the golden files."""

import os
from pathlib import Path

import pytest

from agents.prompt_templates import TemplateFolder

GOLDEN = Path(__file__).parent / "golden"
PAGE = TemplateFolder("agents.external_agents")
TEXTS = {
    "prompt": PAGE(
        "prompt",
        best="r001-2",
        allowance=240,
        minutes="10",
        knobs=PAGE("schedule"),
        language="the language Rheo",
        file="candidate.rheo",
    ),
    "free-knobs": PAGE("free_knobs"),
    "repair": PAGE("repair", minutes="10", file="candidate.rheo"),
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_prompt_equals_its_golden_file(name: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("RHEOSTAT_UPDATE_GOLDEN"):
        path.write_text(TEXTS[name] + "\n", encoding="utf-8")
    assert TEXTS[name] + "\n" == path.read_text(encoding="utf-8")
