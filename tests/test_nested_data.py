"""Data that is nested too deeply is reported like other damage, wherever others may write data.

Decoders follow the nesting on a stack of limited size, also in a field that nothing reads.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from agents.allocation.benchmark.benchmark_runs import read_benchmark_runs
from agents.external_agents.evaluation_server import EvaluationServer
from agents.external_agents.working_directory import _parse_usage
from agents.run.directory import RunDirectory
from agents.run.events import read_events
from agents.run.records import ResourceUsage
from agents.run.user_profiles import load_profiles
from agents.search.bench_protocol import Bench
from harness.errors import InputError
from harness.live.trace_file import read_trace
from harness.settings_files import find_settings_files
from store.collection.scorers import ScorerInput, parse_answer
from store.collection.scoring import ScoreFile, score_path
from store.errors import StoreError
from store.file_kinds import FileKind, file_kind
from store.pipelines.pipeline_file import read_pipeline, read_questions

NESTED = "[" * 5000 + "]" * 5000
JSON = f'{{"unread": {NESTED}, "what": 1, "episode": 1}}'
TOML = f"unread = {NESTED}\n[rheostat]\n"

REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "benchmark.jsonl": (lambda path: read_benchmark_runs([path]), JSON),
    "request.json": (lambda path: RunDirectory(path.parent).request, JSON),
    "profiles.toml": (load_profiles, TOML),
    "episodes.jsonl": (lambda path: read_trace(path, None, 0), JSON),
    "questions.jsonl": (lambda path: read_questions(path, path), JSON),
    "pipeline.toml": (read_pipeline, TOML),
    "rheostat/config.toml": (
        lambda path: find_settings_files({"XDG_CONFIG_HOME": str(path.parents[1])}),
        TOML,
    ),
}
"""What reads a file, and what the file contains."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_nested_too_deeply_is_refused(name: str, tmp_path: Path) -> None:
    read, text = REFUSED[name]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises((InputError, StoreError), match="nested too deeply") as refused:
        read(path)
    assert str(path) in str(refused.value)


def test_a_number_of_too_many_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.toml"
    path.write_text(f"version = {'9' * 5000}\n")
    with pytest.raises(StoreError, match="is not TOML: Exceeds the limit"):
        read_pipeline(path)


def test_the_kind_of_a_file_is_found_by_the_keys_of_a_line_that_is_nested_too_deeply(
    tmp_path: Path,
) -> None:
    (tmp_path / "episodes.jsonl").write_text(JSON)
    assert file_kind(tmp_path / "episodes.jsonl") is FileKind.EPISODES


def test_lines_of_a_log_that_are_nested_too_deeply_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(f"{JSON}\n{JSON}\n")
    assert read_events(tmp_path / "events.jsonl") == []
    recording = tmp_path / "r.recording"
    score_path(recording).write_text(f'{JSON}\n{{"key": "k", "score": 0.5}}\n')
    assert ScoreFile(recording).get("k") == 0.5


def test_answers_of_programs_that_are_nested_too_deeply_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape('is not a line such as {"score": 0.5}')):
        parse_answer(JSON.encode(), ScorerInput("q", "text", 0, "text"))
    assert _parse_usage(JSON) == ResourceUsage()
    server = EvaluationServer(cast("Bench", None))
    reply = server.answer(f"{JSON}\n".encode())
    assert reply["text"] == "error: the request cannot be read"
