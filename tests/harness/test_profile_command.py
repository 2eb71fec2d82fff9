"""``rheostat profile`` as it is typed."""

import csv
import io
import json
from pathlib import Path

import pytest

from harness.cli.options import ENGINES
from harness.engines import EpisodeRules
from harness.engines.interpreter import InterpreterEngine
from harness.explanation.line_profile import profile_controller
from harness.pages import profile_page
from harness.request.plan import parse_rheo_plan
from harness.request.recordings import open_recordings
from store.reader import open_recording
from tests.command_lines import CommandLine
from tests.harness.small_recordings import EASY, MINE, tiny

WHOLE = """\
controller mine (mine.rheo)
seeds      0 to 9
beta       0.5
recording  tiny/hand
episodes   20, right 85.00 %
tokens     1,578, an episode 78, sequential 32

line  runs  tokens     %  ended  right %
   1                                      controller mine "A small one" {
   2                                        schedule { rising n = round(2 + 2 * beta) }
   3
   4                                        memory {
   5                                          top   = none
   6                                          trend = window(3)
   7                                        }
   8
   9                                        each branch { .off = 0 }
  10
  11                                        start {
  12    20     600  38.0                      open n because "width"
  13                                        }
  14
  15                                        step at most 6 {
  16    46                                    let before = top
  17    46                                    top = winner(alive)
  18    46                                    push share(alive) onto trend
  19    46                                    update active where .answer == top { .off = 0 }
  20    46                                    update active where .answer != top { .off = .off + 1 }
  21    46                                    prune active where .off >= 2
  22    46                                    if before != none and rise(trend) > 0.2 {
  23    12                   12     75.0        stop because "the leader gains"
  24                                          }
  25    34     978  62.0                      advance active for 1 + .off
  26                                        }
  27
  28    20                    8    100.0    finally { answer winner(finished) else winner(alive) }
  29                                      }

in hindsight                            tokens       %
after the final leader was settled         556   35.23
on branches pruned later                     0    0.00
on branches that never counted             356   22.56
  of them without any answer                 0    0.00
on branches that agree with the answer   1,222   77.44
all                                      1,578  100.00
The first row is by time, and the others divide all tokens by branch, so rows overlap.
The leader is settled in 17 of 20 episodes.

Against the majority over 64, of 2 questions: 1 lost, 0 won.

lost  right %  majority %
hard     70.0       100.0
"""

COLUMNS = [
    "recording", "line", "source", "runs", "tokens", "tokens_share", "ended", "right",
    "right_share",
]  # fmt: skip


@pytest.fixture
def workspace(home: Path) -> Path:
    """Two small recordings and a controller in the working directory."""
    tiny(home / "r.recording")
    tiny(home / "s.recording", ids=["only"], branches=[EASY], golds=["9"])
    (home / "mine.rheo").write_text(MINE)
    return home


MINE_HERE = ("profile", "mine.rheo", "--on", "r.recording")


def test_the_page_shows_the_source_with_counts(cli: CommandLine, workspace: Path) -> None:
    assert cli(*MINE_HERE) == (0, WHOLE, "")


