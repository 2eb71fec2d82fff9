"""The command `rheostat tui`: where there is nothing to draw on."""

from pathlib import Path

import pytest

from tests.command_lines import FreshCommandLine
from tests.tui.app_server import COMMAND
from tests.tui.terminal import has_tmux, terminal


def test_without_a_terminal_the_app_is_refused_in_a_sentence(fresh_cli: FreshCommandLine) -> None:
    result = fresh_cli("tui", ".")
    assert (result.status, result.out) == (2, "")
    sentence, *hints = result.err.splitlines()
    assert sentence.startswith("error: the app needs a terminal")
    assert all(hint.startswith("hint: ") for hint in hints)


def test_a_program_that_is_not_text_is_refused_before_the_app_starts(
    fresh_cli: FreshCommandLine, tmp_path: Path
) -> None:
    (tmp_path / "bad.rheo").write_bytes(b"# \xe9")
    result = fresh_cli("tui", str(tmp_path / "bad.rheo"))
    assert (result.status, result.out) == (2, "")
    assert "bad.rheo, byte 2: not valid UTF-8; a program is UTF-8 text" in result.err


@pytest.mark.skipif(not has_tmux(), reason="tmux is not here to be a terminal")
@pytest.mark.parametrize("pipe", ["| cat", "< /dev/null", "2> err"])
def test_a_pipe_in_a_terminal_is_no_terminal(
    tmp_path_factory: pytest.TempPathFactory, pipe: str
) -> None:
    folder = tmp_path_factory.mktemp("w")
    line = f"set -o pipefail; {COMMAND[0]} tui . {pipe}; echo status $?; cat err 2>/dev/null"
    with terminal(["bash", "-c", line], folder, folder / "tmux") as seen:
        assert "the app needs a terminal" in seen.wait_for("status 2", "ended with")
