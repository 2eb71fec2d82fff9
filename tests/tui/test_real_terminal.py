"""The app where people use it: in a real terminal beside a real run, and in a real browser."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agents.run.directory import open_run
from agents.run.records import ApprovalMode
from tests.agents.loop.programs import CONTRARY
from tests.agents.report.conftest import STOPPER, Copied, log
from tests.tui.app_server import served_app
from tests.tui.browser import chromium, page
from tests.tui.terminal import has_tmux, terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COMMAND = [str(Path(sys.executable).with_name("rheostat"))]


def decided_on(run: Path, candidate: str) -> Callable[[], bool]:
    """Says whether a person has decided."""
    return lambda: open_run(run).decision(candidate) is not None


@pytest.mark.skipif(not has_tmux(), reason="tmux is not here to be a terminal")
def test_a_whole_run_is_watched_and_decided_beside_it(
    recordings: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "contrary.rheo").write_text(CONTRARY)  # anything beats it
    discover = [
        *COMMAND, "discover", "--on", *map(str, recordings), "--run", "run", "--rounds", "2",
        "--seeds", "6", "--screening", "3", "--beta", "0,0.5,1", "--round-evaluations", "60",
        "--approve", "each", "--baseline", "contrary.rheo:n=1,2,4,8", "--proposer", "evolve",
    ]  # fmt: skip
    with (
        terminal(discover, tmp_path, tmp_path / "one") as worker,
        terminal(["sleep", "600"], tmp_path, tmp_path / "two") as idle,
    ):
        worker.wait_for("waits for review")
        idle.tmux("kill-server")
        with terminal([*COMMAND, "tui", "run"], tmp_path, tmp_path / "three") as app:
            shown = app.wait_for("waits:", "accuracy % over tokens")
            assert "candidate" in shown
            decided = 0
            while open_run(tmp_path / "run").ending is None:
                waits = open_run(tmp_path / "run").waiting
                if waits is not None:
                    app.wait_for(f"waits: {waits}")
                    app.press("a")
                    app.wait_for("Note for the next brief")
                    app.press("Enter")
                    time.sleep(2)  # by then the button has the focus, on a busy machine too
                    app.press("Enter")
                    # A key that is pressed before it has come there would be for what comes then.
                    app.wait_until(decided_on(tmp_path / "run", waits), f"the yes to {waits}")
                    decided += 1
                time.sleep(0.5)
            app.wait_for("ended", "last event")
            app.press("Enter")
            app.wait_for("1 Source", "advance")
            app.press("t")
            app.wait_for("step", "leads")
            app.press("Escape")
            app.wait_for("1 Source", "advance")
            app.press("Escape")
            app.wait_for("ended", "last event")
            app.press("q")
            app.wait_for("ended with 0")
        worker.wait_for("ended with 0")
    decisions = open_run(tmp_path / "run").decisions()
    assert decided >= 1
    assert [decision.approved for decision in decisions] == [True] * len(decisions)


@pytest.mark.skipif(not has_tmux(), reason="tmux is not here to be a terminal")
def test_a_program_is_written_in_a_terminal(recordings: list[Path], tmp_path: Path) -> None:
    (tmp_path / "mine.rheo").write_text(STOPPER)
    words = [*COMMAND, "tui", "mine.rheo", "--on", str(recordings[0])]
    with terminal(words, tmp_path, tmp_path / "one", (80, 24)) as app:
        app.wait_for("sound", "No problems", "last saved")
        app.press("x")
        app.wait_for("has errors")
        app.press("BSpace")
        app.wait_for("sound", "No problems")
        app.press("#", "Enter", "C-s")
        app.wait_for("mine.rheo saved")
        app.press("Escape")
        app.wait_for("ended with 0")
    assert (tmp_path / "mine.rheo").read_text() == f"#\n{STOPPER}"


def waiting_run(copied: Copied) -> Path:
    """A run whose second candidate waits for a decision."""
    run = copied(ended=False)
    run.write("request.json", replace(run.request, approve=ApprovalMode.EACH))
    log(run, "waiting", candidate="r002-1")
    return run.path


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium to be a browser")
def test_a_candidate_is_approved_in_a_browser(copied: Copied, tmp_path: Path) -> None:
    run = waiting_run(copied)
    with served_app(run) as app, page(app.url, tmp_path / "browser") as opened:
        opened.begun()
        time.sleep(2)
        opened.picture(tmp_path / "run.png")
        deadline = time.monotonic() + 90
        while open_run(run).decision("r002-1") is None:
            # On a busy machine the run may not be shown yet: then nobody waits, and no harm.
            assert time.monotonic() < deadline, "nothing was decided"
            opened.type("a")
            time.sleep(1)
            opened.picture(tmp_path / "asks.png")
            opened.type("Enter", 13)
            time.sleep(0.5)
            opened.type("Enter", 13)
            time.sleep(1)
    decision = open_run(run).decision("r002-1")
    assert decision is not None
    assert decision.approved
    assert (tmp_path / "run.png").read_bytes() != (tmp_path / "asks.png").read_bytes()


def test_it_is_served_to_this_machine_alone(copied: Copied) -> None:
    with served_app(waiting_run(copied)) as app:
        listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
        places = [line.split()[1] for line in listening if line.split()[3] == "0A"]
        mine = [place for place in places if int(place.split(":")[1], 16) == app.port]
        assert mine
        assert {address.split(":")[0] for address in mine} == {"0100007F"}  # 127.0.0.1
