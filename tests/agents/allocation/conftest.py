"""The pipeline that `tests.agents.allocation.doubling_server` executes."""

import json
from pathlib import Path

import pytest

from tests.agents.allocation.doubling import DOUBLING


@pytest.fixture
def doubling(tmp_path: Path) -> Path:
    """A pipeline of two stages, each of which doubles a number."""
    questions = [{"id": f"q{n}", "question": str(n), "gold": str(4 * n)} for n in range(1, 13)]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    (tmp_path / "questions.jsonl").write_text(lines)
    (tmp_path / "doubling.toml").write_text(DOUBLING)
    return tmp_path / "doubling.toml"


@pytest.fixture
def holding_out(doubling: Path) -> Path:
    """The same, with 20 questions that are held out."""
    questions = [{"id": f"u{n}", "question": str(n), "gold": str(4 * n)} for n in range(101, 121)]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    (doubling.parent / "unseen.jsonl").write_text(lines)
    doubling.write_text(DOUBLING.replace("[[model]]", 'held_out = "unseen.jsonl"\n\n[[model]]', 1))
    return doubling
