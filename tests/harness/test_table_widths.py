"""Tables whose names have wide, combining and zero-width characters."""

import pytest
from rich.console import Console

from agents.report.tables import TextTable, format_table
from dsl.text_width import measure_text
from harness.presentation.table import Column, Table, align, truncate

NAMES = ["cmc", "日本語", "cafe\u0301", "🎲\u2764\ufe0f", "a\u0308\u0323b", "ｆｕｌｌ", "a\u200bb"]
TABLE = Table(
    [Column("controller", name=True), Column("問い"), Column("tokens")],
    [(name, name, 10**index) for index, name in enumerate(NAMES)],
)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("controller", 10, "controller"),
        ("controller", 9, "controll…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("cafe\u0301", 4, "cafe\u0301"),
        ("cafe\u0301s", 4, "caf…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_text_is_truncated_by_columns(text: str, width: int, shown: str) -> None:
    assert truncate(text, width) == shown


def test_text_is_aligned_by_columns() -> None:
    assert align("日本", 6) == "日本  "
    assert align("cafe\u0301", 6, right=True) == "  cafe\u0301"
    assert align("日本", 3) == "日本"


def test_columns_of_text_begin_below_each_other() -> None:
    assert TABLE.text() == (
        "controller  問い       tokens\n"
        "cmc         cmc             1\n"
        "日本語      日本語         10\n"
        "cafe\u0301        cafe\u0301          100\n"
        "🎲\u2764\ufe0f        🎲\u2764\ufe0f         1000\n"
        "a\u0308\u0323b          a\u0308\u0323b          10000\n"
        "ｆｕｌｌ    ｆｕｌｌ   100000\n"
        "a\\u200bb    a\\u200bb  1000000\n"
    )


@pytest.mark.parametrize("width", [24, 26, 28, None])
def test_every_line_of_figures_is_as_wide_as_the_others(width: int | None) -> None:
    lines = TABLE.text(width).splitlines()
    assert len({measure_text(line) for line in lines}) == 1
    report = TextTable(
        [column.heading for column in TABLE.columns],
        [[str(cell) for cell in row] for row in TABLE.rows],
        2,
    )
    lines = format_table(report, width).splitlines()
    assert len({measure_text(line) for line in lines}) == 1


def test_a_drawn_table_shortens_wide_names_to_one_line() -> None:
    columns = [Column("name", name=True), *TABLE.columns[1:]]
    table = Table(columns, [("日本語の制御器", "日本語", 7), ("cafe\u0301", "x", 12)])
    console = Console(width=24, color_system=None, legacy_windows=False)
    with console.capture() as drawn:
        console.print(table.rich(24))
    lines = [line.rstrip() for line in drawn.get().splitlines()]
    assert len(lines) == 4
    assert lines[2].startswith("日本語…")
    assert {measure_text(line) for line in lines[2:]} == {measure_text(lines[0])}
