"""A search from Python: the run of the command, its events, its result and its report."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import click
import numpy as np
import pytest

from agents.api import Discovery, DiscoveryOptions, Event, discover
from agents.api.discovery_options import CHOICES, RANGES
from agents.commands.discover import discover as discover_command
from harness.api import Controller, InputError
from harness.escaping import escape_xml
from tests.command_lines import CommandLine

SMALL: DiscoveryOptions = {
    "seeds": 6, "screening": 3, "beta": [0, 0.5, 1], "round_evaluations": 24, "tune": False,
    "proposers": ["evolve"], "rounds": 1,
}  # fmt: skip
TYPED = ("--seeds", "6", "--screening", "3", "--beta", "0,0.5,1", "--round-evaluations", "24",
         "--no-tune", "--proposer", "evolve", "--rounds", "1", "--threads", "1")  # fmt: skip


class Finished(NamedTuple):
    """A run that has ended, and the events that it reported and that were followed meanwhile."""

    run: Discovery
    reported: list[Event]
    followed: list[Event]


@pytest.fixture(scope="module")
def searched(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A search in a directory of its own; tests that change it work on a copy."""
    folder = tmp_path_factory.mktemp("discovery")
    reported: list[Event] = []
    followed: list[Event] = []
    follower = Thread(target=lambda: followed.extend(Discovery(folder / "run").follow()))

    def report(event: Event) -> None:
        reported.append(event)
        if event.kind == "started":
            follower.start()

    run = discover(
        recordings[:2], folder / "run", held_out=recordings[2], threads=1, on_event=report,
        progress=False, **SMALL,
    )  # fmt: skip
    follower.join(60)
    return Finished(run, reported, followed)


@pytest.fixture
def copied(searched: Finished, home: Path) -> Discovery:
    """A copy of the run in the working directory."""
    shutil.copytree(searched.run.path, home / "run")
    return Discovery("run")


@pytest.mark.slow
def test_a_search_gives_the_archive_of_the_command(
    recordings: list[Path], searched: Finished, cli: CommandLine
) -> None:
    on = map(str, recordings[:2])
    result = cli("discover", "--on", *on, "--held-out", str(recordings[2]), "--run", "typed",
                 *TYPED)  # fmt: skip
    assert result.status == 0, result.err
    archive = searched.run.path / "archive.json"
    assert archive.read_bytes() == Path("typed/archive.json").read_bytes()
    assert searched.run.state == "ended"
    winner, selected = searched.run.winner, Path("typed/selected.rheo")
    assert (winner is None) == (not selected.exists())
    if winner is not None:
        assert winner.source == selected.read_text()
        assert searched.run.card == Path("typed/selected.md").read_text()


def test_events_are_reported_stored_and_followed(searched: Finished) -> None:
    assert searched.reported == list(searched.run.events())
    assert searched.followed == searched.reported
    kinds = [event.kind for event in searched.reported]
    assert (kinds[0], kinds[-1]) == ("started", "ended")


def test_candidates_are_a_table(searched: Finished) -> None:
    table = searched.run.candidates()
    assert set(table["verdict"]) <= {"best", "kept", "refused", "unsound", "rejected"}
    assert np.nanmax(table["objective"]) > 0
    assert "r001-1" in searched.run._repr_html_()


@pytest.mark.slow
def test_the_report_opens_held_out_recordings_only_on_request(copied: Discovery) -> None:
    report = copied.report(open_held_out=False, seeds=2, threads=1)
    assert report.has_held_out is False
    with pytest.raises(InputError, match="use open_held_out=True"):
        report.table(held_out=True)
    assert "opened" not in [event.kind for event in copied.events()]
    opened = copied.report(open_held_out=True, seeds=2, threads=1)
    assert set(opened.table(held_out=True)["recording"]) == {"strong/small"}
    assert "sc" in set(opened.table()["controller"])
    assert opened.html_path == Path("run/report.html")
    assert opened.markdown == Path("run/report.md").read_text()
    page = escape_xml(opened.html_path.read_text(encoding="utf-8"))
    assert f'srcdoc="{page}"' in opened._repr_html_()
    panel = opened.plot(held_out=True).axes[0]
    assert panel.get_title() == "strong/small"
    legend = panel.get_legend()
    assert legend is not None
    drawn = {text.get_text() for text in legend.get_texts()}
    assert {"sc", "asc", "esc", "cmc", "early_votes"} < drawn
    assert not any(name.startswith("r00") and name != opened.winner for name in drawn)


@pytest.mark.slow
def test_an_interrupted_search_is_resumed(recordings: list[Path], home: Path) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "proposing":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        discover(recordings[:1], "run", threads=1, on_event=interrupt, **SMALL)
    assert caught.value.__notes__ == ["resume with Discovery('run').resume()"]
    assert Discovery("run").state == "stopped"
    assert Discovery("run").resume(threads=1).state == "ended"


