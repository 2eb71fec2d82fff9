"""Export of the winner: the controller and its card."""

from pathlib import Path

import msgspec
import pytest

from agents.report.card import export_controller
from agents.run.directory import RunDirectory
from agents.run.records import Decision
from agents.search.player_pool import ProcessPlayers
from dsl.formatter import format_source
from dsl.program import load_checked_program
from dsl.source import Source
from tests.agents.report.conftest import HOSTILE, Copied, golden, log


def test_card_equals_its_golden_file(copied: Copied) -> None:
    run = copied()
    export_controller(
        run, "r001-1", Decision(candidate="r001-1", approved=True, note="Good.", by="ann")
    )
    golden("selected.md", run.card_path.read_text())


def test_exported_controller_has_its_name_and_canonical_layout(copied: Copied) -> None:
    run = copied()
    run.write_text("candidates/r001-1/source.rheo", run.source("r001-1").replace("  ", " "))
    export_controller(run, "r001-1", None)
    text = run.selected_path.read_text()
    assert load_checked_program(Source(text)).name == "stopper"
    assert text == format_source(Source(text))
    assert text != run.source("r001-1")


def test_export_plays_no_program(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: ProcessPlayers, tasks: object) -> None:
        raise AssertionError("something was played")

    monkeypatch.setattr(ProcessPlayers, "play", refuse)
    run = copied()
    export_controller(run, "r001-1", None)
    assert run.selected_path.is_file()


def test_card_contains_no_path_of_this_machine(template: RunDirectory, copied: Copied) -> None:
    run = copied()
    export_controller(run, "r002-1", None)
    for path in (run.selected_path, run.card_path):
        text = path.read_text()
        assert str(run.path) not in text
        assert str(template.request.search[0].path.parent) not in text


def test_card_warns_if_held_out_data_was_opened_before(copied: Copied) -> None:
    run = copied()
    warning = "was opened before this candidate was reviewed"
    log(run, "reviewed", candidate="r001-1")
    log(run, "opened")
    export_controller(run, "r001-1", None)
    assert warning not in run.card_path.read_text()
    log(run, "reviewed", candidate="r002-1")
    export_controller(run, "r002-1", None)
    assert warning in run.card_path.read_text()


def test_card_names_the_seed_and_its_source(copied: Copied) -> None:
    run = copied()
    draft = run.draft("r001-1")
    proposal = msgspec.structs.replace(draft.proposal, parents=["short"])
    run.store_draft(msgspec.structs.replace(draft, proposal=proposal))
    export_controller(run, "r002-1", None)  # made from r001-1
    assert "short-m@k, Hassid et al., arXiv 2505.17813" in run.card_path.read_text()


def test_reviewer_and_note_are_escaped(copied: Copied) -> None:
    run = copied()
    export_controller(
        run, "r001-1", Decision(candidate="r001-1", approved=True, note=HOSTILE, by="<b>")
    )
    text = run.card_path.read_text()
    assert "\\<b\\> approved it:" in text
    assert "> \\<script\\>" in text
    export_controller(run, "r001-1", None)
    assert "No approval was required: it was selected by its figures." in run.card_path.read_text()


def test_failed_export_leaves_no_files(copied: Copied) -> None:
    run = copied()
    (run.candidate_path("r001-1") / "review.json").unlink()
    with pytest.raises(Exception, match="no such file in this run"):
        export_controller(run, "r001-1", None)
    assert not any(Path(run.path).glob("selected*"))
