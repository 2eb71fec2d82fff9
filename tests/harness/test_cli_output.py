"""stdout and files: the faces of a result, and all or nothing."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.cli import console
from harness.cli.output import Output, OutputFormat, atomic_file, emit_text
from harness.errors import ExternalError, InputError
from harness.presentation import terminal
from harness.presentation.table import Cell, Column, Table
from tests.command_lines import CommandLine

TABLE = Table(
    [Column("name"), Column("share", "Share, %", decimals=2), Column("tokens"), Column("best")],
    [("CMC", 20.931, 542154, True), ("β,\n\x1b[2J", None, -3, False)],
)

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)


def test_piped_tables_are_aligned_and_one_row_a_line(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Output().table(TABLE)
    assert capfd.readouterr().out == (
        "name         Share, %  tokens  best\n"
        "CMC             20.93  542154  yes\n"
        "β,\\n\\x1b[2J         -      -3  no\n"
    )


def test_tables_are_drawn_with_colour(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    Output().table(TABLE)
    drawn = capfd.readouterr().out
    assert "20.93" in drawn
    assert "─" in drawn
    assert "\x1b[2J" not in drawn


def test_json_is_one_sorted_document_of_full_values(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Output(OutputFormat.JSON).table(TABLE)
    text = capfd.readouterr().out
    assert text.endswith("]\n")
    rows = json.loads(text)
    assert rows[0] == {"name": "CMC", "share": 20.931, "tokens": 542154, "best": True}
    assert rows[1]["name"] == "β,\n\x1b[2J"
    assert list(rows[0]) == sorted(rows[0])


def test_json_has_metadata_beside_the_rows(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Output(OutputFormat.JSON).table(TABLE, engine="abc")
    document = json.loads(capfd.readouterr().out)
    assert (document["engine"], len(document["rows"])) == ("abc", 2)


def test_csv_has_the_keys_and_full_values(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Output(OutputFormat.CSV).table(TABLE)
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out, newline="")))
    assert rows[0] == {"name": "CMC", "share": "20.931", "tokens": "542154", "best": "True"}
    assert rows[1]["share"] == ""


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_any_table_has_a_row_a_line_and_reads_back(rows: list[tuple[Cell, Cell]]) -> None:
    table = Table([Column("a"), Column("b")], rows)
    lines = table.text().split("\n")
    assert len(lines) == len(rows) + 2
    assert "\x1b" not in table.text()
    read = list(csv.reader(io.StringIO(table.csv(), newline="")))
    assert read[1:] == [["" if cell is None else str(cell) for cell in row] for row in rows]
    assert table.records() == [{"a": a, "b": b} for a, b in rows]


def test_a_result_without_a_table_has_no_csv(home: Path) -> None:
    with pytest.raises(InputError, match="cannot be written as CSV"):
        Output(OutputFormat.CSV).document({"a": 1}, "a is 1")


def test_a_document_is_text_or_json(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Output().document({"b": 1, "a": Path("x")}, "b is 1")
    Output(OutputFormat.JSON).document({"b": 1, "a": Path("x")}, "")
    assert capfd.readouterr().out == 'b is 1\n{\n  "a": "x",\n  "b": 1\n}\n'


def test_text_ends_with_one_line_feed(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    emit_text("a")
    emit_text("b\n")
    emit_text("")
    assert capfd.readouterr().out == "a\nb\n"


def test_a_closed_stdout_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(ExternalError, match="standard output is closed"):
        emit_text("a")


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (["-o", "x.json"], "[\n"),
        (["-o", "x.csv"], "setting,value,origin\n"),
        (["-o", "x.txt"], "setting  "),
        (["--json", "-o", "x.txt"], "[\n"),
        (["-o", "x.csv", "--json"], "[\n"),
    ],
)
def test_a_file_has_the_requested_format(
    cli: CommandLine, home: Path, arguments: list[str], start: str
) -> None:
    assert cli("config", "show", *arguments) == (0, "", "")
    (written,) = home.glob("x.*")
    assert written.read_text().startswith(start)


def test_a_dash_is_stdout(cli: CommandLine) -> None:
    assert cli("config", "show", "-o", "-").out.startswith("setting")


def test_a_file_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.write_text("old")

    def fail() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            assert target.read_text() == "old"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    with atomic_file(target) as file:
        file.write(b"new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_has_the_users_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_file(tmp_path / "x") as file:
            file.write(b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_file(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize(
    ("path", "words"), [(".", "is a directory"), ("absent/x", "the directory")]
)
def test_a_path_that_cannot_be_a_file_is_refused(home: Path, path: str, words: str) -> None:
    with pytest.raises(InputError, match=words), atomic_file(Path(path)):
        pass


@pytest.mark.parametrize(
    ("environ", "on_a_terminal", "in_a_pipe"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_follows_the_stream_and_the_environment(
    environ: dict[str, str], on_a_terminal: bool, in_a_pipe: bool
) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader), os.fdopen(follower, "w") as screen:
        assert terminal.is_coloured(screen, environ) is on_a_terminal
    assert terminal.is_coloured(io.StringIO(), environ) is in_a_pipe
    assert terminal.is_coloured(None, environ) is in_a_pipe


def everything(leader: int) -> str:
    """All that was written to a terminal whose other end is closed; one read may give a part."""
    parts = []
    with contextlib.suppress(OSError):
        while part := os.read(leader, 65536):
            parts.append(part)
    return b"".join(parts).decode()


def test_progress_is_drawn_on_a_terminal_only(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with console.progress("sweep", 2) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        with console.progress("sweep", 2) as advance:
            advance(2)
    drawn = everything(leader)
    os.close(leader)
    assert "sweep" in drawn
    assert capfd.readouterr().out == ""


def test_each_stream_has_one_owner() -> None:
    """Others may ask what a stream can show; only its owner reaches into it."""
    root = Path(console.__file__).parents[2]
    owners = {"stdout": "harness/cli/output.py", "stderr": "harness/cli/console.py"}
    reached = re.compile(r"\bsys\.(stdout|stderr)\.|\b(click\.s?echo|echo_via_pager)\(")
    offenders = [
        f"{path}: {result.group()}"
        for room in ("store", "dsl", "harness")
        for path in (root / room).rglob("*.py")
        for result in reached.finditer(path.read_text())
        if owners.get(result.group(1)) != str(path.relative_to(root))
    ]
    assert offenders == []


def test_a_table_on_a_terminal_breaks_no_number_and_no_name() -> None:
    columns = [Column("recording", name=True), *map(Column, "abcdef"), Column("spread")]
    row = ["sim-medium-instruct/search", *["71.7..96.7"] * 6, "+3.3, -3.3..10.0"]
    drawn = Console(width=200, file=io.StringIO())
    table = Table(columns, [row])
    with drawn.capture() as shown:
        drawn.print(table.rich(96))
    _, _, *lines = shown.get().splitlines()
    words = " ".join(lines).split()
    assert words[0].endswith("…")
    assert row[0].startswith(words[0][:-1])
    assert words[1:7] == ["71.7..96.7"] * 6
    assert words[7:] == ["+3.3,", "-3.3..10.0"]
    assert max(map(len, lines)) <= 96


def test_text_shortens_names_and_nothing_else() -> None:
    table = Table(
        [Column("name", name=True), Column("tokens", grouped=True)], [["a" * 40, 1234567]]
    )
    assert table.text(30) == f"name{' ' * 15}     tokens\n{'a' * 18}…  1,234,567\n"
    assert table.text() == f"name{' ' * 36}     tokens\n{'a' * 40}  1,234,567\n"