@pytest.mark.slow
def test_a_run_is_resumed_with_higher_limits_only(copied: Discovery) -> None:
    with pytest.raises(InputError, match=r"^seed: the run was started with another value"):
        copied.resume(seed=5)
    events: list[Event] = []
    resumed = copied.resume(rounds=2, threads=1, on_event=events.append)
    assert events[0].kind == "resumed"
    assert resumed.events()[-len(events) :] == tuple(events)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objective": "speed"}, "speed"),
        ({"proposers": ["nobody"]}, "nobody"),
        ({"objective": 3}, "objective: must be a text; got 3"),
        ({"proposers": "evolve"}, "proposers: must be a list; got 'evolve'"),
        ({"proposers": []}, "proposers: the list is empty; leave it out for the default"),
        ({"proposers": ["evolv"]}, "proposers=['evolv']: unknown proposer; did you mean evolve?"),
        ({"proposers": ["command:absent"]}, "there is no command absent"),
        ({"baselines": ["sc:m=4"]}, "baselines=['sc:m=4']: sc has no free knob m"),
        ({"baselines": [3]}, "baselines: must be a list of texts; got 3 in it"),
        ({"start_from": ["sc"]}, "start_from: all programs are templates"),
        ({"start_from": [Controller("cmc")]}, "start_from: takes names and files"),
        ({"beta": "2"}, "beta='2': must be from 0 to 1"),
        ({"beta": [0, 2]}, "beta: must be from 0 to 1; got 2.0"),
        ({"beta": None, "rounds": 1.5}, "rounds: must be a whole number; got 1.5"),
        ({"tune": "yes"}, "tune: must be True or False; got 'yes'"),
        ({"temperatures": [-5.0]}, "temperatures: must be from 0 to 2; got -5.0"),
        ({"temperatures": ["hot"]}, "temperatures: 'hot' is not a number"),
        ({"base_url": "http://127.0.0.1:9"}, "base_url: no model is used"),
        ({"language": "python"}, "language='python': needs a language model or an agent"),
        ({"agent_image": "agents"}, "agent_image: no agent is used"),
        ({"held_out": 3}, "held_out: must be a recording, its file, or several; got 3"),
        ({"held_out": [None]}, "held_out: must be recordings or their files; one is of type None"),
        ({"held_out": [], "rounds": 0}, "rounds: must be from 1 to 100,000; got 0"),
        ({"threads": 0}, "threads: must be 1 or more; got 0"),
        ({"on_event": 3}, "on_event: must be a function that takes an event; got 3"),
        ({"round": 3}, "round: discover has no such option; did you mean rounds?"),
        ({"rounds": 0}, "rounds: must be from 1 to 100,000; got 0"),
        ({"max_sequential": 0}, "max_sequential: must be 1 or more; got 0"),
        ({"max_minutes": 0}, "max_minutes: must be above 0; got 0"),
        ({"seeds": "6"}, "seeds: must be a whole number; got '6'"),
        ({"approve": "never"}, "approve: must be one of auto, each, final; got 'never'"),
    ],
)
def test_an_unfit_option_is_refused_before_anything_is_written(
    recordings: list[Path], home: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        discover(recordings[:1], "run", **options)
    assert message in str(caught.value)
    text = "".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert "--" not in text, "it names a flag of the command line"
    assert not Path("run").exists()


def test_options_and_their_ranges_are_those_of_the_command() -> None:
    own = {"on", "held_out", "directory", "threads"}
    of_the_terminal = {"resume", "wait", "checkpoints", "replies", "engine", "ray_address",
                       "cache_dir", "out", "as_json"}  # fmt: skip
    parameters = {one.name: one for one in discover_command.params if one.name is not None}
    assert set(parameters) - own - of_the_terminal == set(DiscoveryOptions.__annotations__)
    for name, (low, high) in RANGES.items():
        kind = parameters[name].type
        assert isinstance(kind, click.IntRange | click.FloatRange)
        assert (kind.min, kind.max) == (low, high), name
    for name, values in CHOICES.items():
        kind = parameters[name].type
        assert isinstance(kind, click.Choice)
        assert set(kind.choices) == set(values)


def test_a_damaged_run_says_so(copied: Discovery) -> None:
    (copied.path / "ending.json").write_text("{")
    assert copied.state == "damaged"


def test_a_damaged_card_is_reported_with_its_file(copied: Discovery) -> None:
    (copied.path / "selected.md").write_bytes(b"\xe9")
    with pytest.raises(InputError, match=r"selected\.md: is not UTF-8 at byte 0"):
        _ = copied.card


def test_a_directory_that_is_no_run_is_refused(home: Path) -> None:
    with pytest.raises(InputError, match="no such run; check the path"):
        Discovery("nowhere")


SCRIPT = """
from agents.api import discover
discover({path!r}, "run", threads=1, rounds=1, seeds=2, screening=2, proposers=["random"],
         round_evaluations=2)
"""


@pytest.mark.slow
def test_a_script_without_a_guard_gets_a_hint(recordings: list[Path], home: Path) -> None:
    (home / "search.py").write_text(SCRIPT.format(path=str(recordings[0])))
    root = str(Path(__file__).parents[3])
    result = subprocess.run(
        [sys.executable, "search.py"], env={"PYTHONPATH": root, "HOME": str(home)},
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert 'under `if __name__ == "__main__":`' in result.stderr
