"""The table of what proposers need: intervals over seeds, and runs that never came there."""

from pathlib import Path

import msgspec
import pytest

from agents.allocation.benchmark.benchmark_runs import read_benchmark_runs
from agents.allocation.benchmark.table import format_row
from harness.errors import InputError
from tests.agents.allocation.benchmark.runs import run


def test_row_has_mean_interval_and_trials_to_optimum() -> None:
    runs = [run(0, 0.9, 0.995), run(1, 0.8, 0.9), run(2, *[0.7] * 9, 0.99)]
    cells = [part.strip() for part in format_row(runs).strip("|").split("|")]
    assert cells[:3] == ["all observations", "`agent`", "3"]
    assert cells[3] == "96.2 ± 6.0"
    assert cells[-2:] == ["10 (6–>50)", "2 of 3"]


def test_runs_are_sorted_like_the_table(tmp_path: Path) -> None:
    lines = [run(1, 0.5, proposer="random"), run(1, 0.5), run(0, 0.5), run(0, 0.5, without="sizes")]
    file = tmp_path / "runs.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    result = [(run.without, run.proposer, run.seed) for run in read_benchmark_runs([file])]
    assert result == [("", "agent", 0), ("", "agent", 1), ("", "random", 1), ("sizes", "agent", 0)]
    with pytest.raises(InputError, match=r"runs.jsonl, line 1: random on seed 1 occurs twice"):
        read_benchmark_runs([file, file])
    file.write_text("{}")
    with pytest.raises(InputError, match="line 1: not a benchmark run"):
        read_benchmark_runs([file])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"proposer": "chance"}, "unknown proposer 'chance'"),
        ({"curve": [], "spent": []}, "curve and spent"),
        ({"spent": [1.0]}, "curve and spent"),
        ({"without": "luck"}, "without"),
    ],
)
def test_invalid_line_is_reported_by_number(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(msgspec.json.encode(msgspec.to_builtins(run(0, 0.5, 0.9)) | change))
    with pytest.raises(InputError, match=f"runs.jsonl, line 1: not a benchmark run: .*{message}"):
        read_benchmark_runs([file])
