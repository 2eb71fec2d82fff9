"""What a run ends with: the controller and its card."""

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


def test_a_card_reads_like_this(copied: Copied) -> None:
    run = copied()
    export_controller(
        run, "r001-1", Decision(candidate="r001-1", approved=True, note="Good.", by="ann")
    )
    golden("selected.md", run.card_path.read_text())


def test_the_controller_keeps_its_name_in_the_canonical_layout(copied: Copied) -> None:
    run = copied()
    run.write_text("candidates/r001-1/source.rheo", run.source("r001-1").replace("  ", " "))
    export_controller(run, "r001-1", None)
    text = run.selected_path.read_text()
    assert load_checked_program(Source(text)).name == "stopper"
    assert text == format_source(Source(text))
    assert text != run.source("r001-1")


def test_nothing_is_played_for_it(copied: Copied, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: ProcessPlayers, tasks: object) -> None:
        raise AssertionError("something was played")

    monkeypatch.setattr(ProcessPlayers, "play", refuse)
    run = copied()
    export_controller(run, "r001-1", None)
    assert run.selected_path.is_file()


def test_no_place_of_this_machine_is_in_it(template: RunDirectory, copied: Copied) -> None:
    run = copied()
    export_controller(run, "r002-1", None)
    for path in (run.selected_path, run.card_path):
        text = path.read_text()
        assert str(run.path) not in text
        assert str(template.request.search[0].path.parent) not in text


def test_it_warns_where_what_was_held_out_is_nothing_unseen_any_more(copied: Copied) -> None:
    run = copied()
    warning = "had been opened before this candidate was reviewed"
    log(run, "reviewed", candidate="r001-1")
    log(run, "opened")
    export_controller(run, "r001-1", None)
    assert warning not in run.card_path.read_text()
    log(run, "reviewed", candidate="r002-1")
    export_controller(run, "r002-1", None)
    assert warning in run.card_path.read_text()


def test_the_seed_that_it_was_made_from_is_told_with_its_source(copied: Copied) -> None:
    run = copied()
    draft = run.draft("r001-1")
    proposal = msgspec.structs.replace(draft.proposal, parents=["short"])
    run.keep_draft(msgspec.structs.replace(draft, proposal=proposal))
    export_controller(run, "r002-1", None)  # made from r001-1
    assert "short-m@k, Hassid et al., arXiv 2505.17813" in run.card_path.read_text()


def test_who_approved_it_and_why_stays_text(copied: Copied) -> None:
    run = copied()
    export_controller(
        run, "r001-1", Decision(candidate="r001-1", approved=True, note=HOSTILE, by="<b>")
    )
    text = run.card_path.read_text()
    assert "\\<b\\> approved it:" in text
    assert "> \\<script\\>" in text
    export_controller(run, "r001-1", None)
    assert "No approval was required: it was selected by its figures." in run.card_path.read_text()


def test_a_failed_export_leaves_nothing(copied: Copied) -> None:
    run = copied()
    (run.candidate_path("r001-1") / "review.json").unlink()
    with pytest.raises(Exception, match="there is no such file in this run"):
        export_controller(run, "r001-1", None)
    assert not any(Path(run.path).glob("selected*"))