def test_csv_has_every_line_of_every_profile(cli: CommandLine, workspace: Path) -> None:
    result = cli(*MINE_HERE, "s.recording", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert list(rows[0]) == COLUMNS
    lines = MINE.splitlines()
    places = ["r.recording", "s.recording", "all"]
    assert [(row["recording"], row["source"]) for row in rows] == [
        (place, line) for place in places for line in lines
    ]
    runs = [[int(row["runs"]) for row in rows if row["recording"] == place] for place in places]
    assert [one + other for one, other in zip(*runs[:2], strict=True)] == runs[2]


def test_json_holds_each_profile_and_all_together(cli: CommandLine, workspace: Path) -> None:
    result = cli(
        *MINE_HERE,
        "s.recording",
        "--json",
        "--beta",
        "1",
        "--seeds",
        "3",
        "--engine",
        "interpreter",
    )
    found = json.loads(result.out)
    assert [profile["recording"] for profile in found["profiles"]] == [
        "r.recording", "s.recording", "all",
    ]  # fmt: skip
    assert [profile["episodes"] for profile in found["profiles"]] == [6, 3, 9]
    what = found["what"]
    assert (what["beta"], what["seeds"], what["knobs"]) == (1.0, 3, {"n": 4})
    assert what["engine"] == "interpreter 1"
    assert [recording["digest"] for recording in what["recordings"]] == [
        open_recording(workspace / name).digest for name in ("r.recording", "s.recording")
    ]
    hindsight = found["profiles"][0]["hindsight"]
    parts = hindsight["pruned"] + hindsight["uncounted"] + hindsight["agreeing"]
    assert parts == hindsight["tokens"] == found["profiles"][0]["tokens"]


def test_every_engine_counts_the_same(cli: CommandLine, workspace: Path) -> None:
    outputs = [cli(*MINE_HERE, "s.recording", "--csv", "--engine", name) for name in ENGINES]
    assert [result.status for result in outputs] == [0] * len(ENGINES)
    assert len(set(outputs)) == 1


def test_every_engine_gives_the_same_profiles(cli: CommandLine, workspace: Path) -> None:
    outputs = [
        cli(*MINE_HERE, "s.recording", "--budget", "90", "--kappa", "3", "--json", "--engine", name)
        for name in ENGINES
    ]
    first, *others = (json.loads(result.out)["profiles"] for result in outputs)
    assert all(other == first for other in others)
    wasted = first[0]["hindsight"]
    assert all(wasted[name] for name in ("settled", "after_settled", "uncounted", "agreeing"))


def test_a_page_for_each_recording_and_one_for_all(cli: CommandLine, workspace: Path) -> None:
    result = cli(*MINE_HERE, "s.recording")
    lines = [line.split() for line in result.out.splitlines()]
    named = [words[1] for words in lines if words[:1] == ["recording"] and len(words) == 2]
    assert named == ["r.recording", "s.recording", "all"]


def test_the_same_question_of_two_recordings_is_labelled(cli: CommandLine, workspace: Path) -> None:
    tiny(workspace / "t.recording", golds=("9", "1"))
    result = cli("profile", "sc", "--set", "n=1", "--on", "r.recording", "t.recording")
    whole = result.out.split("recording  all")[1]
    assert "lost" in whole or "won" in whole
    for line in whole.split("Against")[1].splitlines():
        if "easy" in line or "hard" in line:
            assert line.startswith(("r.recording", "t.recording"))


def test_equal_profiles_are_equal_bytes(cli: CommandLine, workspace: Path) -> None:
    assert cli(*MINE_HERE, "--json") == cli(*MINE_HERE, "--json", "-o", "-")
    cli(*MINE_HERE, "-o", "p.json")
    assert (workspace / "p.json").read_text() == cli(*MINE_HERE, "--json").out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("profile", "rheostat profile: missing argument"),
        ("profile sc", "rheostat profile: missing option '--on'"),
        ("profile sc --on none.recording", "none.recording: no such recording"),
        ("profile sc --on r.recording r.recording", "r.recording: is the same recording as"),
        ("profile cm --on r.recording", "the library has no controller 'cm'"),
        ("profile bad.rheo --on r.recording", "bad.rheo:1:1: "),
        ("profile cmc --on r.recording --beta 0:1:0.1", "--beta 0:1:0.1: give one value here"),
        ("profile cmc --on r.recording --beta no", "--beta no: no is not a number"),
        ("profile cmc --on r.recording --set width=1", "--set width=1: width depends on beta"),
        ("profile esc --on r.recording --set size=2,4", "--set size=2,4: give one value here"),
        ("profile sc --on r.recording --seeds 0", "rheostat profile: invalid value for '--seeds'"),
        (
            "profile sc --on r.recording --json --csv",
            "rheostat profile: --json and --csv are mutually",
        ),
        ("profile entropy_gate --on r.recording", "`entropy_gate` needs entropy"),
        ("profile sc --on r.recording -o nowhere/p.csv", "nowhere/p.csv: the directory"),
    ],
)
def test_invalid_input_is_refused(
    cli: CommandLine, workspace: Path, line: str, sentence: str
) -> None:
    (workspace / "bad.rheo").write_text("nonsense\n")
    result = cli(*line.split())
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {sentence}")


def test_only_a_terminal_cuts_the_source(workspace: Path) -> None:
    plan = parse_rheo_plan("mine.rheo", "0.5", [], EpisodeRules())
    recordings = open_recordings([Path("r.recording")])
    [result] = profile_controller(plan, recordings, range(2), InterpreterEngine())
    whole, cut = (
        profile_page.format_source_lines(result, width).splitlines() for width in (None, 60)
    )
    assert max(map(len, whole)) > 60
    assert max(map(len, cut)) == 60
    for full, shown in zip(whole, cut, strict=True):
        assert shown == (full if len(full) <= 60 else full[:59] + "…")
