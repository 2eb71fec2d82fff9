"""Numbers that are absurd and well-formed: shown in full, or refused in a sentence."""

from pathlib import Path

import pytest

from harness.messages import format_tokens
from harness.numbers import in_full
from tests.command_lines import CommandLine

LINES = (
    '{"question": "?", "answer": "1", "branches": [{"tokens": 281474976710656, "final": "1",'
    ' "probes": ["1"]}, {"tokens": 281474976710656, "final": "2", "probes": ["1"]}]}\n'
)


@pytest.fixture
def recording(cli: CommandLine, home: Path) -> str:
    (home / "large.jsonl").write_text(LINES)
    result = cli(
        "import", "jsonl", "large.jsonl", "--model", "m", "--benchmark", "b",
        "--interval", "281474976710655", "-o", "large.recording",
    )  # fmt: skip
    assert result.status == 0, result.err
    return "large.recording"


@pytest.mark.parametrize(
    "line",
    [
        "inspect large.recording",
        "inspect large.recording --questions",
        "inspect large.recording --json",
        "sweep sc cmc --on large.recording --seeds 2 --beta 0,1 --frontier",
        "sweep cmc --on large.recording --seeds 2 --kappa 281474976710656 --beta 1 --plot p.svg",
        "compare cmc sc --on large.recording --seeds 2 --beta 0,1",
        "trace cmc --on large.recording",
        "profile cmc --on large.recording --seeds 2",
    ],
)
def test_the_largest_intervals_and_branches_are_shown(
    cli: CommandLine, recording: str, line: str
) -> None:
    result = cli(*line.split())
    assert result.status == 0, result.err
    assert "OverflowError" not in result.err
    assert "-281" not in result.out


def test_a_bound_is_printed_in_full(cli: CommandLine, recording: str) -> None:
    result = cli("sweep", "sc", "--on", recording, "--budget", "281474976710657")
    assert (result.status, result.out) == (2, "")
    assert "0<=x<=281474976710656" in result.err
    assert [in_full(number) for number in (2.0**48, 1e16, 0.25, 7)] == [
        "281474976710656", "10000000000000000", "0.25", "7",
    ]  # fmt: skip


def test_ticks_of_a_frontier_stay_short() -> None:
    counts = (999, 20_000, 1_500_000, 4 * 10**9, 422 * 10**12)
    assert [format_tokens(count) for count in counts] == ["999", "20k", "1.5M", "4G", "422T"]
