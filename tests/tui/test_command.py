"""The command `rheostat tui`: where there is nothing to draw on."""

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


@pytest.mark.skipif(not has_tmux(), reason="tmux is not here to be a terminal")
@pytest.mark.parametrize("pipe", ["| cat", "< /dev/null", "2> err"])
def test_a_pipe_in_a_terminal_is_no_terminal(
    tmp_path_factory: pytest.TempPathFactory, pipe: str
) -> None:
    folder = tmp_path_factory.mktemp("w")
    line = f"set -o pipefail; {COMMAND[0]} tui . {pipe}; echo status $?; cat err 2>/dev/null"
    with terminal(["bash", "-c", line], folder, folder / "tmux") as seen:
        assert "the app needs a terminal" in seen.wait_for("status 2", "ended with")
