"""``rheostat report`` as it is typed."""

import json
import os
from pathlib import Path

import pytest

from tests.agents.report.conftest import Copied
from tests.command_lines import CommandLine


def test_command_writes_the_report_and_prints_a_summary(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    said = cli("report", str(run.path), "--seeds", "2", "--threads", "1")
    assert said.status == 0
    assert said.out.startswith("The run has ended")
    assert "what was held out, over 1 recording" in said.out
    assert said.err == f"wrote {run.path}/report.md and {run.path}/report.html\n"
    assert (run.path / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_json_output_is_the_complete_report(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    said = cli("report", str(run.path), "--seeds", "2", "--json", "--no-held-out")
    found = json.loads(said.out)
    assert found["unseen"] is None
    assert found["search"]["seeds"] == 2
    assert found["winner"]["candidate"] == "r001-1"
    assert found == json.loads((run.path / "report.json").read_text())


def test_bad_input_gives_one_sentence_and_no_files(cli: CommandLine, copied: Copied) -> None:
    run = copied()
    run.request.search[0].path.rename(run.request.search[0].path.with_suffix(".away"))
    try:
        said = cli("report", str(run.path), "--seeds", "2")
    finally:
        run.request.search[0].path.with_suffix(".away").rename(run.request.search[0].path)
    assert said.status == 2
    assert said.out == ""
    assert said.err.count("error: ") == 1
    assert not run.has("report.md")
    missing = cli("report", "nowhere")
    assert missing.status == 2
    assert "there is no such directory" in missing.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_directory_is_refused(cli: CommandLine, copied: Copied, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    said = cli("report", str(copied().path), "-o", str(locked / "there"))
    assert said.status == 3
    assert str(locked) in said.err
