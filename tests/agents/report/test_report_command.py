"""``rheostat report`` from the command line."""

import json
import os
from pathlib import Path

import pytest

from tests.agents.report.conftest import Copied
from tests.command_lines import CommandLine


def test_command_writes_the_report_and_prints_a_summary(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    result = cli("report", str(run.path), "--seeds", "2", "--threads", "1")
    assert result.status == 0
    assert result.out.startswith("The run has ended")
    assert "what was held out, over 1 recording" in result.out
    assert result.err == f"wrote {run.path}/report.md and {run.path}/report.html\n"
    assert (run.path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_json_output_is_the_complete_report(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    result = cli("report", str(run.path), "--seeds", "2", "--json", "--no-held-out")
    document = json.loads(result.out)
    assert document["unseen"] is None
    assert document["search"]["seeds"] == 2
    assert document["winner"]["candidate"] == "r001-1"
    assert document == json.loads((run.path / "report.json").read_text())


def test_bad_input_gives_one_sentence_and_no_files(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    run.request.search[0].path.rename(run.request.search[0].path.with_suffix(".away"))
    try:
        result = cli("report", str(run.path), "--seeds", "2")
    finally:
        run.request.search[0].path.with_suffix(".away").rename(run.request.search[0].path)
    assert result.status == 2
    assert result.out == ""
    assert result.err.count("error: ") == 1
    assert not run.has("report.md")
    missing = cli("report", "nowhere")
    assert missing.status == 2
    assert "no such run; check the path" in missing.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_directory_is_refused(cli: CommandLine, copied: Copied, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    result = cli("report", str(copied().path), "-o", str(locked / "there"))
    assert result.status == 3
    assert str(locked) in result.err
