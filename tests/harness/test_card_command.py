from pathlib import Path

from dsl.card import estimated_tokens, render_card
from tests.command_lines import CommandLine


def test_the_whole_card_goes_to_stdout(cli: CommandLine) -> None:
    result = cli("card")
    assert (result.status, result.out, result.err) == (0, render_card(), "")


def test_the_card_can_be_written_to_a_file(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("card", "-o", "card.md").out == ""
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == render_card()


def test_its_cost_can_be_printed(cli: CommandLine) -> None:
    assert cli("card", "--tokens").out == f"{estimated_tokens(render_card())}\n"
