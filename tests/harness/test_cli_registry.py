"""Entry points read straight from their files say what the standard library says."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from harness.registry import COMMANDS, Registration, registered


def write(folder: Path, info: str, text: str) -> None:
    (folder / info).mkdir(parents=True)
    (folder / info / "entry_points.txt").write_text(text)


@pytest.mark.parametrize("group", [COMMANDS, "console_scripts", "pytest11", "pygments.lexers"])
def test_entry_points_match_the_standard_library(group: str) -> None:
    result = {
        (name, entry.target) for name, entries in registered(group).items() for entry in entries
    }
    expected = {
        (entry.name, entry.value.partition("[")[0].strip()) for entry in entry_points(group=group)
    }
    assert result == expected


def test_only_the_requested_group_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "Guest_House-1.0.dist-info",
        "[other]\na = m:a\n\n[rheostat.commands]\n# a comment\nb = m:b [extra]\nc=m:c\n"
        "[more]\nd = m:d\n",
    )
    assert registered(COMMANDS, [str(tmp_path)]) == {
        "b": [Registration("b", "m:b", "guest-house")],
        "c": [Registration("c", "m:c", "guest-house")],
    }


def test_the_first_of_two_installations_of_one_distribution_counts(tmp_path: Path) -> None:
    write(tmp_path / "1", "guest-2.0.dist-info", "[rheostat.commands]\na = new:a\n")
    write(tmp_path / "2", "guest-1.0.dist-info", "[rheostat.commands]\na = old:a\n")
    path = [str(tmp_path / "1"), str(tmp_path / "2"), str(tmp_path / "1")]
    assert registered(COMMANDS, path) == {"a": [Registration("a", "new:a", "guest")]}


def test_unreadable_path_items_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_bytes(b"PK")
    (tmp_path / "bad-1.0.dist-info").mkdir()
    (tmp_path / "bad-1.0.dist-info" / "entry_points.txt").write_bytes(b"\xff")
    path = [str(tmp_path / "archive.zip"), str(tmp_path / "absent"), str(tmp_path)]
    assert registered(COMMANDS, path) == {}


def test_a_target_may_be_a_nested_attribute() -> None:
    assert Registration("x", "sys:version_info.major", "d").load() == sys.version_info.major
