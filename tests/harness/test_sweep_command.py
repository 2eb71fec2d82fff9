"""``rheostat sweep`` as it is typed."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from store.environment import save
from store.reader import open_recording
from store.simulated_chains import SimulatedReasoner
from store.simulation import Benchmark, simulate
from tests.command_lines import CommandLine

COLUMNS = [
    "controller", "recording", "beta", "settings", "accuracy", "cost", "sequential", "episodes",
    "accuracy_low", "accuracy_high", "difference", "difference_low", "difference_high",
    "width", "width_requested",
]  # fmt: skip
SWEEP = ("sweep", "sc", "cmc", "--set", "n=1,4", "--beta", "0,1", "--seeds", "3", "--threads", "1")


@pytest.fixture
def recordings(home: Path) -> list[str]:
    names = []
    for name in ("one", "two"):
        reasoner = SimulatedReasoner(name, skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
        save(simulate(reasoner, Benchmark("bench", 3, 8)), home / f"{name}.recording")
        names.append(f"{name}.recording")
    return names


def test_a_sweep_is_printed_as_a_table(cli: CommandLine, recordings: list[str]) -> None:
    result = cli(*SWEEP, "--on", recordings[0])
    assert (result.status, result.err) == (0, "")
    heading, *rows = result.out.splitlines()
    assert heading.split() == [
        "controller", "beta", "set", "accuracy", "95", "%", "tokens", "sequential", "vs", "sc",
    ]  # fmt: skip
    assert [row.split()[:3] for row in rows] == [
        ["sc", "-", "n=1"], ["sc", "-", "n=4"], ["cmc", "0.0", "-"], ["cmc", "1.0", "-"],
    ]  # fmt: skip


def test_several_recordings_follow_one_flag(cli: CommandLine, recordings: list[str]) -> None:
    spread = cli(
        "sweep",
        "sc",
        "--on",
        *recordings,
        "--set",
        "n=1",
        "--seeds",
        "2",
        "--csv",
        "--threads",
        "1",
    )
    repeated = cli(
        "sweep", "sc", "--on", recordings[0], "--on", recordings[1], "--set", "n=1", "--seeds", "2",
        "--csv", "--threads", "1",
    )  # fmt: skip
    assert spread.out == repeated.out
    rows = list(csv.DictReader(io.StringIO(spread.out)))
    assert [row["recording"] for row in rows] == ["one/bench", "two/bench", "mean"]


def test_json_has_the_origin_of_the_rows(cli: CommandLine, recordings: list[str]) -> None:
    document = json.loads(cli(*SWEEP, "--on", recordings[0], "--json").out)
    assert sorted(document) == ["complete", "rows", "what"]
    assert document["complete"] is True
    assert sorted(document["rows"][0]) == sorted(COLUMNS)
    assert document["rows"][0]["settings"] == {"n": 1}
    assert document["rows"][0]["beta"] is None
    [recording] = document["what"]["recordings"]
    assert recording["digest"] == open_recording(recordings[0]).digest
    assert [controller["controller"] for controller in document["what"]["controllers"]] == [
        "sc",
        "cmc",
    ]


def test_csv_has_every_field_in_order(cli: CommandLine, recordings: list[str]) -> None:
    document = json.loads(cli(*SWEEP, "--on", recordings[0], "--json").out)
    reader = csv.DictReader(io.StringIO(cli(*SWEEP, "--on", recordings[0], "--csv").out))
    rows = list(reader)
    assert reader.fieldnames == COLUMNS
    assert [row["settings"] for row in rows] == ["n=1", "n=4", "", ""]
    for row, record in zip(rows, document["rows"], strict=True):
        assert float(row["accuracy"]) == record["accuracy"]
        assert int(row["cost"]) == record["cost"]


def test_equal_sweeps_give_equal_bytes_cached_or_not(
    cli: CommandLine, recordings: list[str], home: Path
) -> None:
    fresh = cli(*SWEEP, "--on", *recordings, "--json", "--no-cache")
    assert not (home / ".cache").exists()
    first = cli(*SWEEP, "--on", *recordings, "--json")
    assert len(list((home / ".cache" / "rheostat" / "results").rglob("*.episodes"))) == 8
    again = cli(*SWEEP, "--on", *recordings, "--json")
    assert fresh.out == first.out == again.out


def test_the_frontier_is_drawn_on_request(cli: CommandLine, recordings: list[str]) -> None:
    plain = cli(*SWEEP, "--on", recordings[0])
    drawn = cli(*SWEEP, "--on", recordings[0], "--frontier")
    assert drawn.out.startswith(plain.out)
    picture = drawn.out.removeprefix(plain.out)
    assert "accuracy, %, over tokens for each question: one/bench" in picture
    assert picture.rstrip().endswith("● sc  ▲ cmc")
    assert picture.count("▲") >= 2
    assert "\x1b" not in picture
    assert max(map(len, picture.splitlines())) <= 80


def test_the_plot_is_the_same_svg_every_time(
    cli: CommandLine, recordings: list[str], home: Path
) -> None:
    for name in ("a.svg", "b.svg"):
        assert cli(*SWEEP, "--on", *recordings, "--plot", name).status == 0
    assert (home / "a.svg").read_bytes() == (home / "b.svg").read_bytes()
    words = {text.strip() for text in ET.parse(home / "a.svg").getroot().itertext()}
    assert {"one/bench", "two/bench", "mean", "sc", "cmc"} <= words


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("cmc",), "rheostat sweep: missing option '--on'"),
        (("--on", "one.recording"), "rheostat sweep: missing argument 'CONTROLLERS...'"),
        (("cmc", "--on", "--beta", "0"), "rheostat sweep: option '--on' requires an argument"),
        (("cmc", "--on"), "rheostat sweep: option '--on' requires an argument"),
        (("cmx", "--on", "one.recording"), "the library has no controller 'cmx'; did you mean cmc"),
        (("mine.rheo", "--on", "one.recording"), "mine.rheo: no such program"),
        (("cmc", "--on", "none.recording"), "none.recording: no such recording"),
        (("cmc", "--on", "text.txt"), "text.txt: is not a recording"),
        (("cmc", "--on", "."), "."),
        (("text.txt", "--on", "one.recording"), "text.txt:1:1: "),
        (("sc", "--on", "one.recording", "--set", "m=1"), "--set m=1: sc has no free knob m"),
        (("sc", "--on", "one.recording", "--beta", "2"), "--beta 2: must be from 0 to 1"),
        (("sc", "--on", "one.recording", "--beta", "0:1"), None),
        (("sc", "--on", "one.recording", "--seeds", "0"), "rheostat sweep: invalid value for '"),
        (("sc", "--on", "one.recording", "--budget", "x"), "rheostat sweep: invalid value for"),
        (("sc", "--on", "one.recording", "--kappa", "-1"), "rheostat sweep: invalid value for"),
        (("sc", "--on", "one.recording", "--engine", "x"), "rheostat sweep: invalid value for"),
        (("sc", "--on", "one.recording", "--plot", "a.png"), "--plot a.png: plots are SVG"),
        (("sc", "--on", "one.recording", "--plot", "no/a.svg"), "no/a.svg: the directory"),
        (("sc", "--on", "one.recording", "-o", "no/a.csv"), "no/a.csv: the directory"),
        (("sc", "--on", "one.recording", "--threads", "0"), "rheostat sweep: invalid value for"),
    ],
)  # fmt: skip
def test_invalid_input_is_reported_in_one_sentence(
    arguments: tuple[str, ...], problem: str | None, cli: CommandLine, recordings: list[str],
    home: Path,
) -> None:  # fmt: skip
    (home / "text.txt").write_text("neither\n")
    before = sorted(home.iterdir())
    if problem is None:
        assert cli("sweep", *arguments, "--seeds", "1", "--no-cache").status == 0
        return
    result = cli("sweep", *arguments)
    assert (result.status, result.out) == (2, "")
    first, *hints = result.err.splitlines()
    assert first.startswith(f"error: {problem}")
    assert all(hint.startswith("hint: ") for hint in hints)
    assert sorted(home.iterdir()) == before


def test_a_damaged_recording_is_reported(
    cli: CommandLine, recordings: list[str], home: Path
) -> None:
    path = home / recordings[0]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-40])
    result = cli("sweep", "sc", "--on", recordings[0])
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: one.recording")


def test_a_cache_that_cannot_be_written_is_a_warning(
    cli: CommandLine, recordings: list[str], home: Path
) -> None:
    (home / "full").mkdir()
    (home / "full" / "results").write_text("in the way")
    result = cli(*SWEEP, "--on", recordings[0], "--cache-dir", "full")
    assert result.status == 0
    assert result.err.startswith("warning: full: results cannot be cached there: ")
    assert len(result.out.splitlines()) == 5


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize(
    ("engine", "seeds"),
    [pytest.param("interpreter", "40", marks=pytest.mark.slow), ("compiled", "1500")],
)
def test_ctrl_c_keeps_results_and_the_next_run_resumes(
    engine: str, seeds: str, threads: str, home: Path
) -> None:
    reasoner = SimulatedReasoner("long", skill=0.5, verbosity=1.0, noise=0.1, drift=0.1)
    save(simulate(reasoner, Benchmark("bench", 6, 64)), home / "long.recording")
    start = "import sys; from harness.cli.main import main; sys.exit(main())"
    command = [
        sys.executable, "-c", start, "sweep", "sc", "parallel_probe", "--on", "long.recording",
        "--set", "sc.n=1,2,4", "--set", "parallel_probe.n=8:64:1", "--seeds", seeds,
        "--threads", threads, "--engine", engine,
    ]  # fmt: skip
    surroundings = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}
    running = subprocess.Popen(
        command, cwd=home, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    kept = home / ".cache" / "rheostat" / "results"
    while len(list(kept.rglob("*.episodes"))) < 4:
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out.splitlines()[1].split()[:2] == ["sc", "n=1"]
    assert err.splitlines()[0] == "error: interrupted"
    assert "of 60 were done" in err
    assert "run the same command again to resume" in err
    assert list(kept.rglob("*.part")) == []
    assert is_left_by_all(running.pid)


def is_left_by_all(session: int) -> bool:
    """Wait for a session to be without processes; those that were told to end may need a while."""
    for _ in range(300):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_setting_without_effect_is_reported(cli: CommandLine, recordings: list[str]) -> None:
    line = (
        "sweep",
        "esc",
        "--set",
        "size=5",
        "--on",
        *recordings,
        "--seeds",
        "2",
        "--threads",
        "1",
    )
    result = cli(*line, "--set", "n=4,8")
    assert result.status == 0
    assert result.err == (
        "warning: esc n=4 size=5: no episode took any action; all ended at 0 tokens\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--on", "one.recording", "sc"),
            (
                "rheostat sweep: missing argument 'CONTROLLERS...': put it"
                " before --on, which takes all arguments that follow it"
            ),
        ),
        ((".", "--on", "one.recording"), ".: is a directory; give a program in it: NAME.rheo"),
        (
            ("sc", "--on", "data.json"),
            (
                "data.json: is a table of questions, but a recording is expected here: `rheostat"
                " questions BENCHMARK data.json -o questions.jsonl` makes a file of questions"
            ),
        ),
        (("sc", "--on", "."), ".: is a directory; name the files: ./*.recording"),
        (
            ("sc", "--on", "one.recording", "--seeds", "abc"),
            "rheostat sweep: invalid value for '--seeds': 'abc' is not a whole number",
        ),
        (
            ("sc", "--on", "one.recording", "--set", "n="),
            (
                "--set n=: nothing is not a number; write a number, a list such as 1,4,16 or a"
                " range such as 0:1:0.1"
            ),
        ),
    ],
)
def test_invalid_arguments_are_reported_with_a_hint(
    cli: CommandLine, recordings: list[str], home: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (home / "data.json").write_text('[{"question": 1}]')
    result = cli("sweep", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines()[0] == f"error: {sentence}"
