"""The table of the paper for AIME24 from one command, its rows equal to the published figures."""

import json
from pathlib import Path

import pytest

from tests.command_lines import CommandLine
from tests.harness.published_figures import PUBLISHED

READS = ("--set", "asc.n=1,4,8,16,32,64", "--set", "esc.n=16,32,64")


@pytest.fixture
def recordings(released: Path, cli: CommandLine, home: Path) -> list[str]:
    files = [str(released / "aime24" / f"{model}.json") for model in PUBLISHED]
    return cli("import", "autotts", *files, "-o", "recordings").out.split()


def rows_of(document: str) -> dict[tuple[str, str, float], tuple[float, int]]:
    """Accuracy and cost by model, controller and setting."""
    return {
        (
            row["recording"].removesuffix("/aime24"),
            row["controller"],
            row["settings"].get("n", row["beta"]),
        ): (row["accuracy"], row["cost"])
        for row in json.loads(document)["rows"]
        if row["recording"] != "mean"
    }


def published(*controllers: str) -> dict[tuple[str, str, float], tuple[float, int]]:
    return {
        (model, row.controller, row.setting): (row.accuracy, row.cost)
        for model, result in PUBLISHED.items()
        for row in result
        if row.controller in controllers
    }


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_one_command_reproduces_the_published_table(
    cli: CommandLine, recordings: list[str]
) -> None:
    result = cli(
        "sweep", "asc", "esc", "parallel_probe", "cmc", "--on", *recordings, *READS,
        "--set", "parallel_probe.n=1,4,8,16,32,64", "--beta", "0:1:0.1", "--json",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    assert rows_of(result.out) == published("asc", "esc", "parallel_probe", "cmc")
    assert len(json.loads(result.out)["rows"]) == 26 * 5
