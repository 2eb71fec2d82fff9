"""``rheostat fmt``: in place, whole or not at all, and only where something changes."""

import io
import os
import sys
from pathlib import Path

import pytest

from tests.command_lines import CommandLine

UNTIDY = "controller c{finally{answer none}} # é\n"
TIDY = "controller c {\n  finally { answer none }\n}  # é\n"
BROKEN = "controller c { finally { answer } }\n"


@pytest.fixture
def untidy(home: Path) -> Path:
    path = home / "c.rheo"
    path.write_text(UNTIDY, encoding="utf-8")
    return path


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_file_is_formatted_in_place(cli: CommandLine, untidy: Path) -> None:
    untidy.chmod(0o640)
    assert cli("fmt", "c.rheo") == (0, "", "formatted c.rheo\n")
    assert untidy.read_text(encoding="utf-8") == TIDY
    assert untidy.stat().st_mode & 0o777 == 0o640
    assert os.listdir(untidy.parent) == ["c.rheo"]  # noqa: PTH208 - hidden files too


def test_a_file_that_is_formatted_already_is_not_touched(cli: CommandLine, home: Path) -> None:
    path = home / "c.rheo"
    path.write_text(TIDY, encoding="utf-8")
    before = path.stat()
    assert cli("fmt", "c.rheo") == (0, "", "")
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_check_shows_the_difference_and_writes_nothing(cli: CommandLine, untidy: Path) -> None:
    (untidy.parent / "good.rheo").write_text(TIDY, encoding="utf-8")
    result = cli("fmt", "--check", "c.rheo", "good.rheo")
    assert (result.status, result.err) == (1, "1 of 2 would change: c.rheo\n")
    assert result.out == (
        "--- c.rheo\n+++ c.rheo (formatted)\n@@ -1 +1,3 @@\n"
        "-controller c{finally{answer none}} # é\n"
        "+controller c {\n+  finally { answer none }\n+}  # é\n"
    )
    assert untidy.read_text(encoding="utf-8") == UNTIDY
    assert cli("fmt", "--check", "good.rheo") == (0, "", "")


def test_a_diff_marks_a_missing_final_newline(cli: CommandLine, home: Path) -> None:
    (home / "c.rheo").write_text(TIDY.removesuffix("\n"), encoding="utf-8")
    result = cli("fmt", "--check", "c.rheo")
    assert result.out.endswith("-}  # é\n\\ No newline at end of file\n+}  # é\n")


def test_stdin_goes_to_stdout(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, UNTIDY.encode())
    assert cli("fmt", "-") == (0, TIDY, "")
    give_stdin(monkeypatch, TIDY.encode())
    assert cli("fmt", "-") == (0, TIDY, "")
    give_stdin(monkeypatch, UNTIDY.encode())
    result = cli("fmt", "--check", "-")
    assert (result.status, result.err) == (1, "1 of 1 would change: <stdin>\n")


def test_no_file_is_written_if_one_has_syntax_errors(cli: CommandLine, untidy: Path) -> None:
    (untidy.parent / "broken.rheo").write_text(BROKEN)
    result = cli("fmt", "c.rheo", "broken.rheo")
    assert (result.status, result.out) == (2, "")
    assert "--> broken.rheo:1:33\n" in result.err
    assert result.err.startswith("error[RH1")
    assert result.err.endswith("error: broken.rheo: cannot be formatted, so nothing was written\n")
    assert untidy.read_text(encoding="utf-8") == UNTIDY


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("c.rheo", b"\xff\xfe", "c.rheo, byte 0: not valid UTF-8; a program is UTF-8 text"),
        ("none.rheo", b"", "none.rheo: no such file or directory"),
        (".", b"", ".: is a directory"),
    ],
)
def test_unreadable_files_are_reported(
    cli: CommandLine, home: Path, name: str, data: bytes, words: str
) -> None:
    (home / "c.rheo").write_bytes(data)
    assert cli("fmt", name) == (2, "", f"error: {words}\n")


def test_line_ends_are_kept(cli: CommandLine, home: Path) -> None:
    path = home / "c.rheo"
    path.write_bytes(UNTIDY.replace("\n", "\r\n").encode())
    assert cli("fmt", "c.rheo").status == 0
    assert path.read_bytes() == TIDY.replace("\n", "\r\n").encode()
    assert cli("fmt", "--check", "c.rheo").status == 0


def test_a_symbolic_link_is_followed(cli: CommandLine, untidy: Path) -> None:
    link = untidy.parent / "link.rheo"
    link.symlink_to(untidy)
    assert cli("fmt", "link.rheo").status == 0
    assert link.is_symlink()
    assert untidy.read_text(encoding="utf-8") == TIDY
